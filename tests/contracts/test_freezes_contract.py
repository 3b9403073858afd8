"""Freezes: how they stack, who may release them, and how they run out."""

from __future__ import annotations

import pytest

from domain.access import SYSTEM, SYSTEM_CLIENT_ID, Operation, Role
from domain.accounts import AccountState
from domain.audit import AuditOutcome
from domain.errors import (
    AccountClosed,
    AccountFrozen,
    AccountNotFrozen,
    AmbiguousFreeze,
    FreezeNotFound,
    InvalidInput,
    NotPermitted,
)
from domain.freezes import FreezeReason, FreezeScope
from domain.instants import SECOND, Instant
from domain.ports import Outcome, Request
from domain.services.accounts import CloseAccount, OpenAccount
from domain.services.freezes import FreezeAccount, UnfreezeAccount
from domain.services.movements import Deposit, Transfer, Withdraw
from tests.contracts.ledgers import AnyLedger
from tests.contracts.situations import closed_account, frozen, frozen_account
from tests.support.books import EUR, euros
from tests.support.surroundings import NOON

LATER = Instant(NOON + 60 * SECOND)


@pytest.mark.parametrize("reason", FreezeReason)
@pytest.mark.parametrize("role", [Role.MANAGER, Role.ADMIN])
def test_a_compliance_freeze_is_released_by_an_admin_alone(ledger: AnyLedger, reason: FreezeReason, role: Role) -> None:
    account_id = frozen_account(ledger, reason=reason)
    outcome = ledger.execute(UnfreezeAccount(account_id=account_id), ledger.caller(role))
    if reason is FreezeReason.COMPLIANCE and role is Role.MANAGER:
        assert outcome.result == NotPermitted((Role.ADMIN,), path=("input", "freezeId"))
    else:
        assert outcome.is_success


def test_stacked_freezes_add_their_scopes_and_each_must_go(ledger: AnyLedger) -> None:
    account_id = ledger.funded(100).id
    debits = frozen(ledger, account_id, scope=FreezeScope.DEBITS)
    everything = frozen(ledger, account_id, scope=FreezeScope.ALL)
    deposit, withdrawal = (
        Deposit(account_id=account_id, amount=euros(1)),
        Withdraw(account_id=account_id, amount=euros(1)),
    )
    assert ledger.execute(deposit).result.scope is FreezeScope.ALL
    still = ledger.succeed(UnfreezeAccount(account_id=account_id, freeze_id=everything)).account
    assert still.state is AccountState.FROZEN
    assert ledger.execute(deposit).is_success
    assert ledger.execute(withdrawal).result.scope is FreezeScope.DEBITS
    free = ledger.succeed(UnfreezeAccount(account_id=account_id, freeze_id=debits)).account
    assert free.state is AccountState.ACTIVE
    assert ledger.execute(withdrawal).is_success


def test_several_live_freezes_must_be_told_apart(ledger: AnyLedger) -> None:
    account_id = ledger.opened().id
    freeze_ids = (frozen(ledger, account_id), frozen(ledger, account_id))
    outcome = ledger.execute(UnfreezeAccount(account_id=account_id))
    assert outcome.result == AmbiguousFreeze(freeze_ids, path=("input", "freezeId"))


@pytest.mark.parametrize("release", ["released already", "of another account", "unknown"])
def test_only_a_live_freeze_of_the_account_can_be_released(ledger: AnyLedger, release: str) -> None:
    account_id = frozen_account(ledger)
    freeze_id = "frz_unknown"
    if release == "released already":
        freeze_id = frozen(ledger, account_id)
        ledger.succeed(UnfreezeAccount(account_id=account_id, freeze_id=freeze_id))
    elif release == "of another account":
        freeze_id = frozen(ledger, ledger.opened().id)
    outcome = ledger.execute(UnfreezeAccount(account_id=account_id, freeze_id=freeze_id))
    assert outcome.result == FreezeNotFound(freeze_id, path=("input", "freezeId"))


@pytest.mark.parametrize("state", ["active", "frozen", "closed"])
@pytest.mark.parametrize("whose", ["nobody's", "another's"])
def test_an_unknown_freeze_is_told_before_the_state_of_the_account(ledger: AnyLedger, state: str, whose: str) -> None:
    others = frozen(ledger, ledger.opened().id)
    freeze_id = others if whose == "another's" else "frz_unknown"
    make = {"active": lambda ledger: ledger.opened().id, "frozen": frozen_account, "closed": closed_account}
    outcome = ledger.execute(UnfreezeAccount(account_id=make[state](ledger), freeze_id=freeze_id))
    assert outcome.result == FreezeNotFound(freeze_id, path=("input", "freezeId"))


@pytest.mark.parametrize("is_closed", [False, True])
def test_a_freeze_that_is_over_says_what_the_account_is(ledger: AnyLedger, *, is_closed: bool) -> None:
    account_id = ledger.opened().id
    freeze_id = frozen(ledger, account_id)
    ledger.succeed(UnfreezeAccount(account_id=account_id))
    if is_closed:
        ledger.succeed(CloseAccount(account_id=account_id))
    outcome = ledger.execute(UnfreezeAccount(account_id=account_id, freeze_id=freeze_id))
    assert type(outcome.result) is (AccountClosed if is_closed else AccountNotFrozen)


