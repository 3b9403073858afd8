"""What a batch costs depends on the batch, never on the history before it: counted in steps of SQLite's machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from domain.commands import Command
from domain.freezes import FreezeReason
from domain.services.accounts import OpenAccount
from domain.services.captures import CaptureHold
from domain.services.freezes import FreezeAccount
from domain.services.holds import PlaceHold
from domain.services.movements import Deposit, Transfer, Withdraw
from domain.services.overdrafts import SetOverdraftLimit
from domain.services.reversals import ReverseTransaction
from persistence.statements import RowStatement, change
from persistence.tables import Account
from tests.support import raw
from tests.support.books import EUR, TestLedger, euros, migrated

DEEDS: Mapping[str, Callable[[TestLedger, str, str], Command]] = {
    "open": lambda _, __, ___: OpenAccount(currency=EUR, name="Another"),
    "deposit": lambda _, one, __: Deposit(account_id=one, amount=euros(1)),
    "withdraw": lambda _, one, __: Withdraw(account_id=one, amount=euros(1)),
    "transfer": lambda _, one, other: Transfer(from_account_id=one, to_account_id=other, amount=euros(1)),
    "place a hold": lambda _, one, __: PlaceHold(account_id=one, amount=euros(1)),
    "capture a hold": lambda ledger, one, _: CaptureHold(
        hold_id=ledger.succeed(PlaceHold(account_id=one, amount=euros(1))).hold.id
    ),
    "reverse": lambda ledger, one, _: ReverseTransaction(
        transaction_id=ledger.succeed(Deposit(account_id=one, amount=euros(1))).transaction.id
    ),
    "set a limit": lambda _, one, __: SetOverdraftLimit(account_id=one, limit=euros(5)),
    "freeze": lambda _, one, __: FreezeAccount(account_id=one, reason=FreezeReason.OPERATIONS),
}


def steps_for(ledger: TestLedger, deed: str) -> int:
    """Count the steps of one deed on two accounts that are as good as new."""
    one, other = ledger.funded(100).id, ledger.funded(100).id
    command = DEEDS[deed](ledger, one, other)
    with raw.counted(ledger.database) as steps:
        ledger.succeed(command)
    return len(steps)


def lengthened(ledger: TestLedger) -> None:
    """Give the books a history: movements, holds open and ended, limits and freezes."""
    one, other = ledger.funded(1_000).id, ledger.funded(1_000).id
    for deed in (*DEEDS, *DEEDS):
        if deed != "freeze":
            for _ in range(10):
                ledger.succeed(DEEDS[deed](ledger, one, other))
    ledger.succeed(DEEDS["freeze"](ledger, one, other))


@pytest.mark.parametrize("deed", DEEDS)
def test_a_deed_takes_as_many_steps_after_a_long_history(tmp_path: Path, deed: str) -> None:
    ledger = TestLedger(migrated(tmp_path / "books.db"))
    lengthened(ledger)
    few = steps_for(ledger, deed)
    lengthened(ledger)
    assert steps_for(ledger, deed) == few
    ledger.database.close()


def test_a_row_statement_takes_its_columns_as_its_text_names_them() -> None:
    with pytest.raises(ValueError, match="in the order version, posted, id"):
        change(Account, "version", "posted")
    assert isinstance(change(Account, "posted", "version"), RowStatement)
