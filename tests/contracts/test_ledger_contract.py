"""Every mutation at its plainest, and what a batch of them promises."""

from __future__ import annotations

import json

import pytest

from domain.access import SYSTEM, Caller, Operation, Role, api_key_id_in
from domain.accounts import AccountKind, AccountState, house_account_id
from domain.audit import BEGINNING, AuditOutcome, Head, fault_in
from domain.commands import Rejection
from domain.errors import Forbidden, InsufficientFunds, InvalidInput
from domain.freezes import FreezeReason, FreezeScope
from domain.idempotency import IdempotencyOutcome
from domain.instants import SECOND, Instant
from domain.ports import Outcome, Request
from domain.services.accounts import CloseAccount, OpenAccount, RenameAccount
from domain.services.api_clients import ChangeApiClientRole, DisableApiClient, EnableApiClient, IssueApiKey
from domain.services.freezes import FreezeAccount, UnfreezeAccount
from domain.services.idempotency_keys import AbandonIdempotencyKey
from domain.services.movements import Deposit, Transfer, Withdraw
from domain.services.table import SERVICES
from domain.transactions import TransactionKind
from tests.contracts.ledgers import AnyLedger
from tests.contracts.situations import SITUATIONS, created_client, frozen
from tests.support.books import EUR, JPY, euros
from tests.support.deeds import SYSTEMS_OWN
from tests.support.surroundings import NOON


@pytest.mark.parametrize("operation", SITUATIONS)
def test_every_mutation_succeeds_with_one_audit_record_after_those_of_its_parts(
    ledger: AnyLedger, operation: Operation
) -> None:
    command = SITUATIONS[operation](ledger)
    admin = ledger.caller(Role.ADMIN)
    before = ledger.head.sequence
    outcome = ledger.execute(command, admin, "the-key")
    assert type(outcome.result) is SERVICES[type(command)].success
    assert not outcome.replayed
    *parts, record = ledger.log[before:]
    assert [(part.operation, part.idempotency_key) for part in parts] == [(c.operation, k) for k, c in command.parts]
    assert (record.outcome, record.operation, record.error_code) == (AuditOutcome.SUCCEEDED, operation, None)
    assert (record.api_client_id, record.api_key_id, record.role) == (admin.api_client_id, admin.api_key_id, Role.ADMIN)
    assert (record.idempotency_key, record.at) == ("the-key", outcome.decided_at)
    assert set(command.target_ids) <= set(record.target_ids)


def test_the_situations_cover_every_mutation() -> None:
    assert {command.operation for command in SERVICES.keys() - SYSTEMS_OWN} == SITUATIONS.keys()


def test_an_account_opens_active_and_empty(ledger: AnyLedger) -> None:
    command = OpenAccount(currency=JPY, name="Ada", reference="crm-7", metadata=(("b", "2"), ("a", "1")))
    account = ledger.succeed(command).account
    assert (account.kind, account.state, account.version) == (AccountKind.CUSTOMER, AccountState.ACTIVE, 0)
    assert (account.posted.minor, account.held.minor, account.overdraft_limit.minor) == (0, 0, 0)
    assert (account.name, account.reference, account.currency) == ("Ada", "crm-7", JPY)
    assert account.metadata == (("a", "1"), ("b", "2"))
    assert ledger.books.account(account.id) == account


def test_a_deposit_credits_the_account_and_debits_the_house(ledger: AnyLedger) -> None:
    account = ledger.opened()
    success = ledger.succeed(Deposit(account_id=account.id, amount=euros(1050), reference="inv-1", description="Pay"))
    assert (success.account.posted, success.account.version) == (euros(1050), 1)
    house = ledger.books.account(house_account_id(EUR))
    assert house is not None
    assert (house.posted, house.version, house.kind) == (euros(-1050), 1, AccountKind.HOUSE)
    made = success.transaction
    assert (made.kind, made.amount, made.reference, made.description) == (
        TransactionKind.DEPOSIT,
        euros(1050),
        "inv-1",
        "Pay",
    )
    assert [(entry.account_id, entry.amount.minor, entry.balance_after.minor) for entry in made.entries] == [
        (house.id, -1050, -1050),
        (account.id, 1050, 1050),
    ]
    assert ledger.books.transaction(made.id) == made


def test_a_withdrawal_debits_the_account_and_credits_the_house(ledger: AnyLedger) -> None:
    account = ledger.funded(1000)
    success = ledger.succeed(Withdraw(account_id=account.id, amount=euros(400)))
    assert (success.account.posted, success.account.version) == (euros(600), 2)
    assert success.transaction.kind is TransactionKind.WITHDRAWAL
    house = ledger.books.account(house_account_id(EUR))
    assert house is not None
    assert house.posted == euros(-600)


