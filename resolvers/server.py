"""The way onto the network: where the server listens, and that it answers in JSON even what is not HTTP."""

from __future__ import annotations

import signal
import socket

import orjson
import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from resolvers.failures import failure, formatted


class CannotListenError(Exception):
    """The address is taken, or is not one of this machine's."""


LARGEST_HEAD = 65_536
"""Bytes that a request may have before its body: beyond that they are not even kept."""


class JsonProtocol(HttpToolsProtocol):
    """HTTP as uvicorn speaks it. What it cannot read never reaches the application; it is answered in JSON too."""

    _head_bytes = 0
    """How many bytes of a head without an end were read so far."""

    def data_received(self, data: bytes) -> None:
        if self._head_bytes > LARGEST_HEAD:
            self._refuse(431, f"The URL and the headers have at most {LARGEST_HEAD} bytes.")
            return
        self._head_bytes += len(data)
        super().data_received(data)

    def on_headers_complete(self) -> None:
        self._head_bytes = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._head_bytes = 0
        super().on_body(body)

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing: whoever asks for a WebSocket is answered like anybody else."""

    def send_400_response(self, msg: str) -> None:
        self._refuse(400, msg)

    def _refuse(self, status: int, why: str) -> None:
        content = orjson.dumps({"errors": formatted([failure("BAD_REQUEST", why)])})
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
