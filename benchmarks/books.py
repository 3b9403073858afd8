"""Books to measure: so many transactions on so many accounts, made by the real writer, over a hundred days."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from application import SystemClock, SystemEntropy, TypeIds
from domain.access import SYSTEM
from domain.instants import SECOND, Instant
from domain.money import Currency, Money
from domain.ports import Fault, Request
from domain.services.accounts import CloseAccount, OpenAccount
from domain.services.movements import Deposit, Withdraw
from persistence import database
from persistence.batches import BatchWriter

EUR = Currency("EUR", 2)
REFERENCE = "measured"
DAYS = 100
DAY = 24 * 60 * 60 * SECOND
MOST_IN_A_BATCH = 500
FUNDS = 1_000_00


@dataclass
class Calendar:
    """A clock that is set from outside: the history to be made lies in the past."""

    at: Instant

    def now(self) -> Instant:
        return self.at


def make(path: Path, transactions: int, accounts: int = 1) -> None:
    """Make a file in which the last of DAYS days ends now. A whole one is left as it is."""
    if path.exists():
        return
    unfinished = path.with_suffix(".unfinished.db")
    unfinished.unlink(missing_ok=True)
    began = Instant(SystemClock().now() - DAYS * DAY)
    with closing(database.connect_writer(unfinished)) as connection:
        database.migrate(connection)
        clock = Calendar(began)
        _fill(
            BatchWriter(connection, clock=clock, ids=TypeIds(), entropy=SystemEntropy()), clock, transactions, accounts
        )
    unfinished.rename(path)


def _fill(writer: BatchWriter, clock: Calendar, transactions: int, accounts: int) -> None:
    began = clock.at
    opening = Request(SYSTEM, "open", OpenAccount(currency=EUR, name="Measured", reference=REFERENCE))
    account_ids = [*_all_done(writer, [opening]), *open_accounts(writer, accounts - 1)]
    in_a_batch = max(1, min(MOST_IN_A_BATCH, transactions // (2 * DAYS)))
    for start in range(0, transactions, in_a_batch):
        numbers = range(start, min(start + in_a_batch, transactions))
        clock.at = Instant(began + DAYS * DAY * start // transactions)
        _done(writer, list(_requests(account_ids, numbers)))


def _done(writer: BatchWriter, requests: list[Request]) -> list[Any]:
    """Return the results of requests that all have to succeed."""
    results = []
    for outcome in writer.run(requests):
        if isinstance(outcome, Fault) or not outcome.is_success:
            raise RuntimeError(f"what should be measured was refused: {outcome}")
        results.append(outcome.result)
    return results


def _requests(account_ids: Sequence[str], numbers: range) -> Iterator[Request]:
    """Yield one withdrawal after every two deposits, on the accounts in turn."""
    for number in numbers:
        round_, turn = divmod(number, len(account_ids))
        account_id, kind = account_ids[turn], (Deposit, Deposit, Withdraw)[round_ % 3]
        amount = Money(100 + number % 50, EUR)
        yield Request(SYSTEM, f"key-{number}", kind(account_id=account_id, amount=amount, description="measured"))


def open_accounts(writer: BatchWriter, count: int) -> list[str]:
    """Open so many accounts; return their ids."""
    return _all_done(writer, [Request(SYSTEM, f"open-{number}", _opening(number)) for number in range(count)])


def open_and_close(writer: BatchWriter) -> str:
    """Open one more account and close it again; return its id."""
    (account_id,) = _all_done(writer, [Request(SYSTEM, "open-closed", OpenAccount(currency=EUR, name="Closed"))])
    _done(writer, [Request(SYSTEM, "close", CloseAccount(account_id=account_id))])
    return account_id


def fund(writer: BatchWriter, account_ids: Sequence[str], times: int) -> None:
    """Deposit FUNDS so many times to each account."""
    for time in range(times):
        for start in range(0, len(account_ids), MOST_IN_A_BATCH):
            _done(
                writer,
                [
                    Request(SYSTEM, f"fund-{time}-{id_}", Deposit(account_id=id_, amount=Money(FUNDS, EUR)))
                    for id_ in account_ids[start : start + MOST_IN_A_BATCH]
                ],
            )


def _opening(number: int) -> OpenAccount:
    return OpenAccount(currency=EUR, name=f"Account {number}")


def _all_done(writer: BatchWriter, openings: list[Request]) -> list[str]:
    return [
        opened.account.id
        for start in range(0, len(openings), MOST_IN_A_BATCH)
        for opened in _done(writer, openings[start : start + MOST_IN_A_BATCH])
    ]