def test_a_transfer_moves_money_between_two_accounts_and_no_other(ledger: AnyLedger) -> None:
    source, target = ledger.funded(1000), ledger.opened()
    house = ledger.books.account(house_account_id(EUR))
    success = ledger.succeed(Transfer(from_account_id=source.id, to_account_id=target.id, amount=euros(1000)))
    assert (success.from_account.posted, success.to_account.posted) == (euros(0), euros(1000))
    assert success.transaction.sequence == ledger.head.sequence
    assert ledger.books.account(source.id) == success.from_account
    assert ledger.books.account(target.id) == success.to_account
    assert ledger.books.account(house_account_id(EUR)) == house


def test_a_rename_changes_the_name_alone(ledger: AnyLedger) -> None:
    account = ledger.opened(metadata=(("a", "1"),))
    renamed = ledger.succeed(RenameAccount(account_id=account.id, name="Grace")).account
    assert renamed.name == "Grace"
    assert (renamed.version, renamed.metadata, renamed.posted) == (account.version, account.metadata, account.posted)
    assert ledger.books.account(account.id) == renamed


def test_a_freeze_says_who_placed_it_and_freezes_the_account(ledger: AnyLedger) -> None:
    account, manager = ledger.opened(), ledger.caller(Role.MANAGER)
    until = Instant(NOON + 3600 * SECOND)
    command = FreezeAccount(
        account_id=account.id, reason=FreezeReason.COMPLIANCE, scope=FreezeScope.DEBITS, note="Why", expires_at=until
    )
    success = ledger.succeed(command, manager)
    freeze = success.freeze
    assert (freeze.scope, freeze.reason, freeze.note) == (FreezeScope.DEBITS, FreezeReason.COMPLIANCE, "Why")
    assert (freeze.placed_by, freeze.placed_role, freeze.expires_at) == (manager.api_client_id, Role.MANAGER, until)
    assert success.account.state is AccountState.FROZEN
    assert ledger.books.freeze(freeze.id) == freeze
    assert ledger.books.account(account.id) == success.account


def test_unfreezing_releases_the_only_freeze_and_the_account_is_active_again(ledger: AnyLedger) -> None:
    account, manager = ledger.opened(), ledger.caller(Role.MANAGER)
    freeze_id = frozen(ledger, account.id)
    outcome = ledger.execute(UnfreezeAccount(account_id=account.id), manager)
    assert outcome.result.account.state is AccountState.ACTIVE
    freeze = outcome.result.freeze
    assert (freeze.id, freeze.released_at, freeze.released_by) == (
        freeze_id,
        outcome.decided_at,
        manager.api_client_id,
    )
    assert ledger.books.unreleased_freezes(account.id) in ([], ())


def test_a_closed_account_says_when(ledger: AnyLedger) -> None:
    account = ledger.opened()
    outcome = ledger.execute(CloseAccount(account_id=account.id))
    assert outcome.result.account.state is AccountState.CLOSED
    assert outcome.result.account.closed_at == outcome.decided_at
    assert ledger.books.account(account.id) == outcome.result.account


def test_a_client_is_created_promoted_disabled_and_enabled(ledger: AnyLedger) -> None:
    client_id = created_client(ledger, Role.VIEWER)
    promoted = ledger.succeed(ChangeApiClientRole(api_client_id=client_id, role=Role.AUDITOR)).api_client
    assert promoted.role is Role.AUDITOR
    disabled = ledger.execute(DisableApiClient(api_client_id=client_id))
    assert disabled.result.api_client.disabled_at == disabled.decided_at
    again = ledger.succeed(DisableApiClient(api_client_id=client_id)).api_client
    assert again == disabled.result.api_client
    enabled = ledger.succeed(EnableApiClient(api_client_id=client_id)).api_client
    assert enabled == promoted == ledger.books.api_client(client_id)


def test_an_issued_key_comes_with_its_secret(ledger: AnyLedger) -> None:
    client_id = created_client(ledger)
    expiry = Instant(NOON + 3600 * SECOND)
    success = ledger.succeed(IssueApiKey(api_client_id=client_id, expires_at=expiry))
    assert success.api_key.expires_at == expiry
    assert api_key_id_in(success.secret) == success.api_key.id
    assert ledger.books.api_key(success.api_key.id) == success.api_key


def test_an_unseen_key_is_abandoned(ledger: AnyLedger) -> None:
    outcome = ledger.execute(AbandonIdempotencyKey(of_operation=Operation.DEPOSIT, key="lost"))
    record = outcome.result.record
    assert (record.outcome, record.decided_at) == (IdempotencyOutcome.ABANDONED, outcome.decided_at)
    assert record.sequence == ledger.head.sequence


