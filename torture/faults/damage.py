"""Files that were damaged while nobody had them open, and what start and `verify` say of them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import peewee

from domain.ports import StorageError
from persistence import database, verification
from persistence.currencies import currencies
from persistence.retelling import FaultFoundError
from tests.support import raw

CLEAN = "clean"
_WAL_HEADER, _FRAME_HEADER, _PAGE = 32, 24, 4096
FRAME = _FRAME_HEADER + _PAGE


def log_of(books: Path) -> Path:
    """Return the write-ahead log of a file."""
    return books.with_name(f"{books.name}-wal")


def copied(books: Path, folder: Path) -> Path:
    """Copy a file and its log, as they are, into a folder that is made anew."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    if log_of(books).exists():
        shutil.copy(log_of(books), folder)
    return Path(shutil.copy(books, folder))


def flip(path: Path, offset: int, bit: int) -> None:
    """Flip one bit of a file."""
    with path.open("r+b") as file:
        file.seek(offset)
        (byte,) = file.read(1)
        file.seek(offset)
        file.write(bytes([byte ^ 1 << bit]))


def cut(path: Path, length: int) -> None:
    """Leave only the beginning of a file."""
    with path.open("r+b") as file:
        file.truncate(length)


def verdict(books: Path) -> str:
    """Say what a start and `verify` say of a file: why it is refused, which fault is found, or that it is clean.

    What is raised here and is none of these would end the program with a traceback.
    """
    try:
        with closing(database.connect_writer(books)) as writing:
            database.refuse_unfit(writing)
            database.refuse_other_exponents(writing, currencies())
        with closing(database.connect_reader(books)) as reading:
            verification.verify(reading)
    except (database.DatabaseRefusedError, StorageError, peewee.DatabaseError) as refusal:
        return f"refused: {refusal}"
    except FaultFoundError as fault:
        return f"found: {fault}"
    return CLEAN


def commits(log: Path) -> list[int]:
    """Return where in a write-ahead log the frames end that commit something."""
    content = log.read_bytes()
    ends = range(_WAL_HEADER + FRAME, len(content) + 1, FRAME)
    return [end for end in ends if any(content[end - FRAME + 4 : end - FRAME + 8])]


def batches(books: Path) -> int:
    """Return how many batches a file has."""
    ((number,),) = raw.query(books, "SELECT count(*) FROM batch")
    return int(number)


def log_records(books: Path) -> list[tuple[object, ...]]:
    """Return the audit log of a file."""
    return raw.query(books, "SELECT * FROM audit ORDER BY sequence")


def rows_of(books: Path) -> raw.Contents:
    """Return all that is in a file but the digests of keys: a changed one opens nothing, and nothing tells of it."""
    rows = raw.contents_of(books)
    rows["api_key"] = [(*key[:2], *key[3:]) for key in rows["api_key"]]
    return rows


def written_bytes(page: bytes) -> Iterator[int]:
    """Yield where in a page something is, as far as that shows: free space is zeros."""
    yield from (offset for offset, byte in enumerate(page) if byte)
