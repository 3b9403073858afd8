"""Proving a file that is about to be handed out as books: a copy, one that comes back, or one made of an export."""

from __future__ import annotations

from dataclasses import dataclass

import peewee

from persistence import migrations, verification
from persistence.books import read_head
from persistence.database import refuse_unfit


@dataclass(frozen=True, slots=True)
class Proved:
    """What books hold: of which schema, up to which audit record, and how much."""

    migration: int
    sequence: int
    hash: str
    """Of that last record; it stands for all before it."""
    transactions: int
    accounts: int

    def __str__(self) -> str:
        """Say how much it is, as `verify` does."""
        return f"{self.sequence} records, {self.transactions} transactions, {self.accounts} accounts"


def prove(connection: peewee.SqliteDatabase) -> Proved:
    """Prove the books with their walls.

    Raises DatabaseRefusedError, FaultFoundError or StorageError.
    """
    refuse_unfit(connection)
    counted = verification.verify(connection)
    head = read_head(connection)
    number = migrations.newest_applied(connection)
    return Proved(number, head.sequence, head.hash, counted.transactions, counted.accounts)
