"""Refusals that come from numbers: overdrafts, the limit of a balance, preconditions, and money spent twice."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from domain.access import SYSTEM, Role
from domain.accounts import Account
from domain.commands import Command
from domain.errors import InsufficientFunds, LimitExceeded, NotPermitted, PreconditionFailed, ReferenceTaken
from domain.money import LARGEST_BALANCE, Money
from domain.ports import Outcome, Request
from domain.services.accounts import OpenAccount
from domain.services.movements import Deposit, Transfer, Withdraw
from tests.contracts.ledgers import AnyLedger
from tests.support.books import EUR, JPY, euros

AMOUNT = ("input", "amount")


def test_a_teller_grants_no_overdraft_but_may_say_zero(ledger: AnyLedger) -> None:
    teller = ledger.caller(Role.TELLER)
    outcome = ledger.execute(OpenAccount(currency=EUR, name="Ada", overdraft_limit=euros(1)), teller)
    assert outcome.result == NotPermitted((Role.ADMIN, Role.MANAGER), path=("input", "overdraftLimit"))
    assert ledger.execute(OpenAccount(currency=EUR, name="Ada", overdraft_limit=euros(0)), teller).is_success


def test_an_overdraft_can_be_spent_to_its_last_cent(ledger: AnyLedger) -> None:
    account_id = ledger.succeed(
        OpenAccount(currency=EUR, name="Ada", overdraft_limit=euros(50)), ledger.caller(Role.MANAGER)
    ).account.id
    overdrawn = ledger.succeed(Withdraw(account_id=account_id, amount=euros(50))).account
    assert (overdrawn.posted, overdrawn.available) == (euros(-50), euros(0))
    outcome = ledger.execute(Withdraw(account_id=account_id, amount=euros(1)))
    assert outcome.result == InsufficientFunds(euros(0), euros(1), path=AMOUNT)


def _limit(account: Account) -> LimitExceeded:
    return LimitExceeded(Money(LARGEST_BALANCE, account.currency), path=AMOUNT)


def test_a_balance_reaches_its_limit_and_no_further(ledger: AnyLedger) -> None:
    account = ledger.funded(LARGEST_BALANCE)
    assert account.posted.minor == LARGEST_BALANCE
    assert ledger.execute(Deposit(account_id=account.id, amount=euros(1))).result == _limit(account)


def test_the_house_has_the_limit_of_every_account(ledger: AnyLedger) -> None:
    ledger.funded(LARGEST_BALANCE)
    other = ledger.opened()
    assert ledger.execute(Deposit(account_id=other.id, amount=euros(1))).result == _limit(other)
    assert ledger.execute(Deposit(account_id=ledger.opened(JPY).id, amount=Money(1, JPY))).is_success


def test_a_withdrawal_beyond_the_limit_is_refused_before_its_funds_are_looked_at(ledger: AnyLedger) -> None:
    account = ledger.opened(overdraft_limit=euros(LARGEST_BALANCE))
    ledger.succeed(Withdraw(account_id=account.id, amount=euros(LARGEST_BALANCE)))
    assert ledger.execute(Withdraw(account_id=account.id, amount=euros(1))).result == _limit(account)


def test_a_full_account_may_have_the_largest_overdraft_too(ledger: AnyLedger) -> None:
    account = ledger.opened(overdraft_limit=euros(LARGEST_BALANCE))
    full = ledger.succeed(Deposit(account_id=account.id, amount=euros(LARGEST_BALANCE))).account
    assert full.available.minor == 2 * LARGEST_BALANCE
    assert ledger.books.account(account.id) == full


@pytest.mark.parametrize("deed", ["deposit", "withdraw", "transfer from"])
@pytest.mark.parametrize(("version", "succeeds"), [(1, True), (0, False), (2, False)])
def test_an_expected_version_must_be_the_present_one(
    ledger: AnyLedger, deed: str, version: int, *, succeeds: bool
) -> None:
    account, other = ledger.funded(100), ledger.opened()
    moves: Mapping[str, Command] = {
        "deposit": Deposit(account_id=account.id, amount=euros(1), expected_version=version),
        "withdraw": Withdraw(account_id=account.id, amount=euros(1), expected_version=version),
        "transfer from": Transfer(
            from_account_id=account.id, to_account_id=other.id, amount=euros(1), expected_version=version
        ),
    }
    outcome = ledger.execute(moves[deed])
    assert outcome.is_success is succeeds
    if not succeeds:
        assert outcome.result == PreconditionFailed(1, euros(100), path=("input", "expectedVersion"))


@pytest.mark.parametrize("deed", ["withdraw", "transfer"])
@pytest.mark.parametrize(("minimum", "succeeds"), [(60, True), (61, False)])
def test_what_must_be_left_available_counts_the_overdraft(
    ledger: AnyLedger, deed: str, minimum: int, *, succeeds: bool
) -> None:
    account_id, other_id = ledger.opened(overdraft_limit=euros(50)).id, ledger.opened().id
    ledger.succeed(Deposit(account_id=account_id, amount=euros(30)))
    left = euros(minimum)
    moves: Mapping[str, Command] = {
        "withdraw": Withdraw(account_id=account_id, amount=euros(20), min_available_after=left),
        "transfer": Transfer(
            from_account_id=account_id, to_account_id=other_id, amount=euros(20), min_available_after=left
        ),
    }
    outcome = ledger.execute(moves[deed])
    assert outcome.is_success is succeeds
    if not succeeds:
        assert outcome.result == PreconditionFailed(1, euros(80), path=("input", "minAvailableAfter"))


def test_two_withdrawals_in_one_batch_cannot_spend_the_same_money(ledger: AnyLedger) -> None:
    withdrawal = Withdraw(account_id=ledger.funded(100).id, amount=euros(60))
    outcomes = ledger.run(Request(SYSTEM, "a", withdrawal), Request(SYSTEM, "b", withdrawal))
    assert [isinstance(outcome, Outcome) and outcome.is_success for outcome in outcomes] == [True, False]


def test_a_reference_belongs_to_one_account_in_a_batch_too(ledger: AnyLedger) -> None:
    command = OpenAccount(currency=EUR, name="Ada", reference="crm-7")
    first, second = ledger.run(Request(SYSTEM, "a", command), Request(SYSTEM, "b", command))
    assert isinstance(first, Outcome)
    assert isinstance(second, Outcome)
    assert first.is_success
    assert second.result == ReferenceTaken(path=("input", "reference"))
    assert type(ledger.execute(command).result) is ReferenceTaken
