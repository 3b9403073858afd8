"""The two ledgers that keep one contract: on dictionaries and on SQLite."""

from __future__ import annotations

from domain.access import SYSTEM, Caller
from domain.audit import AuditRecord, Head
from domain.commands import Command, Rejection
from domain.ports import Books, Outcome
from persistence import books, reader, rows
from tests.support.books import TestLedger
from tests.support.memory import MemoryLedger


class SqliteLedger(TestLedger):
    """The real writer on a file, observed as the memory ledger is."""

    __test__ = False

    def preview(self, command: Command | Rejection, caller: Caller = SYSTEM) -> Outcome:
        bounded = reader.Reader(self.database, self.clock, largest_movement=self.largest_movement)
        return bounded.preview(caller, command)

    @property
    def books(self) -> Books:
        """Return the committed state; new on every look, because it remembers what it has read."""
        return books.Books(self.database)

    @property
    def head(self) -> Head:
        return books.read_head(self.database)

    @property
    def log(self) -> list[AuditRecord]:
        """Return all audit records, oldest first."""
        return [rows.audit_record(row) for row in self.database.execute_sql("SELECT * FROM audit ORDER BY sequence")]

    def erase_texts(self) -> None:
        """Blank the words of all callers, and the salts of their digests."""
        self.database.execute_sql(
            "UPDATE text SET salt = NULL, name = NULL, description = NULL, note = NULL, metadata = NULL"
        )


AnyLedger = MemoryLedger | SqliteLedger
