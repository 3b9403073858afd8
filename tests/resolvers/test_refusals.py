"""Every refusal that a command declares, reached over GraphQL: the right member, telling the right things."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from domain import errors
from domain.access import KEYS_PER_CLIENT, SYSTEM_CLIENT_ID, Role
from domain.errors import DomainError, InputError
from domain.money import LARGEST_BALANCE
from domain.ports import Outcome
from domain.records import camel_case
from domain.services.idempotency_keys import AbandonIdempotencyKey
from domain.services.table import SERVICES
from resolvers.admission import AdmissionLimits, Refusals
from tests.support.api import Api
from tests.support.books import euros
from tests.support.deeds import SYSTEMS_OWN

Given = dict[str, Any]
Case = tuple[str, str, str, Callable[[Api], Given]]

LONG = "x" * 65
UNKNOWN = "acct_00000000000000000000000099"
ALL_THERE_CAN_BE = str(euros(LARGEST_BALANCE))
CURABLE = {"LastAdmin", "AccountFrozen", "AccountNotFrozen", "AccountNotEmpty", "ApiClientDisabled", "ApiKeyLimit"}
CURABLE |= {"PreconditionFailed", "LimitExceeded", "InsufficientFunds"}
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def money(amount: str, currency: str = "EUR") -> Given:
    return {"amount": amount, "currency": currency}


def done(api: Api, name: str, /, **given: Any) -> Any:
    return api.mutate(name, given).only


def funded(api: Api) -> str:
    account_id = api.open_account()
    api.deposit(account_id, "5.00")
    return account_id


def overdrawn(api: Api) -> str:
    """Return an account that owes all that the books can hold."""
    account_id = api.open_account(overdraftLimit=ALL_THERE_CAN_BE)
    done(api, "withdraw", accountId=account_id, amount=money(ALL_THERE_CAN_BE))
    return account_id


def frozen(api: Api, times: int = 1, reason: str = "OPERATIONS") -> str:
    account_id = funded(api)
    for _ in range(times):
        done(api, "freezeAccount", accountId=account_id, reason=reason)
    return account_id


def paid_in(api: Api) -> tuple[str, str]:
    """Deposit 5.00 onto an account, and return its id with the transaction's."""
    account_id = api.open_account()
    return account_id, api.deposit(account_id, "5.00")


def taken_back(api: Api) -> str:
    """Return a deposit of which nothing is left."""
    _, transaction_id = paid_in(api)
    done(api, "reverseTransaction", transactionId=transaction_id)
    return transaction_id


def spent(api: Api) -> str:
    """Return a deposit of which 2.00 were spent."""
    account_id, transaction_id = paid_in(api)
    done(api, "withdraw", accountId=account_id, amount=money("2"))
    return transaction_id


def frozen_since(api: Api) -> str:
    """Return a deposit whose account is frozen by now."""
    account_id, transaction_id = paid_in(api)
    done(api, "freezeAccount", accountId=account_id, reason="OPERATIONS")
    return transaction_id


def closed_since(api: Api) -> str:
    """Return a deposit whose account is closed by now."""
    account_id, transaction_id = paid_in(api)
    done(api, "withdraw", accountId=account_id, amount=money("5"))
    done(api, "closeAccount", accountId=account_id)
    return transaction_id


def paid_out_of_what_is_full(api: Api) -> str:
    """Return a withdrawal that does not fit back into its account."""
    account_id = funded(api)
    transaction_id = done(api, "withdraw", accountId=account_id, amount=money("5"))["transaction"]["id"]
    api.deposit(account_id, ALL_THERE_CAN_BE)
    return str(transaction_id)


def closed(api: Api) -> str:
    account_id = api.open_account()
    done(api, "closeAccount", accountId=account_id)
    return account_id


def holding(api: Api) -> str:
    """Return an open hold of all that an account of its own has."""
    return str(done(api, "placeHold", accountId=funded(api), amount=money("5.00"))["hold"]["id"])


def of_frozen(api: Api) -> str:
    account_id = funded(api)
    hold_id = str(done(api, "placeHold", accountId=account_id, amount=money("5.00"))["hold"]["id"])
    done(api, "freezeAccount", accountId=account_id, reason="OPERATIONS")
    return hold_id


