"""What arrives at the socket and is not HTTP, or not the HTTP that is spoken here: JSON all the same, and no harm."""

from __future__ import annotations

import json
import socket
from http.client import HTTPResponse
from typing import Any

import pytest

from resolvers.server import LARGEST_HEAD, MOST_HEADERS
from tests.endtoend.server import ANSWER_S, Server

VIEWER = "{ viewer { name role } }"
TO_GRAPHQL = b"POST /graphql HTTP/1.1\r\nhost: here\r\n"
JSON = b"content-type: application/json\r\n"
WEBSOCKET = (
    b"GET /graphql HTTP/1.1\r\nhost: here\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n"
    b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-protocol: graphql-transport-ws\r\n"
)


def exchange(server: Server, sent: bytes) -> tuple[HTTPResponse, Any]:
    """Send bytes; return the response and the one error in it."""
    host, _, port = server.address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=ANSWER_S) as connection:
        connection.sendall(sent)
        response = HTTPResponse(connection)
        response.begin()
        (error,) = json.loads(response.read())["errors"]
    return response, error


NO_HTTP = {
    "words": b"let me in\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 100,
    "an unknown method": b"BREW /graphql HTTP/1.1\r\nhost: here\r\n\r\n",
    "HTTP/2 as if known": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "another version": b"POST /graphql HTTP/7.7\r\nhost: here\r\n\r\n",
    "a header without a colon": TO_GRAPHQL + b"poison\r\n\r\n",
    "a space in a header's name": TO_GRAPHQL + b"poi son: 1\r\n\r\n",
    "NUL in a header": TO_GRAPHQL + b"x-poison: a\x00b\r\n\r\n",
    "a length that is none": TO_GRAPHQL + JSON + b"content-length: many\r\n\r\n",
    "two lengths": TO_GRAPHQL + JSON + b"content-length: 2\r\ncontent-length: 3\r\n\r\n{}",
    "a length and chunks": TO_GRAPHQL + JSON + b"content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}",
    "a URL that is none": b"GET http://[/graphql HTTP/1.1\r\nhost: here\r\n\r\n",
    "a URL beyond ASCII": b"GET /gr\xffphql HTTP/1.1\r\nhost: here\r\n\r\n",
}


@pytest.mark.parametrize("what", NO_HTTP)
def test_what_is_not_http_is_answered_in_json(running: Server, what: str) -> None:
    response, error = exchange(running, NO_HTTP[what])
    assert (response.status, response.headers["content-type"]) == (400, "application/json")
    assert (error["extensions"], response.headers["connection"]) == ({"code": "BAD_REQUEST", "retry": "NEVER"}, "close")
    assert b"poison" not in json.dumps(error).encode()


def test_a_chunk_that_is_none_is_answered_in_json(running: Server) -> None:
    key = f"authorization: Bearer {running.key}\r\n".encode()
    response, error = exchange(running, TO_GRAPHQL + JSON + key + b"transfer-encoding: chunked\r\n\r\nmany\r\n")
    assert (response.status, error["extensions"]["code"]) == (400, "BAD_REQUEST")


@pytest.mark.parametrize("large", [b"GET /%s HTTP/1.1\r\n", TO_GRAPHQL + b"x-poison: %s\r\n"], ids=["URL", "header"])
def test_a_head_without_end_is_refused_before_it_is_kept(running: Server, large: bytes) -> None:
    head, _, _ = large.partition(b"%s")
    response, error = exchange(running, head + b"x" * (5 * LARGEST_HEAD))
    assert (response.status, error["extensions"]["code"]) == (431, "BAD_REQUEST")
    assert str(LARGEST_HEAD) in error["message"]


HEADS = {
    "a URL": b"GET /" + b"u" * LARGEST_HEAD + b" HTTP/1.1\r\nhost: here\r\n\r\n",
    "a header": b"GET / HTTP/1.1\r\nx-poison: " + b"x" * LARGEST_HEAD + b"\r\n\r\n",
    "headers": b"GET / HTTP/1.1\r\n" + b"x-poison: 1\r\n" * (MOST_HEADERS + 1) + b"\r\n",
}


