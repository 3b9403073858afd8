"""What is asked about holds is found by an index, however many there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from domain.holds import HoldState
from domain.instants import SECOND, Instant
from domain.reading import AccountFilter, PageRequest
from domain.services.captures import CaptureHold
from domain.services.holds import PlaceHold
from persistence import books
from persistence.reader import Reader
from tests.support import raw
from tests.support.books import TestLedger, euros, migrated

PAGE = PageRequest(20, after=7)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestLedger]:
    """Give books with a hold of each kind."""
    ledger = TestLedger(migrated(tmp_path_factory.mktemp("plans") / "books.db"))
    account_id = ledger.funded(100).id
    for expires_at in (None, Instant(ledger.clock.at + SECOND)):
        ledger.succeed(PlaceHold(account_id=account_id, amount=euros(1), expires_at=expires_at))
    ledger.succeed(CaptureHold(hold_id=f"hold_{1:026}"))
    yield ledger
    ledger.database.close()


ACCOUNT = f"acct_{1:026}"
READS: Mapping[str, tuple[Callable[[Reader], object], str]] = {
    "an account": (lambda reader: reader.accounts([ACCOUNT]), "hold_expiring"),
    "accounts": (lambda reader: reader.account_page(AccountFilter(), PAGE), "hold_expiring"),
    "open holds": (lambda reader: reader.hold_pages([ACCOUNT], HoldState.OPEN, PAGE), "hold_open"),
    "holds": (lambda reader: reader.hold_pages([ACCOUNT], None, PAGE), "hold_by_account"),
    "expired holds": (lambda reader: reader.hold_pages([ACCOUNT], HoldState.EXPIRED, PAGE), "hold_by_account"),
    "captures": (lambda reader: reader.holds_captured_at([5]), "hold_captured"),
}


def steps_of(ledger: TestLedger, act: Callable[[], object]) -> list[str]:
    seen: list[str] = []
    run: Callable[..., Any] = ledger.database.execute_sql

    def watched(sql: str, parameters: list[object] | None = None) -> object:
        seen.extend(detail for *_, detail in run(f"EXPLAIN QUERY PLAN {sql}", parameters).fetchall())
        return run(sql, parameters)

    vars(ledger.database)["execute_sql"] = watched
    try:
        act()
    finally:
        del vars(ledger.database)["execute_sql"]
    return seen


@pytest.mark.parametrize("name", READS)
def test_a_question_about_holds_is_a_seek(ledger: TestLedger, name: str) -> None:
    ask, index = READS[name]
    steps = steps_of(ledger, lambda: ask(Reader(ledger.database, ledger.clock)))
    assert any(f"INDEX {index} (" in step for step in steps), steps
    assert [step for step in steps if step.startswith(("SCAN hold", "SCAN wanted", "SCAN t"))] == []


def test_what_is_due_is_a_seek_for_the_writer(ledger: TestLedger) -> None:
    steps = steps_of(ledger, lambda: books.Books(ledger.database).due_holds(ACCOUNT, ledger.clock.at))
    assert any("INDEX hold_expiring (account_id=? AND expires_at<?)" in step for step in steps), steps


def test_an_account_without_holds_costs_its_writer_no_question(ledger: TestLedger) -> None:
    empty = ledger.opened().id
    looking = books.Books(ledger.database)
    looking.account(empty)
    assert raw.statements_of(ledger.database, lambda: looking.due_holds(empty, ledger.clock.at)) == []