def released(api: Api) -> str:
    return str(done(api, "releaseHold", holdId=holding(api))["hold"]["id"])


def of_hold(make: Callable[[Api], str], **more: Any) -> Callable[[Api], Given]:
    return lambda api: {"holdId": make(api), **more}


def paid_to(make: Callable[[Api], str]) -> Callable[[Api], Given]:
    return lambda api: {"holdId": holding(api), "toAccountId": make(api)}


def paid_to_itself(api: Api) -> Given:
    account_id = funded(api)
    hold = done(api, "placeHold", accountId=account_id, amount=money("1"))["hold"]
    return {"holdId": hold["id"], "toAccountId": account_id}


def paid_too_much(api: Api) -> Given:
    """Return a capture that would pay an account that has all that there can be."""
    full, owing = api.open_account(), api.open_account(overdraftLimit="1.00")
    api.deposit(full, ALL_THERE_CAN_BE)
    hold = done(api, "placeHold", accountId=owing, amount=money("1.00"))["hold"]
    return {"holdId": hold["id"], "toAccountId": full}


def client(api: Api, name: str = "till 7") -> str:
    return str(done(api, "createApiClient", name=name, role="TELLER")["apiClient"]["id"])


def disabled(api: Api) -> str:
    return str(done(api, "disableApiClient", apiClientId=client(api))["apiClient"]["id"])


def well_keyed(api: Api) -> str:
    client_id = client(api)
    for _ in range(KEYS_PER_CLIENT):
        done(api, "issueApiKey", apiClientId=client_id)
    return client_id


def revoked(api: Api) -> str:
    key_id = done(api, "issueApiKey", apiClientId=client(api))["apiKey"]["id"]
    return str(done(api, "revokeApiKey", apiKeyId=key_id)["apiKey"]["id"])


def taken(api: Api) -> Given:
    api.open_account(reference="INV-1")
    return {"currency": "EUR", "name": "Ada", "reference": "INV-1"}


def named_already(api: Api) -> Given:
    client(api)
    return {"name": "till 7", "role": "ADMIN"}


def own_client(api: Api) -> Given:
    return {"apiClientId": api.caller.api_client_id}


def upon(make: Callable[[Api], str], **more: Any) -> Callable[[Api], Given]:
    return lambda api: {"accountId": make(api), **more}


def out_of(make: Callable[[Api], str], **more: Any) -> Callable[[Api], Given]:
    return lambda api: {"fromAccountId": make(api), "toAccountId": api.open_account(), "amount": money("1"), **more}


def into(make: Callable[[Api], str]) -> Callable[[Api], Given]:
    return lambda api: {"fromAccountId": funded(api), "toAccountId": make(api), "amount": money("1")}


def back(make: Callable[[Api], str], **more: Any) -> Callable[[Api], Given]:
    return lambda api: {"transactionId": make(api), **more}


def just(**given: Any) -> Callable[[Api], Given]:
    return lambda _: given


def swept(into: Callable[[Api], str]) -> Callable[[Api], Given]:
    return lambda api: {"accountId": funded(api), "sweepToAccountId": into(api)}


def swept_into_itself(api: Api) -> Given:
    account_id = funded(api)
    return {"accountId": account_id, "sweepToAccountId": account_id}


def owing_swept(api: Api) -> Given:
    account_id = api.open_account(overdraftLimit="5.00")
    done(api, "withdraw", accountId=account_id, amount=money("1"))
    return {"accountId": account_id, "sweepToAccountId": funded(api)}


def full_to_the_brim(api: Api) -> str:
    """Return an account without room for a cent more. What another has is lent by a third: the house has no room."""
    account_id = api.open_account()
    lender = api.open_account(overdraftLimit="5.00")
    done(api, "withdraw", accountId=lender, amount=money("5"))
    api.deposit(account_id, ALL_THERE_CAN_BE)
    return account_id


def to_itself(api: Api) -> Given:
    account_id = api.open_account()
    return {"fromAccountId": account_id, "toAccountId": account_id, "amount": money("1")}


