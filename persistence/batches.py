"""One batch: lock, time, prefetch, decide, write, commit. The only code that changes the books."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import peewee

from domain.audit import Head
from domain.decisions import Batch, decide_all
from domain.ids import Entropy, Ids
from domain.instants import Clock, Instant
from domain.money import LARGEST_BALANCE
from domain.ports import (
    Fault,
    Outcome,
    Request,
    StorageError,
)
from persistence.books import Books, read_head
from persistence.statements import storage_errors
from persistence.writes import write

MOST_IN_A_BATCH = 256
"""Commands. Enough to share a commit widely, few enough that none waits long for the others."""


class BooksWentBackError(StorageError):
    """The books are not where this very writer has left them: somebody has put back an older file."""


class BatchWriter:
    """Decides and writes batches on the one connection that writes. Synchronous: nothing interleaves.

    Before each batch `require` is asked, which raises StorageError where nothing may be written any more. After the
    first batch, and after one that finds that others have written beside, `tidy` is called, and again until it says
    that it could: they may have erased.
    """

    def __init__(
        self,
        database: peewee.SqliteDatabase,
        *,
        clock: Clock,
        ids: Ids,
        entropy: Entropy,
        largest_movement: int = LARGEST_BALANCE,
        decide: Callable[[Batch, Sequence[Request]], list[Outcome | Fault]] = decide_all,
        require: Callable[[], None] = lambda: None,
        tidy: Callable[[], bool] = lambda: True,
    ) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids
        self._entropy = entropy
        self._largest_movement = largest_movement
        self._decide = decide
        self._require = require
        self._tidy = tidy
        self._is_tidy = False
        self._left: int | None = None

    def run(self, requests: Sequence[Request]) -> list[Outcome | Fault]:
        """Decide the requests in order and commit. Returns only what is durable. Raises StorageError.

        A batch that breaks a constraint is a bug of ours; it is halved until only its culprit gets a Fault. If storage
        fails between two halves, the first stands although its callers are told StorageError: their keys know.
        """
        try:
            with storage_errors():
                return self._commit(requests)
        except StorageError:
            raise
        except Exception as bug:  # noqa: BLE001 - whatever it is, only its culprit may suffer
            if len(requests) == 1:
                fault = Fault(f"{type(bug).__name__} while writing {requests[0].command.operation}")
                fault.__cause__ = bug
                return [fault]
        middle = len(requests) // 2
        return [*self.run(requests[:middle]), *self.run(requests[middle:])]

    def _commit(self, requests: Sequence[Request]) -> list[Outcome | Fault]:
        self._require()
        with self._database.atomic("IMMEDIATE"):
            head = read_head(self._database)
            self._compare(head)
            books = Books(self._database)
            books.prefetch(requests)
            now = Instant(max(self._clock.now(), head.at + 1))
            batch = Batch(books, head, now, self._ids, self._entropy, self._largest_movement)
            outcomes = self._decide(batch, requests)
            self._require_transaction()
            write(self._database, batch)
        self._left = batch.sequence
        self._is_tidy = self._is_tidy or self._tidy()
        return outcomes

    def _compare(self, head: Head) -> None:
        """See whether the books are where they were left. Raises BooksWentBackError if they are behind that."""
        if self._left is None or head.sequence == self._left:
            return
        if head.sequence < self._left:
            raise BooksWentBackError(f"the books end with record {head.sequence}, and {self._left} was written here")
        self._is_tidy = False

    def _require_transaction(self) -> None:
        """Raise StorageError if SQLite gave the transaction up, as it may when a read fails: nothing may follow."""
        if not self._database.connection().in_transaction:
            raise StorageError("the database gave up the transaction")
