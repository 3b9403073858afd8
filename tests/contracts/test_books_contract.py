"""The port `Books`: what each look-up finds, and what it does not."""

from __future__ import annotations

import pytest

from domain.access import SYSTEM, SYSTEM_CLIENT_ID, ApiClient, Caller, Operation, Role
from domain.accounts import AccountKind, AccountState
from domain.error_codes import ErrorCode
from domain.idempotency import IdempotencyOutcome, IdempotencyScope, fingerprint
from domain.instants import SECOND, Instant
from domain.ports import Books
from domain.records import to_plain
from domain.services.api_clients import DisableApiClient, IssueApiKey, RevokeApiKey
from domain.services.freezes import UnfreezeAccount
from domain.services.idempotency_keys import AbandonIdempotencyKey
from domain.services.movements import Deposit, Withdraw
from tests.contracts.ledgers import AnyLedger
from tests.contracts.situations import closed_account, created_client, frozen
from tests.support.books import EUR, JPY, euros
from tests.support.surroundings import NOON


def test_unknown_ids_find_nothing(ledger: AnyLedger) -> None:
    books: Books = ledger.books
    look_ups = (
        books.account,
        books.account_id_with_reference,
        books.freeze,
        books.transaction,
        books.api_client,
        books.api_client_id_with_name,
        books.api_key,
    )
    assert [look_up("nobody") for look_up in look_ups] == [None] * len(look_ups)
    assert not books.unreleased_freezes("nobody")
    assert not books.api_keys_of("nobody")
    assert books.decision(IdempotencyScope("nobody", Operation.DEPOSIT, "k")) is None


def test_accounts_of_any_kind_and_state_are_found(ledger: AnyLedger) -> None:
    account, closed_id = ledger.funded(7, JPY), closed_account(ledger)
    assert ledger.books.account(account.id) == account
    house, closed = ledger.books.account("house_JPY"), ledger.books.account(closed_id)
    assert house is not None
    assert (house.kind, house.posted.minor, house.currency) == (AccountKind.HOUSE, -7, JPY)
    assert closed is not None
    assert closed.state is AccountState.CLOSED


def test_a_house_account_exists_from_its_first_movement(ledger: AnyLedger) -> None:
    ledger.opened(EUR)
    assert ledger.books.account("house_EUR") is None
    ledger.funded(1, EUR)
    assert ledger.books.account("house_EUR") is not None


def test_a_reference_leads_to_its_account_exactly(ledger: AnyLedger) -> None:
    account = ledger.opened(reference="crm-7")
    assert ledger.books.account_id_with_reference("crm-7") == account.id
    assert ledger.books.account_id_with_reference("CRM-7") is None
    assert ledger.books.account_id_with_reference("crm-7 ") is None


def test_unreleased_freezes_come_oldest_first_due_or_not(ledger: AnyLedger) -> None:
    account, other = ledger.opened(), ledger.opened()
    first = frozen(ledger, account.id, expires_at=Instant(NOON + SECOND))
    released = frozen(ledger, account.id)
    last = frozen(ledger, account.id, note="Why")
    frozen(ledger, other.id)
    ledger.succeed(UnfreezeAccount(account_id=account.id, freeze_id=released))
    ledger.clock.advance(2 * SECOND)
    freezes = ledger.books.unreleased_freezes(account.id)
    assert [freeze.id for freeze in freezes] == [first, last]
    assert freezes[1].note == "Why"


def test_a_released_freeze_is_still_found_by_id(ledger: AnyLedger) -> None:
    account = ledger.opened()
    freeze_id = frozen(ledger, account.id, note="Why")
    released = ledger.succeed(UnfreezeAccount(account_id=account.id)).freeze
    assert released.note == "Why"
    assert ledger.books.freeze(freeze_id) == released


def test_a_transaction_is_found_whole(ledger: AnyLedger) -> None:
    account = ledger.opened()
    command = Deposit(
        account_id=account.id, amount=euros(5), reference="r", description="For Ada", metadata=(("b", "2"), ("a", ""))
    )
    made = ledger.succeed(command).transaction
    assert ledger.books.transaction(made.id) == made
    assert made.metadata == (("a", ""), ("b", "2"))


