"""The server's connections, and what becomes of them when the disk fails."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import peewee
import structlog

from domain.ports import StorageError
from persistence import database
from persistence.statements import storage_errors

_log = structlog.get_logger("countinghouse")


class Storage:
    """A writing and a reading connection. After a failure both are opened anew; if that fails the server must end."""

    def __init__(self, path: Path, read_milliseconds: int) -> None:
        self.writing = database.connect_writer(path)
        self.reading = database.connect_impatient_reader(path, read_milliseconds)
        self.is_lost = False
        self.on_loss: Callable[[], None] | None = None

    def reopen(self, failure: StorageError) -> None:
        """Start over: after a failed COMMIT nothing is known of the old connection."""
        _log.error("storage_failed", reason=str(failure))
        try:
            for connection in (self.writing, self.reading):
                connection.close()
                connection.connect()
        except peewee.PeeweeException as error:
            _log.critical("storage_lost", reason=str(error))
            self.is_lost = True
            if self.on_loss:
                self.on_loss()

    def is_ready(self) -> bool:
        """Tell whether the books can be read, and were not lost for writing."""
        return can_be_read(self.reading) and not self.is_lost

    def require(self) -> None:
        """Raise StorageError if the database was lost."""
        if self.is_lost:
            raise StorageError("the database could not be opened again")

    def close(self) -> None:
        """Let go of the file. The writer goes last: whoever closes last checkpoints."""
        self.reading.close()
        self.writing.close()


def can_be_read(reading: peewee.Database) -> bool:
    """Tell whether a connection answers."""
    try:
        with storage_errors():
            reading.execute_sql("SELECT 1").fetchone()
    except StorageError:
        return False
    return True