def unknown(_: Api) -> str:
    return UNKNOWN


def overlong(_: Api) -> str:
    return LONG


def batch(mode: str) -> Given:
    """Return a batch of one, on an account that is not there."""
    item = {"idempotencyKey": "a", "input": {"accountId": UNKNOWN, "amount": money("1")}}
    return {"mode": mode, "items": [{"deposit": item}]}


ID, AMOUNT, CURRENCY = "input.accountId", "input.amount.amount", "input.amount.currency"
OF, SWEEP_TO = "input.transactionId", "input.sweepToAccountId"
ONE = {"amount": money("1")}
CASES: list[Case] = [
    ("openAccount", "InvalidInput", "input.name", just(currency="EUR", name=" ")),
    ("openAccount", "InvalidInput", "input.currency", just(currency="XXX", name="Ada")),
    ("openAccount", "InvalidAmount", "input.overdraftLimit", just(currency="EUR", name="Ada", overdraftLimit="-1")),
    ("openAccount", "ReferenceTaken", "input.reference", taken),
    ("renameAccount", "InvalidInput", ID, just(accountId=LONG, name="Ada")),
    ("renameAccount", "AccountNotFound", ID, just(accountId=UNKNOWN, name="Ada")),
    ("renameAccount", "AccountClosed", ID, upon(closed, name="Ada")),
    ("freezeAccount", "InvalidInput", "input.note", upon(funded, reason="OPERATIONS", note="x" * 501)),
    ("freezeAccount", "AccountNotFound", ID, just(accountId=UNKNOWN, reason="OPERATIONS")),
    ("freezeAccount", "AccountClosed", ID, upon(closed, reason="OPERATIONS")),
    ("unfreezeAccount", "InvalidInput", "input.freezeId", upon(funded, freezeId=LONG)),
    ("unfreezeAccount", "AccountNotFound", ID, just(accountId=UNKNOWN)),
    ("unfreezeAccount", "FreezeNotFound", "input.freezeId", upon(frozen, freezeId="frz_7")),
    ("unfreezeAccount", "AccountClosed", ID, upon(closed)),
    ("unfreezeAccount", "AccountNotFrozen", ID, upon(funded)),
    ("unfreezeAccount", "AmbiguousFreeze", "input.freezeId", upon(lambda api: frozen(api, times=2))),
    ("closeAccount", "InvalidInput", "input.note", upon(funded, note="\0")),
    ("closeAccount", "AccountNotFound", ID, just(accountId=UNKNOWN)),
    ("closeAccount", "AccountClosed", ID, upon(closed)),
    ("closeAccount", "AccountNotEmpty", ID, upon(funded)),
    ("closeAccount", "InvalidInput", SWEEP_TO, upon(funded, sweepToAccountId=LONG)),
    ("closeAccount", "SameAccount", SWEEP_TO, swept_into_itself),
    ("closeAccount", "AccountNotFound", SWEEP_TO, swept(unknown)),
    ("closeAccount", "AccountClosed", SWEEP_TO, swept(closed)),
    ("closeAccount", "AccountFrozen", SWEEP_TO, swept(frozen)),
    ("closeAccount", "CurrencyMismatch", SWEEP_TO, swept(lambda api: api.open_account("JPY"))),
    ("closeAccount", "LimitExceeded", SWEEP_TO, swept(full_to_the_brim)),
    ("closeAccount", "AccountNotEmpty", ID, owing_swept),
    ("deposit", "InvalidInput", CURRENCY, upon(funded, amount=money("1", "XAU"))),
    ("deposit", "InvalidAmount", AMOUNT, upon(funded, amount=money("0"))),
    ("deposit", "AccountNotFound", ID, upon(unknown, **ONE)),
    ("deposit", "AccountClosed", ID, upon(closed, **ONE)),
    ("deposit", "AccountFrozen", ID, upon(frozen, **ONE)),
    ("deposit", "CurrencyMismatch", CURRENCY, upon(funded, amount=money("1", "JPY"))),
    ("deposit", "PreconditionFailed", "input.expectedVersion", upon(funded, **ONE, expectedVersion="7")),
    ("deposit", "LimitExceeded", "input.amount", upon(funded, amount=money(ALL_THERE_CAN_BE))),
    ("withdraw", "InvalidInput", "input.description", upon(funded, **ONE, description="x" * 501)),
    ("withdraw", "InvalidAmount", AMOUNT, upon(funded, amount=money("0.001"))),
    ("withdraw", "AccountNotFound", ID, upon(unknown, **ONE)),
    ("withdraw", "AccountClosed", ID, upon(closed, **ONE)),
    ("withdraw", "AccountFrozen", ID, upon(frozen, **ONE)),
    ("withdraw", "CurrencyMismatch", CURRENCY, upon(funded, amount=money("1", "JPY"))),
    ("withdraw", "PreconditionFailed", "input.expectedVersion", upon(funded, **ONE, expectedVersion="7")),
    ("withdraw", "PreconditionFailed", "input.minAvailableAfter", upon(funded, **ONE, minAvailableAfter="4.01")),
    ("withdraw", "LimitExceeded", "input.amount", upon(overdrawn, **ONE)),
    ("withdraw", "InsufficientFunds", "input.amount", upon(funded, amount=money("5.01"))),
    ("transfer", "InvalidInput", "input.reference", out_of(funded, reference="")),
    ("transfer", "InvalidAmount", AMOUNT, out_of(funded, amount=money("-1"))),
    ("transfer", "SameAccount", "input.toAccountId", to_itself),
    ("transfer", "AccountNotFound", "input.fromAccountId", out_of(unknown)),
    ("transfer", "AccountNotFound", "input.toAccountId", into(unknown)),
    ("transfer", "AccountClosed", "input.toAccountId", into(closed)),
    ("transfer", "AccountFrozen", "input.fromAccountId", out_of(frozen)),
    ("transfer", "CurrencyMismatch", CURRENCY, into(lambda api: api.open_account("JPY"))),
    ("transfer", "PreconditionFailed", "input.expectedVersion", out_of(funded, expectedVersion="7")),
    ("transfer", "LimitExceeded", "input.amount", out_of(overdrawn)),
    ("transfer", "InsufficientFunds", "input.amount", out_of(funded, amount=money("5.01"))),
    ("setOverdraftLimit", "InvalidInput", ID, just(accountId=LONG, limit=money("1"))),
    ("setOverdraftLimit", "InvalidAmount", "input.limit.amount", upon(funded, limit=money("-1"))),
    ("setOverdraftLimit", "AccountNotFound", ID, upon(unknown, limit=money("1"))),
    ("setOverdraftLimit", "AccountClosed", ID, upon(closed, limit=money("1"))),
    ("setOverdraftLimit", "CurrencyMismatch", "input.limit.currency", upon(funded, limit=money("1", "JPY"))),
    ("setOverdraftLimit", "InsufficientFunds", "input.limit", upon(overdrawn, limit=money("1"))),
    ("placeHold", "InvalidInput", "input.expiresAt", upon(funded, **ONE, expiresAt="2007-07-07T07:07:07Z")),
    ("placeHold", "InvalidAmount", AMOUNT, upon(funded, amount=money("0"))),
    ("placeHold", "InvalidAmount", "input.minAvailableAfter", upon(funded, **ONE, minAvailableAfter="-1")),
    ("placeHold", "AccountNotFound", ID, upon(unknown, **ONE)),
    ("placeHold", "AccountClosed", ID, upon(closed, **ONE)),
    ("placeHold", "AccountFrozen", ID, upon(frozen, **ONE)),
    ("placeHold", "CurrencyMismatch", CURRENCY, upon(funded, amount=money("1", "JPY"))),
    ("placeHold", "PreconditionFailed", "input.expectedVersion", upon(funded, **ONE, expectedVersion="7")),
    ("placeHold", "PreconditionFailed", "input.minAvailableAfter", upon(funded, **ONE, minAvailableAfter="4.01")),
    ("placeHold", "InsufficientFunds", "input.amount", upon(funded, amount=money("5.01"))),
    ("captureHold", "InvalidInput", "input.holdId", just(holdId=LONG)),
    ("captureHold", "InvalidInput", CURRENCY, of_hold(holding, amount=money("1", "XAU"))),
    ("captureHold", "InvalidAmount", AMOUNT, of_hold(holding, amount=money("0"))),
    ("captureHold", "InvalidAmount", AMOUNT, of_hold(holding, amount=money("5.01"))),
    ("captureHold", "SameAccount", "input.toAccountId", paid_to_itself),
    ("captureHold", "AccountNotFound", "input.toAccountId", paid_to(unknown)),
    ("captureHold", "HoldNotFound", "input.holdId", just(holdId="hold_7")),
    ("captureHold", "AccountClosed", "input.toAccountId", paid_to(closed)),
    ("captureHold", "AccountFrozen", "input.toAccountId", paid_to(frozen)),
    ("captureHold", "AccountFrozen", "input.note", of_hold(of_frozen)),
    ("captureHold", "HoldNotOpen", "input.holdId", of_hold(released)),
    ("captureHold", "CurrencyMismatch", CURRENCY, of_hold(holding, amount=money("1", "JPY"))),
    ("captureHold", "CurrencyMismatch", "input.toAccountId", paid_to(lambda api: api.open_account("JPY"))),
    ("captureHold", "LimitExceeded", "input.holdId", paid_too_much),
    ("captureHold", "LimitExceeded", "input.amount", lambda api: {**paid_too_much(api), "amount": money("1.00")}),
    ("releaseHold", "InvalidInput", "input.note", of_hold(holding, note="x" * 501)),
    ("releaseHold", "HoldNotFound", "input.holdId", just(holdId="hold_7")),
    ("releaseHold", "HoldNotOpen", "input.holdId", of_hold(released)),
    ("reverseTransaction", "InvalidInput", OF, just(transactionId=LONG)),
    ("reverseTransaction", "InvalidAmount", AMOUNT, back(spent, amount=money("0"))),
    ("reverseTransaction", "TransactionNotFound", OF, just(transactionId=UNKNOWN)),
    ("reverseTransaction", "AccountClosed", OF, back(closed_since)),
    ("reverseTransaction", "AccountFrozen", OF, back(frozen_since)),
    ("reverseTransaction", "NotReversible", OF, back(taken_back)),
    ("reverseTransaction", "NotReversible", "input.amount", back(spent, amount=money("5.01"))),
    ("reverseTransaction", "CurrencyMismatch", CURRENCY, back(spent, amount=money("1", "JPY"))),
    ("reverseTransaction", "LimitExceeded", OF, back(paid_out_of_what_is_full)),
    ("reverseTransaction", "InsufficientFunds", OF, back(spent)),
    ("reverseTransaction", "InsufficientFunds", "input.amount", back(spent, amount=money("3.01"))),
    ("executeBatch", "InvalidInput", "input.items", just(mode="ATOMIC", items=[])),
    ("executeBatch", "BatchRefused", "input.items.0", just(**batch("ATOMIC"))),
    ("createApiClient", "InvalidInput", "input.name", just(name="", role="TELLER")),
    ("createApiClient", "NameTaken", "input.name", named_already),
    ("changeApiClientRole", "InvalidInput", "input.apiClientId", just(apiClientId=LONG, role="TELLER")),
    ("changeApiClientRole", "LastAdmin", "input.apiClientId", lambda api: {**own_client(api), "role": "MANAGER"}),
    ("changeApiClientRole", "ApiClientNotFound", "input.apiClientId", just(apiClientId="cli_7", role="TELLER")),
    ("disableApiClient", "InvalidInput", "input.apiClientId", just(apiClientId=LONG)),
    ("disableApiClient", "LastAdmin", "input.apiClientId", own_client),
    ("disableApiClient", "ApiClientNotFound", "input.apiClientId", just(apiClientId=SYSTEM_CLIENT_ID)),
    ("enableApiClient", "InvalidInput", "input.apiClientId", just(apiClientId=LONG)),
    ("enableApiClient", "ApiClientNotFound", "input.apiClientId", just(apiClientId="cli_7")),
    ("issueApiKey", "InvalidInput", "input.apiClientId", just(apiClientId=LONG)),
    ("issueApiKey", "ApiClientNotFound", "input.apiClientId", just(apiClientId="cli_7")),
    ("issueApiKey", "ApiClientDisabled", "input.apiClientId", lambda api: {"apiClientId": disabled(api)}),
    ("issueApiKey", "ApiKeyLimit", "input.apiClientId", lambda api: {"apiClientId": well_keyed(api)}),
    ("revokeApiKey", "InvalidInput", "input.apiKeyId", just(apiKeyId=LONG)),
    ("revokeApiKey", "ApiKeyNotFound", "input.apiKeyId", lambda api: {"apiKeyId": revoked(api)}),
    ("revokeApiKey", "LastAdmin", "input.apiKeyId", lambda api: {"apiKeyId": api.caller.api_key_id}),
    ("abandonIdempotencyKey", "InvalidInput", "input.operation", just(operation="EXPIRE_FREEZE", key="k")),
]
LESSER: list[tuple[Role, Case]] = [
    (
        Role.TELLER,
        ("openAccount", "NotPermitted", "input.overdraftLimit", just(currency="EUR", name="A", overdraftLimit="1")),
    ),
    (
        Role.MANAGER,
        ("unfreezeAccount", "NotPermitted", "input.freezeId", upon(lambda api: frozen(api, reason="COMPLIANCE"))),
    ),
    (Role.MANAGER, ("closeAccount", "NotPermitted", ID, upon(frozen))),
]
ALL_CASES = [(Role.ADMIN, case) for case in CASES] + LESSER

