"""One key, one decision: what is stored, what is replayed, what is refused, and what leaves a key unused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from domain.access import SYSTEM, Caller, Operation, Role
from domain.accounts import AccountState
from domain.audit import AuditOutcome
from domain.commands import Command, Rejection
from domain.errors import (
    Forbidden,
    IdempotencyKeyReused,
    InsufficientFunds,
    InvalidInput,
    NotPermitted,
)
from domain.freezes import FreezeReason
from domain.idempotency import IdempotencyScope
from domain.instants import SECOND, Instant
from domain.money import Money
from domain.ports import Fault, Outcome, Request
from domain.services.accounts import CloseAccount, OpenAccount, RenameAccount
from domain.services.api_clients import CreateApiClient, IssueApiKey
from domain.services.freezes import FreezeAccount
from domain.services.movements import Deposit, Transfer, Withdraw
from tests.contracts.ledgers import AnyLedger
from tests.contracts.situations import SITUATIONS, closed_account, created_client, frozen_account
from tests.support.books import EUR, JPY, euros
from tests.support.surroundings import NOON

IN_A_MINUTE = Instant(NOON + 60 * SECOND)

REFUSED: Mapping[str, Callable[[AnyLedger], Command]] = {
    "ReferenceTaken": lambda ledger: OpenAccount(
        currency=EUR, name="Ada", reference=ledger.opened(reference="crm-7").reference
    ),
    "AccountNotFound": lambda _: RenameAccount(account_id="acct_missing", name="Ada"),
    "AccountClosed": lambda ledger: CloseAccount(account_id=closed_account(ledger)),
    "AccountNotEmpty": lambda ledger: CloseAccount(account_id=ledger.funded(1).id),
    "AccountFrozen": lambda ledger: Deposit(
        account_id=frozen_account(ledger, expires_at=IN_A_MINUTE), amount=euros(1), description="Pay"
    ),
    "CurrencyMismatch": lambda ledger: Deposit(account_id=ledger.opened(JPY).id, amount=euros(1)),
    "PreconditionFailed": lambda ledger: Deposit(account_id=ledger.opened().id, amount=euros(1), expected_version=7),
    "InsufficientFunds": lambda ledger: Withdraw(account_id=ledger.funded(1).id, amount=euros(2)),
    "NameTaken": lambda _: CreateApiClient(name="system", role=Role.VIEWER),
    "ApiClientNotFound": lambda _: IssueApiKey(api_client_id="cli_nobody"),
}


AGAIN: Mapping[Operation, Callable[[Any], Any]] = {
    Operation.ISSUE_API_KEY: lambda result: replace(result, secret=None),
    Operation.EXECUTE_BATCH: lambda result: replace(
        result, results=tuple(replace(item, replayed=True) for item in result.results)
    ),
}
"""How the success of an operation differs when it is told again, where it does."""


@pytest.mark.parametrize("operation", SITUATIONS)
def test_a_success_is_replayed_as_it_was_decided(ledger: AnyLedger, operation: Operation) -> None:
    command, admin = SITUATIONS[operation](ledger), ledger.caller(Role.ADMIN)
    first = ledger.execute(command, admin, "k")
    log = ledger.log
    ledger.clock.advance(SECOND)
    again = ledger.execute(command, admin, "k")
    expected = AGAIN.get(operation, lambda result: result)(first.result)
    assert (again.result, again.decided_at, again.replayed) == (expected, first.decided_at, True)
    assert ledger.log == log


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_is_replayed_even_when_its_cause_is_gone(ledger: AnyLedger, name: str) -> None:
    command, admin = REFUSED[name](ledger), ledger.caller(Role.ADMIN)
    first = ledger.execute(command, admin, "k")
    assert type(first.result).__name__ == name
    log = ledger.log
    ledger.clock.at = IN_A_MINUTE
    again = ledger.execute(command, admin, "k")
    assert (again.result, again.decided_at, again.replayed) == (first.result, first.decided_at, True)
    assert ledger.log == log


def test_a_missing_permission_for_this_case_is_stored_and_replayed(ledger: AnyLedger) -> None:
    teller = ledger.caller(Role.TELLER)
    command = OpenAccount(currency=EUR, name="Ada", overdraft_limit=euros(1))
    first, again = (ledger.execute(command, teller, "k") for _ in range(2))
    assert type(first.result) is NotPermitted
    assert (again.result, again.replayed) == (first.result, True)


def test_a_replay_shows_the_account_as_decided_though_it_has_moved_on(ledger: AnyLedger) -> None:
    account = ledger.funded(100)
    command = Withdraw(account_id=account.id, amount=euros(40))
    first = ledger.execute(command, key="k")
    ledger.succeed(Withdraw(account_id=account.id, amount=euros(60)))
    ledger.succeed(RenameAccount(account_id=account.id, name="Grace"))
    ledger.succeed(CloseAccount(account_id=account.id))
    shown = ledger.execute(command, key="k").result.account
    assert (shown.posted, shown.available, shown.version) == (euros(60), euros(60), 2)
    assert (shown.state, shown.closed_at) == (AccountState.ACTIVE, None)
    assert shown == replace(first.result.account, name="Grace")


def test_a_replayed_refusal_shows_the_numbers_of_then(ledger: AnyLedger) -> None:
    account = ledger.funded(100)
    command = Withdraw(account_id=account.id, amount=euros(150))
    ledger.execute(command, key="k")
    ledger.succeed(Deposit(account_id=account.id, amount=euros(1000)))
    assert ledger.execute(command, key="k").result == InsufficientFunds(euros(100), euros(50), path=("input", "amount"))


@pytest.mark.parametrize(
    ("change", "differing"),
    [
        ({"amount": euros(2)}, ("amount",)),
        ({"account_id": "acct_other"}, ("accountId",)),
        ({"reference": None}, ("reference",)),
        ({"description": "Rent"}, ("description",)),
        ({"metadata": (("a", "2"),)}, ("metadata",)),
        ({"metadata": ()}, ("metadata",)),
        ({"expected_version": None, "description": None}, ("description", "expectedVersion")),
    ],
)
def test_a_key_used_for_another_input_is_refused_and_the_differing_fields_named(
    ledger: AnyLedger, change: Mapping[str, object], differing: tuple[str, ...]
) -> None:
    account = ledger.opened()
    command = Deposit(
        account_id=account.id,
        amount=euros(1),
        reference="r",
        description="Pay",
        metadata=(("a", "1"),),
        expected_version=0,
    )
    first = ledger.execute(command, key="k")
    other = replace(command, **change)  # type: ignore[arg-type]
    outcome = ledger.execute(other, key="k")
    assert outcome.result == IdempotencyKeyReused(first.decided_at, differing, path=("idempotencyKey",))
    assert not outcome.replayed
    assert outcome.decided_at > first.decided_at
    assert ledger.execute(command, key="k").replayed


def test_a_reused_key_is_recorded_without_the_free_text(ledger: AnyLedger) -> None:
    ledger.execute(OpenAccount(currency=EUR, name="Ada"), key="k")
    ledger.execute(OpenAccount(currency=EUR, name="Wilhelmina"), key="k")
    record = ledger.log[-1]
    assert (record.outcome, record.error_code) == (AuditOutcome.REFUSED, IdempotencyKeyReused.code)
    assert "Wilhelmina" not in record.details


NOTED = FreezeAccount(account_id="acct_1", reason=FreezeReason.OPERATIONS, note="Stolen card")


@pytest.mark.parametrize("note", ["Stolen card", "Another card"])
def test_once_text_is_erased_a_retry_is_taken_at_its_word(ledger: AnyLedger, note: str) -> None:
    command = replace(NOTED, account_id=ledger.opened().id)
    first = ledger.execute(command, key="k")
    ledger.erase_texts()
    again = ledger.execute(replace(command, note=note), key="k")
    assert (again.decided_at, again.replayed) == (first.decided_at, True)
    account, freeze = replace(first.result.account, name=""), replace(first.result.freeze, note=None)
    assert again.result == replace(first.result, account=account, freeze=freeze)


@pytest.mark.parametrize(
    ("change", "differing"),
    [({"reason": FreezeReason.COMPLIANCE}, ("reason",)), ({"note": None}, ("note",))],
)
def test_whatever_else_differs_is_noticed_after_an_erasure_too(
    ledger: AnyLedger, change: Mapping[str, object], differing: tuple[str, ...]
) -> None:
    command = replace(NOTED, account_id=ledger.opened().id)
    ledger.execute(command, key="k")
    ledger.erase_texts()
    outcome = ledger.execute(replace(command, **change), key="k")  # type: ignore[arg-type]
    assert outcome.result.differing_fields == differing


def test_words_that_were_not_there_before_are_noticed_after_an_erasure_too(ledger: AnyLedger) -> None:
    command = replace(NOTED, account_id=ledger.opened().id, note=None)
    ledger.execute(command, key="k")
    ledger.erase_texts()
    assert ledger.execute(replace(command, note="Stolen card"), key="k").result.differing_fields == ("note",)


def test_equal_metadata_in_another_order_is_the_same_input(ledger: AnyLedger) -> None:
    pairs = (("a", "1"), ("b", "2"))
    ledger.execute(OpenAccount(currency=EUR, name="Ada", metadata=pairs), key="k")
    assert ledger.execute(OpenAccount(currency=EUR, name="Ada", metadata=pairs[::-1]), key="k").replayed


def test_a_default_written_out_is_the_same_input(ledger: AnyLedger) -> None:
    account = ledger.opened()
    ledger.execute(Deposit(account_id=account.id, amount=euros(1)), key="k")
    spelled_out = Deposit(
        account_id=account.id, amount=euros(1), reference=None, description="", metadata=(), expected_version=None
    )
    assert ledger.execute(spelled_out, key="k").replayed


@pytest.mark.parametrize("first", [None, euros(0)])
@pytest.mark.parametrize("second", [None, euros(0)])
def test_no_overdraft_and_an_overdraft_of_zero_are_the_same_input(
    ledger: AnyLedger, first: Money | None, second: Money | None
) -> None:
    ledger.succeed(OpenAccount(currency=EUR, name="Ada", overdraft_limit=first), key="k")
    assert ledger.execute(OpenAccount(currency=EUR, name="Ada", overdraft_limit=second), key="k").replayed


@pytest.mark.parametrize("amount", [10, 999])
def test_twice_in_one_batch_the_second_replays_the_first(ledger: AnyLedger, amount: int) -> None:
    command = Withdraw(account_id=ledger.funded(100).id, amount=euros(amount), description="Cash")
    before = ledger.head.sequence
    first, second = ledger.run(Request(SYSTEM, "k", command), Request(SYSTEM, "k", command))
    assert isinstance(first, Outcome)
    assert second == replace(first, replayed=True)
    assert ledger.head.sequence == before + 1


def test_twice_in_one_batch_with_another_input_the_second_is_refused(ledger: AnyLedger) -> None:
    account = ledger.opened()
    first, second = ledger.run(
        Request(SYSTEM, "k", Deposit(account_id=account.id, amount=euros(1))),
        Request(SYSTEM, "k", Deposit(account_id=account.id, amount=euros(2))),
    )
    assert isinstance(first, Outcome)
    assert isinstance(second, Outcome)
    assert first.is_success
    assert second.result.differing_fields == ("amount",)


def test_a_batch_of_replays_leaves_no_trace(ledger: AnyLedger) -> None:
    command = Deposit(account_id=ledger.opened().id, amount=euros(1))
    ledger.execute(command, key="k")
    head = ledger.head
    ledger.run(*[Request(SYSTEM, "k", command)] * 3)
    assert ledger.head == head


def test_a_replay_settles_nothing(ledger: AnyLedger) -> None:
    account_id = ledger.opened().id
    command = Deposit(account_id=account_id, amount=euros(1))
    ledger.execute(command, key="k")
    freeze = FreezeAccount(account_id=account_id, reason=FreezeReason.OPERATIONS, expires_at=IN_A_MINUTE)
    ledger.succeed(freeze)
    ledger.clock.at = IN_A_MINUTE
    head = ledger.head
    assert ledger.execute(command, key="k").replayed
    assert ledger.head == head


def test_invalid_input_leaves_the_key_unused(ledger: AnyLedger) -> None:
    account_id = ledger.opened().id
    error = InvalidInput("A freeze must expire in the future.")
    ledger.run(Request(SYSTEM, "k", Rejection(Operation.FREEZE_ACCOUNT, error)))
    past = FreezeAccount(account_id=account_id, reason=FreezeReason.OPERATIONS, expires_at=NOON)
    assert type(ledger.execute(past, key="k").result) is InvalidInput
    outcome = ledger.execute(replace(past, expires_at=IN_A_MINUTE), key="k")
    assert (outcome.is_success, outcome.replayed) == (True, False)


def test_a_denial_leaves_the_key_unused(ledger: AnyLedger) -> None:
    manager = ledger.caller(Role.MANAGER)
    withdrawal = Withdraw(account_id=ledger.funded(5).id, amount=euros(5))
    impostor = Caller(manager.api_client_id, "key_nobody", Role.MANAGER)
    assert type(ledger.execute(withdrawal, impostor, "k").result) is Forbidden
    outcome = ledger.execute(withdrawal, manager, "k")
    assert (outcome.is_success, outcome.replayed) == (True, False)


def test_a_key_means_the_same_for_all_keys_of_its_client(ledger: AnyLedger) -> None:
    teller, command = ledger.caller(Role.TELLER), Deposit(account_id=ledger.opened().id, amount=euros(1))
    second = ledger.succeed(IssueApiKey(api_client_id=teller.api_client_id)).api_key
    first = ledger.execute(command, teller, "k")
    again = ledger.execute(command, Caller(teller.api_client_id, second.id, Role.TELLER), "k")
    assert again == replace(first, replayed=True)


def test_a_key_of_one_client_means_nothing_to_another(ledger: AnyLedger) -> None:
    command = Deposit(account_id=ledger.opened().id, amount=euros(1))
    outcomes = [ledger.execute(command, ledger.caller(Role.TELLER), "k") for _ in range(2)]
    assert [outcome.replayed for outcome in outcomes] == [False, False]
    assert outcomes[1].result.account.posted == euros(2)


def test_a_key_of_one_operation_means_nothing_to_another(ledger: AnyLedger) -> None:
    account, other = ledger.funded(5), ledger.opened()
    commands = (
        Withdraw(account_id=account.id, amount=euros(1)),
        Deposit(account_id=account.id, amount=euros(1)),
        Transfer(from_account_id=account.id, to_account_id=other.id, amount=euros(1)),
        RenameAccount(account_id=account.id, name="Grace"),
    )
    outcomes = [ledger.execute(command, key="k") for command in commands]
    assert [(outcome.is_success, outcome.replayed) for outcome in outcomes] == [(True, False)] * len(commands)


def test_keys_do_not_expire(ledger: AnyLedger) -> None:
    command = Deposit(account_id=ledger.opened().id, amount=euros(1))
    ledger.execute(command, key="k")
    ledger.clock.advance(50 * 365 * 24 * 3600 * SECOND)
    assert ledger.execute(command, key="k").replayed


def test_a_secret_is_in_the_first_answer_and_nowhere_else(ledger: AnyLedger) -> None:
    command = IssueApiKey(api_client_id=created_client(ledger))
    first, second = ledger.run(Request(SYSTEM, "k", command), Request(SYSTEM, "k", command))
    assert not isinstance(first, Fault)
    assert not isinstance(second, Fault)
    secret = first.result.secret
    replays = (second, ledger.execute(command, key="k"))
    assert [(outcome.replayed, outcome.result.secret) for outcome in replays] == [(True, None)] * 2
    decision = ledger.books.decision(IdempotencyScope(SYSTEM.api_client_id, Operation.ISSUE_API_KEY, "k"))
    everything = repr(first.result) + repr(decision) + repr(ledger.log)
    assert secret[-40:] not in everything
