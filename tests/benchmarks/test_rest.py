"""The books of the REST contestants are honest: once per key, and they sum up. Its roles are checked by make bench."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from benchmarks.prepared import Prepared, prepare_opponent
from benchmarks.rest.books import Answer, Books, Client, Money
from benchmarks.rest.writers import Alone, Grouped

ONE = Money(100, "EUR")
STANDING = "SELECT id, posted, version FROM account ORDER BY id"
BY_ENTRIES = "SELECT account_id, sum(amount), max(version) FROM entry GROUP BY account_id ORDER BY account_id"


@pytest.fixture
def prepared(tmp_path: Path) -> Prepared:
    return prepare_opponent(tmp_path / "books", accounts=3, entries=2)


@pytest.fixture
def books(prepared: Prepared) -> Iterator[Books]:
    with closing(Books(prepared.path)) as books:
        yield books


@pytest.fixture
def manager(books: Books, prepared: Prepared) -> Client:
    client = books.client_with_key(prepared.manager_key)
    assert client
    return client


Writer = Alone | Grouped


@pytest.fixture(params=[Alone, Grouped])
def writer(request: pytest.FixtureRequest, books: Books) -> Writer:
    way: type[Writer] = request.param
    return way(books)


def test_a_key_is_looked_up_by_its_digest(books: Books, prepared: Prepared) -> None:
    viewer = books.client_with_key(prepared.viewer_key)
    assert viewer
    assert (viewer.role, books.client_with_key(prepared.viewer_key + "x")) == ("VIEWER", None)


def test_a_deposit_happens_once_for_its_key(books: Books, prepared: Prepared, manager: Client, writer: Writer) -> None:
    id_ = prepared.account_ids[0]

    async def twice() -> list[Answer]:
        return await asyncio.gather(*(writer.run(lambda: books.deposit(manager, "one", id_, ONE)) for _ in range(2)))

    first, second = asyncio.run(twice())
    assert first == second
    assert json.loads(first.body)["account"]["version"] == "3"


def test_a_key_is_not_used_for_something_else(books: Books, prepared: Prepared, manager: Client) -> None:
    first, other, _ = prepared.account_ids
    books.deposit(manager, "one", first, ONE)
    assert books.deposit(manager, "one", other, ONE).status == 409


def test_a_closed_account_refuses_a_deposit(books: Books, prepared: Prepared, manager: Client) -> None:
    answer = books.deposit(manager, "one", prepared.closed_id, ONE)
    assert (answer.status, json.loads(answer.body)) == (409, {"code": "ACCOUNT_CLOSED"})


def test_what_an_account_does_not_hold_is_not_transferred(books: Books, prepared: Prepared, manager: Client) -> None:
    source, target, _ = prepared.account_ids
    answer = books.transfer(manager, "one", source, target, Money(1_000_000_00, "EUR"))
    assert json.loads(answer.body) == {"code": "INSUFFICIENT_FUNDS"}


def test_balances_are_their_entries_and_all_sum_to_zero(books: Books, prepared: Prepared, manager: Client) -> None:
    source, target, _ = prepared.account_ids
    books.deposit(manager, "one", source, ONE)
    books.transfer(manager, "two", source, target, ONE)
    standing = {row for row in books.execute(STANDING) if row[2]}
    assert standing == set(books.execute(BY_ENTRIES))
    assert sum(posted for _, posted, _ in standing) == 0


def test_a_failure_spoils_nobody_else(books: Books, prepared: Prepared, manager: Client, writer: Writer) -> None:
    def fail() -> Answer:
        books.deposit(manager, "failing", prepared.account_ids[2], ONE)
        raise RuntimeError("of this one alone")

    async def together() -> list[Answer | BaseException]:
        deposits = [
            lambda: books.deposit(manager, "before", prepared.account_ids[0], ONE),
            fail,
            lambda: books.deposit(manager, "after", prepared.account_ids[1], ONE),
        ]
        return await asyncio.gather(*map(writer.run, deposits), return_exceptions=True)

    before, failed, after = asyncio.run(together())
    assert isinstance(failed, RuntimeError)
    assert isinstance(before, Answer)
    assert isinstance(after, Answer)
    assert [before.status, after.status] == [200, 200]
    versions = {id_: version for id_, _, version in books.execute(STANDING)}
    assert [versions[id_] for id_ in prepared.account_ids] == [3, 3, 2]


def test_an_account_is_told_with_its_entries(books: Books, prepared: Prepared) -> None:
    told = books.account(prepared.account_ids[0])
    assert told
    assert [entry["balanceAfter"]["amount"] for entry in told["entries"]] == ["1000.00", "2000.00"]
