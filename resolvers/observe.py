"""One wide log line for each request: who, what, how long, how it ended. Never a key, an amount or a name."""

from __future__ import annotations

import io
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TextIO, cast

import structlog

from domain.access import Caller
from resolvers.failures import LONGEST_NAME

_log = structlog.get_logger("countinghouse")


class _Tolerant(io.TextIOBase):
    """A stream that swallows its failures: a full disk or a closed pipe must not undo an answer."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError, ValueError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._stream.flush()


def log_to(stream: TextIO) -> None:
    """Write the log to a stream, one JSON object a line: what we say, and what the libraries warn of."""
    tolerant = cast("TextIO", _Tolerant(stream))
    completed = (
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    )
    written = structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[*completed, written],
        logger_factory=structlog.PrintLoggerFactory(tolerant),
    )
    theirs = logging.StreamHandler(tolerant)
    without_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    theirs.setFormatter(
        structlog.stdlib.ProcessorFormatter(processors=[without_meta, written], foreign_pre_chain=completed)
    )
    logging.basicConfig(handlers=[theirs], level=logging.WARNING)


@dataclass(slots=True)
class Line:
    """What a request has to tell when it is over."""

    caller: Caller | None = None
    operation_name: str | None = None
    status: int = 500


@contextmanager
def observed() -> Iterator[Line]:
    """Log the request that runs inside, however it ends."""
    line, began = Line(), time.perf_counter()
    try:
        yield line
    finally:
        name = line.operation_name
        _log.info(
            "request",
            api_client_id=line.caller and line.caller.api_client_id,
            api_key_id=line.caller and line.caller.api_key_id,
            operation_name=name if len(name or "") <= LONGEST_NAME else None,
            status=line.status,
            milliseconds=round((time.perf_counter() - began) * 1000, 3),
        )
