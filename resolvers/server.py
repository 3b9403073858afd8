"""The way onto the network: where the server listens, and that it answers in JSON even what is not HTTP."""

from __future__ import annotations

import asyncio
import gc
import resource
import signal
import socket
import sys
from asyncio.events import TimerHandle
from functools import lru_cache, partial
from itertools import chain
from typing import Any

import orjson
import uvicorn
from graphql import GraphQLError
from starlette.applications import Starlette
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from resolvers.app import GRAPHQL
from resolvers.calls import Request
from resolvers.failures import failure, formatted
from resolvers.http import Endpoint
from resolvers.responses import Answer


class CannotListenError(Exception):
    """The address is taken, or is not one of this machine's."""


LARGEST_HEAD = 65_536
"""Bytes of a URL and its headers together."""

MOST_HEADERS = 100
MOST_CONNECTIONS = 1_000

OTHER_DESCRIPTORS = 200
"""For the database, the log, and what belongs to Python: more than there are."""

MOST_ACCEPTED = 128
"""Connections that one turn of the event loop can let in. It takes tens of milliseconds when there is much to do."""

LAST_LOOK_S = 0.001
"""Seconds that a connection at rest is kept when its time is over: a turn, in which to see what has arrived."""

BACKLOG = 2_048
"""Connections that may wait for a worker to accept them."""

LONGEST_HEAD_S = 10
"""Seconds in which a head must have arrived, counted from its first byte, or from the connection that sent none."""


