"""Holds: what they set aside, how they end, and what a freeze lets them do."""

from __future__ import annotations

import json
from typing import Any

import pytest

from domain.access import SYSTEM, Role
from domain.accounts import Account
from domain.errors import (
    AccountClosed,
    AccountFrozen,
    AccountNotEmpty,
    AccountNotFound,
    CurrencyMismatch,
    HoldNotFound,
    HoldNotOpen,
    InputPath,
    InsufficientFunds,
    InvalidAmount,
    InvalidInput,
    LimitExceeded,
    PreconditionFailed,
    SameAccount,
)
from domain.freezes import FreezeScope
from domain.holds import Hold, HoldState
from domain.instants import SECOND, Instant
from domain.money import LARGEST_BALANCE, Money
from domain.ports import Request
from domain.services.accounts import ACCOUNT_ID, MOST_HOLDS_TOLD, CloseAccount
from domain.services.captures import CaptureHold
from domain.services.holds import PlaceHold, ReleaseHold
from domain.services.movements import Deposit, Withdraw
from domain.services.overdrafts import SetOverdraftLimit
from domain.services.reversals import ReverseTransaction
from domain.transactions import TransactionKind
from tests.contracts.ledgers import AnyLedger
from tests.contracts.situations import closed_account, frozen, held
from tests.support.books import EUR, JPY, euros
from tests.support.surroundings import NOON

LATER = Instant(NOON + 60 * SECOND)
HOLD_ID, AMOUNT, NOTE = ("input", "holdId"), ("input", "amount"), ("input", "note")
TO_ACCOUNT_ID = ("input", "toAccountId")


def balances(account: Account | None) -> tuple[int, int, int]:
    assert account is not None
    return account.posted.minor, account.held.minor, account.available.minor


def standing(ledger: AnyLedger, account_id: str) -> tuple[int, int, int]:
    """Return what is posted, held and available."""
    return balances(ledger.books.account(account_id))


def known(ledger: AnyLedger, hold_id: str) -> Hold:
    hold = ledger.books.hold(hold_id)
    assert hold is not None
    return hold


def test_a_hold_takes_from_what_is_available_and_not_from_what_is_posted(ledger: AnyLedger) -> None:
    account_id = ledger.funded(100).id
    placed = ledger.succeed(PlaceHold(account_id=account_id, amount=euros(40), description="Hotel", expires_at=LATER))
    assert balances(placed.account) == standing(ledger, account_id) == (100, 40, 60)
    assert placed.account.version == 1
    assert placed.hold == known(ledger, placed.hold.id)
    assert (placed.hold.state, placed.hold.captured) == (HoldState.OPEN, euros(0))
    assert (placed.hold.description, placed.hold.expires_at) == ("Hotel", LATER)


def test_nobody_else_can_have_what_is_held(ledger: AnyLedger) -> None:
    account_id = ledger.funded(100).id
    held(ledger, account_id, 70)
    for command in (PlaceHold, Withdraw):
        outcome = ledger.execute(command(account_id=account_id, amount=euros(31)))
        assert outcome.result == InsufficientFunds(euros(30), euros(1), path=AMOUNT)
    ledger.succeed(Withdraw(account_id=account_id, amount=euros(30)))
    assert standing(ledger, account_id) == (70, 70, 0)


def test_an_overdraft_can_be_held(ledger: AnyLedger) -> None:
    account_id = ledger.opened(overdraft_limit=euros(50)).id
    hold_id = held(ledger, account_id, 50)
    assert ledger.succeed(CaptureHold(hold_id=hold_id)).account.posted == euros(-50)


