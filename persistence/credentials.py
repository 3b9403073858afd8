"""The API keys that are in use, remembered for as long as nothing at all was committed."""

from __future__ import annotations

import asyncio

import peewee

from domain.reading import Credential
from persistence import queries, rows, tables
from persistence.library import sqlite3
from persistence.statements import Hole, Statement, storage_errors

MOST_REMEMBERED = 1_000
"""Keys. Beyond that all are forgotten, and those in use are soon back."""

_CREDENTIAL = Statement(
    queries.api_keys(
        tables.ApiKey.secret_digest,
        tables.ApiClient.id,
        tables.ApiClient.name,
        tables.ApiClient.role,
        tables.ApiClient.disabled_at,
    )
    .join(tables.ApiClient, on=(tables.ApiClient.id == tables.ApiKey.api_client_id))
    .where(tables.ApiKey.id == Hole("id"))
)


class Credentials:
    """What API keys open, as of the last commit of anybody.

    SQLite tells a connection whether another one has committed since it was last asked, whatever process that is in.
    So a key that was revoked is refused from the next request on. Only what is in the books is remembered: digests.

    It is asked once in a turn of the event loop, at the first request. The others in that turn had arrived by then, so
    that none of them was sent after a revocation that the question was too early for.
    """

    def __init__(self, database: peewee.Database) -> None:
        self._database = database
        self._known: dict[str, Credential] = {}
        self._as_of: tuple[sqlite3.Connection, int] | None = None
        self._is_asked = False

    def find(self, api_key_id: str) -> Credential | None:
        """Return what an API key opens; None if there is no such key."""
        if not self._is_asked:
            self._forget_what_may_have_changed()
            self._is_asked = True
            asyncio.get_running_loop().call_soon(self._ask_again)
        if api_key_id in self._known:
            return self._known[api_key_id]
        credential = self._read(api_key_id)
        if credential is not None:
            self._remember(api_key_id, credential)
        return credential

    def _ask_again(self) -> None:
        """Be called after all whose requests had arrived at the last question, and before all who came later."""
        self._is_asked = False

    def _forget_what_may_have_changed(self) -> None:
        with storage_errors():
            connection = self._database.connection()  # Peewee's own way would take longer than SQLite does
            (version,) = connection.execute("PRAGMA data_version").fetchone()
        # A version says something on its own connection only, and that is another one after a failure.
        if self._as_of != (connection, version):
            self._known.clear()
            self._as_of = connection, version

    def _remember(self, api_key_id: str, credential: Credential) -> None:
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        self._known[api_key_id] = credential

    def _read(self, api_key_id: str) -> Credential | None:
        found = _CREDENTIAL(self._database, id=api_key_id)
        if not found:
            return None
        digest, *columns = found[0]
        return Credential(rows.api_client(tuple(columns[:4])), rows.api_key(tuple(columns[4:])), digest)
