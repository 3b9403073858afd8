"""The deeds as they are sent: a document for each, how its input is written, and how its answer is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from torture.history import OK, Answer, Input, Standing

EXPONENTS: Mapping[str, int] = {"EUR": 2, "JPY": 0, "BHD": 3}

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STANDING = "id state version posted { amount currency } held { amount currency } available { amount currency }"
_ACCOUNT = f"account {{ {_STANDING} }}"
_BOTH = f"fromAccount {{ {_STANDING} }} toAccount {{ {_STANDING} }}"
_MOVEMENT = "transaction { id }"


def decimal(minor: int, currency: str) -> str:
    """Write an amount as the API does."""
    exponent = EXPONENTS[currency]
    return f"{minor // 10**exponent}.{minor % 10**exponent:0{exponent}}" if exponent else str(minor)


def minor(money: Mapping[str, str]) -> int:
    """Read an amount of the API."""
    exponent = EXPONENTS[money["currency"]]
    whole, _, fraction = money["amount"].partition(".")
    return int(whole + fraction) if len(fraction) == exponent else -(10**18)


def microseconds(time: str) -> int:
    """Read a time of the API."""
    return (datetime.fromisoformat(time) - _EPOCH) // timedelta(microseconds=1)


def time_of(microseconds_: int) -> str:
    """Write a time as the API does."""
    return (_EPOCH + timedelta(microseconds=microseconds_)).isoformat()


def standing(account: Mapping[str, Any]) -> Standing:
    """Read how an account stands."""
    posted, held, available = (minor(account[name]) for name in ("posted", "held", "available"))
    return Standing(posted, held, available, int(account["version"]), account["state"])


@dataclass(frozen=True, slots=True)
class Deed:
    """A mutation: its name, what is asked of its success, and its input as GraphQL has it."""

    field: str
    selection: str
    write: Callable[[Input], Mapping[str, Any]]

    @property
    def document(self) -> str:
        """Return the document that carries it out."""
        name = self.field[0].upper() + self.field[1:]
        return (
            f"mutation ($key: IdempotencyKey!, $input: {name}Input!) {{ "
            f"answer: {self.field}(idempotencyKey: $key, input: $input) {{ __typename "
            f"... on {name}Success {{ replayed decidedAt {self.selection} }} "
            f"... on UserError {{ code replayed decidedAt }} }} }}"
        )


def _money(asked: Input) -> dict[str, str]:
    return {"amount": decimal(asked["amount"], asked["currency"]), "currency": asked["currency"]}


def _ending(asked: Input) -> str | None:
    return None if asked["expires"] is None else time_of(asked["expires"])


def _version(asked: Input) -> str | None:
    return None if asked["version"] is None else str(asked["version"])


def _one_sided(asked: Input) -> dict[str, Any]:
    return {"accountId": asked["account"], "amount": _money(asked), "expectedVersion": _version(asked)}


def _two_sided(asked: Input) -> dict[str, Any]:
    sides = {"fromAccountId": asked["source"], "toAccountId": asked["target"]}
    return {**sides, "amount": _money(asked), "expectedVersion": _version(asked)}


def _freeze(asked: Input) -> dict[str, Any]:
    what = {"scope": asked["scope"], "reason": asked["reason"]}
    return {"accountId": asked["account"], **what, "expiresAt": _ending(asked)}


def _reversal(asked: Input) -> dict[str, Any]:
    return {"transactionId": asked["transaction"], "amount": None if asked["amount"] is None else _money(asked)}


def _batch(asked: Input) -> dict[str, Any]:
    items = [
        {DEEDS[operation].field: {"idempotencyKey": key, "input": DEEDS[operation].write(item)}}
        for operation, key, item in asked["items"]
    ]
    return {"mode": asked["mode"], "items": items}


_RESULTS = (
    "results { __typename "
    f"... on DepositSuccess {{ replayed decidedAt {_MOVEMENT} {_ACCOUNT} }} "
    f"... on WithdrawSuccess {{ replayed decidedAt {_MOVEMENT} {_ACCOUNT} }} "
    f"... on TransferSuccess {{ replayed decidedAt {_MOVEMENT} {_BOTH} }} "
    "... on UserError { code replayed decidedAt } }"
)

DEEDS: Mapping[str, Deed] = {
    "OPEN_ACCOUNT": Deed(
        "openAccount",
        _ACCOUNT,
        lambda asked: {
            "currency": asked["currency"],
            "name": "somebody",
            "overdraftLimit": decimal(asked["overdraft"], asked["currency"]),
        },
    ),
    "DEPOSIT": Deed("deposit", f"{_MOVEMENT} {_ACCOUNT}", _one_sided),
    "WITHDRAW": Deed("withdraw", f"{_MOVEMENT} {_ACCOUNT}", _one_sided),
    "TRANSFER": Deed("transfer", f"{_MOVEMENT} {_BOTH}", _two_sided),
    "REVERSE_TRANSACTION": Deed("reverseTransaction", _MOVEMENT, _reversal),
    "EXECUTE_BATCH": Deed("executeBatch", _RESULTS, _batch),
    "PLACE_HOLD": Deed(
        "placeHold",
        f"hold {{ id }} {_ACCOUNT}",
        lambda asked: {"accountId": asked["account"], "amount": _money(asked), "expiresAt": _ending(asked)},
    ),
    "CAPTURE_HOLD": Deed(
        "captureHold",
        f"{_MOVEMENT} {_ACCOUNT}",
        lambda asked: {"holdId": asked["hold"], "toAccountId": asked["target"]},
    ),
    "RELEASE_HOLD": Deed("releaseHold", _ACCOUNT, lambda asked: {"holdId": asked["hold"]}),
    "FREEZE_ACCOUNT": Deed("freezeAccount", f"freeze {{ id }} {_ACCOUNT}", _freeze),
    "UNFREEZE_ACCOUNT": Deed("unfreezeAccount", _ACCOUNT, lambda asked: {"accountId": asked["account"]}),
    "CLOSE_ACCOUNT": Deed(
        "closeAccount",
        _ACCOUNT,
        lambda asked: {"accountId": asked["account"], "sweepToAccountId": asked["target"]},
    ),
    "CREATE_API_CLIENT": Deed("createApiClient", "apiClient { id }", lambda asked: {**asked}),
    "ISSUE_API_KEY": Deed("issueApiKey", "apiKey { id } secret", lambda asked: {"apiClientId": asked["client"]}),
    "REVOKE_API_KEY": Deed("revokeApiKey", "", lambda asked: {"apiKeyId": asked["api_key"]}),
    "DISABLE_API_CLIENT": Deed("disableApiClient", "", lambda asked: {"apiClientId": asked["client"]}),
    "ENABLE_API_CLIENT": Deed("enableApiClient", "", lambda asked: {"apiClientId": asked["client"]}),
    "ABANDON_IDEMPOTENCY_KEY": Deed("abandonIdempotencyKey", "", lambda asked: {**asked}),
}

_MADE = ("transaction", "hold", "freeze", "apiClient", "apiKey")


def answer_of(told: Mapping[str, Any]) -> Answer:
    """Read a member of a mutation's union."""
    decided_at, replayed = microseconds(told["decidedAt"]), told["replayed"]
    if "code" in told:
        return Answer(told["code"], decided_at, replayed)
    accounts = [told[name] for name in ("account", "fromAccount", "toAccount") if name in told]
    standings = tuple((account["id"], standing(account)) for account in accounts)
    made = next((told[name]["id"] for name in _MADE if name in told), None)
    if told["__typename"] == "OpenAccountSuccess":
        made = told["account"]["id"]
    items = tuple(map(answer_of, told.get("results", ())))
    return Answer(OK, decided_at, replayed, made, standings, items)


def code_of(body: Mapping[str, Any]) -> str:
    """Read why nothing was answered, from errors[]."""
    return str(body["errors"][0]["extensions"]["code"])


ACCOUNT = f"query ($id: ID!) {{ account(id: $id) {{ {_STANDING} }} }}"
RECORD = """
query ($operation: Operation!, $key: IdempotencyKey!, $client: ID!) {
  idempotencyRecord(operation: $operation, key: $key, apiClientId: $client) {
    outcome sequence
  }
}
"""
AUDIT_LOG = """
query ($after: String) {
  auditLog(first: 100, after: $after) {
    edges { node { sequence at outcome operation apiClient { id } apiKeyId idempotencyKey targetIds errorCode } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
VIEWER = "{ viewer { id } }"