@pytest.mark.parametrize(
    ("wanted", "path"),
    [({"expected_version": 7}, "expectedVersion"), ({"min_available_after": euros(61)}, "minAvailableAfter")],
)
def test_a_hold_is_placed_only_under_its_preconditions(ledger: AnyLedger, wanted: dict[str, Any], path: str) -> None:
    account_id = ledger.funded(100).id
    outcome = ledger.execute(PlaceHold(account_id=account_id, amount=euros(40), **wanted))
    assert outcome.result == PreconditionFailed(1, euros(100), path=("input", path))
    met: dict[str, Any] = {"expected_version": 1, "min_available_after": euros(60)}
    assert ledger.execute(PlaceHold(account_id=account_id, amount=euros(40), **met)).is_success


@pytest.mark.parametrize("seconds", [-1, 0])
def test_a_hold_must_expire_in_the_future(ledger: AnyLedger, seconds: int) -> None:
    account_id = ledger.funded(100).id
    ledger.clock.advance(10 * SECOND)
    expiry = Instant(ledger.clock.now() + seconds * SECOND)
    outcome = ledger.execute(PlaceHold(account_id=account_id, amount=euros(1), expires_at=expiry))
    assert outcome.result == InvalidInput("A hold must expire in the future.", path=("input", "expiresAt"))
    assert standing(ledger, account_id) == (100, 0, 100)


@pytest.mark.parametrize("amount", [None, 40, 15])
def test_a_capture_pays_out_all_or_a_part_and_frees_the_rest(ledger: AnyLedger, amount: int | None) -> None:
    account_id, captured = ledger.funded(100).id, amount or 40
    hold_id = held(ledger, account_id)
    result = ledger.succeed(CaptureHold(hold_id=hold_id, amount=None if amount is None else euros(amount)))
    assert balances(result.account) == standing(ledger, account_id) == (100 - captured, 0, 100 - captured)
    assert result.account.version == 2
    assert result.hold == known(ledger, hold_id)
    assert (result.hold.state, result.hold.captured) == (HoldState.CAPTURED, euros(captured))
    assert result.transaction == ledger.books.transaction(result.transaction.id)
    assert (result.transaction.kind, result.transaction.amount) == (TransactionKind.CAPTURE, euros(captured))
    assert [entry.account_id for entry in result.transaction.entries] == [account_id, "house_EUR"]
    house = ledger.books.account("house_EUR")
    assert house is not None
    assert house.posted == euros(captured - 100)


def test_a_capture_can_pay_another_account(ledger: AnyLedger) -> None:
    source, target = ledger.funded(100).id, ledger.opened().id
    result = ledger.succeed(CaptureHold(hold_id=held(ledger, source), to_account_id=target))
    assert standing(ledger, source) == (60, 0, 60)
    assert standing(ledger, target) == balances(result.to_account) == (40, 0, 40)
    assert ledger.log[-1].target_ids[1:] == (target, source, result.transaction.id)


def test_a_release_makes_all_of_it_available_again(ledger: AnyLedger) -> None:
    account_id = ledger.funded(100).id
    hold_id = held(ledger, account_id)
    result = ledger.succeed(ReleaseHold(hold_id=hold_id, note="Cancelled"))
    assert balances(result.account) == standing(ledger, account_id) == (100, 0, 100)
    assert (result.hold, result.hold.state) == (known(ledger, hold_id), HoldState.RELEASED)
    assert result.account.version == 1


@pytest.mark.parametrize(
    ("end", "state"), [(CaptureHold, HoldState.CAPTURED), (ReleaseHold, HoldState.RELEASED), (None, HoldState.EXPIRED)]
)
@pytest.mark.parametrize("again", [CaptureHold, ReleaseHold])
def test_a_hold_ends_once_and_says_how(ledger: AnyLedger, end: Any, again: Any, state: HoldState) -> None:
    account_id = ledger.funded(100).id
    hold_id = held(ledger, account_id, expires_at=LATER)
    if end is None:
        ledger.clock.at = LATER
    else:
        ledger.succeed(end(hold_id=hold_id))
    outcome = ledger.execute(again(hold_id=hold_id))
    assert outcome.result == HoldNotOpen(hold_id, state, path=HOLD_ID)
    assert known(ledger, hold_id).state is state


