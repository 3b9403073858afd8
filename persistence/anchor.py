"""Books and their checkpoints, held against each other: before anything is written, and by whoever verifies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import peewee

from domain import checkpoints
from domain.access import Operation
from domain.audit import GENESIS_HASH
from domain.checkpoints import CheckpointKind, Line, RolledBackError, Verifier
from domain.services.rollbacks import AcceptRollback
from persistence import tables
from persistence.books import read_head
from persistence.checkpoints import CheckpointFile, CheckpointsRefusedError
from persistence.signing import PrivateKey
from persistence.statements import Statement, array, each
from persistence.system import SystemLedger

CHUNK = 500
"""Checkpoints that are looked up at a time."""

_RECORDS_AT = Statement(
    tables.Audit.select(tables.Audit.sequence, tables.Audit.hash, tables.Audit.operation).where(
        tables.Audit.sequence.in_(each("sequences"))
    )
)
_REMEDY = "if that was meant, run `python main.py accept-rollback --reason TEXT`"


class Anchor:
    """The file of checkpoints and the key that signs them, for one set of books."""

    def __init__(self, file: CheckpointFile, key: PrivateKey) -> None:
        self.file = file
        self.key = key

    def newest(self) -> Line:
        """Return the newest checkpoint. Raises CheckpointsRefusedError, also where there is none."""
        newest = self.file.newest(self.key.public)
        if newest is None:
            raise CheckpointsRefusedError(
                f"there are no checkpoints in {self.file.path}: if there never were, run "
                "`python main.py checkpoints begin`"
            )
        return newest

    def begin(self, books: peewee.Database) -> int:
        """Begin the file where the books are; return the number of their last record."""
        head = read_head(books)
        self.file.begin(checkpoints.written(checkpoints.first(head), self.key))
        return head.sequence

    def begin_with_the_books(self, books: peewee.Database) -> None:
        """Begin the file if the books have not begun either."""
        if not read_head(books).sequence and self.file.newest(self.key.public) is None:
            self.begin(books)

    def require_not_rolled_back(self, books: peewee.Database) -> Line:
        """Return the newest checkpoint. Raises RolledBackError unless the books hold it, CheckpointsRefusedError."""
        newest = self.newest()
        if fault := fault_of(books, newest):
            raise RolledBackError(f"{fault}: {_REMEDY}")
        return newest

    def accept_rollback(self, books: peewee.Database, system: SystemLedger, reason: str) -> tuple[int, int]:
        """Record that the books were put back, there and in the file; return which record is lost, and which is kept.

        The file comes last: if it cannot be written, nothing is accepted yet, and the same can be asked again. Raises
        CheckpointsRefusedError where there is nothing to accept.
        """
        newest, head = self.newest(), read_head(books)
        if fault_of(books, newest) is None:
            raise CheckpointsRefusedError("there is nothing to accept: the books hold the newest checkpoint")
        kept = max((line.checkpoint.sequence for _, line in self._held(books)), default=0)
        lost = newest.checkpoint
        system.perform(
            AcceptRollback(
                lost_sequence=lost.sequence,
                lost_hash=lost.hash,
                kept_sequence=head.sequence,
                kept_hash=head.hash,
                reason=reason,
            )
        )
        self.file.add(checkpoints.written(checkpoints.rollback(newest, read_head(books), kept), self.key))
        return lost.sequence, head.sequence

    def _held(self, books: peewee.Database) -> Iterator[tuple[int, Line]]:
        """Yield the lines that stand and that the books hold."""
        lines = checkpoints.standing(self.file.proved(self.key.public), self.file.lines())
        for chunk, records in _looked_up(books, lines):
            for number, line in chunk:
                if records.get(line.checkpoint.sequence, (None,))[0] == line.checkpoint.hash:
                    yield number, line


def fault_of(books: peewee.Database, newest: Line) -> str | None:
    """Say how the books contradict the newest checkpoint; None if they do not."""
    at = newest.checkpoint.sequence
    records = _records_at(books, [at])
    return checkpoints.fault_of_books(newest.checkpoint, read_head(books), records.get(at, (None,))[0])


def prove(books: peewee.Database, file: CheckpointFile, verifier: Verifier) -> int:
    """Prove that the books hold every checkpoint that was not given up; return how many those are.

    Raises CheckpointsRefusedError, which names the first line that is not as it was written, or is not in the books.
    """
    count = 0
    for chunk, records in _looked_up(books, checkpoints.standing(file.proved(verifier), file.lines())):
        for number, line in chunk:
            if fault := _fault_in_books(line, records):
                raise CheckpointsRefusedError(f"line {number} of the checkpoints: {fault}")
        count += len(chunk)
    if not count:
        raise CheckpointsRefusedError("there are no checkpoints in the file")
    return count


def _fault_in_books(line: Line, records: dict[int, tuple[str, str | None]]) -> str | None:
    at = line.checkpoint.sequence
    if at not in records:
        return f"the books have no record {at}"
    hash_there, operation = records[at]
    if hash_there != line.checkpoint.hash:
        return f"record {at} of the books is not the one that was signed"
    if line.checkpoint.kind is CheckpointKind.ROLLBACK and operation != Operation.ACCEPT_ROLLBACK:
        return f"record {at} of the books accepts no rollback"
    return None


def _looked_up(
    books: peewee.Database, lines: Iterator[tuple[int, Line]]
) -> Iterator[tuple[list[tuple[int, Line]], dict[int, tuple[str, str | None]]]]:
    """Yield the lines in chunks, each with the records of its numbers."""
    while chunk := list(islice(lines, CHUNK)):
        yield chunk, _records_at(books, [line.checkpoint.sequence for _, line in chunk])


def _records_at(books: peewee.Database, sequences: Iterable[int]) -> dict[int, tuple[str, str | None]]:
    """Return hash and operation of the records with these numbers. Before the first there is the beginning."""
    found = {
        sequence: (digest, operation)
        for sequence, digest, operation in _RECORDS_AT(books, sequences=array(list(sequences)))
    }
    return {0: (GENESIS_HASH, None), **found}
