"""Giving up an idempotency key whose fate is unknown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain.access import SYSTEM, Operation, Role
from domain.errors import IdempotencyKeyAbandoned
from domain.idempotency import IdempotencyOutcome
from domain.ports import Outcome, Request
from domain.services.idempotency_keys import AbandonIdempotencyKey
from domain.services.movements import Deposit, Withdraw
from tests.contracts.ledgers import AnyLedger
from tests.support.books import euros


def _abandon(key: str) -> AbandonIdempotencyKey:
    return AbandonIdempotencyKey(of_operation=Operation.DEPOSIT, key=key)


def test_an_abandoned_key_never_executes_however_late_it_arrives(ledger: AnyLedger) -> None:
    account = ledger.opened()
    ledger.succeed(_abandon("lost"))
    for _ in range(2):
        outcome = ledger.execute(Deposit(account_id=account.id, amount=euros(1)), key="lost")
        assert outcome.result == IdempotencyKeyAbandoned(path=("idempotencyKey",))
        assert (outcome.replayed, ledger.log[-1].error_code) == (False, IdempotencyKeyAbandoned.code)
    assert ledger.books.account(account.id) == account


def test_a_key_is_abandoned_before_its_command_in_the_same_batch(ledger: AnyLedger) -> None:
    account = ledger.opened()
    _, late = ledger.run(
        Request(SYSTEM, "giving up", _abandon("lost")),
        Request(SYSTEM, "lost", Deposit(account_id=account.id, amount=euros(1))),
    )
    assert isinstance(late, Outcome)
    assert type(late.result) is IdempotencyKeyAbandoned


@pytest.mark.parametrize(("amount", "outcome"), [(5, IdempotencyOutcome.SUCCEEDED), (6, IdempotencyOutcome.REFUSED)])
def test_abandoning_a_decided_key_tells_what_was_decided(
    ledger: AnyLedger, amount: int, outcome: IdempotencyOutcome
) -> None:
    withdrawal = Withdraw(account_id=ledger.funded(5).id, amount=euros(amount))
    first = ledger.execute(withdrawal, key="k")
    record = ledger.log[-1]
    told = ledger.succeed(AbandonIdempotencyKey(of_operation=Operation.WITHDRAW, key="k")).record
    assert (told.outcome, told.sequence, told.decided_at) == (outcome, record.sequence, first.decided_at)
    assert (told.error_code, told.target_ids) == (record.error_code, record.target_ids)
    assert ledger.execute(withdrawal, key="k") == replace(first, replayed=True)


@pytest.mark.parametrize(
    ("operation", "key", "differing"),
    [
        (Operation.WITHDRAW, "lost", ("operation",)),
        (Operation.DEPOSIT, "other", ("key",)),
        (Operation.WITHDRAW, "other", ("key", "operation")),
    ],
)
def test_another_abandonment_under_the_same_key_differs_in_the_arguments_of_the_api(
    ledger: AnyLedger, operation: Operation, key: str, differing: tuple[str, ...]
) -> None:
    # By the API an abandonment has no key of its own; the domain gives it one all the same.
    ledger.execute(_abandon("lost"), key="k")
    outcome = ledger.execute(AbandonIdempotencyKey(of_operation=operation, key=key), key="k")
    assert outcome.result.differing_fields == differing


def test_abandoning_twice_tells_of_the_first_time(ledger: AnyLedger) -> None:
    first, second = ledger.succeed(_abandon("lost")), ledger.succeed(_abandon("lost"))
    assert second == first


def test_a_client_abandons_its_own_keys_only(ledger: AnyLedger) -> None:
    teller, account = ledger.caller(Role.TELLER), ledger.opened()
    ledger.execute(_abandon("k"), ledger.caller(Role.TELLER))
    assert ledger.execute(Deposit(account_id=account.id, amount=euros(1)), teller, "k").is_success
