"""A load that does not wait: requests fall due at a fixed rate, whatever the server does with those before them.

wrk sends the next request when the last was answered, and so slows down with the server; users do not. Here each
request is sent when it is due on a connection that is free, or on a new one; where MOST_CONNECTIONS are busy it waits
here, and its time counts from when it was due.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from statistics import quantiles
from typing import cast

import uvloop

MOST_CONNECTIONS = 900
TICK_S = 0.001
GRACE_S = 10
"""How long answers are awaited when the last request has been sent."""

_LENGTH = b"content-length:"


@dataclass
class Reckoning:
    """What became of the requests: for each answer, how long it took from when the request was due, in seconds."""

    seconds: float
    due: int = 0
    in_time: int = 0
    """How many succeeded before the load ended."""

    succeeded: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @property
    def goodput(self) -> float:
        return self.in_time / self.seconds

    @property
    def refused_share(self) -> float:
        return len(self.refused) / self.due

    @property
    def unanswered(self) -> int:
        return self.due - len(self.succeeded) - len(self.refused) - len(self.failures)


def percentiles(latencies: list[float]) -> tuple[float, float, float]:
    """Return p50, p99 and the longest; zeros where there is none, and as far as so few can tell."""
    if len(latencies) < 2:  # noqa: PLR2004 - quantiles needs two
        return (latencies or [0.0])[0], (latencies or [0.0])[0], (latencies or [0.0])[0]
    cuts = quantiles(latencies, n=100, method="inclusive")
    return cuts[49], cuts[98], max(latencies)


class Connection(asyncio.Protocol):
    """One connection: one request at a time, each followed by its answer."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader
        self._received = b""
        self._transport: asyncio.Transport | None = None
        self.due = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are none by inheritance
        self._loader.opened(self)

    def send(self, request: bytes, due: float) -> None:
        """Send a request that was due at that time."""
        self.due = due
        if self._transport:
            self._transport.write(request)

    def close(self) -> None:
        """Hang up."""
        if self._transport:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, separator, body = self._received.partition(b"\r\n\r\n")
        if separator and len(body) >= length_of(head):
            self._received = b""
            self._loader.answered(self, int(head[9:12]), body)

    def connection_lost(self, _: Exception | None) -> None:
        self._loader.lost(self)


def length_of(head: bytes) -> int:
    """Return how long a body is, by its head. Raises ValueError for one that does not say."""
    lowered = head.lower()
    start = lowered.index(_LENGTH) + len(_LENGTH)
    return int(lowered[start:].split(b"\r\n", 1)[0])


class Loader:
    """Sends what is due, and counts what comes back."""

    def __init__(self, address: str, requests: Iterator[bytes], rate: float, seconds: float) -> None:
        host, _, port = address.partition(":")
        self._host, self._port = host, int(port)
        self._requests = requests
        self._rate = rate
        self._waiting: deque[float] = deque()
        self._free: list[Connection] = []
        self._busy: set[Connection] = set()
        self._open = self._opening = 0
        self._connecting: set[asyncio.Task[None]] = set()
        self._ends = 0.0
        self.reckoning = Reckoning(seconds)

    async def run(self) -> Reckoning:
        """Load for the time given, then await the answers that are still to come."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        self._ends = began + self.reckoning.seconds
        while (passed := loop.time() - began) < self.reckoning.seconds:
            while self.reckoning.due < passed * self._rate:
                self._waiting.append(began + self.reckoning.due / self._rate)
                self.reckoning.due += 1
            self._send_waiting(loop)
            await asyncio.sleep(TICK_S)
        ended = loop.time()
        while (self._busy or self._waiting) and loop.time() - ended < GRACE_S:  # noqa: ASYNC110 - both may fill again
            await asyncio.sleep(TICK_S)
        for connection in (*self._busy, *self._free):
            connection.close()
        return self.reckoning

    def opened(self, connection: Connection) -> None:
        """Use a new connection."""
        self._opening -= 1
        self._use(connection)

    def _use(self, connection: Connection) -> None:
        """Give a connection its next request, or keep it for one."""
        if self._waiting:
            self._send(connection, self._waiting.popleft())
        else:
            self._free.append(connection)

    def answered(self, connection: Connection, status: int, body: bytes) -> None:
        """Count an answer."""
        self._busy.discard(connection)
        now, reckoning = asyncio.get_running_loop().time(), self.reckoning
        took = now - connection.due
        if status == HTTPStatus.OK and b'Success"' in body:
            reckoning.succeeded.append(took)
            reckoning.in_time += now < self._ends
        elif b"OVERLOADED" in body:
            reckoning.refused.append(took)
        else:
            reckoning.failures.append(f"{status} {body[:200]!r}")
        self._use(connection)

    def lost(self, connection: Connection) -> None:
        """Forget a connection that the server has closed, and count what was on it as failed."""
        self._open -= 1
        if connection in self._busy:
            self._busy.remove(connection)
            self.reckoning.failures.append("a connection was closed without an answer")
        if connection in self._free:
            self._free.remove(connection)

    def _send_waiting(self, loop: asyncio.AbstractEventLoop) -> None:
        while self._waiting and self._free:
            self._send(self._free.pop(), self._waiting.popleft())
        for _ in range(min(len(self._waiting) - self._opening, MOST_CONNECTIONS - self._open)):
            self._open += 1
            self._opening += 1
            connecting = loop.create_task(self._connect(loop))
            self._connecting.add(connecting)
            connecting.add_done_callback(self._connecting.discard)

    async def _connect(self, loop: asyncio.AbstractEventLoop) -> None:
        """Open a connection. Where that fails, so does the request that has waited longest for one."""
        try:
            await loop.create_connection(lambda: Connection(self), self._host, self._port)
        except OSError as error:
            self._open -= 1
            self._opening -= 1
            self._waiting.popleft()
            self.reckoning.failures.append(str(error))

    def _send(self, connection: Connection, due: float) -> None:
        self._busy.add(connection)
        connection.send(next(self._requests), due)


def run(address: str, requests: Iterator[bytes], rate: float, seconds: float) -> Reckoning:
    """Load a server at so many requests a second."""

    async def load() -> Reckoning:
        return await Loader(address, requests, rate, seconds).run()

    return uvloop.run(load())