@pytest.mark.parametrize("command", [CaptureHold, ReleaseHold])
def test_a_hold_that_does_not_exist_cannot_end(ledger: AnyLedger, command: Any) -> None:
    assert ledger.execute(command(hold_id="hold_none")).result == HoldNotFound("hold_none", path=HOLD_ID)


def test_one_id_for_hold_and_account_is_recorded_once(ledger: AnyLedger) -> None:
    outcome = ledger.execute(CaptureHold(hold_id="same", to_account_id="same"))
    assert outcome.result == AccountNotFound("same", path=TO_ACCOUNT_ID)
    assert ledger.log[-1].target_ids == ("same",)


def refused_capture(ledger: AnyLedger, **fields: Any) -> Any:
    """Try to capture a hold of 40, and see that nothing of it happened."""
    account_id = fields.pop("account_id", None) or ledger.funded(100).id
    hold_id = held(ledger, account_id)
    before = standing(ledger, account_id)
    result = ledger.execute(CaptureHold(hold_id=hold_id, **fields)).result
    assert (standing(ledger, account_id), known(ledger, hold_id).state) == (before, HoldState.OPEN)
    return result


def test_more_than_is_held_cannot_be_captured(ledger: AnyLedger) -> None:
    refusal = refused_capture(ledger, amount=euros(41))
    assert refusal == InvalidAmount(2, euros(40), path=("input", "amount", "amount"))


def test_a_capture_in_another_currency_is_refused(ledger: AnyLedger) -> None:
    refusal = refused_capture(ledger, amount=Money(41, JPY))
    assert refusal == CurrencyMismatch("EUR", path=("input", "amount", "currency"))


def test_a_capture_pays_only_an_account_of_its_currency(ledger: AnyLedger) -> None:
    refusal = refused_capture(ledger, to_account_id=ledger.opened(JPY).id)
    assert refusal == CurrencyMismatch("JPY", path=TO_ACCOUNT_ID)


def test_a_capture_never_pays_its_own_account(ledger: AnyLedger) -> None:
    account_id = ledger.funded(100).id
    assert refused_capture(ledger, account_id=account_id, to_account_id=account_id) == SameAccount(path=TO_ACCOUNT_ID)


def test_a_capture_pays_no_account_that_could_not_take_a_deposit(ledger: AnyLedger) -> None:
    closed, blocked = closed_account(ledger), ledger.opened().id
    frozen(ledger, blocked)
    assert type(refused_capture(ledger, to_account_id=closed)) is AccountClosed
    refusal = refused_capture(ledger, to_account_id=blocked)
    assert refusal == AccountFrozen(blocked, FreezeScope.ALL, None, path=TO_ACCOUNT_ID)
    for nobody in ("acct_none", "house_EUR"):
        assert refused_capture(ledger, to_account_id=nobody) == AccountNotFound(nobody, path=TO_ACCOUNT_ID)


@pytest.mark.parametrize(("amount", "path"), [(None, HOLD_ID), (euros(40), AMOUNT)])
def test_a_capture_stays_within_what_the_books_can_hold(
    ledger: AnyLedger, amount: Money | None, path: InputPath
) -> None:
    full, owing = ledger.funded(LARGEST_BALANCE).id, ledger.opened(overdraft_limit=euros(40)).id
    refusal = refused_capture(ledger, account_id=owing, to_account_id=full, amount=amount)
    assert refusal == LimitExceeded(euros(LARGEST_BALANCE), path=path)


def test_a_capture_is_taken_back_and_its_hold_stays_captured(ledger: AnyLedger) -> None:
    payer, paid = ledger.funded(100).id, ledger.opened().id
    hold_id = held(ledger, payer)
    captured = ledger.succeed(CaptureHold(hold_id=hold_id, to_account_id=paid))
    reversed_ = ledger.succeed(ReverseTransaction(transaction_id=captured.transaction.id))
    assert (reversed_.transaction.kind, reversed_.original) == (TransactionKind.REVERSAL, captured.transaction)
    assert (standing(ledger, payer), standing(ledger, paid)) == ((100, 0, 100), (0, 0, 0))
    assert known(ledger, hold_id) == captured.hold


