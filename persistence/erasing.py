"""Erasing from the machine itself: which account, whether there is anything, and out of which files."""

from __future__ import annotations

import peewee

from domain.services.erasures import EraseText
from domain.text import require_reference
from persistence.books import Books
from persistence.database import BUSY_TIMEOUT_S
from persistence.system import SystemLedger


class NothingToEraseError(Exception):
    """Nobody has this reference, or no words about the account are left."""


class Eraser:
    """Erases the words about accounts."""

    def __init__(self, books: Books, system: SystemLedger) -> None:
        self._books = books
        self._system = system

    def erase(self, account_id: str) -> int:
        """Erase all words about an account; return how many records had any.

        Raises NothingToEraseError, and DomainError for an account that does not exist.
        """
        command = EraseText(account_id=account_id)
        if self._books.account(account_id) and not self._books.texts_about(account_id):
            raise NothingToEraseError("there are no words about that account, or none any more")
        texts: int = self._system.perform(command).texts
        return texts

    def account_with_reference(self, reference: str) -> str:
        """Return the id of the account. Raises NothingToEraseError, or DomainError for what is no reference."""
        require_reference(reference, ("reference",))
        account_id = self._books.account_id_with_reference(reference)
        if account_id is None:
            raise NothingToEraseError("there is no account with that reference")
        return account_id


def empty_log(connection: peewee.SqliteDatabase) -> bool:
    """Write all that SQLite's log holds into the database, and leave nothing in it; tell whether that was possible.

    It is not while somebody reads, for whom nobody waits. Only for the connection that checkpoints.
    """
    connection.execute_sql("PRAGMA busy_timeout = 0")
    try:
        is_busy, *_ = connection.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        connection.execute_sql(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_S * 1000}")
    return not is_busy
