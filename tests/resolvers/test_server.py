"""The bounds of a connection, without a network: how many there may be, and how long a head may take."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest
import uvicorn
from uvicorn.server import ServerState

from resolvers import server
from resolvers.server import JsonProtocol

HEAD = b"GET /healthz HTTP/1.1\r\nhost: here\r\n"


class Line(asyncio.Transport):
    """A connection of which everything is remembered."""

    def __init__(self) -> None:
        super().__init__({"sockname": ("127.0.0.1", 1), "peername": ("127.0.0.1", 2)})
        self.written = b""
        self.is_closed = False

    def write(self, data: Any) -> None:
        self.written += bytes(data)

    def close(self) -> None:
        self.is_closed = True

    def is_closing(self) -> bool:
        return self.is_closed


async def silent(scope: Any, receive: Any, send: Any) -> None:
    """Answer nothing, ever."""
    await asyncio.Event().wait()


def connected(state: ServerState) -> tuple[JsonProtocol, Line]:
    config = uvicorn.Config(silent, http=JsonProtocol, log_config=None)
    protocol, line = JsonProtocol(config, state, {}, asyncio.get_running_loop()), Line()
    protocol.connection_made(line)
    return protocol, line


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a head be due as soon as it begins."""
    monkeypatch.setattr(server, "LONGEST_HEAD_S", 0)


async def turns() -> None:
    """Let everything happen that is due."""
    for _ in range(5):
        await asyncio.sleep(0)


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("sent", [b"", b"GET", HEAD])
def test_a_head_that_does_not_arrive_in_time_ends_its_connection(sent: bytes) -> None:
    async def wait() -> bool:
        protocol, line = connected(ServerState())
        protocol.data_received(sent)
        await turns()
        return line.is_closed

    assert asyncio.run(wait())


@pytest.mark.usefixtures("hurried")
def test_a_head_that_arrived_in_time_ends_nothing() -> None:
    async def wait() -> bool:
        protocol, line = connected(ServerState())
        protocol.data_received(HEAD + b"\r\n")
        await turns()
        return line.is_closed

    assert not asyncio.run(wait())


def test_one_connection_too_many_is_told_so_in_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "MOST_CONNECTIONS", 2)

    async def connect() -> list[Line]:
        state = ServerState()
        return [connected(state)[1] for _ in range(3)]

    *within, beyond = asyncio.run(connect())
    assert [line.written for line in within] == [b"", b""]
    head, _, body = beyond.written.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 503 ")
    assert orjson.loads(body)["errors"][0]["extensions"] == {"code": "OVERLOADED", "retry": "SAME_KEY"}
    assert beyond.is_closed
