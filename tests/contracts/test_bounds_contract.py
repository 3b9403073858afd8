"""What the operator lets one movement carry: asked behind the key, so that another bound never rewrites the past."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from domain.commands import Command
from domain.errors import BatchRefused, InvalidAmount
from domain.services.batches import BatchItem, BatchMode, ExecuteBatch
from domain.services.captures import CaptureHold
from domain.services.holds import PlaceHold
from domain.services.movements import Deposit, Transfer, Withdraw
from domain.services.reversals import ReverseTransaction
from tests.contracts.ledgers import AnyLedger
from tests.support.books import euros

BOUND = 100
REFUSED = InvalidAmount(2, euros(BOUND), path=("input", "amount", "amount"))

Moving = Callable[[AnyLedger, int], Command]
BOUNDED: Mapping[str, Moving] = {
    "deposit": lambda ledger, minor: Deposit(account_id=ledger.funded(500).id, amount=euros(minor)),
    "withdraw": lambda ledger, minor: Withdraw(account_id=ledger.funded(500).id, amount=euros(minor)),
    "transfer": lambda ledger, minor: Transfer(
        from_account_id=ledger.funded(500).id, to_account_id=ledger.opened().id, amount=euros(minor)
    ),
    "place a hold": lambda ledger, minor: PlaceHold(account_id=ledger.funded(500).id, amount=euros(minor)),
}


@pytest.mark.parametrize("name", BOUNDED)
def test_more_than_the_bound_is_refused_and_the_key_stays_free(ledger: AnyLedger, name: str) -> None:
    command = BOUNDED[name](ledger, BOUND + 1)
    ledger.bound(BOUND)
    assert ledger.preview(command).result == REFUSED
    assert ledger.execute(command, key="k").result == REFUSED
    ledger.bound(BOUND + 1)
    done = ledger.execute(command, key="k")
    assert (done.is_success, done.replayed) == (True, False)


@pytest.mark.parametrize("name", BOUNDED)
def test_the_bound_itself_is_allowed(ledger: AnyLedger, name: str) -> None:
    command = BOUNDED[name](ledger, BOUND)
    ledger.bound(BOUND)
    assert ledger.execute(command).is_success


@pytest.mark.parametrize("name", BOUNDED)
def test_a_bound_that_is_lowered_leaves_the_answer_to_a_retry(ledger: AnyLedger, name: str) -> None:
    command = BOUNDED[name](ledger, BOUND + 1)
    first = ledger.execute(command, key="k")
    ledger.bound(BOUND)
    again = ledger.execute(command, key="k")
    assert (again.result, again.decided_at, again.replayed) == (first.result, first.decided_at, True)


def test_a_batch_is_retried_as_its_movements_are(ledger: AnyLedger) -> None:
    item = BatchItem.of("item", Deposit(account_id=ledger.opened().id, amount=euros(BOUND + 1)))
    batch = ExecuteBatch(mode=BatchMode.ATOMIC, items=(item,))
    ledger.bound(BOUND)
    refused = ledger.execute(batch, key="refused").result
    assert isinstance(refused, BatchRefused)
    assert isinstance(refused.cause.result, InvalidAmount)
    ledger.bound(BOUND + 1)
    assert ledger.execute(batch, key="done").is_success
    ledger.bound(BOUND)
    assert ledger.execute(batch, key="done").replayed


def test_what_was_moved_before_can_be_made_good_and_taken_back(ledger: AnyLedger) -> None:
    account = ledger.funded(500)
    made = ledger.succeed(Deposit(account_id=account.id, amount=euros(300))).transaction
    hold = ledger.succeed(PlaceHold(account_id=account.id, amount=euros(300))).hold
    ledger.bound(BOUND)
    assert ledger.execute(CaptureHold(hold_id=hold.id, amount=euros(300))).is_success
    assert ledger.execute(ReverseTransaction(transaction_id=made.id, amount=euros(300))).is_success