def test_money_that_is_held_cannot_be_taken_back(ledger: AnyLedger) -> None:
    account_id = ledger.opened().id
    deposit = ledger.succeed(Deposit(account_id=account_id, amount=euros(100)))
    held(ledger, account_id)
    outcome = ledger.execute(ReverseTransaction(transaction_id=deposit.transaction.id, amount=euros(61)))
    assert outcome.result == InsufficientFunds(euros(60), euros(1), path=AMOUNT)


def test_a_reversal_settles_what_ran_out_on_the_accounts_it_touches(ledger: AnyLedger) -> None:
    account_id = ledger.opened().id
    deposit = ledger.succeed(Deposit(account_id=account_id, amount=euros(100)))
    hold_id = held(ledger, account_id, expires_at=Instant(ledger.clock.at + SECOND))
    ledger.clock.advance(2 * SECOND)
    assert ledger.execute(ReverseTransaction(transaction_id=deposit.transaction.id)).is_success
    assert known(ledger, hold_id).state is HoldState.EXPIRED


def test_what_is_held_counts_as_in_use_when_an_overdraft_limit_changes(ledger: AnyLedger) -> None:
    account_id = ledger.opened(overdraft_limit=euros(50)).id
    held(ledger, account_id)
    outcome = ledger.execute(SetOverdraftLimit(account_id=account_id, limit=euros(39)))
    assert outcome.result == InsufficientFunds(euros(10), euros(1), path=("input", "limit"))
    assert ledger.execute(SetOverdraftLimit(account_id=account_id, limit=euros(40))).is_success


def test_no_sweep_closes_an_account_that_still_holds(ledger: AnyLedger) -> None:
    account_id, other = ledger.funded(100).id, ledger.opened().id
    hold_id = held(ledger, account_id)
    outcome = ledger.execute(CloseAccount(account_id=account_id, sweep_to_account_id=other))
    assert outcome.result == AccountNotEmpty(euros(100), euros(40), (hold_id,), path=ACCOUNT_ID)


@pytest.mark.parametrize("scope", FreezeScope)
def test_a_frozen_account_pays_what_was_promised_before_if_a_note_says_why(
    ledger: AnyLedger, scope: FreezeScope
) -> None:
    account_id = ledger.funded(100).id
    hold_id = held(ledger, account_id)
    frozen(ledger, account_id, scope=scope)
    outcome = ledger.execute(CaptureHold(hold_id=hold_id))
    assert outcome.result == AccountFrozen(account_id, scope, None, path=NOTE)
    captured = ledger.succeed(CaptureHold(hold_id=hold_id, note="Signed for before"))
    assert standing(ledger, account_id) == (60, 0, 60)
    assert captured.account.state.value == "FROZEN"


@pytest.mark.parametrize("scope", FreezeScope)
def test_a_frozen_account_takes_no_new_hold_and_gives_up_old_ones(ledger: AnyLedger, scope: FreezeScope) -> None:
    account_id = ledger.funded(100).id
    hold_id = held(ledger, account_id)
    frozen(ledger, account_id, scope=scope)
    assert type(ledger.execute(PlaceHold(account_id=account_id, amount=euros(1))).result) is AccountFrozen
    assert ledger.execute(ReleaseHold(hold_id=hold_id)).is_success
    assert standing(ledger, account_id) == (100, 0, 100)