def test_a_batch_decides_in_order_and_each_command_sees_those_before_it(ledger: AnyLedger) -> None:
    account = ledger.opened()
    withdrawal = Withdraw(account_id=account.id, amount=euros(10))
    deposit = Deposit(account_id=account.id, amount=euros(10))
    outcomes = ledger.run(
        Request(SYSTEM, "a", withdrawal),
        Request(SYSTEM, "b", deposit),
        Request(SYSTEM, "c", withdrawal),
        Request(SYSTEM, "d", withdrawal),
    )
    kinds = [type(outcome.result).__name__ for outcome in outcomes if isinstance(outcome, Outcome)]
    assert kinds == ["InsufficientFunds", "DepositSuccess", "WithdrawSuccess", "InsufficientFunds"]


def test_a_batch_has_one_time_later_than_that_of_the_batch_before(ledger: AnyLedger) -> None:
    account = ledger.opened()
    first, second = ledger.run(
        Request(SYSTEM, "a", Deposit(account_id=account.id, amount=euros(1))),
        Request(SYSTEM, "b", Deposit(account_id=account.id, amount=euros(2))),
    )
    assert isinstance(first, Outcome)
    assert isinstance(second, Outcome)
    assert first.decided_at == second.decided_at == ledger.head.at
    ledger.clock.advance(-3600 * SECOND)
    assert ledger.execute(Deposit(account_id=account.id, amount=euros(3))).decided_at == first.decided_at + 1


def test_a_refusal_changes_nothing_but_the_log(ledger: AnyLedger) -> None:
    account = ledger.funded(10)
    house = ledger.books.account(house_account_id(EUR))
    before = ledger.head.sequence
    outcome = ledger.execute(Withdraw(account_id=account.id, amount=euros(11)))
    assert outcome.result == InsufficientFunds(euros(10), euros(1), path=("input", "amount"))
    assert ledger.books.account(account.id) == account
    assert ledger.books.account(house_account_id(EUR)) == house
    (record,) = ledger.log[before:]
    assert (record.outcome, record.error_code) == (AuditOutcome.REFUSED, InsufficientFunds.code)
    assert record.target_ids == (account.id,)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (InvalidInput("A name must not be blank.", path=("input", "name")), AuditOutcome.REFUSED),
        (Forbidden(), AuditOutcome.DENIED),
    ],
)
def test_a_rejection_is_recorded_under_the_callers_name(
    ledger: AnyLedger, error: InvalidInput | Forbidden, outcome: AuditOutcome
) -> None:
    caller = Caller("cli_unknown", "key_unknown", Role.VIEWER)
    rejection = Rejection(Operation.OPEN_ACCOUNT, error, target_ids=("acct_1", "acct_2"), repeats=3)
    (answer,) = ledger.run(Request(caller, "k", rejection))
    assert isinstance(answer, Outcome)
    assert (answer.result, answer.replayed) == (error, False)
    (record,) = ledger.log
    assert (record.outcome, record.error_code, record.api_client_id) == (outcome, error.code, "cli_unknown")
    assert record.target_ids == ("acct_1", "acct_2")
    assert json.loads(record.details)["repeats"] == 3


def test_the_log_records_how_each_account_stood_before_and_after(ledger: AnyLedger) -> None:
    account = ledger.opened()
    ledger.succeed(Deposit(account_id=account.id, amount=euros(5)))
    details = json.loads(ledger.log[-1].details)
    nothing = {"state": "ACTIVE", "posted": 0, "held": 0, "overdraftLimit": 0, "version": 0}
    assert details["accounts"][account.id] == {"before": nothing, "after": {**nothing, "posted": 5, "version": 1}}
    assert details["accounts"]["house_EUR"]["before"] is None
    assert details["accounts"]["house_EUR"]["after"]["posted"] == -5


def test_free_text_never_reaches_the_log(ledger: AnyLedger) -> None:
    words = {"name": "Wilhelmina", "metadata": (("nickname", "Billie"),)}
    account = ledger.succeed(OpenAccount(currency=EUR, **words)).account  # type: ignore[arg-type]
    ledger.succeed(Deposit(account_id=account.id, amount=euros(5), description="For Billie"))
    frozen(ledger, account.id, note="Billie called")
    ledger.execute(Withdraw(account_id=account.id, amount=euros(5), description="Billie's cash"))
    log = "".join(record.details for record in ledger.log)
    assert "Billie" not in log
    assert "Wilhelmina" not in log


def test_the_log_is_gap_free_and_chained(ledger: AnyLedger) -> None:
    for operation in SITUATIONS:
        ledger.execute(SITUATIONS[operation](ledger))
    predecessor = BEGINNING
    for record in ledger.log:
        assert fault_in(record, predecessor) is None
        predecessor = Head(0, record.sequence, record.at, record.hash)
    assert (predecessor.sequence, predecessor.hash) == (ledger.head.sequence, ledger.head.hash)
