"""The bounds of a connection, without a network: how many there may be, and how long a head may take."""

from __future__ import annotations

import asyncio
import resource
import socket
from contextlib import closing
from copy import copy
from typing import Any

import orjson
import pytest
import uvicorn
from uvicorn.server import ServerState

from resolvers import server
from resolvers.responses import Answer
from resolvers.server import LARGEST_HEAD, MOST_HEADERS, CannotListenError, JsonProtocol, address_of, listen
from tests.support.transports import Line, turns

HEAD = b"GET /healthz HTTP/1.1\r\nhost: here\r\n"


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


# What a head adds up to


def fed(*chunks: bytes) -> Line:
    """Return what a connection is after these bytes came, one after the other."""

    async def feed() -> Line:
        protocol, line = connected(ServerState())
        for chunk in chunks:
            protocol.data_received(chunk)
            await turns()
        return copy(line)

    return asyncio.run(feed())


ENDLESS = {
    "headers": b"GET / HTTP/1.1\r\n" + b"a: 1\r\n" * (MOST_HEADERS + 2),  # the last may still go on
    "bytes": b"GET / HTTP/1.1\r\na: " + b"1" * LARGEST_HEAD,
}


@pytest.mark.parametrize("what", ENDLESS)
def test_a_head_is_refused_as_soon_as_it_is_beyond_its_bounds(what: str) -> None:
    line = fed(ENDLESS[what])
    assert line.written.startswith(b"HTTP/1.1 431 ")
    assert (line.is_closed, len(line.pieces)) == (True, 1)


CHUNKED = b"POST /nowhere HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n"


@pytest.mark.usefixtures("hurried")
def test_the_end_of_a_body_is_no_beginning_of_a_head() -> None:
    assert not fed(CHUNKED, b"2\r\n{}\r\n", b"0\r\n\r\n").is_closed


@pytest.mark.usefixtures("hurried")
def test_each_head_on_a_connection_has_its_deadline() -> None:
    assert fed(CHUNKED + b"0\r\n\r\n", b"GET").is_closed


POST = b"POST /nowhere HTTP/1.1\r\ncontent-length: 9\r\n\r\n"


@pytest.mark.usefixtures("hurried")
def test_a_body_that_goes_on_after_its_answer_has_its_deadline() -> None:
    async def answered() -> bool:
        protocol, line = connected(ServerState())
        protocol.data_received(POST)
        assert protocol.cycle is not None
        protocol._finish(protocol.cycle, Answer(503, (), b"{}"))
        protocol.data_received(b"{")
        await turns()
        return line.is_closed

    assert asyncio.run(answered())


@pytest.mark.parametrize(
    ("soft", "hard", "raised_to"), [(1024, 4096, 1328), (1024, 1200, 1200), (1024, -1, 1328), (2000, 4096, None)]
)
def test_there_are_descriptors_for_all_connections(
    monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, raised_to: int | None
) -> None:
    limits: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (soft, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda _, limit: limits.append(limit))
    server._make_room()
    assert limits == ([] if raised_to is None else [(raised_to, hard)])


# A connection at rest


def test_a_connection_at_rest_is_ended_but_not_before_one_more_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "LAST_LOOK_S", 0)

    async def rest(*sent: bytes) -> bool:
        protocol, line = connected(ServerState())
        protocol.timeout_keep_alive_handler()
        assert not line.is_closed
        for chunk in sent:
            protocol.data_received(chunk)
        await turns()
        return line.is_closed

    assert asyncio.run(rest())
    assert not asyncio.run(rest(CHUNKED))


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("workers", [1, 3])
def test_workers_listen_at_one_address_and_no_other_server_does(host: str, workers: int) -> None:
    listeners = listen(host, 0, workers)
    try:
        assert len(listeners) == workers
        assert len({address_of(listener) for listener in listeners}) == 1
        for others in (1, 2):
            with pytest.raises(CannotListenError, match="Address already in use"):
                listen(host, listeners[0].getsockname()[1], others)
    finally:
        for listener in listeners:
            listener.close()


# The door


def test_a_server_stands_at_its_door_as_often_as_connections_may_come_in_a_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What uvloop stands on accepts one connection for each listener in a turn; these are all the same one."""
    served: list[socket.socket] = []
    monkeypatch.setattr(uvicorn.Server, "run", lambda _, sockets: served.extend(sockets))
    with closing(server.listen("127.0.0.1", 0)[0]) as door:
        server._Server(uvicorn.Config(silent)).run([door])
        assert [one.getsockname() for one in served] == [door.getsockname()] * server.MOST_ACCEPTED
        assert len({one.fileno() for one in served}) == server.MOST_ACCEPTED
        for one in served:
            one.close()