def test_an_account_with_open_holds_does_not_close_and_names_them(ledger: AnyLedger) -> None:
    account_id = ledger.opened(overdraft_limit=euros(100)).id
    hold_ids = tuple(held(ledger, account_id, 10) for _ in range(4))
    ledger.succeed(ReleaseHold(hold_id=hold_ids[1]))
    outcome = ledger.execute(CloseAccount(account_id=account_id))
    left = (hold_ids[0], *hold_ids[2:])
    assert outcome.result == AccountNotEmpty(euros(0), euros(30), left, path=("input", "accountId"))
    for hold_id in left:
        ledger.succeed(ReleaseHold(hold_id=hold_id))
    assert ledger.execute(CloseAccount(account_id=account_id)).is_success
    assert type(ledger.execute(CaptureHold(hold_id=hold_ids[0])).result) is AccountClosed


def test_an_account_that_does_not_close_names_a_page_of_holds_and_no_more(ledger: AnyLedger) -> None:
    account_id = ledger.opened(overdraft_limit=euros(1000)).id
    hold_ids = [held(ledger, account_id, 1) for _ in range(MOST_HOLDS_TOLD + 2)]
    named = ledger.execute(CloseAccount(account_id=account_id)).result.open_hold_ids
    assert list(named) == hold_ids[:MOST_HOLDS_TOLD]


def test_the_log_tells_how_much_an_account_had_set_aside(ledger: AnyLedger) -> None:
    account_id = ledger.funded(100).id
    ledger.succeed(CaptureHold(hold_id=held(ledger, account_id), amount=euros(30), note="Signed for"))
    placed, captured = (json.loads(record.details) for record in ledger.log[-2:])
    change = {when: {"held": 40 if when == "after" else 0} for when in ("before", "after")}
    for when, told in change.items():
        assert placed["accounts"][account_id][when].items() >= told.items()
    assert captured["accounts"][account_id]["after"]["held"] == 0
    assert captured["result"]["hold"]["captured"] == "30 EUR/2"
    assert len(captured["input"]["note"]) == 64


def test_a_replay_shows_the_hold_as_it_was_decided(ledger: AnyLedger) -> None:
    account_id = ledger.funded(100).id
    place = PlaceHold(account_id=account_id, amount=euros(40), description="Hotel")
    first = ledger.execute(place, key="place")
    capture = CaptureHold(hold_id=first.result.hold.id, amount=euros(5), to_account_id=ledger.opened().id)
    captured = ledger.execute(capture, key="capture")
    again = ledger.execute(place, key="place")
    assert (again.result, again.decided_at, again.replayed) == (first.result, first.decided_at, True)
    again = ledger.execute(capture, key="capture")
    assert (again.result, again.decided_at, again.replayed) == (captured.result, captured.decided_at, True)


@pytest.mark.parametrize("role", Role)
def test_holds_are_for_managers(ledger: AnyLedger, role: Role) -> None:
    account_id, caller = ledger.funded(100).id, ledger.caller(role)
    for command in (
        PlaceHold(account_id=account_id, amount=euros(1)),
        CaptureHold(hold_id=held(ledger, account_id, 1)),
        ReleaseHold(hold_id=held(ledger, account_id, 1)),
    ):
        assert ledger.execute(command, caller).is_success == (role in {Role.MANAGER, Role.ADMIN})


def test_a_hold_can_be_placed_and_captured_in_one_batch(ledger: AnyLedger) -> None:
    account_id = ledger.opened(EUR).id
    hold_id = f"hold_{1:026}"

    commands = (
        Deposit(account_id=account_id, amount=euros(100)),
        PlaceHold(account_id=account_id, amount=euros(40)),
        CaptureHold(hold_id=hold_id, amount=euros(10)),
        ReleaseHold(hold_id=hold_id),
        PlaceHold(account_id=account_id, amount=euros(90)),
        CloseAccount(account_id=account_id),
    )
    outcomes = ledger.run(*(Request(SYSTEM, f"in-{number}", command) for number, command in enumerate(commands)))
    assert [outcome.is_success for outcome in outcomes] == [True, True, True, False, True, False]  # type: ignore[union-attr]
    assert standing(ledger, account_id) == (90, 90, 0)
    assert outcomes[-1].result.open_hold_ids == (f"hold_{2:026}",)  # type: ignore[union-attr]
