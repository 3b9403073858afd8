"""What is asked of GraphQL by POST is answered past ASGI: in one piece, and otherwise as uvicorn would."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from http.client import HTTPResponse
from io import BytesIO
from typing import Any

import orjson
import pytest
import uvicorn
from starlette.applications import Starlette
from uvicorn.server import ServerState

from domain.access import Operation
from resolvers.admission import AdmissionLimits, Doorway
from resolvers.calls import Request, arrived_body
from resolvers.responses import Answer
from resolvers.server import JsonProtocol
from tests.support.api import Api
from tests.support.transports import Line, turns

HEAD = b"POST /graphql HTTP/1.1\r\nhost: here\r\n"
DATE = (b"date", b"Tue, 24 Nov 2026 12:00:00 GMT")


REFUSAL = Answer(503, (), b"full")


def post(body: bytes, more: bytes = b"") -> bytes:
    return HEAD + more + b"content-length: %d\r\n\r\n" % len(body) + body


class Desk:
    """An endpoint that answers each request with its own body, once it is told to."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self.decided: dict[bytes, asyncio.Event] = {}
        self.is_full = False
        self.doorway = Doorway(AdmissionLimits())

    def turned_away(self, _: Request) -> Answer | None:
        return REFUSAL if self.is_full else None

    async def answer(self, request: Request) -> Answer:
        body = bytes(await arrived_body(request, 1_000))
        self.asked.append(body)
        await self.decided.setdefault(body, asyncio.Event()).wait()
        return Answer(200, (("x-answer", "yes"),), body)

    def decide(self, *bodies: bytes) -> None:
        for body in bodies:
            self.decided.setdefault(body, asyncio.Event()).set()


Scene = Callable[[Desk, JsonProtocol, Line], Awaitable[None]]


def connected(endpoint: Any) -> tuple[JsonProtocol, Line]:
    app = Starlette()
    app.state.endpoint = endpoint
    state, line = ServerState(), Line()
    state.default_headers = [DATE]
    config = uvicorn.Config(app, http=JsonProtocol, log_config=None, proxy_headers=False)
    protocol = JsonProtocol(config, state, {}, asyncio.get_running_loop())
    protocol.connection_made(line)
    return protocol, line


def play(scene: Scene) -> Line:
    """Play a scene at a desk; return the connection as it was left."""

    async def perform() -> Line:
        desk = Desk()
        protocol, line = connected(desk)
        await scene(desk, protocol, line)
        await turns()
        return line

    return asyncio.run(asyncio.wait_for(perform(), timeout=10))


def test_an_answer_is_written_in_one_piece_with_the_date() -> None:
    async def scene(desk: Desk, protocol: JsonProtocol, line: Line) -> None:
        desk.decide(b"one")
        protocol.data_received(post(b"one"))

    line = play(scene)
    head = b"HTTP/1.1 200 OK\r\nx-answer: yes\r\ndate: Tue, 24 Nov 2026 12:00:00 GMT\r\ncontent-length: 3\r\n\r\n"
    assert (line.pieces, line.is_closed) == ([head + b"one"], False)


def test_requests_that_follow_one_another_are_answered_in_their_order() -> None:
    async def scene(desk: Desk, protocol: JsonProtocol, line: Line) -> None:
        desk.decide(b"two")
        protocol.data_received(post(b"one") + post(b"two") + post(b"three"))
        await turns()
        assert line.pieces == []
        desk.decide(b"one", b"three")

    assert [piece.rpartition(b"\n")[2] for piece in play(scene).pieces] == [b"one", b"two", b"three"]


LAST = [post(b"one", b"connection: close\r\n"), post(b"one").replace(b"HTTP/1.1", b"HTTP/1.0")]


@pytest.mark.parametrize("request_", LAST, ids=["told to close", "HTTP 1.0"])
def test_the_last_answer_of_a_connection_says_so_and_ends_it(request_: bytes) -> None:
    async def scene(desk: Desk, protocol: JsonProtocol, line: Line) -> None:
        desk.decide(b"one")
        protocol.data_received(request_)

    line = play(scene)
    assert b"\r\nconnection: close\r\n" in line.written
    assert line.is_closed


def test_what_is_being_decided_when_the_server_stops_is_answered() -> None:
    async def scene(desk: Desk, protocol: JsonProtocol, line: Line) -> None:
        protocol.data_received(post(b"one"))
        await turns()
        protocol.shutdown()
        assert (line.is_closed, len(protocol.tasks)) == (False, 1)
        desk.decide(b"one")
        await turns()
        assert not protocol.tasks

    line = play(scene)
    assert line.written.endswith(b"\r\nconnection: close\r\ncontent-length: 3\r\n\r\none")
    assert line.is_closed


def test_who_has_left_is_written_nothing() -> None:
    async def scene(desk: Desk, protocol: JsonProtocol, line: Line) -> None:
        protocol.data_received(post(b"one"))
        await turns()
        protocol.connection_lost(None)
        desk.decide(b"one")

    assert play(scene).pieces == []


