"""The books in the words of Beancount, plain-text accounting that others wrote: it can check them without our help.

What a customer has is what the house owes, so customers' accounts are liabilities and those of the house are assets;
every amount changes its sign. Days are those of UTC.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from domain.accounts import Account
from domain.instants import SECOND, Instant
from domain.money import Money
from domain.transactions import Transaction

_DAY = 24 * 60 * 60 * SECOND
_EPOCH = date(1970, 1, 1).toordinal()
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n", "\r": r"\r", "\t": r"\t"})


def day_of(instant: Instant) -> date:
    """Return the day on which an instant is."""
    return date.fromordinal(_EPOCH + instant // _DAY)


def title(currencies: tuple[str, ...]) -> Iterator[str]:
    """Begin: what this is, and which currencies there are."""
    yield 'option "title" "Countinghouse"'
    yield from (f'option "operating_currency" "{code}"' for code in currencies)


def opening(account: Account) -> Iterator[str]:
    """Open an account in its currency; and close it, if it is closed."""
    name = name_of(account.id)
    yield f"{day_of(account.opened_at)} open {name} {account.currency.code}"
    yield from _told(id=account.id, name=account.name, reference=account.reference)
    if account.closed_at is not None:
        yield f"{day_of(account.closed_at)} close {name}"


def movement(transaction: Transaction) -> Iterator[str]:
    """Write a transaction, with its description unless that was erased."""
    yield f"{day_of(transaction.created_at)} * {_quoted(transaction.description or '')}"
    yield from _told(
        id=transaction.id,
        kind=transaction.kind.value,
        reference=transaction.reference,
        reverses=transaction.reverses,
    )
    yield from (f"  {name_of(entry.account_id)}  {_amount(entry.amount)}" for entry in transaction.entries)


def assertion(day: date, account_id: str, balance: Money) -> str:
    """Assert what an account held when a day ended, to the minor unit: Beancount itself would let one pass."""
    following = date.fromordinal(day.toordinal() + 1)  # it asserts what holds as a day begins
    return f"{following} balance {name_of(account_id)}  {-balance} ~ 0 {balance.currency.code}"


def name_of(account_id: str) -> str:
    """Return the name of an account: letters and digits of its id, in the place that its kind has."""
    prefix, _, rest = account_id.partition("_")
    return f"Assets:House:{rest}" if prefix == "house" else f"Liabilities:Customers:{rest}"


def _amount(amount: Money) -> str:
    return f"{-amount} {amount.currency.code}"


def _told(**facts: str | None) -> Iterator[str]:
    yield from (f"  {name}: {_quoted(fact)}" for name, fact in facts.items() if fact)


def _quoted(text: str) -> str:
    return f'"{text.translate(_ESCAPES)}"'