COMMANDS = {camel_case(kind.operation.lower()): kind for kind in SERVICES if kind not in SYSTEMS_OWN}
VALID: Mapping[str, tuple[Given, Given]] = {
    "openAccount": ({"currency": "EUR", "name": "Ada"}, {"currency": "EUR", "name": "Ada", "reference": "R"}),
    "renameAccount": ({"accountId": UNKNOWN, "name": "Ada"}, {"accountId": UNKNOWN, "name": "Eve"}),
    "deposit": ({"accountId": UNKNOWN, **ONE}, {"accountId": UNKNOWN, "amount": money("2")}),
    "withdraw": ({"accountId": UNKNOWN, **ONE}, {"accountId": UNKNOWN, "amount": money("2")}),
    "transfer": (
        {"fromAccountId": UNKNOWN, "toAccountId": "a", **ONE},
        {"fromAccountId": UNKNOWN, "toAccountId": "b", **ONE},
    ),
    "executeBatch": (batch("INDEPENDENT"), batch("ATOMIC")),
    "freezeAccount": (
        {"accountId": UNKNOWN, "reason": "OPERATIONS"},
        {"accountId": UNKNOWN, "reason": "COMPLIANCE"},
    ),
    "unfreezeAccount": ({"accountId": UNKNOWN}, {"accountId": UNKNOWN, "freezeId": "frz_7"}),
    "closeAccount": ({"accountId": UNKNOWN}, {"accountId": UNKNOWN, "note": "Bye"}),
    "setOverdraftLimit": ({"accountId": UNKNOWN, "limit": money("1")}, {"accountId": UNKNOWN, "limit": money("2")}),
    "placeHold": ({"accountId": UNKNOWN, **ONE}, {"accountId": UNKNOWN, "amount": money("2")}),
    "captureHold": ({"holdId": "hold_7"}, {"holdId": "hold_7", "amount": money("2")}),
    "releaseHold": ({"holdId": "hold_7"}, {"holdId": "hold_8"}),
    "reverseTransaction": ({"transactionId": "txn_7"}, {"transactionId": "txn_7", **ONE}),
    "createApiClient": ({"name": "till 8", "role": "TELLER"}, {"name": "till 8", "role": "VIEWER"}),
    "changeApiClientRole": ({"apiClientId": "cli_7", "role": "TELLER"}, {"apiClientId": "cli_7", "role": "VIEWER"}),
    "disableApiClient": ({"apiClientId": "cli_7"}, {"apiClientId": "cli_8"}),
    "enableApiClient": ({"apiClientId": "cli_7"}, {"apiClientId": "cli_8"}),
    "issueApiKey": (
        {"apiClientId": "cli_7"},
        {"apiClientId": "cli_7", "expiresAt": "2199-01-01T00:00:00Z"},
    ),
    "revokeApiKey": ({"apiKeyId": "key_7"}, {"apiKeyId": "key_8"}),
    "abandonIdempotencyKey": (
        {"operation": "DEPOSIT", "key": "lost"},
        {"operation": "DEPOSIT", "key": "found"},
    ),
}
"""For each mutation two inputs that differ in one field."""


