"""One wide log line for each request: who, what, how long, how it ended. Never a key, an amount or a name."""

from __future__ import annotations

import io
import json
import logging
import os
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self, TextIO, cast

import orjson
import structlog
from structlog.typing import FilteringBoundLogger

from domain.access import Caller
from resolvers.failures import LONGEST_NAME


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
        _add_process,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    )
    written = structlog.processors.JSONRenderer(_json)
    structlog.configure(processors=[*completed, written], logger_factory=structlog.WriteLoggerFactory(tolerant))
    theirs = logging.StreamHandler(tolerant)
    without_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    theirs.setFormatter(
        structlog.stdlib.ProcessorFormatter(processors=[without_meta, written], foreign_pre_chain=completed)
    )
    logging.basicConfig(handlers=[theirs], level=logging.WARNING)


def _json(event: Any, **options: Any) -> str:
    """Write an event quickly; slowly if there is something in it that is no Unicode, as there may be in a bug."""
    try:
        return orjson.dumps(event, **options).decode()
    except TypeError:
        return json.dumps(event, **options)


def request_log() -> FilteringBoundLogger:
    """Return a log for requests. It goes where the log goes by now: to look that up for each line takes a while."""
    log: FilteringBoundLogger = structlog.get_logger("countinghouse").bind()
    return log


def _add_process(_: object, __: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
    line["process"] = os.getpid()
    return line


@dataclass(slots=True)
class Line:
    """What a request has to tell. The request runs inside of it, and is logged however it ends."""

    log: FilteringBoundLogger
    caller: Caller | None = None
    operation_name: str | None = None
    status: int = 500
    began: float = field(default_factory=time.perf_counter)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        name = self.operation_name
        self.log.info(
            "request",
            api_client_id=self.caller and self.caller.api_client_id,
            api_key_id=self.caller and self.caller.api_key_id,
            operation_name=name if len(name or "") <= LONGEST_NAME else None,
            status=self.status,
            milliseconds=round((time.perf_counter() - self.began) * 1000, 3),
        )
