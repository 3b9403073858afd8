"""The fault matrix: how a disk fails, what the server does, and what the log says. docs/reliability.md has the same."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from dataclasses import dataclass

from torture.faults.disk import FOR_EVER, Order

LOG, MAIN = ".db-wal", ".db"

GOES_ON = "goes on; every answer is a success"
WAITS = "answers that the same key is to be sent again, until the disk is well; then goes on"
ENDS = "answers that the same key is to be sent again, and ends with 1, in one line"
REFUSED = "the start is refused, in one line"
RECOVERS = "starts on the longest undamaged beginning; what came later is gone, and `verify` is clean"
NAMED = "the start is refused, or `verify` names the damage, or no row and no answer differs"
OLDER = "starts on consistent older books; only a signed checkpoint shows that they are older"


@dataclass(frozen=True, slots=True)
class Row:
    """A fault that a running server meets, what it does, and what the log says of it."""

    orders: tuple[Order, ...]
    outcome: str
    says: str = ""
    workers: int = 1


def _once(call: str, ending: str, error: int = errno.EIO, *, skip: int = 0, manner: str = "fail") -> Order:
    return Order(call, ending, error, times=1, skip=skip, manner=manner)


def _always(call: str, ending: str, error: int = errno.EIO) -> Order:
    return Order(call, ending, error, times=FOR_EVER)


_IO, _FULL, _UNREADABLE = "disk I/O error", "database or disk is full", "database disk image is malformed"
_TORN, _SHORT = (_once("write", LOG, skip=5, manner=manner) for manner in ("tear", "shorten"))
_AND_GONE = (_once("sync", LOG), _always("open", LOG))
_LOST = "storage_lost"

RUNNING: Mapping[str, Row] = {
    "a write to the write-ahead log fails once": Row((_once("write", LOG, skip=5),), WAITS, _IO),
    "every write to the log fails": Row((_always("write", LOG),), WAITS, _IO),
    "a write to the log is torn in half": Row((_TORN,), WAITS, _IO),
    "a write to the log is cut short, and can be continued": Row((_SHORT,), GOES_ON),
    "an fsync of the log fails once": Row((_once("sync", LOG),), WAITS, _IO),
    "every fsync of the log fails": Row((_always("sync", LOG),), WAITS, _IO),
    "the disk is full while the log is written": Row((_always("write", LOG, errno.ENOSPC),), WAITS, _FULL),
    "the disk is full in a checkpoint": Row((_always("write", MAIN, errno.ENOSPC),), GOES_ON),
    "a write to the main file fails, in a checkpoint": Row((_once("write", MAIN, skip=3),), GOES_ON),
    "an fsync of the main file fails, in a checkpoint": Row((_once("sync", MAIN),), GOES_ON),
    "the main file cannot be read": Row((_always("read", MAIN),), WAITS, _UNREADABLE),
    "the file system turns read-only": Row((_always("write", LOG, errno.EROFS),), WAITS, _IO),
    "an fsync fails, and then the file cannot be opened": Row(_AND_GONE, ENDS, _LOST),
    "with workers: every fsync of the log fails": Row((_always("sync", LOG),), WAITS, _IO, workers=2),
    "with workers: the disk is full": Row((_always("write", LOG, errno.ENOSPC),), WAITS, _FULL, workers=2),
    "with workers: the main file cannot be read": Row((_always("read", MAIN),), WAITS, _UNREADABLE, workers=2),
    "with workers: an fsync fails, and then the file cannot be opened": Row(_AND_GONE, ENDS, _LOST, workers=2),
}
"""By the shim, under a running server."""

SMALL: Mapping[str, str] = {
    "a file system of 3 MB runs full": WAITS,
    "with workers: a file system of 3 MB runs full": WAITS,
    "no file may grow beyond 1 MB": WAITS,
}
"""By a small file system, or a limit of the process, under a running server."""

STARTING: Mapping[str, str] = {
    "the file is read-only": REFUSED,
    "the folder, or the file system, is read-only": REFUSED,
    "the disk is full": WAITS,
    "the main file is missing or empty, and its log is there": REFUSED,
    "another server has the file": REFUSED,
    "the main file is an older copy": OLDER,
    "the main file was copied without its log": OLDER,
    "the main file is an older copy, its log a newer one": NAMED,
}
"""To a server that is started."""

DAMAGED: Mapping[str, str] = {
    "the log is cut off, at any byte, or deleted": RECOVERS,
    "a bit of the log is flipped, at any byte": RECOVERS,
    "the log is cut off, and the server was killed amid a checkpoint": NAMED,
    "the main file is cut off, at any byte": NAMED,
    "a bit of the main file is flipped, on every page": NAMED,
}
"""To files, after a kill or a stop, at many places."""

MATRIX: Mapping[str, str] = {
    **{fault: row.outcome for fault, row in RUNNING.items()},
    **SMALL,
    **STARTING,
    **DAMAGED,
}