@pytest.mark.parametrize(("role", "case"), ALL_CASES)
def test_a_declared_refusal_arrives_as_its_member(api: Api, role: Role, case: Case) -> None:
    name, kind, path, given = case
    asked = given(api)
    expected: type[DomainError] = getattr(errors, kind)
    first = api.as_role(role).mutate(name, asked, key="once").only
    assert first["__typename"] == kind
    assert (first["code"], first["retry"]) == (expected.code, "NEW_KEY" if kind in CURABLE else "NEVER")
    assert first["path"] == path.split(".")
    assert (first["replayed"], bool(RFC_3339.fullmatch(first["decidedAt"]))) == (False, True)
    assert first["message"]
    again = api.as_role(role).mutate(name, asked, key="once").only
    if issubclass(expected, InputError):  # nothing was kept, so it is decided anew
        assert again | {"decidedAt": first["decidedAt"]} == first
        assert again["decidedAt"] > first["decidedAt"]
    else:
        assert again == told_again(first)


def test_every_declared_refusal_has_its_case() -> None:
    reached = {(name, kind) for _, (name, kind, _, _) in ALL_CASES}
    declared = {(name, kind.__name__) for name, command in COMMANDS.items() for kind in command.refusals}
    assert reached == declared


@pytest.mark.parametrize(("field", "given"), [("fromAccountId", out_of(overlong)), ("toAccountId", into(overlong))])
def test_an_overlong_id_of_a_transfer_is_told_where_it_stands(
    api: Api, field: str, given: Callable[[Api], Given]
) -> None:
    assert api.mutate("transfer", given(api)).only["path"] == ["input", field]


