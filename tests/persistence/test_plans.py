"""Every filter, alone and in every pair, on every page, is answered from an index, in its order: SQLite says how."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, replace
from itertools import combinations
from pathlib import Path
from typing import Any

import peewee
import pytest

from domain.access import Operation
from domain.accounts import AccountState
from domain.audit import AuditOutcome
from domain.instants import Instant
from domain.reading import (
    AccountFilter,
    AmountRange,
    AuditFilter,
    EntryFilter,
    PageRequest,
    TimeRange,
    TransactionFilter,
)
from domain.transactions import TransactionKind
from persistence.reader import Reader
from tests.support.books import TestLedger, euros, migrated

SINCE, UNTIL, BOTH = TimeRange(since=Instant(1)), TimeRange(until=Instant(9)), TimeRange(Instant(1), Instant(9))
AT_LEAST, AT_MOST, EXACTLY = AmountRange(euros(1)), AmountRange(None, euros(1)), AmountRange(euros(1), euros(1))
PAGES = (PageRequest(2), PageRequest(2, after=5))

Filter = Any
Asked = tuple[str, Any]

LISTS: Mapping[str, tuple[Filter, Callable[[Reader, Filter, PageRequest], Any], dict[Asked, str]]] = {
    "account": (
        AccountFilter(),
        Reader.account_page,
        {
            ("state", AccountState.ACTIVE): "account_by_opening",
            ("state", AccountState.FROZEN): "account_by_state (state=?",
            ("state", AccountState.CLOSED): "account_by_state (state=?",
            ("currency", "EUR"): "account_by_currency (currency=?",
            ("reference_prefix", "INV-"): "(reference>? AND reference<?",
            ("opened_at", SINCE): "account_by_opening (opened_sequence>?",
            ("opened_at", UNTIL): "account_by_opening (opened_sequence<?",
            ("opened_at", BOTH): "account_by_opening (opened_sequence>? AND opened_sequence<?",
        },
    ),
    "transaction": (
        TransactionFilter(),
        Reader.transaction_page,
        {
            ("kind", TransactionKind.DEPOSIT): "transaction_by_kind (kind=?",
            ("account_id", "acct_1"): "COVERING INDEX entry_by_account (account_id=?",
            ("reference", "R-1"): "transaction_by_reference (reference=?",
            ("amount", AT_LEAST): "transaction_by_currency (currency=?",
            ("amount", AT_MOST): "transaction_by_currency (currency=?",
            ("amount", EXACTLY): "transaction_by_currency (currency=?",
            ("created_at", SINCE): "INTEGER PRIMARY KEY (rowid>?",
            ("created_at", UNTIL): "INTEGER PRIMARY KEY (rowid<?",
            ("created_at", BOTH): "INTEGER PRIMARY KEY (rowid>? AND rowid<?",
        },
    ),
    "entry": (
        EntryFilter(),
        lambda reader, where, page: reader.entry_pages(["acct_1", "acct_2"], where, page),
        {
            ("amount", AT_LEAST): "PRIMARY KEY (account_id=?",
            ("amount", AT_MOST): "PRIMARY KEY (account_id=?",
            ("amount", EXACTLY): "PRIMARY KEY (account_id=?",
            ("created_at", SINCE): "PRIMARY KEY (account_id=? AND version>?",
            ("created_at", UNTIL): "PRIMARY KEY (account_id=? AND version<?",
            ("created_at", BOTH): "PRIMARY KEY (account_id=? AND version>? AND version<?",
        },
    ),
    "audit": (
        AuditFilter(),
        Reader.audit_page,
        {
            ("outcome", AuditOutcome.REFUSED): "audit_by_outcome (outcome=?",
            ("operation", Operation.DEPOSIT): "audit_by_operation (operation=?",
            ("api_client_id", "cli_1"): "audit_by_client (api_client_id=?",
            ("target_id", "acct_1"): "PRIMARY KEY (target_id=?",
            ("at", SINCE): "INTEGER PRIMARY KEY (rowid>?",
            ("at", UNTIL): "INTEGER PRIMARY KEY (rowid<?",
            ("at", BOTH): "INTEGER PRIMARY KEY (rowid>? AND rowid<?",
        },
    ),
}
"""Each list, how it is read, and the index that answers each of its filters."""

SORTED = "reference_prefix"
"""The one filter whose index has another order than the list: accounts by reference, listed by opening."""

WALKED: frozenset[Asked] = frozenset({("state", AccountState.ACTIVE)})
"""Filters that most rows pass: the list is walked in its order, until the page is full, as if there were none."""

CASES = [
    (name, chosen, page)
    for name, (*_, singles) in LISTS.items()
    for size in (0, 1, 2)
    for chosen in combinations(singles, size)
    if len({field for field, _ in chosen}) == size
    for page in PAGES
]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[peewee.SqliteDatabase]:
    connection = migrated(Path(tmp_path_factory.mktemp("plans")) / "books.db")
    yield connection
    connection.close()


def plan_of(database: peewee.SqliteDatabase, name: str, asked: tuple[Asked, ...], page: PageRequest) -> list[Any]:
    """Return how SQLite answers the page."""
    empty, read, _ = LISTS[name]
    return explained(database, lambda reader: read(reader, replace(empty, **dict(asked)), page))


def explained(database: peewee.SqliteDatabase, ask: Callable[[Reader], Any]) -> list[Any]:
    """Return how SQLite answers a question to the reader: rows of id, parent, unused, what is done."""
    ran: list[tuple[str, Any]] = []
    run: Any = database.execute_sql

    def watched(sql: str, parameters: Any = None) -> Any:
        ran.append((sql, parameters))
        return run(sql, parameters)

    vars(database)["execute_sql"] = watched
    try:
        ask(Reader(database, TestLedger(database).clock))
    finally:
        del vars(database)["execute_sql"]
    sql, parameters = next((sql, given) for sql, given in ran if 'FROM "batch"' not in sql[:60])
    return list(run(f"EXPLAIN QUERY PLAN {sql}", parameters).fetchall())


def told(plan: list[Any]) -> str:
    return "\n".join(step for *_, step in plan)


def faults(name: str, asked: tuple[Asked, ...], plan: list[Any]) -> Iterator[str]:
    for _, parent, _, step in plan:
        if step.startswith("SCAN") and "VIRTUAL TABLE" not in step and not set(asked) <= WALKED:
            yield step
        # The entries of several accounts are sorted once their pages are there; each page comes in order.
        if "TEMP B-TREE" in step and not (name == "entry" and parent == 0) and SORTED not in dict(asked):
            yield step


@pytest.mark.parametrize(("name", "asked", "page"), CASES)
def test_a_page_is_read_from_an_index_and_in_its_order(
    database: peewee.SqliteDatabase, name: str, asked: tuple[Asked, ...], page: PageRequest
) -> None:
    plan = plan_of(database, name, asked, page)
    assert list(faults(name, asked, plan)) == [], told(plan)


@pytest.mark.parametrize(
    ("name", "asked"), [(name, asked) for name, (*_, singles) in LISTS.items() for asked in singles]
)
def test_a_filter_has_its_index(database: peewee.SqliteDatabase, name: str, asked: Asked) -> None:
    plan = plan_of(database, name, (asked,), PAGES[0])
    assert LISTS[name][2][asked] in told(plan)


def test_every_filter_is_tried() -> None:
    for empty, _, singles in LISTS.values():
        assert {field.name for field in fields(empty)} == {field for field, _ in singles}


@pytest.mark.parametrize(
    ("asked", "index"),
    [
        ({"reference": "R-1", "kind": TransactionKind.DEPOSIT}, "transaction_by_reference"),
        ({"reference": "R-1", "amount": AT_LEAST}, "transaction_by_reference"),
        ({"account_id": "acct_1", "kind": TransactionKind.DEPOSIT}, "entry_by_account"),
    ],
)
def test_of_two_filters_the_index_of_the_rarer_is_used(
    database: peewee.SqliteDatabase, asked: dict[str, Any], index: str
) -> None:
    assert index in told(plan_of(database, "transaction", tuple(asked.items()), PAGES[0]))


def test_a_page_far_into_an_interval_begins_where_the_one_before_it_ended(database: peewee.SqliteDatabase) -> None:
    for name, field, seek in [
        ("audit", "at", "(rowid>?)"),
        ("transaction", "created_at", "(rowid<?)"),
        ("entry", "created_at", "(account_id=? AND version>?)"),
    ]:
        asked = (field, UNTIL if name == "transaction" else SINCE)
        (step,) = (step for *_, step in plan_of(database, name, (asked,), PAGES[1]) if seek in step)
        assert step.startswith("SEARCH")


def test_a_turnover_is_one_seek_for_each_account(database: peewee.SqliteDatabase) -> None:
    plan = told(explained(database, lambda reader: reader.turnovers(["acct_1", "acct_2"], Instant(5))))
    assert "SEARCH earlier USING COVERING INDEX entry_by_account (account_id=? AND sequence<?)" in plan
    assert plan.count("PRIMARY KEY (account_id=? AND version=?)") == 2
    assert plan.count("SCAN") == plan.count("VIRTUAL TABLE") == 1
    assert "TEMP B-TREE" not in plan