@pytest.mark.parametrize("what", HEADS)
def test_a_head_that_ends_just_beyond_its_bounds_is_refused_too(running: Server, what: str) -> None:
    response, error = exchange(running, HEADS[what])
    assert (response.status, error["extensions"]["code"]) == (431, "BAD_REQUEST")


def test_a_head_just_within_its_bounds_is_read(running: Server) -> None:
    padding = "x" * (LARGEST_HEAD - 1_000)
    with running.connection() as connection:
        connection.request("GET", "/healthz", headers={"x-padding": padding})
        assert connection.getresponse().status == 200


def test_many_bodies_on_one_connection_are_no_head_without_end(running: Server) -> None:
    body = json.dumps({"query": VIEWER + " " * 90_000, "extensions": {"padding": "x" * 1_500_000}})
    headers = {"Authorization": f"Bearer {running.key}", "Content-Type": "application/json"}
    with running.connection() as connection:
        for _ in range(5):
            connection.request("POST", "/graphql", body, headers)
            response = connection.getresponse()
            assert (response.status, json.loads(response.read())["data"]["viewer"]["name"]) == (200, "admin")


OPEN = 'mutation { openAccount(idempotencyKey: "%s", input: {currency: "EUR", name: "Ada"}) { __typename } }'
JUNK = {"a brace": b"}", "NUL": b"\x00", "another request that is none": b"GET / HTTP/7.7\r\n\r\n"}


def opening(server: Server, key: str) -> bytes:
    """Write the request that opens an account, whole."""
    body = json.dumps({"query": OPEN % key}).encode()
    key_header = f"authorization: Bearer {server.key}\r\ncontent-length: {len(body)}\r\n\r\n".encode()
    return TO_GRAPHQL + JSON + key_header + body


@pytest.mark.parametrize("junk", JUNK)
def test_what_follows_a_request_never_takes_the_place_of_its_answer(running: Server, junk: str) -> None:
    answer = talk(running, opening(running, f"followed by {junk}".replace(" ", "-")) + JUNK[junk])
    assert (answer.count(b"HTTP/1.1 "), answer.count(b"HTTP/1.1 200 ")) == (1, 1)
    assert b"OpenAccountSuccess" in answer


def test_a_client_that_has_said_all_it_wants_to_say_gets_its_answer(running: Server) -> None:
    assert b"OpenAccountSuccess" in talk(running, opening(running, "half-closed"), half_closed=True)


def talk(server: Server, sent: bytes, *, half_closed: bool = False) -> bytes:
    """Send bytes; return all that comes back until the server hangs up."""
    host, _, port = server.address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=ANSWER_S) as connection:
        connection.sendall(sent)
        if half_closed:
            connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65_536), b""))


@pytest.mark.parametrize(("has_key", "status"), [(False, 401), (True, 400)])
def test_a_websocket_handshake_is_a_request_like_any_other(running: Server, has_key: bool, status: int) -> None:
    key = f"authorization: Bearer {running.key}\r\n".encode() if has_key else b""
    response, _ = exchange(running, WEBSOCKET + key + b"\r\n")
    assert response.status == status
    assert "application/json" in response.headers["content-type"]
    assert "upgrade" not in response.headers


def test_nothing_of_this_is_an_error_of_the_server(server: Server) -> None:
    for sent in (*NO_HTTP.values(), WEBSOCKET + b"\r\n"):
        exchange(server, sent)
    assert server.ask(VIEWER)["data"]["viewer"]["role"] == "ADMIN"
    logged = [json.loads(line) for line in server.log.read_text().splitlines()]
    assert {(line["event"], line["level"]) for line in logged} == {
        ("explorer", "info"),
        ("request", "info"),
        ("Invalid HTTP request received.", "warning"),
    }
