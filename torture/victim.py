"""The server itself, which can be told to die at a point: `python -m torture.victim POINT AT`.

It is the real one in everything: `main.py serve`, on a connection that ends the process by SIGKILL, of its own accord,
when the batch of that number reaches the point. Where several processes serve, it is the writer that dies.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import peewee

import main
from persistence import database


class DyingDatabase(peewee.SqliteDatabase):
    """A writing connection that dies with its process at a point of a certain batch."""

    def __init__(self, *arguments: Any, point: str, at: int, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._point = point
        self._left = at

    def begin(self, *arguments: Any) -> None:
        self._left -= 1
        self._reach("before-begin")
        super().begin(*arguments)

    def cursor(self, *arguments: Any) -> Any:
        return WatchedCursor(super().cursor(*arguments), partial(self._reach, "after-write"))  # type: ignore[no-untyped-call]

    def commit(self) -> None:
        self._reach("before-commit")
        super().commit()
        self._reach("after-commit")

    def _reach(self, point: str) -> None:
        if point == self._point and self._left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)


class WatchedCursor:
    """A cursor that tells when it has written the rows of a table: the books are written in no other way."""

    def __init__(self, cursor: Any, written: Callable[[], None]) -> None:
        self._cursor = cursor
        self._written = written

    def executemany(self, *arguments: Any) -> Any:
        result = self._cursor.executemany(*arguments)
        self._written()
        return result

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)


def connect_dying(path: Path, *, point: str, at: int) -> peewee.SqliteDatabase:
    """Return the writing connection as the server opens it, but for its end."""
    return database._connect(path, {}, partial(DyingDatabase, point=point, at=at))  # noqa: SLF001 - the one way in


def serve(point: str, at: int) -> None:
    """Serve until the point is reached."""
    database.connect_writer = partial(connect_dying, point=point, at=at)
    main.cli(["serve"])


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))
