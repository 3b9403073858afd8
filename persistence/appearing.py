"""Files that appear under their name when they are whole and on disk, or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BESIDE = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a database, by what its name ends in."""


@contextmanager
def appearing(path: Path) -> Iterator[Path]:
    """Give a private file in the same folder to write into. It gets the name when nothing went wrong meanwhile.

    Raises FileExistsError if there is something of that name: nothing is ever overwritten. What fails leaves nothing.
    A process that is killed leaves at most a file that ends in `.new`, which is never a finished one.
    """
    refuse_existing(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {path.parent}")
    descriptor, name = tempfile.mkstemp(prefix=f"{path.name}.", suffix=".new", dir=path.parent)
    os.close(descriptor)
    fresh = Path(name)
    try:
        yield fresh
        _sync(fresh)
        refuse_existing(path)
        fresh.rename(path)
        _sync(path.parent)
    finally:
        for suffix in ("", *BESIDE):
            Path(f"{fresh}{suffix}").unlink(missing_ok=True)


def refuse_existing(path: Path) -> None:
    """Raise FileExistsError if there is something of that name, be it a link that leads nowhere."""
    if os.path.lexists(path):
        raise FileExistsError(f"{path} exists")


def refuse_occupied(place: Path) -> None:
    """Raise FileExistsError unless a place for a database is empty: of the file, and of what SQLite keeps beside it."""
    for suffix in ("", *BESIDE):
        refuse_existing(Path(f"{place}{suffix}"))


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
