"""Batches: all or nothing, or each item for itself; under which keys, in which records, and what a retry is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from domain.access import PERMISSIONS, SYSTEM, Operation, Role
from domain.audit import AuditOutcome
from domain.commands import Command, Rejection
from domain.error_codes import Retry
from domain.errors import (
    AccountNotFound,
    BatchRefused,
    Forbidden,
    IdempotencyKeyAbandoned,
    IdempotencyKeyReused,
    InsufficientFunds,
    InvalidAmount,
    NotPermitted,
)
from domain.idempotency import IdempotencyScope
from domain.instants import SECOND, Instant
from domain.ports import Outcome, Request
from domain.services.batches import MOST_TARGETS, BatchItem, BatchMode, ExecuteBatch
from domain.services.idempotency_keys import AbandonIdempotencyKey
from domain.services.movements import Deposit, Transfer, Withdraw
from tests.contracts.ledgers import AnyLedger
from tests.contracts.situations import closed_account, frozen
from tests.support.books import euros
from tests.support.surroundings import NOON

ATOMIC, INDEPENDENT = BatchMode
every_mode = pytest.mark.parametrize("mode", BatchMode)


def batch(mode: BatchMode, **parts: Command | Rejection) -> ExecuteBatch:
    """Return a batch whose items have these keys."""
    return ExecuteBatch(mode=mode, items=tuple(BatchItem.of(key, part) for key, part in parts.items()))


def deposit(account_id: str, minor: int = 1, **fields: Any) -> Deposit:
    return Deposit(account_id=account_id, amount=euros(minor), **fields)


def withdrawal(account_id: str, minor: int = 1) -> Withdraw:
    return Withdraw(account_id=account_id, amount=euros(minor))


def posted(ledger: AnyLedger, account_id: str) -> int:
    account = ledger.books.account(account_id)
    assert account is not None
    return account.posted.minor


def kinds(outcome: Outcome) -> list[str]:
    """Return what became of each item, in words."""
    return [type(item.result).__name__ for item in outcome.result.results]


def decided(ledger: AnyLedger, operation: Operation, key: str) -> bool:
    return ledger.books.decision(IdempotencyScope(SYSTEM.api_client_id, operation, key)) is not None


# What is done


@every_mode
def test_the_items_are_carried_out_in_their_order(ledger: AnyLedger, mode: BatchMode) -> None:
    first, second = ledger.opened().id, ledger.opened().id
    move = Transfer(from_account_id=first, to_account_id=second, amount=euros(3))
    outcome = ledger.execute(batch(mode, a=deposit(first, 5), b=move, c=withdrawal(second, 2)))
    assert kinds(outcome) == ["DepositSuccess", "TransferSuccess", "WithdrawSuccess"]
    assert (outcome.result.succeeded, outcome.result.refused) == (3, 0)
    assert (posted(ledger, first), posted(ledger, second)) == (2, 1)
    assert {item.decided_at for item in outcome.result.results} == {outcome.decided_at}


def test_each_for_itself_the_others_are_done_when_one_is_refused(ledger: AnyLedger) -> None:
    account_id = ledger.funded(5).id
    given = batch(INDEPENDENT, a=deposit(account_id), b=withdrawal(account_id, 7), c=withdrawal(account_id, 6))
    outcome = ledger.execute(given)
    assert kinds(outcome) == ["DepositSuccess", "InsufficientFunds", "WithdrawSuccess"]
    assert (outcome.result.succeeded, outcome.result.refused) == (2, 1)
    path = ("input", "items", "1", "withdraw", "input", "amount")
    assert outcome.result.results[1].result == InsufficientFunds(euros(6), euros(1), path=path)
    assert [decided(ledger, part.operation, key) for key, part in given.parts] == [True] * 3


def test_all_or_nothing_a_refused_batch_leaves_nothing_but_its_own_record_and_key(ledger: AnyLedger) -> None:
    account_id = ledger.funded(5).id
    before = ledger.head.sequence
    given = batch(ATOMIC, a=deposit(account_id), b=withdrawal(account_id, 7), c=deposit("acct_missing"))
    outcome = ledger.execute(given, key="whole")
    error = outcome.result
    assert (type(error), error.index, error.path) == (BatchRefused, 1, ("input", "items", "1"))
    assert (type(error.cause.result), error.cause.result.available) == (InsufficientFunds, euros(6))
    assert posted(ledger, account_id) == 5
    assert [decided(ledger, part.operation, key) for key, part in given.parts] == [False] * 3
    assert decided(ledger, Operation.EXECUTE_BATCH, "whole")
    (record,) = ledger.log[before:]
    assert (record.operation, record.outcome) == (Operation.EXECUTE_BATCH, AuditOutcome.REFUSED)


def test_whether_to_try_a_refused_batch_again_is_for_its_cause_to_say(ledger: AnyLedger) -> None:
    poor, closed = ledger.opened().id, closed_account(ledger)
    causes = (withdrawal(poor), deposit(closed))
    refusals = [ledger.execute(batch(ATOMIC, a=cause)).result for cause in causes]
    assert [refusal.advice for refusal in refusals] == [Retry.NEW_KEY, Retry.NEVER]


def test_an_item_with_wrong_input_is_refused_on_its_own(ledger: AnyLedger) -> None:
    account_id = ledger.opened().id
    wrong = Rejection(Operation.DEPOSIT, InvalidAmount(2, euros(9), path=("input", "amount", "amount")), (account_id,))
    outcome = ledger.execute(batch(INDEPENDENT, a=wrong, b=deposit(account_id)))
    path = ("input", "items", "0", "deposit", "input", "amount", "amount")
    assert outcome.result.results[0].result == InvalidAmount(2, euros(9), path=path)
    assert (outcome.result.succeeded, posted(ledger, account_id)) == (1, 1)
    assert not decided(ledger, Operation.DEPOSIT, "a")
    refused = ledger.execute(batch(ATOMIC, c=deposit(account_id), d=wrong)).result
    assert (refused.index, type(refused.cause.result), posted(ledger, account_id)) == (1, InvalidAmount, 1)


# Keys


@every_mode
def test_an_item_sent_again_alone_replays(ledger: AnyLedger, mode: BatchMode) -> None:
    part = deposit(ledger.opened().id, description="Pay")
    outcome = ledger.execute(batch(mode, salary=part))
    alone = ledger.execute(part, key="salary")
    (item,) = outcome.result.results
    assert (alone.result, alone.decided_at, alone.replayed) == (item.result, outcome.decided_at, True)


@every_mode
def test_what_was_sent_alone_replays_as_an_item(ledger: AnyLedger, mode: BatchMode) -> None:
    part = deposit(ledger.opened().id)
    alone = ledger.execute(part, key="salary")
    before = ledger.head.sequence
    outcome = ledger.execute(batch(mode, salary=part))
    (item,) = outcome.result.results
    assert (item.result, item.decided_at, item.replayed) == (alone.result, alone.decided_at, True)
    assert (outcome.result.succeeded, outcome.replayed) == (1, False)
    assert [record.operation for record in ledger.log[before:]] == [Operation.EXECUTE_BATCH]


def test_what_was_refused_alone_refuses_a_batch_with_the_numbers_of_then(ledger: AnyLedger) -> None:
    account_id = ledger.opened().id
    alone = ledger.execute(withdrawal(account_id), key="cash")
    ledger.succeed(deposit(account_id, 5))
    cause = ledger.execute(batch(ATOMIC, cash=withdrawal(account_id))).result.cause
    assert (cause.result.available, cause.decided_at, cause.replayed) == (euros(0), alone.decided_at, True)


@every_mode
def test_a_key_repeated_within_replays_the_item_before(ledger: AnyLedger, mode: BatchMode) -> None:
    item = BatchItem.of("a", deposit(ledger.opened().id))
    outcome = ledger.execute(ExecuteBatch(mode=mode, items=(item, item)))
    first, second = outcome.result.results
    assert (first.replayed, second) == (False, replace(first, replayed=True))
    assert posted(ledger, item.command.target_ids[0]) == 1


def test_a_key_repeated_within_under_another_input_is_refused(ledger: AnyLedger) -> None:
    account_id = ledger.opened().id
    items = (BatchItem.of("a", deposit(account_id)), BatchItem.of("a", deposit(account_id, 2)))
    path = ("input", "items", "1", "deposit", "idempotencyKey")
    refused = ledger.execute(ExecuteBatch(mode=ATOMIC, items=items))
    reused = IdempotencyKeyReused(refused.decided_at, ("amount",), path=path)
    assert (refused.result.cause.result, posted(ledger, account_id)) == (reused, 0)
    outcome = ledger.execute(ExecuteBatch(mode=INDEPENDENT, items=items))
    second = outcome.result.results[1]
    assert second.result == IdempotencyKeyReused(outcome.decided_at, ("amount",), path=path)
    assert posted(ledger, account_id) == 1


def test_one_key_under_two_operations_is_two_keys(ledger: AnyLedger) -> None:
    account_id = ledger.opened().id
    items = (BatchItem.of("a", deposit(account_id, 2)), BatchItem.of("a", withdrawal(account_id)))
    assert kinds(ledger.execute(ExecuteBatch(mode=ATOMIC, items=items))) == ["DepositSuccess", "WithdrawSuccess"]


def test_an_item_whose_key_was_abandoned_is_refused(ledger: AnyLedger) -> None:
    ledger.succeed(AbandonIdempotencyKey(of_operation=Operation.DEPOSIT, key="a"))
    outcome = ledger.execute(batch(INDEPENDENT, a=deposit(ledger.opened().id)))
    assert kinds(outcome) == [IdempotencyKeyAbandoned.__name__]


@every_mode
def test_a_batch_sent_again_is_told_as_it_was_decided(ledger: AnyLedger, mode: BatchMode) -> None:
    account_id = ledger.funded(5).id
    parts = {"a": withdrawal(account_id, 4), "b": withdrawal(account_id, 4), "c": deposit(account_id)}
    given = batch(mode, **parts)
    first = ledger.execute(given, key="k")
    ledger.succeed(deposit(account_id, 100))
    log = ledger.log
    again = ledger.execute(given, key="k")
    assert (again.decided_at, again.replayed, ledger.log) == (first.decided_at, True, log)
    if mode is INDEPENDENT:
        assert kinds(again) == ["WithdrawSuccess", "InsufficientFunds", "DepositSuccess"]
        assert [item.result for item in again.result.results] == [item.result for item in first.result.results]
        assert all(item.replayed for item in again.result.results)
    else:
        assert (again.result.index, again.result.cause.result) == (1, first.result.cause.result)
        assert again.result.cause.replayed


def test_a_refusal_that_no_key_keeps_is_told_again_with_its_batch(ledger: AnyLedger) -> None:
    account_id = ledger.opened().id
    ledger.succeed(AbandonIdempotencyKey(of_operation=Operation.DEPOSIT, key="b"))
    wrong = Rejection(Operation.WITHDRAW, InvalidAmount(path=("input", "amount", "amount")))
    ledger.succeed(deposit(account_id), key="c")
    given = batch(INDEPENDENT, a=wrong, b=deposit(account_id), c=deposit(account_id, 2))
    first, again = (ledger.execute(given, key="k") for _ in range(2))
    assert kinds(again) == ["InvalidAmount", "IdempotencyKeyAbandoned", "IdempotencyKeyReused"]
    assert [item.result for item in again.result.results] == [item.result for item in first.result.results]


@pytest.mark.parametrize("field", ["mode", "items"])
def test_a_key_used_for_another_batch_is_refused(ledger: AnyLedger, field: str) -> None:
    account_id = ledger.opened().id
    given = batch(ATOMIC, a=deposit(account_id))
    others = {"mode": INDEPENDENT, "items": (BatchItem.of("b", deposit(account_id)),)}
    ledger.execute(given, key="k")
    outcome = ledger.execute(replace(given, **{field: others[field]}), key="k")  # type: ignore[arg-type]
    assert outcome.result.differing_fields == (field,)
    assert posted(ledger, account_id) == 1


def test_twice_in_one_commit_the_second_replays_the_first(ledger: AnyLedger) -> None:
    given = batch(INDEPENDENT, a=deposit(ledger.opened().id, description="Pay"))
    first, second = ledger.run(Request(SYSTEM, "k", given), Request(SYSTEM, "k", given))
    assert isinstance(first, Outcome)
    assert isinstance(second, Outcome)
    (done,), (told,) = first.result.results, second.result.results
    assert (second.replayed, told) == (True, replace(done, replayed=True))


def test_an_item_and_the_same_alone_in_one_commit_are_done_once(ledger: AnyLedger) -> None:
    part = deposit(ledger.opened().id)
    whole = Request(SYSTEM, "k", batch(INDEPENDENT, a=part))
    outcomes = ledger.run(whole, Request(SYSTEM, "a", part), whole)
    assert [isinstance(one, Outcome) and one.replayed for one in outcomes] == [False, True, True]
    assert posted(ledger, part.account_id) == 1


# Words


def test_the_words_of_an_item_never_stand_in_the_clear(ledger: AnyLedger) -> None:
    account_id = ledger.opened().id
    for mode in BatchMode:
        worded = deposit(account_id, description="For Billie", metadata=(("nickname", "Billie"),))
        ledger.execute(batch(mode, **{f"a {mode}".replace(" ", "-"): worded, "b": withdrawal(account_id, 99)}))
    assert "Billie" not in "".join(record.details for record in ledger.log)


@pytest.mark.parametrize("word", ["Pay", "Rent", None])
def test_another_word_in_an_item_is_another_batch_until_the_words_are_erased(
    ledger: AnyLedger, word: str | None
) -> None:
    account_id = ledger.opened().id
    items = {"a": deposit(account_id, description="Pay"), "b": deposit(account_id)}
    ledger.execute(batch(ATOMIC, **items), key="k")
    given = batch(ATOMIC, **items | {"a": deposit(account_id, description=word)})
    assert ledger.execute(given, key="k").replayed is (word == "Pay")
    ledger.erase_texts()
    assert ledger.execute(given, key="k").replayed is (word is not None)


def test_words_where_there_were_none_are_noticed_after_an_erasure_too(ledger: AnyLedger) -> None:
    account_id = ledger.opened().id
    items = {"a": deposit(account_id, description="Pay"), "b": deposit(account_id)}
    ledger.execute(batch(ATOMIC, **items), key="k")
    ledger.erase_texts()
    given = batch(ATOMIC, **items | {"b": deposit(account_id, description="Rent")})
    assert ledger.execute(given, key="k").result.differing_fields == ("items",)


# Roles


def test_who_may_execute_a_batch_may_do_all_that_it_can_hold() -> None:
    for operation in (Operation.DEPOSIT, Operation.WITHDRAW, Operation.TRANSFER):
        assert PERMISSIONS[Operation.EXECUTE_BATCH] <= PERMISSIONS[operation]


def test_roles_are_asked_for_each_item(ledger: AnyLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    account_id, manager = ledger.funded(5).id, ledger.caller(Role.MANAGER)
    stricter: Mapping[Operation, frozenset[Role]] = {**PERMISSIONS, Operation.WITHDRAW: frozenset({Role.ADMIN})}
    monkeypatch.setattr("domain.decisions.PERMISSIONS", stricter)
    monkeypatch.setattr("domain.services.batches.PERMISSIONS", stricter)
    outcome = ledger.execute(batch(INDEPENDENT, a=deposit(account_id), b=withdrawal(account_id)), manager)
    assert kinds(outcome) == ["DepositSuccess", "NotPermitted"]
    path = ("input", "items", "1", "withdraw")
    assert outcome.result.results[1].result == NotPermitted((Role.ADMIN,), path=path)
    assert [record.outcome.value for record in ledger.log[-3:]] == ["SUCCEEDED", "DENIED", "SUCCEEDED"]


def test_a_denied_batch_does_nothing_and_is_recorded_once(ledger: AnyLedger) -> None:
    account_id, teller = ledger.opened().id, ledger.caller(Role.TELLER)
    before = ledger.head.sequence
    outcome = ledger.execute(batch(INDEPENDENT, a=deposit(account_id)), teller)
    (record,) = ledger.log[before:]
    assert (outcome.result, record.outcome, record.target_ids) == (Forbidden(), AuditOutcome.DENIED, (account_id,))
    assert posted(ledger, account_id) == 0


# The log


def test_each_item_has_its_own_record_and_the_batch_comes_last(ledger: AnyLedger) -> None:
    first, second, manager = ledger.funded(5).id, ledger.opened().id, ledger.caller(Role.MANAGER)
    before = ledger.head.sequence
    move = Transfer(from_account_id=first, to_account_id=second, amount=euros(9))
    ledger.execute(batch(INDEPENDENT, a=deposit(first), b=move), manager, "k")
    records = ledger.log[before:]
    assert [(one.operation.value, one.idempotency_key, one.outcome.value) for one in records] == [
        ("DEPOSIT", "a", "SUCCEEDED"),
        ("TRANSFER", "b", "REFUSED"),
        ("EXECUTE_BATCH", "k", "SUCCEEDED"),
    ]
    assert {(one.api_client_id, one.api_key_id, one.role) for one in records} == {
        (manager.api_client_id, manager.api_key_id, Role.MANAGER)
    }
    assert [one.target_ids[:2] for one in records[1:]] == [(first, second)] * 2


def test_the_record_of_a_refused_batch_is_found_by_the_accounts_of_the_item_that_refused_it(ledger: AnyLedger) -> None:
    account_id, closed = ledger.opened().id, closed_account(ledger)
    many = {f"k{number}": deposit(account_id) for number in range(3)}
    ledger.execute(batch(ATOMIC, **many, z=deposit(closed)))
    assert ledger.log[-1].target_ids == (closed, account_id)


def test_the_record_of_a_batch_names_a_bounded_number_of_accounts() -> None:
    given = batch(ATOMIC, **{f"k{number}": deposit(f"acct_{number}") for number in range(MOST_TARGETS + 1)})
    assert given.target_ids == tuple(f"acct_{number}" for number in range(MOST_TARGETS))


# What has fallen due


def _with_a_due_freeze(ledger: AnyLedger) -> str:
    account_id = ledger.funded(5).id
    later = Instant(NOON + 60 * SECOND)
    frozen(ledger, account_id, expires_at=later)
    ledger.clock.at = later
    return account_id


def test_what_is_due_on_the_accounts_of_an_item_is_settled_before_it(ledger: AnyLedger) -> None:
    account_id = _with_a_due_freeze(ledger)
    before = ledger.head.sequence
    ledger.succeed(batch(ATOMIC, a=withdrawal(account_id)))
    assert [one.operation.value for one in ledger.log[before:]] == ["EXPIRE_FREEZE", "WITHDRAW", "EXECUTE_BATCH"]


def test_a_refused_batch_settles_nothing(ledger: AnyLedger) -> None:
    account_id = _with_a_due_freeze(ledger)
    before = ledger.head.sequence
    refused = ledger.execute(batch(ATOMIC, a=withdrawal(account_id), b=deposit("acct_missing"))).result
    assert type(refused.cause.result) is AccountNotFound
    assert [one.operation.value for one in ledger.log[before:]] == ["EXECUTE_BATCH"]
    assert len(ledger.books.unreleased_freezes(account_id)) == 1
