"""Books to measure: one account with so many entries, made by the real writer, evenly over a hundred days."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domain.access import SYSTEM
from domain.instants import SECOND, Instant
from domain.money import Currency, Money
from domain.ports import Fault, Request
from domain.services.accounts import OpenAccount
from domain.services.movements import Deposit, Withdraw
from main import SystemClock, SystemEntropy, TypeIds
from persistence import database
from persistence.batches import BatchWriter

EUR = Currency("EUR", 2)
REFERENCE = "measured"
DAYS = 100
DAY = 24 * 60 * 60 * SECOND
MOST_IN_A_BATCH = 500


@dataclass
class Calendar:
    """A clock that is set from outside: the history to be made lies in the past."""

    at: Instant

    def now(self) -> Instant:
        return self.at


def make(path: Path, entries: int) -> None:
    """Make a file in which the last of DAYS days ends now. A whole one is left as it is."""
    if path.exists():
        return
    unfinished = path.with_suffix(".unfinished.db")
    unfinished.unlink(missing_ok=True)
    began = Instant(SystemClock().now() - DAYS * DAY)
    with closing(database.connect_writer(unfinished)) as connection:
        database.migrate(connection)
        clock = Calendar(began)
        _fill(BatchWriter(connection, clock=clock, ids=TypeIds(), entropy=SystemEntropy()), clock, entries)
    unfinished.rename(path)


def _fill(writer: BatchWriter, clock: Calendar, entries: int) -> None:
    began = clock.at
    opening = Request(SYSTEM, "open", OpenAccount(currency=EUR, name="Measured", reference=REFERENCE))
    (opened,) = _done(writer, [opening])
    account_id = opened.account.id
    in_a_batch = max(1, min(MOST_IN_A_BATCH, entries // (2 * DAYS)))
    for start in range(0, entries, in_a_batch):
        numbers = range(start, min(start + in_a_batch, entries))
        clock.at = Instant(began + DAYS * DAY * start // entries)
        _done(writer, list(_requests(account_id, numbers)))


def _done(writer: BatchWriter, requests: list[Request]) -> list[Any]:
    """Return the results of requests that all have to succeed."""
    results = []
    for outcome in writer.run(requests):
        if isinstance(outcome, Fault) or not outcome.is_success:
            raise RuntimeError(f"what should be measured was refused: {outcome}")
        results.append(outcome.result)
    return results


def _requests(account_id: str, numbers: range) -> Iterator[Request]:
    """Yield one withdrawal after every two deposits."""
    for number in numbers:
        kind = (Deposit, Deposit, Withdraw)[number % 3]
        amount = Money(100 + number % 50, EUR)
        yield Request(SYSTEM, f"key-{number}", kind(account_id=account_id, amount=amount, description="measured"))
