"""The ledgers that keep one contract: on dictionaries, on SQLite, and on SQLite at the other end of a line."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import TypeVar

from domain.access import SYSTEM, Caller
from domain.audit import AuditRecord, Head
from domain.commands import Command, Rejection
from domain.ports import Books, Fault, Outcome, Request, StorageError
from domain.services.erasures import EraseText
from persistence import books, reader, rows
from persistence.remote import RemoteLedger, attend
from persistence.writer import QueuedLedger, WriterLimits
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
        for (account_id,) in self.database.execute_sql("SELECT id FROM account WHERE kind = 'CUSTOMER'").fetchall():
            self.succeed(EraseText(account_id=account_id))


Seen = TypeVar("Seen")


async def lined_up(ledger: QueuedLedger, *remotes: RemoteLedger, act: Callable[[], Awaitable[Seen]]) -> Seen:
    """Give each remote ledger a line to the writer, act, and hang up."""
    control, controlled = socket.socketpair()
    attending = asyncio.ensure_future(attend(controlled, ledger, asyncio.Event()))
    for remote in remotes:
        ours, theirs = socket.socketpair()
        socket.send_fds(control, [b"+"], [theirs.fileno()])
        theirs.close()
        await remote.connect(ours)
    try:
        return await act()
    finally:
        for remote in remotes:
            remote.close()
        control.close()
        await attending
        controlled.close()


class RemoteSqliteLedger(SqliteLedger):
    """The real writer, asked over a line as a worker asks it."""

    __test__ = False

    def run(self, *requests: Request) -> list[Outcome | Fault]:
        return asyncio.run(self._ask(*requests))

    async def _ask(self, *requests: Request) -> list[Outcome | Fault]:
        remote = RemoteLedger(self.clock, on_cut=lambda: None, on_note=lambda _: None)

        async def execute(request: Request) -> Outcome | Fault:
            try:
                return await remote.execute(request.caller, request.key, request.command)
            except Fault as fault:
                return fault

        ledger = QueuedLedger(self.writer, self.clock, WriterLimits(), never_failing)
        return await lined_up(ledger, remote, act=lambda: asyncio.gather(*map(execute, requests)))


def never_failing(failure: StorageError) -> None:
    """Take no failure of the database for an answer."""
    raise failure


AnyLedger = MemoryLedger | SqliteLedger
