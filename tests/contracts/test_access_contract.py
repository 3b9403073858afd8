"""Who may act, checked against the books at the moment of the deed; clients, keys, and the last ADMIN."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from domain.access import KEYS_PER_CLIENT, PERMISSIONS, SYSTEM, SYSTEM_CLIENT_ID, Caller, Operation, Role
from domain.audit import AuditOutcome
from domain.commands import Command
from domain.errors import (
    ApiClientDisabled,
    ApiClientNotFound,
    ApiKeyLimit,
    ApiKeyNotFound,
    Forbidden,
    InvalidInput,
    LastAdmin,
    NameTaken,
    NotPermitted,
)
from domain.instants import SECOND, Instant
from domain.ports import Outcome, Request
from domain.services.accounts import OpenAccount
from domain.services.api_clients import (
    ChangeApiClientRole,
    CreateApiClient,
    DisableApiClient,
    EnableApiClient,
    IssueApiKey,
    RevokeApiKey,
)
from domain.services.movements import Deposit, Withdraw
from tests.contracts.ledgers import AnyLedger
from tests.contracts.situations import SITUATIONS, created_client
from tests.support.books import EUR, euros
from tests.support.surroundings import NOON


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("operation", SITUATIONS)
def test_a_role_may_do_what_the_table_says_and_nothing_else(
    ledger: AnyLedger, operation: Operation, role: Role
) -> None:
    command = SITUATIONS[operation](ledger)
    caller = ledger.caller(role)
    before = ledger.head.sequence
    outcome = ledger.execute(command, caller)
    *parts, record = ledger.log[before:]
    if role in PERMISSIONS[operation]:
        assert record.outcome is not AuditOutcome.DENIED
    else:
        assert (outcome.result, parts) == (Forbidden(), [])
        assert (record.outcome, record.role, record.error_code) == (AuditOutcome.DENIED, role, Forbidden.code)
        assert record.target_ids == command.target_ids


def _revoked(ledger: AnyLedger, caller: Caller) -> Caller:
    ledger.succeed(RevokeApiKey(api_key_id=caller.api_key_id or ""))
    return caller


def _disabled(ledger: AnyLedger, caller: Caller) -> Caller:
    ledger.succeed(DisableApiClient(api_client_id=caller.api_client_id))
    return caller


def _demoted(ledger: AnyLedger, caller: Caller) -> Caller:
    ledger.succeed(ChangeApiClientRole(api_client_id=caller.api_client_id, role=Role.VIEWER))
    return caller


def _demoted_and_known_so(ledger: AnyLedger, caller: Caller) -> Caller:
    _demoted(ledger, caller)
    return Caller(caller.api_client_id, caller.api_key_id, Role.VIEWER)


def _expired(ledger: AnyLedger, caller: Caller) -> Caller:
    expiry = Instant(ledger.clock.now() + 60 * SECOND)
    key = ledger.succeed(IssueApiKey(api_client_id=caller.api_client_id, expires_at=expiry)).api_key
    ledger.clock.at = expiry
    return Caller(caller.api_client_id, key.id, caller.role)


UNWORTHY: Mapping[str, Callable[[AnyLedger, Caller], Caller]] = {
    "revoked": _revoked,
    "disabled": _disabled,
    "demoted": _demoted,
    "demoted and known so": _demoted_and_known_so,
    "expired": _expired,
    "unknown client": lambda _, caller: Caller("cli_nobody", caller.api_key_id, caller.role),
    "unknown key": lambda _, caller: Caller(caller.api_client_id, "key_nobody", caller.role),
    "no key": lambda _, caller: Caller(caller.api_client_id, None, caller.role),
    "key of another": lambda ledger, caller: Caller(
        caller.api_client_id, ledger.caller(Role.TELLER).api_key_id, caller.role
    ),
    "system by name alone": lambda _, caller: Caller(SYSTEM_CLIENT_ID, caller.api_key_id, Role.ADMIN),
}


@pytest.mark.parametrize("how", UNWORTHY)
def test_an_unworthy_caller_is_denied_even_a_replay_and_the_denial_is_recorded(ledger: AnyLedger, how: str) -> None:
    ledger.caller(Role.ADMIN)
    teller = ledger.caller(Role.TELLER)
    account = ledger.opened()
    deposit = Deposit(account_id=account.id, amount=euros(1))
    ledger.succeed(deposit, teller, "used")
    caller = UNWORTHY[how](ledger, teller)
    for key in ("used", "fresh"):
        before = ledger.head.sequence
        outcome = ledger.execute(deposit, caller, key)
        assert (outcome.result, outcome.replayed) == (Forbidden(), False)
        (record,) = ledger.log[before:]
        assert (record.outcome, record.api_client_id) == (AuditOutcome.DENIED, caller.api_client_id)
        assert (record.api_key_id, record.idempotency_key) == (caller.api_key_id, key)
    now = ledger.books.account(account.id)
    assert now is not None
    assert now.posted == euros(1)


@pytest.mark.parametrize("role", [Role.TELLER, Role.MANAGER, Role.ADMIN])
@pytest.mark.parametrize("authenticated_as", Role)
def test_a_caller_acts_with_the_role_that_it_has_by_now(ledger: AnyLedger, authenticated_as: Role, role: Role) -> None:
    ledger.caller(Role.ADMIN)
    caller, account = ledger.caller(authenticated_as), ledger.opened()
    ledger.succeed(ChangeApiClientRole(api_client_id=caller.api_client_id, role=role))
    deposit = Deposit(account_id=account.id, amount=euros(1))
    first, again = ledger.execute(deposit, caller, "k"), ledger.execute(deposit, caller, "k")
    assert (first.is_success, again.replayed) == (True, True)
    assert (ledger.log[-1].operation, ledger.log[-1].role) == (Operation.DEPOSIT, role)


@pytest.mark.parametrize("authenticated_as", [Role.MANAGER, Role.ADMIN])
def test_what_a_deed_asks_of_a_role_is_asked_of_the_role_that_there_is_by_now(
    ledger: AnyLedger, authenticated_as: Role
) -> None:
    ledger.caller(Role.ADMIN)
    caller = ledger.caller(authenticated_as)
    ledger.succeed(ChangeApiClientRole(api_client_id=caller.api_client_id, role=Role.TELLER))
    outcome = ledger.execute(OpenAccount(currency=EUR, name="Ada", overdraft_limit=euros(1)), caller)
    assert type(outcome.result) is NotPermitted
    withdrawal = Withdraw(account_id=ledger.funded(5).id, amount=euros(1))
    assert type(ledger.execute(withdrawal, caller).result) is Forbidden
    assert (ledger.log[-1].outcome, ledger.log[-1].api_client_id) == (AuditOutcome.DENIED, caller.api_client_id)


def test_a_change_of_role_counts_for_the_rest_of_its_batch(ledger: AnyLedger) -> None:
    ledger.caller(Role.ADMIN)
    teller, account = ledger.caller(Role.TELLER), ledger.funded(5)
    withdrawal = Withdraw(account_id=account.id, amount=euros(1))
    outcomes = ledger.run(
        Request(teller, "a", withdrawal),
        Request(SYSTEM, "b", ChangeApiClientRole(api_client_id=teller.api_client_id, role=Role.MANAGER)),
        Request(teller, "c", withdrawal),
    )
    successes = [isinstance(outcome, Outcome) and outcome.is_success for outcome in outcomes]
    assert successes == [False, True, True]


def test_a_revocation_counts_for_the_rest_of_its_batch(ledger: AnyLedger) -> None:
    ledger.caller(Role.ADMIN)
    teller, account = ledger.caller(Role.TELLER), ledger.opened()
    deposit = Deposit(account_id=account.id, amount=euros(1))
    outcomes = ledger.run(
        Request(teller, "a", deposit),
        Request(SYSTEM, "b", RevokeApiKey(api_key_id=teller.api_key_id or "")),
        Request(teller, "c", deposit),
    )
    successes = [isinstance(outcome, Outcome) and outcome.is_success for outcome in outcomes]
    assert successes == [True, True, False]


def test_a_key_opens_until_the_very_instant_it_expires(ledger: AnyLedger) -> None:
    teller, account = ledger.caller(Role.TELLER), ledger.opened()
    expiry = Instant(NOON + 60 * SECOND)
    key = ledger.succeed(IssueApiKey(api_client_id=teller.api_client_id, expires_at=expiry)).api_key
    caller = Caller(teller.api_client_id, key.id, Role.TELLER)
    deposit = Deposit(account_id=account.id, amount=euros(1))
    ledger.clock.at = Instant(expiry - 1)
    assert ledger.execute(deposit, caller).is_success
    ledger.clock.at = expiry
    assert type(ledger.execute(deposit, caller).result) is Forbidden


LAST_STEPS: Mapping[str, Callable[[Caller], Command]] = {
    "disable": lambda admin: DisableApiClient(api_client_id=admin.api_client_id),
    "demote": lambda admin: ChangeApiClientRole(api_client_id=admin.api_client_id, role=Role.MANAGER),
    "revoke": lambda admin: RevokeApiKey(api_key_id=admin.api_key_id or ""),
}


@pytest.mark.parametrize("step", LAST_STEPS)
@pytest.mark.parametrize("by_itself", [True, False])
def test_the_last_admin_stays(ledger: AnyLedger, step: str, *, by_itself: bool) -> None:
    admin = ledger.caller(Role.ADMIN)
    keyless = ledger.succeed(CreateApiClient(name="keyless", role=Role.ADMIN)).api_client
    off = ledger.caller(Role.ADMIN)
    ledger.succeed(DisableApiClient(api_client_id=off.api_client_id))
    before = (ledger.books.api_client(admin.api_client_id), ledger.books.api_key(admin.api_key_id or ""))
    outcome = ledger.execute(LAST_STEPS[step](admin), admin if by_itself else SYSTEM)
    assert type(outcome.result) is LastAdmin
    assert (ledger.books.api_client(admin.api_client_id), ledger.books.api_key(admin.api_key_id or "")) == before
    ledger.succeed(IssueApiKey(api_client_id=keyless.id))
    assert ledger.execute(LAST_STEPS[step](admin)).is_success


def _is_off(ledger: AnyLedger, role: Role) -> Caller:
    caller = ledger.caller(role)
    ledger.succeed(DisableApiClient(api_client_id=caller.api_client_id))
    return caller


WITHOUT_POWER: Mapping[str, Callable[[AnyLedger], Caller]] = {
    "a teller": lambda ledger: ledger.caller(Role.TELLER),
    "a disabled teller": lambda ledger: _is_off(ledger, Role.TELLER),
    "an admin whose key has expired": lambda ledger: _expired(ledger, _without_keys(ledger)),
}


def _without_keys(ledger: AnyLedger) -> Caller:
    client = ledger.succeed(CreateApiClient(name="keyless", role=Role.ADMIN)).api_client
    return Caller(client.id, None, Role.ADMIN)


@pytest.mark.parametrize("who", WITHOUT_POWER)
@pytest.mark.parametrize("step", LAST_STEPS)
def test_where_no_admin_is_left_whoever_is_none_can_still_be_stopped(ledger: AnyLedger, who: str, step: str) -> None:
    caller = WITHOUT_POWER[who](ledger)
    assert ledger.execute(LAST_STEPS[step](caller)).is_success


def test_an_admin_with_another_key_may_lose_one(ledger: AnyLedger) -> None:
    admin = ledger.caller(Role.ADMIN)
    another = ledger.succeed(IssueApiKey(api_client_id=admin.api_client_id)).api_key
    assert ledger.execute(LAST_STEPS["revoke"](admin)).is_success
    assert type(ledger.execute(RevokeApiKey(api_key_id=another.id)).result) is LastAdmin


def test_the_last_admin_may_be_told_that_it_is_one(ledger: AnyLedger) -> None:
    admin = ledger.caller(Role.ADMIN)
    assert ledger.execute(ChangeApiClientRole(api_client_id=admin.api_client_id, role=Role.ADMIN)).is_success


def test_two_admins_cannot_remove_each_other_in_one_batch(ledger: AnyLedger) -> None:
    one, two = ledger.caller(Role.ADMIN), ledger.caller(Role.ADMIN)
    first, second = ledger.run(
        Request(SYSTEM, "a", DisableApiClient(api_client_id=one.api_client_id)),
        Request(SYSTEM, "b", RevokeApiKey(api_key_id=two.api_key_id or "")),
    )
    assert isinstance(first, Outcome)
    assert isinstance(second, Outcome)
    assert first.is_success
    assert type(second.result) is LastAdmin


def test_an_admin_with_an_expired_key_is_nobody_to_rely_on(ledger: AnyLedger) -> None:
    admin = ledger.caller(Role.ADMIN)
    other = ledger.succeed(CreateApiClient(name="short-lived", role=Role.ADMIN)).api_client
    ledger.succeed(IssueApiKey(api_client_id=other.id, expires_at=Instant(NOON + 60 * SECOND)))
    ledger.clock.at = Instant(NOON + 60 * SECOND)
    assert type(ledger.execute(RevokeApiKey(api_key_id=admin.api_key_id or "")).result) is LastAdmin


def test_a_client_holds_ten_usable_keys_at_most(ledger: AnyLedger) -> None:
    client_id = created_client(ledger)
    expiring = ledger.succeed(IssueApiKey(api_client_id=client_id, expires_at=Instant(NOON + 60 * SECOND))).api_key
    keys = [ledger.succeed(IssueApiKey(api_client_id=client_id)).api_key for _ in range(KEYS_PER_CLIENT - 1)]
    issue = IssueApiKey(api_client_id=client_id)
    assert ledger.execute(issue).result == ApiKeyLimit(10, path=("input", "apiClientId"))
    ledger.succeed(RevokeApiKey(api_key_id=keys[0].id))
    assert ledger.execute(issue).is_success
    assert type(ledger.execute(issue).result) is ApiKeyLimit
    ledger.clock.at = expiring.expires_at
    assert ledger.execute(issue).is_success


@pytest.mark.parametrize("seconds", [-1, 0])
def test_a_key_must_expire_in_the_future(ledger: AnyLedger, seconds: int) -> None:
    client_id = created_client(ledger)
    ledger.clock.advance(10 * SECOND)
    expiry = Instant(ledger.clock.now() + seconds * SECOND)
    outcome = ledger.execute(IssueApiKey(api_client_id=client_id, expires_at=expiry))
    assert type(outcome.result) is InvalidInput
    assert not ledger.books.api_keys_of(client_id)


def test_a_disabled_client_gets_no_keys_until_it_is_enabled(ledger: AnyLedger) -> None:
    client_id = created_client(ledger)
    ledger.succeed(DisableApiClient(api_client_id=client_id))
    issue = IssueApiKey(api_client_id=client_id)
    assert ledger.execute(issue).result == ApiClientDisabled(client_id, path=("input", "apiClientId"))
    ledger.succeed(EnableApiClient(api_client_id=client_id))
    assert ledger.execute(issue).is_success


def test_a_name_belongs_to_one_client_for_ever(ledger: AnyLedger) -> None:
    create = CreateApiClient(name="till 4", role=Role.TELLER)
    first, second = ledger.run(Request(SYSTEM, "a", create), Request(SYSTEM, "b", create))
    assert isinstance(first, Outcome)
    assert isinstance(second, Outcome)
    assert first.is_success
    assert second.result == NameTaken(path=("input", "name"))
    assert type(ledger.execute(CreateApiClient(name="system", role=Role.ADMIN)).result) is NameTaken


def test_a_key_is_revoked_once(ledger: AnyLedger) -> None:
    ledger.caller(Role.ADMIN)
    key_id = ledger.caller(Role.TELLER).api_key_id or ""
    outcome = ledger.execute(RevokeApiKey(api_key_id=key_id))
    assert outcome.result.api_key.revoked_at == outcome.decided_at
    for unknown in (key_id, "key_nobody"):
        refusal = ledger.execute(RevokeApiKey(api_key_id=unknown)).result
        assert refusal == ApiKeyNotFound(unknown, path=("input", "apiKeyId"))


ON_A_CLIENT: Mapping[str, Callable[[str], Command]] = {
    "change role": lambda client_id: ChangeApiClientRole(api_client_id=client_id, role=Role.VIEWER),
    "disable": lambda client_id: DisableApiClient(api_client_id=client_id),
    "enable": lambda client_id: EnableApiClient(api_client_id=client_id),
    "issue": lambda client_id: IssueApiKey(api_client_id=client_id),
}


@pytest.mark.parametrize("deed", ON_A_CLIENT)
@pytest.mark.parametrize("client_id", [SYSTEM_CLIENT_ID, "cli_nobody"])
def test_the_system_is_as_unknown_as_a_client_that_does_not_exist(ledger: AnyLedger, deed: str, client_id: str) -> None:
    ledger.caller(Role.ADMIN)
    outcome = ledger.execute(ON_A_CLIENT[deed](client_id))
    assert outcome.result == ApiClientNotFound(client_id, path=("input", "apiClientId"))
    system = ledger.books.api_client(SYSTEM_CLIENT_ID)
    assert system is not None
    assert (system.role, system.is_enabled) == (Role.ADMIN, True)