@pytest.mark.parametrize("name", COMMANDS)
def test_a_key_used_for_another_input_is_refused_with_the_fields_that_differ(api: Api, name: str) -> None:
    one, other = VALID[name]
    first = api.mutate(name, one, key="once").only
    reused = api.mutate(name, other, key="once").only
    differing = sorted(field for field in one.keys() | other.keys() if one.get(field) != other.get(field))
    assert (reused["__typename"], reused["code"]) == ("IdempotencyKeyReused", "IDEMPOTENCY_KEY_REUSED")
    assert (reused["path"], reused["retry"], reused["replayed"]) == (["idempotencyKey"], "NEVER", False)
    assert (reused["firstDecidedAt"], reused["differingFields"]) == (first["decidedAt"], differing)
    assert reused["decidedAt"] > first["decidedAt"]
    assert api.mutate(name, one, key="once").only == told_again(first)


def told_again(first: Given) -> Given:
    """Return what a replay tells: the same, but that it says so, and that a secret is told only once."""
    again = first | {"replayed": True} | ({"secret": None} if "secret" in first else {})
    again |= {"cause": told_again(first["cause"])} if "cause" in first else {}
    return again | ({"results": [told_again(item) for item in first["results"]]} if "results" in first else {})


def test_a_reused_abandonment_names_the_operation_as_its_input_does(api: Api) -> None:
    api.mutate("abandonIdempotencyKey", {"operation": "DEPOSIT", "key": "lost"}, key="once")
    reused = api.mutate("abandonIdempotencyKey", {"operation": "WITHDRAW", "key": "lost"}, key="once").only
    assert reused["differingFields"] == ["operation"]


