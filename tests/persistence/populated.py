"""Books with something in every table, for tests that need something to attack, break or keep."""

from __future__ import annotations

from pathlib import Path

from domain.access import Role
from domain.freezes import FreezeReason
from domain.instants import SECOND, Instant
from domain.services.accounts import CloseAccount, RenameAccount
from domain.services.api_clients import IssueApiKey, RevokeApiKey
from domain.services.captures import CaptureHold
from domain.services.freezes import FreezeAccount, UnfreezeAccount
from domain.services.holds import PlaceHold, ReleaseHold
from domain.services.movements import Deposit, Transfer, Withdraw
from domain.services.overdrafts import SetOverdraftLimit
from domain.services.reversals import ReverseTransaction
from tests.support.books import EUR, JPY, TestLedger, euros, migrated

FUNDED, EMPTY, CLOSED, FROZEN, YEN, OTHER, OWING, SWEPT = (f"acct_{number:026}" for number in range(1, 9))
MANAGER, TELLER = (f"cli_{number:026}" for number in (1, 2))
USABLE_KEY, REVOKED_KEY = (f"key_{number:026}" for number in (1, 3))
REVERSAL = f"txn_{8:026}"
UNUSED = "unused"
RELEASED_FREEZE, LIVE_FREEZE = (f"frz_{number:026}" for number in (1, 2))
CAPTURED_HOLD, RELEASED_HOLD, EXPIRED_HOLD, OPEN_HOLD, DUE_HOLD = (f"hold_{number:026}" for number in range(1, 6))


def populate(path: Path) -> None:
    """Make the file."""
    ledger = TestLedger(migrated(path))
    _people(ledger)
    _accounts(ledger)
    _movements(ledger)
    _holds(ledger)
    ledger.database.close()


def _people(ledger: TestLedger) -> None:
    manager, teller = ledger.caller(Role.ADMIN, "manager"), ledger.caller(Role.TELLER, "teller")
    revoked = ledger.succeed(IssueApiKey(api_client_id=teller.api_client_id)).api_key
    ledger.succeed(RevokeApiKey(api_key_id=revoked.id))
    assert not ledger.execute(IssueApiKey(api_client_id=TELLER, expires_at=Instant(1)), key=UNUSED).is_success
    assert (manager.api_client_id, teller.api_client_id, revoked.id) == (MANAGER, TELLER, REVOKED_KEY)


def _accounts(ledger: TestLedger) -> None:
    named = {"metadata": (("branch", "7"),)}
    made = [ledger.opened(EUR, reference="R-1", **named), *(ledger.opened(EUR) for _ in range(3)), ledger.opened(JPY)]
    assert [account.id for account in made] == [FUNDED, EMPTY, CLOSED, FROZEN, YEN]
    ledger.succeed(CloseAccount(account_id=CLOSED))
    ledger.succeed(FreezeAccount(account_id=FUNDED, reason=FreezeReason.OPERATIONS, note="by mistake"))
    ledger.succeed(UnfreezeAccount(account_id=FUNDED))
    ledger.succeed(FreezeAccount(account_id=FROZEN, reason=FreezeReason.COMPLIANCE))
    ledger.succeed(RenameAccount(account_id=YEN, name="Yen"))


def _movements(ledger: TestLedger) -> None:
    wages = Deposit(account_id=FUNDED, amount=euros(1000), reference="first", description="wages")
    deposited = ledger.succeed(wages).transaction.id
    ledger.succeed(Withdraw(account_id=FUNDED, amount=euros(200)))
    assert ledger.funded(500).id == OTHER
    ledger.succeed(Transfer(from_account_id=OTHER, to_account_id=FUNDED, amount=euros(50)))
    assert not ledger.execute(Withdraw(account_id=FUNDED, amount=euros(10**6))).is_success
    assert ledger.opened(EUR).id == OWING
    ledger.succeed(SetOverdraftLimit(account_id=OWING, limit=euros(50)))
    ledger.succeed(Withdraw(account_id=OWING, amount=euros(30)))
    assert ledger.funded(40).id == SWEPT
    ledger.succeed(CloseAccount(account_id=SWEPT, sweep_to_account_id=OTHER))
    reversal = ledger.succeed(ReverseTransaction(transaction_id=deposited, amount=euros(30))).transaction
    assert reversal.id == REVERSAL


def _holds(ledger: TestLedger) -> None:
    """Place a hold for each end that a hold can have, one that stays open, and one that is due and not settled."""
    soon = Instant(ledger.clock.at + SECOND)
    for expires_at in (None, None, soon, None):
        ledger.succeed(PlaceHold(account_id=OTHER, amount=euros(40), description="hotel", expires_at=expires_at))
    ledger.succeed(CaptureHold(hold_id=CAPTURED_HOLD, amount=euros(30), note="no breakfast"))
    ledger.succeed(ReleaseHold(hold_id=RELEASED_HOLD))
    ledger.clock.advance(2 * SECOND)
    due = Instant(ledger.clock.at + 1)
    assert ledger.succeed(PlaceHold(account_id=OTHER, amount=euros(40), expires_at=due)).hold.id == DUE_HOLD