def test_the_system_is_an_api_client_from_the_beginning(ledger: AnyLedger) -> None:
    assert ledger.books.api_client(SYSTEM_CLIENT_ID) == ApiClient(SYSTEM_CLIENT_ID, "system", Role.ADMIN)
    assert ledger.books.api_client_id_with_name("system") == SYSTEM_CLIENT_ID
    assert not ledger.books.api_keys_of(SYSTEM_CLIENT_ID)


def test_a_name_leads_to_its_client_disabled_or_not(ledger: AnyLedger) -> None:
    client_id = created_client(ledger)
    client = ledger.books.api_client(client_id)
    assert client is not None
    ledger.succeed(DisableApiClient(api_client_id=client_id))
    assert ledger.books.api_client_id_with_name(client.name) == client_id


def test_admins_are_the_enabled_ones_without_the_system(ledger: AnyLedger) -> None:
    kept, disabled = ledger.caller(Role.ADMIN), ledger.caller(Role.ADMIN)
    ledger.caller(Role.MANAGER)
    ledger.succeed(DisableApiClient(api_client_id=disabled.api_client_id))
    assert [client.id for client in ledger.books.admins()] == [kept.api_client_id]


def test_all_keys_of_a_client_come_oldest_first_revoked_or_not(ledger: AnyLedger) -> None:
    client_id = created_client(ledger)
    keys = [ledger.succeed(IssueApiKey(api_client_id=client_id)).api_key for _ in range(3)]
    revoked = ledger.succeed(RevokeApiKey(api_key_id=keys[1].id)).api_key
    assert list(ledger.books.api_keys_of(client_id)) == [keys[0], revoked, keys[2]]
    assert ledger.books.api_key(revoked.id) == revoked


@pytest.mark.parametrize(("amount", "code"), [(5, None), (6, ErrorCode.INSUFFICIENT_FUNDS)])
def test_a_decision_carries_what_a_retry_needs(ledger: AnyLedger, amount: int, code: ErrorCode | None) -> None:
    command = Withdraw(account_id=ledger.funded(5).id, amount=euros(amount), description="Cash")
    outcome = ledger.execute(command, key="k")
    decision = ledger.books.decision(IdempotencyScope(SYSTEM_CLIENT_ID, Operation.WITHDRAW, "k"))
    assert decision is not None
    record, audit = decision.record, ledger.log[-1]
    assert record.outcome is (IdempotencyOutcome.REFUSED if code else IdempotencyOutcome.SUCCEEDED)
    assert (record.sequence, record.decided_at, record.error_code) == (audit.sequence, outcome.decided_at, code)
    assert (record.target_ids, decision.details) == (audit.target_ids, audit.details)
    assert len(decision.salt) == 16
    assert decision.fingerprint == fingerprint(to_plain(command, decision.salt))


def test_a_command_without_free_text_has_no_salt(ledger: AnyLedger) -> None:
    ledger.execute(Deposit(account_id=ledger.opened().id, amount=euros(5)), key="k")
    decision = ledger.books.decision(IdempotencyScope(SYSTEM_CLIENT_ID, Operation.DEPOSIT, "k"))
    assert decision is not None
    assert decision.salt == b""


def test_an_abandoned_key_has_no_fingerprint(ledger: AnyLedger) -> None:
    record = ledger.succeed(AbandonIdempotencyKey(of_operation=Operation.DEPOSIT, key="lost")).record
    decision = ledger.books.decision(IdempotencyScope(SYSTEM_CLIENT_ID, Operation.DEPOSIT, "lost"))
    assert decision is not None
    assert (decision.record, decision.fingerprint, decision.salt) == (record, "", b"")


def test_decisions_of_other_clients_and_operations_are_apart(ledger: AnyLedger) -> None:
    teller: Caller = ledger.caller(Role.TELLER)
    account = ledger.opened()
    ledger.execute(Deposit(account_id=account.id, amount=euros(5)), teller, "k")
    assert ledger.books.decision(IdempotencyScope(teller.api_client_id, Operation.DEPOSIT, "k")) is not None
    assert ledger.books.decision(IdempotencyScope(teller.api_client_id, Operation.OPEN_ACCOUNT, "k")) is None
    assert ledger.books.decision(IdempotencyScope(SYSTEM.api_client_id, Operation.DEPOSIT, "k")) is None
    assert ledger.books.decision(IdempotencyScope(teller.api_client_id, Operation.DEPOSIT, "K")) is None