@pytest.mark.parametrize("name", sorted(name for name, kind in COMMANDS.items() if kind is not AbandonIdempotencyKey))
def test_an_abandoned_key_never_executes(api: Api, name: str) -> None:
    operation = COMMANDS[name].operation.value
    assert done(api, "abandonIdempotencyKey", operation=operation, key="lost")["record"]["outcome"] == "ABANDONED"
    before = api.contents()
    late = api.mutate(name, VALID[name][0], key="lost").only
    assert (late["__typename"], late["code"]) == ("IdempotencyKeyAbandoned", "IDEMPOTENCY_KEY_ABANDONED")
    assert (late["path"], late["retry"], late["replayed"]) == (["idempotencyKey"], "NEVER", False)
    assert api.contents() == before


class Answering:
    """A ledger that answers everything alike."""

    def __init__(self, error: DomainError, api: Api) -> None:
        self.outcome = Outcome(error, api.clock.now())

    async def execute(self, caller: object, key: str, command: object) -> Outcome:
        return self.outcome


UNDECIDED = [errors.Overloaded(1000), errors.Unavailable()]


@pytest.mark.parametrize("error", UNDECIDED, ids=type)
@pytest.mark.parametrize("name", COMMANDS)
def test_what_was_not_decided_is_told_in_every_union(api: Api, name: str, error: DomainError) -> None:
    answer = api.made_of(ledger=Answering(error, api)).mutate(name, VALID[name][0]).only
    assert answer["__typename"] == type(error).__name__
    assert (answer["code"], answer["retry"], answer["replayed"]) == (error.code, "SAME_KEY", False)
    assert answer.get("retryAfterMs") == (1000 if isinstance(error, errors.Overloaded) else None)


