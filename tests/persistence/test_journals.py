"""The journal for Beancount: what is told of which day."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.instants import SECOND
from domain.services.accounts import OpenAccount
from domain.services.movements import Deposit
from persistence import journals
from tests.support.books import EUR, TestLedger, euros, migrated

DAY = 24 * 60 * 60 * SECOND


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[TestLedger]:
    """Give books that are new."""
    made = TestLedger(migrated(tmp_path / "books.db"))
    yield made
    made.database.close()


def told(ledger: TestLedger) -> str:
    return b"".join(journals.journal(ledger.database)).decode()


def balances(text: str) -> list[tuple[str, str, str]]:
    """Return day, last digit of the account, and amount of each assertion, in their order."""
    return re.findall(r"^\d{4}-(\S+) balance \S+(\w)  (\S+) ~ 0 EUR$", text, re.MULTILINE)


def test_new_books_are_a_journal_of_nothing(ledger: TestLedger) -> None:
    assert told(ledger) == 'option "title" "Countinghouse"\n'


def test_what_a_day_moved_is_asserted_as_it_ended_and_all_accounts_in_the_end(ledger: TestLedger) -> None:
    first, second = ledger.opened().id, ledger.opened().id
    for amount in (5, 2):
        ledger.succeed(Deposit(account_id=first, amount=euros(amount)))
    ledger.clock.advance(DAY)
    ledger.succeed(Deposit(account_id=second, amount=euros(1)))
    ledger.clock.advance(3 * DAY)
    ledger.succeed(OpenAccount(currency=EUR, name="Eve"))
    moved = [("01-16", "R", "0.07"), ("01-16", "1", "-0.07"), ("01-17", "R", "0.08"), ("01-17", "2", "-0.01")]
    in_the_end = [("01-20", "1", "-0.07"), ("01-20", "2", "-0.01"), ("01-20", "3", "0.00"), ("01-20", "R", "0.08")]
    assert balances(told(ledger)) == [*moved, *in_the_end]


def test_transactions_are_told_once_however_many_are_read_at_a_time(ledger: TestLedger) -> None:
    account = ledger.opened().id
    for number in range(journals.CHUNK + 1):
        ledger.succeed(Deposit(account_id=account, amount=euros(1), reference=f"R-{number}"))
    references = re.findall(r'^  reference: "R-(\d+)"$', told(ledger), re.MULTILINE)
    assert references == [str(number) for number in range(journals.CHUNK + 1)]
