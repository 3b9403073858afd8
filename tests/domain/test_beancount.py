"""What is written for Beancount: names, days, signs, decimals and words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pytest

from domain import beancount
from domain.accounts import Account, AccountKind, AccountState
from domain.instants import SECOND, Instant
from domain.money import Currency, Money, zero
from domain.transactions import Entry, Transaction, TransactionKind

EUR, JPY, BHD = Currency("EUR", 2), Currency("JPY", 0), Currency("BHD", 3)
NOON = Instant(1_800_000_000 * SECOND)  # 2027-01-15, eight in the morning
ADA = "acct_01h455vb4pex5vsknk084sn02q"


def account(**fields: object) -> Account:
    made: Mapping[str, object] = {
        "id": ADA,
        "kind": AccountKind.CUSTOMER,
        "currency": EUR,
        "state": AccountState.ACTIVE,
        **dict.fromkeys(("posted", "held", "overdraft_limit"), zero(EUR)),
        "version": 0,
        "name": "Ada",
        "reference": None,
        "metadata": (),
        "opened_at": NOON,
        "closed_at": None,
        **fields,
    }
    return Account(**made)  # type: ignore[arg-type]


def deposit(**fields: object) -> Transaction:
    one = Money(5, EUR)
    made: Mapping[str, object] = {
        "id": "txn_1",
        "sequence": 7,
        "kind": TransactionKind.DEPOSIT,
        "amount": one,
        "entries": (Entry("house_EUR", 1, -one, -one), Entry(ADA, 1, one, one)),
        "reference": "R-1",
        "description": 'so "called"',
        "metadata": (),
        "created_at": NOON,
        **fields,
    }
    return Transaction(**made)  # type: ignore[arg-type]


def test_what_a_customer_has_is_a_liability_and_the_house_has_assets() -> None:
    assert list(beancount.movement(deposit())) == [
        r'2027-01-15 * "so \"called\""',
        '  id: "txn_1"',
        '  kind: "DEPOSIT"',
        '  reference: "R-1"',
        "  Assets:House:EUR  0.05 EUR",
        "  Liabilities:Customers:01h455vb4pex5vsknk084sn02q  -0.05 EUR",
    ]


def test_words_that_were_erased_are_left_out() -> None:
    assert next(beancount.movement(deposit(description=None))) == '2027-01-15 * ""'
    assert not [line for line in beancount.opening(account(name="")) if "name:" in line]


def test_an_account_is_opened_in_its_currency_and_closed_on_its_day() -> None:
    closed = account(state=AccountState.CLOSED, closed_at=Instant(NOON + 86_400 * SECOND), reference="R\n1")
    name = "Liabilities:Customers:01h455vb4pex5vsknk084sn02q"
    assert list(beancount.opening(closed)) == [
        f"2027-01-15 open {name} EUR",
        f'  id: "{ADA}"',
        '  name: "Ada"',
        r'  reference: "R\n1"',
        f"2027-01-16 close {name}",
    ]


@pytest.mark.parametrize(
    ("balance", "written"),
    [
        (Money(-5, EUR), "0.05 ~ 0 EUR"),
        (Money(0, EUR), "0.00 ~ 0 EUR"),
        (Money(5, JPY), "-5 ~ 0 JPY"),
        (Money(1, BHD), "-0.001 ~ 0 BHD"),
        (Money(2**63 - 1, EUR), "-92233720368547758.07 ~ 0 EUR"),
        (Money(-(2**63), JPY), "9223372036854775808 ~ 0 JPY"),
    ],
)
def test_a_balance_is_asserted_to_the_minor_unit_on_the_day_that_follows(balance: Money, written: str) -> None:
    line = beancount.assertion(date(2027, 12, 31), "house_X", balance)
    assert line == f"2028-01-01 balance Assets:House:X  {written}"


@pytest.mark.parametrize(
    ("instant", "day"),
    [(0, "1970-01-01"), (86_400 * SECOND - 1, "1970-01-01"), (86_400 * SECOND, "1970-01-02"), (NOON, "2027-01-15")],
)
def test_a_day_is_that_of_utc(instant: int, day: str) -> None:
    assert beancount.day_of(Instant(instant)).isoformat() == day
