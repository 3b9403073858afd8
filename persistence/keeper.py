"""Writing checkpoints while the books are served: in a thread of its own, so that a slow disk keeps nobody waiting."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import structlog

from domain import checkpoints
from domain.checkpoints import RolledBackError
from persistence import database
from persistence.anchor import Anchor, fault_of
from persistence.books import read_head

PATIENCE_S = 10
"""Seconds that a stop waits for the last checkpoint."""

_log = structlog.get_logger("countinghouse")


class Keeper:
    """Adds a checkpoint every so many seconds, if the books have moved, and one at the end.

    It reads the books over a connection of its own, which sees only what is on disk. Where somebody else has added a
    checkpoint, or the books were put back, `on_ousted` is called, in its thread, and nothing more is added. All other
    failures are logged and tried again.
    """

    def __init__(self, anchor: Anchor, path: Path, seconds: int, on_ousted: Callable[[str], None]) -> None:
        self._anchor = anchor
        self._path = path
        self._seconds = seconds
        self._on_ousted = on_ousted
        self._newest = anchor.newest().digest
        self._begun = self._newest
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="checkpoints", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """Add the last checkpoint, and end. A disk that does not answer is not waited for for ever."""
        self._ended.set()
        self._thread.join(PATIENCE_S)
        if self._thread.is_alive():
            _log.error("checkpoint_failed", reason="the last one could not be written in time")

    def _run(self) -> None:
        is_last = False
        while not is_last:
            is_last = self._ended.wait(self._seconds)
            try:
                self.keep()
            except RolledBackError as ousted:
                self._on_ousted(str(ousted))
                return
            except Exception as failure:  # noqa: BLE001 - whatever it is, the next checkpoint is tried
                _log.error("checkpoint_failed", reason=str(failure))

    def keep(self) -> None:
        """Add a checkpoint if the books have moved.

        Raises RolledBackError if this is not the only one who writes, and what else can go wrong with files.
        """
        newest = self._anchor.newest()
        if newest.digest not in {self._newest, self._begun}:
            raise RolledBackError(f"somebody else has added a checkpoint, of record {newest.checkpoint.sequence}")
        self._newest = newest.digest
        if not self._path.is_file():  # SQLite would make an empty one
            raise FileNotFoundError(f"there is no database {self._path}")
        with closing(database.connect_reader(self._path)) as books:
            if fault := fault_of(books, newest):
                raise RolledBackError(fault)
            checkpoint = checkpoints.following(newest, read_head(books))
        if checkpoint:
            self._add(checkpoints.written(checkpoint, self._anchor.key))

    def _add(self, line: bytes) -> None:
        """Add a line. Where that fails at its very end, the line is there all the same, and is ours."""
        self._begun = checkpoints.digest(line)
        self._anchor.file.add(line)
        self._newest = self._begun