def test_who_does_not_read_is_written_nothing_more_until_it_does() -> None:
    async def scene(desk: Desk, protocol: JsonProtocol, line: Line) -> None:
        desk.decide(b"one")
        protocol.pause_writing()
        protocol.data_received(post(b"one"))
        await turns()
        assert line.pieces == []
        protocol.resume_writing()

    assert len(play(scene).pieces) == 1


def test_a_body_that_comes_later_is_waited_for() -> None:
    async def scene(desk: Desk, protocol: JsonProtocol, line: Line) -> None:
        desk.decide(b"12345")
        for piece in (post(b"12345")[:-5], b"12", b"345"):
            protocol.data_received(piece)
            await turns()

    assert play(scene).written.endswith(b"12345")


def test_who_expects_to_be_asked_for_the_body_is_asked() -> None:
    async def scene(desk: Desk, protocol: JsonProtocol, line: Line) -> None:
        desk.decide(b"one")
        protocol.data_received(post(b"one", b"expect: 100-continue\r\n")[:-3])
        await turns()
        protocol.data_received(b"one")

    first, second = play(scene).pieces
    assert first == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert second.endswith(b"one")


# Where there is no room


def test_who_is_turned_away_is_told_so_before_anything_else_happens() -> None:
    async def scene(desk: Desk, protocol: JsonProtocol, line: Line) -> None:
        desk.is_full = True
        protocol.data_received(post(b"one") + post(b"two"))
        assert [piece[-4:] for piece in line.pieces] == [b"full"] * 2
        assert not protocol.tasks

    assert not play(scene).is_closed


def test_who_is_turned_away_before_its_body_arrived_can_go_on_after_it() -> None:
    async def scene(desk: Desk, protocol: JsonProtocol, line: Line) -> None:
        desk.is_full = True
        protocol.data_received(post(b"one")[:-3])
        desk.is_full = False
        desk.decide(b"two")
        protocol.data_received(b"one" + post(b"two"))

    assert [piece.rpartition(b"\n")[2] for piece in play(scene).pieces] == [b"full", b"two"]


def test_who_is_turned_away_behind_another_request_waits_for_its_answer() -> None:
    async def scene(desk: Desk, protocol: JsonProtocol, line: Line) -> None:
        protocol.data_received(post(b"one"))
        desk.is_full = True
        protocol.data_received(post(b"two") * 1_000)
        await turns()
        assert line.pieces == []
        desk.decide(b"one")
        while len(line.pieces) <= 1_000:
            await turns()

    first, *others = play(scene).pieces
    assert (first[-3:], {piece[-4:] for piece in others}, len(others)) == (b"one", {b"full"}, 1_000)


def test_who_is_turned_away_and_does_not_read_it_is_told_no_more() -> None:
    async def scene(desk: Desk, protocol: JsonProtocol, line: Line) -> None:
        desk.is_full = True
        protocol.pause_writing()
        protocol.data_received(post(b"one") + post(b"two"))
        await turns()
        assert line.pieces == []
        protocol.resume_writing()

    assert len(play(scene).pieces) == 2


# Beside ASGI


def flooded(api: Api) -> None:
    for _ in range(500):
        api.endpoint.refusals.charge(api.caller, Operation.DEPOSIT)


def crowded(api: Api) -> None:
    api.endpoint.doorway.in_flight = 10**6


WHO = b'{"query": "{ viewer { id } }"}'
ASKED: dict[str, tuple[bytes, dict[str, str], Callable[[Api], None]]] = {
    "200": (WHO, {}, lambda _: None),
    "200 in plain JSON": (WHO, {"accept": "*/*"}, lambda _: None),
    "400": (b"{", {}, lambda _: None),
    "401": (WHO, {"authorization": "Bearer x"}, lambda _: None),
    "413": (b" " * 3_000_000, {}, lambda _: None),
    "415": (WHO, {"content-type": "text/plain"}, lambda _: None),
    "429": (WHO, {}, flooded),
    "503": (WHO, {}, crowded),
}


@pytest.mark.parametrize("name", ASKED)
def test_the_answer_is_the_one_that_asgi_would_bring(api: Api, name: str) -> None:
    body, more, prepare = ASKED[name]
    headers = api.headers() | more
    prepare(api)
    expected = api.send(body, headers=headers)

    async def ask() -> Line:
        protocol, line = connected(api.endpoint)
        written = "".join(f"{header}: {value}\r\n" for header, value in headers.items())
        protocol.data_received(post(body, written.encode()))
        while not line.pieces:
            await turns()
        return line

    line = asyncio.run(ask())
    response = read(line.written)
    told = {header.lower(): value for header, value in response.getheaders() if header != "date"}
    assert (response.status, told) == (expected.status, dict(expected.headers))
    assert orjson.loads(response.read()) == expected.body


def read(written: bytes) -> HTTPResponse:
    class Socket:
        def makefile(self, *_: Any) -> BytesIO:
            return BytesIO(written)

    response = HTTPResponse(Socket())  # type: ignore[arg-type]
    response.begin()
    return response
