"""A connection on which no statement runs for long: one that does keeps every other request waiting."""

from __future__ import annotations

import sys
import time
from typing import Any

import peewee

STEPS = 10_000
"""Of SQLite's virtual machine, between two looks at the clock. Statements that use an index take fewer in all."""


class ImpatientDatabase(peewee.SqliteDatabase):
    """Gives up a statement after so many milliseconds; SQLite then says that it was interrupted."""

    def __init__(self, *arguments: Any, milliseconds: int, **named: Any) -> None:
        self._patience = milliseconds * 1_000_000
        self._until = sys.maxsize
        super().__init__(*arguments, **named)

    def connection(self) -> Any:
        """Return the connection itself, for a statement that begins now."""
        self._until = time.monotonic_ns() + self._patience
        return super().connection()  # type: ignore[no-untyped-call]

    def execute_sql(self, sql: str, params: Any = None) -> Any:
        self._until = time.monotonic_ns() + self._patience
        return super().execute_sql(sql, params)  # type: ignore[no-untyped-call]

    def _initialize_connection(self, conn: Any) -> None:
        conn.set_progress_handler(self._is_over, STEPS)

    def _is_over(self) -> bool:
        return time.monotonic_ns() > self._until
