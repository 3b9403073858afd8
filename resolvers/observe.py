"""One wide log line for each request: who, what, how long, how it ended. Never a key, an amount or a name."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog
from starlette.responses import Response

from domain.access import Caller

LONGEST_NAME = 64
"""Characters. Shorter than an API key, which is a valid name too and could be pasted for one."""

_log = structlog.get_logger("countinghouse")


@dataclass(slots=True)
class Line:
    """What a request has to tell when it is over."""

    status: int = 500

    def tell(self, response: Response) -> Response:
        """Note how the request ended, and pass its response on."""
        self.status = response.status_code
        return response


@contextmanager
def observed(caller: Caller, operation_name: str | None) -> Iterator[Line]:
    """Log the request that runs inside."""
    line, began = Line(), time.perf_counter()
    try:
        yield line
    finally:
        _log.info(
            "request",
            api_client_id=caller.api_client_id,
            api_key_id=caller.api_key_id,
            operation_name=operation_name if len(operation_name or "") <= LONGEST_NAME else None,
            status=line.status,
            milliseconds=round((time.perf_counter() - began) * 1000, 3),
        )
