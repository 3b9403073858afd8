"""The writing connection and what becomes of it when the disk fails."""

from __future__ import annotations

from collections.abc import Callable

import peewee
import structlog

from domain.ports import StorageError

_log = structlog.get_logger("countinghouse")


class Storage:
    """The writing connection, reopened after a failure. When that fails too it is lost, and the server must end."""

    def __init__(self, connection: peewee.SqliteDatabase) -> None:
        self.connection = connection
        self.is_lost = False
        self.on_loss: Callable[[], None] = lambda: None

    def reopen(self, failure: StorageError) -> None:
        """Start over on a new connection: after a failed COMMIT nothing is known of the old one."""
        _log.error("storage_failed", reason=str(failure))
        try:
            self.connection.close()
            self.connection.connect()
        except peewee.PeeweeException as error:
            _log.critical("storage_lost", reason=str(error))
            self.is_lost = True
            self.on_loss()