@pytest.mark.parametrize("error", UNDECIDED, ids=type)
def test_what_was_not_decided_is_not_held_against_the_caller(api: Api, error: DomainError) -> None:
    refusals = Refusals(AdmissionLimits(refusal_burst=1), api.clock)
    busy = api.made_of(ledger=Answering(error, api), refusals=refusals)
    assert {busy.mutate("deposit", VALID["deposit"][0]).verdict for _ in range(3)} == {type(error).__name__}


OUT_OF_BOUNDS = {"message": "The amount is out of bounds, or has more decimals than its currency.", "decimals": 2}
DATA: list[tuple[str, str, Callable[[Api], Given], Given]] = [
    ("withdraw", "InsufficientFunds", upon(funded, amount=money("7.5")), {"shortfall": "2.50", "available": "5.00"}),
    ("withdraw", "PreconditionFailed", upon(funded, **ONE, expectedVersion="7"), {"version": "1"}),
    ("deposit", "InvalidAmount", upon(funded, amount=money("0.001")), {"decimals": 2, "max": "40000000000000000.00"}),
    (
        "deposit",
        "InvalidAmount",
        upon(funded, amount=money("0.1", "JPY")),
        {"decimals": 0, "max": "4000000000000000000"},
    ),
    ("deposit", "InvalidAmount", upon(funded, amount=money("9" * 64)), OUT_OF_BOUNDS),
    ("openAccount", "InvalidAmount", just(currency="EUR", name="Ada", overdraftLimit="-1"), OUT_OF_BOUNDS),
    ("deposit", "CurrencyMismatch", upon(funded, amount=money("1", "JPY")), {"expected": "EUR"}),
    ("deposit", "AccountFrozen", upon(frozen, **ONE), {"scope": "ALL", "until": None}),
    ("closeAccount", "AccountNotEmpty", upon(funded), {"posted": "5.00", "held": "0.00", "openHoldIds": []}),
    ("reverseTransaction", "NotReversible", back(taken_back), {"reversible": "0.00"}),
    ("reverseTransaction", "NotReversible", back(spent, amount=money("9")), {"reversible": "5.00"}),
    ("reverseTransaction", "InsufficientFunds", back(spent), {"available": "3.00", "shortfall": "2.00"}),
    ("issueApiKey", "ApiKeyLimit", lambda api: {"apiClientId": well_keyed(api)}, {"maximum": 10}),
]


@pytest.mark.parametrize(("name", "kind", "given", "data"), DATA)
def test_a_refusal_carries_its_data(api: Api, name: str, kind: str, given: Callable[[Api], Given], data: Given) -> None:
    answer = api.mutate(name, given(api)).only
    plain = {key: value["amount"] if isinstance(value, dict) else value for key, value in answer.items()}
    assert plain["__typename"] == kind
    assert plain | data == plain
