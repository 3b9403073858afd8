"""The way onto the network: where the server listens, and that it answers in JSON even what is not HTTP."""

from __future__ import annotations

import asyncio
import signal
import socket
from asyncio.events import TimerHandle

import orjson
import uvicorn
from graphql import GraphQLError
from starlette.applications import Starlette
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from resolvers.failures import failure, formatted


class CannotListenError(Exception):
    """The address is taken, or is not one of this machine's."""


LARGEST_HEAD = 65_536
"""Bytes of a URL and its headers together."""

MOST_HEADERS = 100
MOST_CONNECTIONS = 1_000

LONGEST_HEAD_S = 10
"""Seconds in which a head must have arrived, counted from its first byte, or from the connection that sent none."""


class JsonProtocol(HttpToolsProtocol):
    """HTTP as uvicorn speaks it, with bounds. What it cannot read is answered in JSON like anything else.

    It never answers in place of a request that is still being decided: that one has the last word of its connection.
    """

    _head: TimerHandle | None = None
    """Ends a connection whose head does not come to an end."""

    _unread = _bytes = _headers = 0
    """Of the head that is being read: bytes that came without an end, and what was understood of it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
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
        if self._unread > LARGEST_HEAD:
            self._refuse_head()
            return
        self._unread += len(data)
        super().data_received(data)

    def on_message_begin(self) -> None:
        self._bytes = self._headers = 0
        self._await_head()
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers += 1
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._unread = 0
        self._end_head()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._unread = 0
        super().on_body(body)

    def send_400_response(self, msg: str) -> None:
        if self._is_too_large():
            self._refuse_head()
        else:
            self._refuse(400, failure("BAD_REQUEST", msg))

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing: whoever asks for a WebSocket is answered like anybody else."""

    def _count(self, more: int) -> None:
        self._bytes += more
        if self._is_too_large():
            raise ValueError("the head is too large")

    def _is_too_large(self) -> bool:
        return self._bytes > LARGEST_HEAD or self._headers > MOST_HEADERS

    def _is_deciding(self) -> bool:
        """Tell whether a request has arrived whole, and its answer has not left."""
        return self.cycle is not None and not self.cycle.more_body and not self.cycle.response_complete

    def _await_head(self) -> None:
        self._end_head()
        self._head = self.loop.call_later(LONGEST_HEAD_S, self.transport.close)

    def _end_head(self) -> None:
        if self._head is not None:
            self._head.cancel()

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


def listen(host: str, port: int) -> socket.socket:
    """Listen. Raises CannotListenError where that cannot be."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise CannotListenError(f"cannot listen on {host} port {port}: {error.strerror}") from error


def address_of(listener: socket.socket) -> str:
    """Return where a listener is to be reached."""
    host, port, *_ = listener.getsockname()
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def build_server(app: Starlette) -> uvicorn.Server:
    """Return the server. A signal will stop it in good order."""
    config = uvicorn.Config(
        app,
        http=JsonProtocol,
        ws="none",  # an upgrade to a WebSocket is a request like any other, and refused like one
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
    )
    server = uvicorn.Server(config)
    # Until uvicorn takes over, and again when it raises the signal anew after an orderly stop: that is no failure.
    for stopping in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stopping, lambda *_: stop(server))
    return server


def stop(server: uvicorn.Server) -> None:
    """Let the server finish what it has begun, and end."""
    server.should_exit = True