@pytest.mark.parametrize(
    ("expiries", "until"), [((5, 9), Instant(NOON + 9 * SECOND)), ((5, None), None), ((None,), None)]
)
def test_a_frozen_account_says_until_when_if_every_freeze_ends(
    ledger: AnyLedger, expiries: tuple[int | None, ...], until: Instant | None
) -> None:
    account_id = ledger.funded(100).id
    for seconds in expiries:
        frozen(ledger, account_id, expires_at=None if seconds is None else Instant(NOON + seconds * SECOND))
    outcome = ledger.execute(Deposit(account_id=account_id, amount=euros(1)))
    assert outcome.result.until == until


@pytest.mark.parametrize("seconds", [-1, 0])
def test_a_freeze_must_expire_in_the_future(ledger: AnyLedger, seconds: int) -> None:
    account_id = ledger.opened().id
    ledger.clock.advance(10 * SECOND)
    expiry = Instant(ledger.clock.now() + seconds * SECOND)
    command = FreezeAccount(account_id=account_id, reason=FreezeReason.OPERATIONS, expires_at=expiry)
    assert type(ledger.execute(command).result) is InvalidInput
    account = ledger.books.account(account_id)
    assert account is not None
    assert account.state is AccountState.ACTIVE


def test_an_expired_freeze_is_settled_by_the_system_with_a_record_of_its_own(ledger: AnyLedger) -> None:
    account_id = ledger.funded(100).id
    freeze_id = frozen(ledger, account_id, expires_at=LATER)
    ledger.clock.at = LATER
    before = ledger.head.sequence
    outcome = ledger.execute(Withdraw(account_id=account_id, amount=euros(1)), key="mine")
    assert outcome.result.account.state is AccountState.ACTIVE
    settled, withdrawn = ledger.log[before:]
    assert (settled.operation, settled.outcome) == (Operation.EXPIRE_FREEZE, AuditOutcome.SUCCEEDED)
    assert (settled.api_client_id, settled.idempotency_key) == (SYSTEM_CLIENT_ID, None)
    assert settled.target_ids == (account_id, freeze_id)
    assert withdrawn.operation is Operation.WITHDRAW
    freeze = ledger.books.freeze(freeze_id)
    assert freeze is not None
    assert (freeze.released_at, freeze.released_by) == (outcome.decided_at, SYSTEM_CLIENT_ID)


def test_a_freeze_counts_until_the_very_instant_it_expires(ledger: AnyLedger) -> None:
    account_id = ledger.funded(100).id
    frozen(ledger, account_id, expires_at=LATER)
    deposit = Deposit(account_id=account_id, amount=euros(1))
    ledger.clock.at = Instant(LATER - 1)
    assert type(ledger.execute(deposit).result) is AccountFrozen
    ledger.clock.at = LATER
    assert ledger.execute(deposit).is_success


def test_a_clock_that_steps_back_never_resurrects_a_freeze(ledger: AnyLedger) -> None:
    account_id = ledger.funded(100).id
    frozen(ledger, account_id, expires_at=LATER)
    ledger.clock.at = LATER
    ledger.succeed(OpenAccount(currency=EUR, name="Somebody else"))
    ledger.clock.at = NOON
    assert ledger.execute(Withdraw(account_id=account_id, amount=euros(1))).is_success


def test_each_expired_freeze_is_settled_once_in_a_batch(ledger: AnyLedger) -> None:
    account_id = ledger.funded(100).id
    for _ in range(2):
        frozen(ledger, account_id, expires_at=LATER)
    ledger.clock.at = LATER
    before = ledger.head.sequence
    deposit = Deposit(account_id=account_id, amount=euros(1))
    outcomes = ledger.run(Request(SYSTEM, "a", deposit), Request(SYSTEM, "b", deposit))
    assert all(isinstance(outcome, Outcome) and outcome.is_success for outcome in outcomes)
    operations = [record.operation for record in ledger.log[before:]]
    assert operations == [Operation.EXPIRE_FREEZE] * 2 + [Operation.DEPOSIT] * 2


def test_a_refusal_keeps_what_fell_due_settled(ledger: AnyLedger) -> None:
    account_id = frozen_account(ledger, expires_at=LATER)
    ledger.clock.at = LATER
    assert type(ledger.execute(UnfreezeAccount(account_id=account_id)).result) is AccountNotFrozen
    account = ledger.books.account(account_id)
    assert account is not None
    assert account.state is AccountState.ACTIVE


def test_an_expired_freeze_no_longer_asks_for_an_admin_to_close(ledger: AnyLedger) -> None:
    account_id = frozen_account(ledger, reason=FreezeReason.COMPLIANCE, expires_at=LATER)
    manager = ledger.caller(Role.MANAGER)
    ledger.clock.at = LATER
    assert ledger.execute(CloseAccount(account_id=account_id), manager).is_success


def test_what_is_due_on_both_sides_of_a_transfer_is_settled(ledger: AnyLedger) -> None:
    source, target = ledger.funded(100).id, ledger.opened().id
    for account_id in (source, target):
        frozen(ledger, account_id, expires_at=LATER)
    ledger.clock.at = LATER
    assert ledger.execute(Transfer(from_account_id=source, to_account_id=target, amount=euros(1))).is_success
