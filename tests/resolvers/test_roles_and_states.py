"""Every mutation, asked for by every role, upon an account in every state: one table, DESIGN sections 4 and 6."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from domain.access import Operation, Role
from domain.freezes import FreezeReason, FreezeScope
from domain.idempotency import IdempotencyScope
from domain.records import camel_case
from domain.services.accounts import CloseAccount, OpenAccount
from domain.services.api_clients import ChangeApiClientRole, CreateApiClient, IssueApiKey
from domain.services.freezes import FreezeAccount
from domain.services.holds import PlaceHold, ReleaseHold
from domain.services.movements import Deposit, Withdraw
from tests.support.api import Api, Kit, core
from tests.support.books import EUR, TestLedger, euros

STATES = ("ACTIVE", "DEBITS", "ALL", "CLOSED")
TELLERS, MANAGERS = "TELLER MANAGER ADMIN", "MANAGER ADMIN"

Row = Mapping[str, tuple[str, str, str, str]]
Things = Mapping[str, str]
Staged = tuple[Api, Mapping[str, Things]]
SUM = {"amount": "1.00", "currency": "EUR"}


def always(verdict: str) -> tuple[str, str, str, str]:
    return (verdict, verdict, verdict, verdict)


def batch(mode: str, name: str, account_id: str) -> dict[str, Any]:
    """Return a batch of one."""
    return {"mode": mode, "items": [{name: {"idempotencyKey": "i", "input": {"accountId": account_id, "amount": SUM}}}]}


CREDIT = ("done", "done", "AccountFrozen", "AccountClosed")
DEBIT = ("done", "AccountFrozen", "AccountFrozen", "AccountClosed")
OPEN = ("done", "done", "done", "AccountClosed")
THAW = ("AccountNotFrozen", "done", "done", "AccountClosed")
THAW_REFUSED = ("AccountNotFrozen", "NotPermitted", "NotPermitted", "AccountClosed")
CLOSE_ACTIVE = ("done", "NotPermitted", "NotPermitted", "AccountClosed")
PROMISED = ("done", "done", "done", "AccountClosed")
GIVEN_UP = ("done", "done", "done", "HoldNotOpen")
FULL = ("AccountNotEmpty", "AccountNotEmpty", "AccountNotEmpty", "AccountClosed")
FULL_ACTIVE = ("AccountNotEmpty", "NotPermitted", "NotPermitted", "AccountClosed")

# Who is not named is FORBIDDEN.                 ACTIVE, frozen for DEBITS, frozen for ALL, CLOSED
TABLE: Mapping[str, Row] = {
    "openAccount": {TELLERS: always("done")},
    "openAccount, overdrawn": {"TELLER": always("NotPermitted"), MANAGERS: always("done")},
    "renameAccount": {TELLERS: OPEN},
    "deposit": {TELLERS: CREDIT},
    "withdraw": {MANAGERS: DEBIT},
    "transfer, from": {MANAGERS: DEBIT},
    "transfer, to": {MANAGERS: CREDIT},
    "executeBatch, deposit": {MANAGERS: ("done", "done", "BatchRefused", "BatchRefused")},
    "executeBatch, withdraw": {MANAGERS: ("done", "BatchRefused", "BatchRefused", "BatchRefused")},
    "executeBatch, independent": {MANAGERS: always("done")},
    "freezeAccount": {MANAGERS: OPEN},
    "unfreezeAccount": {MANAGERS: THAW},
    "unfreezeAccount, for compliance": {"MANAGER": THAW_REFUSED, "ADMIN": THAW},
    "closeAccount": {"MANAGER": CLOSE_ACTIVE, "ADMIN": OPEN},
    "closeAccount, full": {"MANAGER": FULL_ACTIVE, "ADMIN": FULL},
    "closeAccount, holding": {"MANAGER": FULL_ACTIVE, "ADMIN": FULL},
    "closeAccount, swept": {"MANAGER": CLOSE_ACTIVE, "ADMIN": OPEN},
    "closeAccount, into": {MANAGERS: CREDIT},
    "setOverdraftLimit": {MANAGERS: OPEN},
    "placeHold": {MANAGERS: DEBIT},
    "captureHold": {MANAGERS: DEBIT},
    "captureHold, with a note": {MANAGERS: PROMISED},
    "captureHold, to": {MANAGERS: CREDIT},
    "releaseHold": {MANAGERS: GIVEN_UP},
    "reverseTransaction, out": {MANAGERS: DEBIT},
    "reverseTransaction, back": {MANAGERS: OPEN},
    "createApiClient": {"ADMIN": always("done")},
    "changeApiClientRole": {"ADMIN": always("done")},
    "disableApiClient": {"ADMIN": always("done")},
    "enableApiClient": {"ADMIN": always("done")},
    "issueApiKey": {"ADMIN": always("done")},
    "revokeApiKey": {"ADMIN": always("done")},
    "abandonIdempotencyKey": {TELLERS: always("done")},
}

INPUTS: Mapping[str, Callable[[Things], dict[str, Any]]] = {
    "openAccount": lambda _: {"currency": "EUR", "name": "Grace"},
    "openAccount, overdrawn": lambda _: {"currency": "EUR", "name": "Grace", "overdraftLimit": "5.00"},
    "renameAccount": lambda the: {"accountId": the["full"], "name": "Grace"},
    "deposit": lambda the: {"accountId": the["full"], "amount": SUM},
    "withdraw": lambda the: {"accountId": the["full"], "amount": SUM},
    "transfer, from": lambda the: {"fromAccountId": the["full"], "toAccountId": the["other"], "amount": SUM},
    "transfer, to": lambda the: {"fromAccountId": the["other"], "toAccountId": the["full"], "amount": SUM},
    "executeBatch, deposit": lambda the: batch("ATOMIC", "deposit", the["full"]),
    "executeBatch, withdraw": lambda the: batch("ATOMIC", "withdraw", the["full"]),
    "executeBatch, independent": lambda the: batch("INDEPENDENT", "withdraw", the["full"]),
    "freezeAccount": lambda the: {"accountId": the["full"], "reason": "OPERATIONS"},
    "unfreezeAccount": lambda the: {"accountId": the["full"]},
    "unfreezeAccount, for compliance": lambda the: {"accountId": the["empty"]},
    "closeAccount": lambda the: {"accountId": the["empty"]},
    "closeAccount, full": lambda the: {"accountId": the["full"]},
    "closeAccount, holding": lambda the: {"accountId": the["holding"]},
    "closeAccount, swept": lambda the: {"accountId": the["full"], "sweepToAccountId": the["other"]},
    "closeAccount, into": lambda the: {"accountId": the["other"], "sweepToAccountId": the["full"]},
    "setOverdraftLimit": lambda the: {"accountId": the["full"], "limit": SUM},
    "placeHold": lambda the: {"accountId": the["full"], "amount": SUM},
    "captureHold": lambda the: {"holdId": the["hold"]},
    "captureHold, with a note": lambda the: {"holdId": the["hold"], "note": "Signed for before"},
    "captureHold, to": lambda the: {"holdId": the["other hold"], "toAccountId": the["full"]},
    "releaseHold": lambda the: {"holdId": the["hold"]},
    "reverseTransaction, out": lambda the: {"transactionId": the["paid in"], "amount": SUM},
    "reverseTransaction, back": lambda the: {"transactionId": the["paid out"], "amount": SUM},
    "createApiClient": lambda _: {"name": "till 7", "role": "TELLER"},
    "changeApiClientRole": lambda the: {"apiClientId": the["client"], "role": "VIEWER"},
    "disableApiClient": lambda the: {"apiClientId": the["client"]},
    "enableApiClient": lambda the: {"apiClientId": the["client"]},
    "issueApiKey": lambda the: {"apiClientId": the["client"]},
    "revokeApiKey": lambda the: {"apiKeyId": the["key"]},
    "abandonIdempotencyKey": lambda _: {"operation": "DEPOSIT", "key": "lost"},
}

CELLS = [(deed, role, state) for deed in TABLE for role in Role for state in STATES]
DENIALS = [(deed, role) for deed in TABLE for role in Role if not any(role in row.split() for row in TABLE[deed])]


def account(ledger: TestLedger, state: str, minor: int, reason: FreezeReason) -> str:
    """Open an account and lead it into its state."""
    account_id: str = ledger.succeed(OpenAccount(currency=EUR, name="Ada")).account.id
    if minor:
        ledger.succeed(Deposit(account_id=account_id, amount=euros(minor)))
    led(ledger, account_id, state, reason)
    return account_id


def full_account(ledger: TestLedger, state: str) -> dict[str, str]:
    """Open an account that money came to and left, and lead it into its state. A closed one is empty, though."""
    account_id: str = ledger.succeed(OpenAccount(currency=EUR, name="Ada")).account.id
    paid_in = ledger.succeed(Deposit(account_id=account_id, amount=euros(600))).transaction
    paid_out = ledger.succeed(Withdraw(account_id=account_id, amount=euros(100))).transaction
    if state == "CLOSED":
        ledger.succeed(Withdraw(account_id=account_id, amount=euros(500)))
    led(ledger, account_id, state, FreezeReason.OPERATIONS)
    return {"full": account_id, "paid in": paid_in.id, "paid out": paid_out.id}


def led(ledger: TestLedger, account_id: str, state: str, reason: FreezeReason) -> None:
    if state == "CLOSED":
        ledger.succeed(CloseAccount(account_id=account_id))
    elif state != "ACTIVE":
        ledger.succeed(FreezeAccount(account_id=account_id, reason=reason, scope=FreezeScope(state)))


def held(ledger: TestLedger, state: str) -> dict[str, str]:
    """Place a hold and lead its account into its state. That of a closed account is released, as it must be."""
    account_id = ledger.succeed(OpenAccount(currency=EUR, name="Ada", overdraft_limit=euros(100))).account.id
    hold_id = ledger.succeed(PlaceHold(account_id=account_id, amount=euros(100))).hold.id
    if state == "CLOSED":
        ledger.succeed(ReleaseHold(hold_id=hold_id))
        ledger.succeed(CloseAccount(account_id=account_id))
    elif state != "ACTIVE":
        freeze = FreezeAccount(account_id=account_id, reason=FreezeReason.OPERATIONS, scope=FreezeScope(state))
        ledger.succeed(freeze)
    return {"holding": account_id, "hold": hold_id}


@pytest.fixture(scope="module")
def stage(kit: Kit, tmp_path_factory: pytest.TempPathFactory) -> tuple[Kit, Mapping[str, Things]]:
    """Return books with a full and an empty account in each state, the empty one frozen for COMPLIANCE."""
    staged = kit.copied(tmp_path_factory.mktemp("stage") / "books.db")
    ledger = staged.opened()
    client = ledger.succeed(CreateApiClient(name="to be administered", role=Role.TELLER)).api_client
    common = {
        "client": client.id,
        "key": ledger.succeed(IssueApiKey(api_client_id=client.id)).api_key.id,
        "other hold": held(ledger, "ACTIVE")["hold"],
        "other": account(ledger, "ACTIVE", 500, FreezeReason.OPERATIONS),
    }
    things = {
        state: common
        | full_account(ledger, state)
        | held(ledger, state)
        | {"empty": account(ledger, state, 0, FreezeReason.COMPLIANCE)}
        for state in STATES
    }
    ledger.database.close()
    return staged, things


@pytest.fixture
def staged(stage: tuple[Kit, Mapping[str, Things]], tmp_path: Path) -> Iterator[Staged]:
    api = Api(stage[0].copied(tmp_path / "books.db"))
    yield api, stage[1]
    api.close()


@pytest.mark.parametrize(("deed", "role", "state"), CELLS)
def test_a_mutation_ends_as_its_role_and_state_demand(staged: Staged, deed: str, role: Role, state: str) -> None:
    api, things = staged
    name = deed.partition(",")[0]
    rows = [row for roles, row in TABLE[deed].items() if role in roles.split()]
    expected = rows[0][STATES.index(state)] if rows else "FORBIDDEN"
    answer = api.as_role(role).mutate(name, INPUTS[deed](things[state]))
    success = f"{name[0].upper()}{name[1:]}Success"
    assert answer.verdict == (success if expected == "done" else expected)


@pytest.mark.parametrize(("deed", "role"), DENIALS)
def test_a_denied_mutation_changes_nothing_and_is_recorded_once(staged: Staged, deed: str, role: Role) -> None:
    api, things = staged
    before, last = api.contents(), api.last_sequence()
    name = deed.partition(",")[0]
    answer = api.as_role(role).mutate(name, INPUTS[deed](things["ACTIVE"]), key="mine")
    assert (answer.data, answer.codes) == ({name: None}, ["FORBIDDEN"])
    assert api.contents() == before
    (record,) = api.audit(after=last)
    caller = api.kit.callers[role]
    assert camel_case(record["operation"].lower()) == name
    assert (record["outcome"], record["errorCode"], record["role"]) == ("DENIED", "FORBIDDEN", role.value)
    assert (record["apiClientId"], record["apiKeyId"]) == (caller.api_client_id, caller.api_key_id)
    assert record["idempotencyKey"] == "mine"


@pytest.mark.parametrize(("deed", "role"), DENIALS)
def test_a_denied_key_is_unused_afterwards(staged: Staged, deed: str, role: Role) -> None:
    api, things = staged
    name, asked = deed.partition(",")[0], INPUTS[deed](things["DEBITS"])
    caller = api.kit.callers[role]
    api.as_role(role).mutate(name, asked, key="mine")
    operation = next(one for one in Operation if camel_case(one.lower()) == name)
    assert api.endpoint.reader.idempotency_record(IdempotencyScope(caller.api_client_id, operation, "mine")) is None
    api.books.succeed(ChangeApiClientRole(api_client_id=caller.api_client_id, role=Role.ADMIN))
    answer = api.as_role(role).mutate(name, asked, key="mine")
    assert answer.only["replayed"] is False


def test_a_refusal_of_a_denied_caller_names_the_roles_that_would_do(staged: Staged) -> None:
    api, things = staged
    (error,) = api.as_role(Role.TELLER).mutate("withdraw", INPUTS["withdraw"](things["ACTIVE"])).errors
    assert error["path"] == ["withdraw"]
    assert error["extensions"] == {"code": "FORBIDDEN", "retry": "NEVER", "requiredRoles": ["MANAGER", "ADMIN"]}


def test_every_mutation_has_its_row() -> None:
    mutations = core().mutation_type
    assert mutations
    assert {deed.partition(",")[0] for deed in TABLE} == set(mutations.fields)
