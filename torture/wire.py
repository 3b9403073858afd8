"""One connection over HTTP, with as little in between as there can be: the load and its maker share the processors."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from torture.process import Server


class NoAnswerError(Exception):
    """The connection was refused or cut, or patience ended: what was sent may happen all the same."""


class Line:
    """A connection that is opened when it is needed, and anew after it was cut."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, secret: str, document: str, variables: Mapping[str, Any], patience: float) -> Mapping[str, Any]:
        """Send a request; return the body of its answer. Raises NoAnswerError."""
        body = json.dumps({"query": document, "variables": variables}).encode()
        head = (
            f"POST /graphql HTTP/1.1\r\nHost: torture\r\nAuthorization: Bearer {secret}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        try:
            async with asyncio.timeout(patience):
                return await self._exchange(head.encode() + body)
        except (OSError, EOFError, TimeoutError, ValueError) as error:
            self.hang_up()
            raise NoAnswerError(type(error).__name__) from error

    def hang_up(self) -> None:
        """Close the connection."""
        if self._streams:
            with suppress(OSError, RuntimeError):
                self._streams[1].transport.abort()
        self._streams = None

    async def _exchange(self, request: bytes) -> Mapping[str, Any]:
        if self._streams is None:
            if self._server.address is None:
                raise OSError("nobody serves")
            self._streams = await asyncio.open_connection(*self._server.address)
        reader, writer = self._streams
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        answer: Mapping[str, Any] = json.loads(await reader.readexactly(length))
        if b"connection: close" in head:
            self.hang_up()
        return answer
