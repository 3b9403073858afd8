"""What wrk sends is what the API takes, and what it found is read as it stands."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from application import create_app
from benchmarks import wrk
from benchmarks.dialects import Dialect, GraphQL, Rest
from benchmarks.prepared import Prepared, prepare_opponent, prepare_own
from benchmarks.wrk import Load, VoidError
from persistence.storage import Storage
from settings import Settings

MEASURED = "measured requests=300 microseconds=2000000 p50=1500 p99=9000 max=12000 failures={} lost={}\n"
KINDS = ("deposit", "transfer", "read")


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return prepare_own(tmp_path_factory.mktemp("prepared") / "own", accounts=2, entries=1)


@pytest.fixture(scope="module")
def client(books: Prepared) -> Iterator[httpx.AsyncClient]:
    with closing(Storage(books.path, 5000)) as storage:
        transport = httpx.ASGITransport(create_app(Settings(), storage, None))
        yield httpx.AsyncClient(transport=transport, base_url="http://books")


def filled(kind: str, dialect: Dialect, books: Prepared, key: str) -> tuple[dict[str, str], str]:
    """Fill the holes of a request as load.lua does; return its headers and its body."""
    holes = {1: key, 2: books.account_ids[0], 3: books.account_ids[1]}
    text = wrk.wire(wrk.message_of(kind, dialect, books), wrk.lengths_of(books))
    pieces = (holes[piece] if isinstance(piece, int) else piece for piece in wrk.pieces(text))
    head, _, body = "".join(pieces).partition("\r\n\r\n")
    _, *lines = head.split("\r\n")
    return dict(line.split(": ", 1) for line in lines), body


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_sent_is_a_success_by_the_texts_that_tell_one(
    kind: str, books: Prepared, client: httpx.AsyncClient
) -> None:
    headers, body = filled(kind, GraphQL(), books, f"{kind:-<20}")
    response = asyncio.run(client.post("/graphql", content=body, headers=headers))
    assert response.status_code == 200
    assert any(success in response.text for success in GraphQL.successes)


def test_a_refusal_holds_no_text_that_tells_a_success(books: Prepared, client: httpx.AsyncClient) -> None:
    message = GraphQL().deposit(books.manager_key, "to-a-closed-account", books.closed_id)
    response = asyncio.run(client.post("/graphql", content=message.body, headers=message.headers))
    assert "AccountClosed" in response.text
    assert not any(success in response.text for success in GraphQL.successes)


@pytest.mark.parametrize("dialect", [GraphQL(), Rest()], ids=["GraphQL", "REST"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_request_is_as_long_as_it_says(kind: str, dialect: Dialect, tmp_path: Path) -> None:
    books = prepare_opponent(tmp_path / "books", accounts=2, entries=0)
    headers, body = filled(kind, dialect, books, "k" * wrk.KEY_LENGTH)
    assert headers["Content-Length"] == str(len(body))
    if body:
        json.loads(body)


def test_a_hot_load_is_about_one_account(books: Prepared) -> None:
    spread = wrk.plan_of(Load("spread", ["deposit"], 1), GraphQL(), books)
    hot = wrk.plan_of(Load("hot", ["deposit"], 1, is_hot=True), GraphQL(), books)
    assert [plan.count(books.account_ids[1]) for plan in (spread, hot)] == [1, 0]


def test_what_was_found_is_read() -> None:
    found = wrk.found_in("Running 2s test\n" + MEASURED.format(0, 0))
    assert (found.throughput, found.p50, found.p99, found.longest) == (150, 0.0015, 0.009, 0.012)


@pytest.mark.parametrize(("failures", "lost"), [(1, 0), (0, 1)])
def test_a_measurement_with_failures_is_void_and_says_so(failures: int, lost: int) -> None:
    printed = MEASURED.format(failures, lost) + "example 503 OVERLOADED\n"
    with pytest.raises(VoidError, match="503 OVERLOADED"):
        wrk.found_in(printed)


def test_a_measurement_without_answers_is_void() -> None:
    with pytest.raises(VoidError):
        wrk.found_in(MEASURED.format(0, 0).replace("=300", "=0"))