class JsonProtocol(HttpToolsProtocol):
    """HTTP as uvicorn speaks it, with bounds. What it cannot read is answered in JSON like anything else.

    It never answers in place of a request that is still being decided: that one has the last word of its connection.
    """

    _deadline: TimerHandle | None = None
    """Ends a connection whose head does not come to an end."""

    _unread = 0
    """Bytes that came without the end of a head, or anything of a body, among them."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.url, self.headers = b"", []
        if len(self.connections) > MOST_CONNECTIONS:
            self._refuse(503, failure("OVERLOADED", f"The server has {MOST_CONNECTIONS} connections."))
        else:
            self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_head()
        super().connection_lost(exc)

    def eof_received(self) -> bool:  # type: ignore[override]
        """Keep the way back open to a client that has said all it wants to say."""
        return self._is_deciding()

    def data_received(self, data: bytes) -> None:
        self._unread += len(data)
        super().data_received(data)
        if self._is_in_head() and not self.transport.is_closing():
            self._await_head()
            if self._unread > LARGEST_HEAD or len(self.headers) > MOST_HEADERS:
                self._refuse_head()

    def on_headers_complete(self) -> None:
        if self._is_too_large():
            raise ValueError("the head is too large")
        self._unread = 0
        self._end_head()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._unread = 0
        super().on_body(body)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """Answer what is asked of GraphQL by POST without the detour of ASGI; hand on everything else."""
        if cycle.scope["method"] == "POST" and cycle.scope["path"] == GRAPHQL:
            self._let_in(cycle, app.state.endpoint)
        else:
            super()._start_asgi_task(cycle, app)

    def _let_in(self, cycle: RequestResponseCycle, endpoint: Endpoint) -> None:
        """Have a request answered. Whoever is let in waits for those before; whoever is not is told at once.

        Unless it would overtake an answer on its own connection, or does not read what it was answered before.
        """
        request = Request(cycle.scope, cycle.receive)  # type: ignore[arg-type]  # two libraries' names for ASGI
        refusal = endpoint.turned_away(request)
        start = partial(super()._start_asgi_task, cycle, partial(self._answer, cycle, endpoint, request, refusal))
        if refusal is None:
            endpoint.doorway.begin(start)
        elif cycle is self.cycle and not self.flow.write_paused:
            self._finish(cycle, refusal)
        else:
            start()

    async def _answer(
        self, cycle: RequestResponseCycle, endpoint: Endpoint, request: Request, refusal: Answer | None, *_: object
    ) -> None:
        request.whole_body = None if cycle.more_body else cycle.body
        answer = refusal or await endpoint.answer(request)
        if self.flow.write_paused:
            await self.flow.drain()
        if not cycle.disconnected:
            self._finish(cycle, answer)

    def _finish(self, cycle: RequestResponseCycle, answer: Answer) -> None:
        """Do what a cycle does with an answer, but write it in one piece, and from a head that is remembered."""
        cycle.response_started = cycle.response_complete = True
        self.transport.write(self._in_bytes(answer, keep_alive=cycle.keep_alive))
        if not cycle.keep_alive:
            self.transport.close()
        cycle.on_response()
        if cycle.more_body:  # which ends the timer of a connection at rest, as soon as it begins to come
            self._await_head()

    def timeout_keep_alive_handler(self) -> None:
        """Hang up, but not on a request that has arrived and was not read yet, because the last turn took long."""
        self.timeout_keep_alive_task = self.loop.call_later(LAST_LOOK_S, super().timeout_keep_alive_handler)

    def send_400_response(self, msg: str) -> None:
        if self._is_too_large():
            self._refuse_head()
        else:
            self._refuse(400, failure("BAD_REQUEST", msg))

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing: whoever asks for a WebSocket is answered like anybody else."""

    def _in_bytes(self, answer: Answer, *, keep_alive: bool) -> bytes:
        dated = b"".join([b"%b: %b\r\n" % header for header in self.server_state.default_headers])
        ending = b"" if keep_alive else b"connection: close\r\n"
        length = b"content-length: %d\r\n\r\n" % len(answer.body)
        return b"".join((_head(answer.status, answer.headers), dated, ending, length, answer.body))

    def _is_too_large(self) -> bool:
        words = chain.from_iterable(self.headers)
        return len(self.headers) > MOST_HEADERS or len(self.url) + sum(map(len, words)) > LARGEST_HEAD

    def _is_in_head(self) -> bool:
        """Tell whether a head has begun, or is the first, and has not ended: that is when its cycle is made."""
        return self.cycle is None or self.cycle.scope is not self.scope

    def _is_deciding(self) -> bool:
        """Tell whether a request has arrived whole, and its answer has not left."""
        return self.cycle is not None and not self.cycle.more_body and not self.cycle.response_complete

    def _await_head(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(LONGEST_HEAD_S, self.transport.close)

    def _end_head(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _refuse_head(self) -> None:
        message = f"The URL and the headers have at most {LARGEST_HEAD} bytes, and there are at most {MOST_HEADERS}."
        self._refuse(431, failure("BAD_REQUEST", message))

    def _refuse(self, status: int, error: GraphQLError) -> None:
        if self._is_deciding():
            self.cycle.keep_alive = False
            self.transport.pause_reading()
            return
        content = orjson.dumps({"errors": formatted([error])})
        head = (
            STATUS_LINE[status],
            b"content-type: application/json\r\n",
            b"content-length: %d\r\n" % len(content),
            b"connection: close\r\n\r\n",
        )
        self.transport.write(b"".join((*head, content)))
        self.transport.close()


@lru_cache
def _head(status: int, headers: tuple[tuple[str, str], ...]) -> bytes:
    return STATUS_LINE[status] + "".join(f"{name}: {value}\r\n" for name, value in headers).encode()


def listen(host: str, port: int, workers: int = 1) -> list[socket.socket]:
    """Listen once for each worker. Raises CannotListenError where that cannot be.

    Linux deals connections out evenly among listeners of one address; elsewhere they are one, and the first who wakes
    accepts. The first listener is alone with its address, so that nobody shares it who should not.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        alone = socket.create_server((host, port), family=family, backlog=BACKLOG)
        if workers == 1 or sys.platform != "linux":
            return [alone] * workers
        with alone:
            address = alone.getsockname()
        return [socket.create_server(address, family=family, backlog=BACKLOG, reuse_port=True) for _ in range(workers)]
    except OSError as error:
        raise CannotListenError(f"cannot listen on {host} port {port}: {error.strerror}") from error


def address_of(listener: socket.socket) -> str:
    """Return where a listener is to be reached."""
    host, port, *_ = listener.getsockname()
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def build_server(app: Starlette) -> uvicorn.Server:
    """Return the server. A signal will stop it in good order, even one that came before and was made to wait."""
    config = uvicorn.Config(
        app,
        http=JsonProtocol,
        ws="none",  # an upgrade to a WebSocket is a request like any other, and refused like one
        log_config=None,
        access_log=False,
        proxy_headers=False,  # nothing here asks where a request comes from
        server_header=False,
        timeout_graceful_shutdown=10,
    )
    server = _Server(config)
    _make_room()
    _settle_memory()
    # Until uvicorn takes over, and again when it raises the signal anew after an orderly stop: that is no failure.
    for stopping in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stopping, lambda *_: stop(server))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM})
    return server


class _Server(uvicorn.Server):
    """A server that lets in all who wait at its door."""

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Run on sockets, each many times over: what uvloop stands on accepts one connection for each in a turn."""
        super().run([one for door in sockets or () for one in (door, *(door.dup() for _ in range(MOST_ACCEPTED - 1)))])


def _make_room() -> None:
    """Have as many descriptors as connections take, and some for files. What systems allow at first is often less."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = MOST_CONNECTIONS + MOST_ACCEPTED + OTHER_DESCRIPTORS
    allowed = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))


def _settle_memory() -> None:
    """Take what was made so far out of the collector's sight, and let it look at what is new less often.

    What a server begins with stays, and is most of what there is: looking through it again and again took a sixth of
    the processor's time. What a request leaves behind in circles is little, so that it may wait in thousands.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 5, 20)


def stop(server: uvicorn.Server) -> None:
    """Let the server finish what it has begun, and end."""
    server.should_exit = True
