"""Between the model's words and the domain's: acts to requests, outcomes to answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from domain.access import Caller, Operation, Role
from domain.accounts import Account
from domain.commands import Command
from domain.errors import BatchRefused, DomainError, ItemOutcome
from domain.freezes import FreezeReason, FreezeScope
from domain.holds import Hold
from domain.idempotency import IdempotencyOutcome, IdempotencyRecord
from domain.money import Currency, Money
from domain.ports import Outcome, Request
from domain.services.accounts import CloseAccount, OpenAccount, RenameAccount
from domain.services.api_clients import DisableApiClient, EnableApiClient, RevokeApiKey
from domain.services.batches import BatchItem, BatchMode, ExecuteBatch
from domain.services.captures import CaptureHold
from domain.services.freezes import FreezeAccount, UnfreezeAccount
from domain.services.holds import PlaceHold, ReleaseHold
from domain.services.idempotency_keys import AbandonIdempotencyKey
from domain.services.movements import Deposit, Transfer, Withdraw
from domain.services.overdrafts import SetOverdraftLimit
from domain.services.reversals import ReverseTransaction
from tests.properties.model import OK, Act, Answer, Args, Facts
from tests.support.books import EUR, JPY

CURRENCIES: Mapping[str, Currency] = {"EUR": EUR, "JPY": JPY}
OPERATIONS = {
    "open": Operation.OPEN_ACCOUNT,
    "rename": Operation.RENAME_ACCOUNT,
    "deposit": Operation.DEPOSIT,
    "withdraw": Operation.WITHDRAW,
    "transfer": Operation.TRANSFER,
    "reverse": Operation.REVERSE_TRANSACTION,
    "batch": Operation.EXECUTE_BATCH,
    "freeze": Operation.FREEZE_ACCOUNT,
    "unfreeze": Operation.UNFREEZE_ACCOUNT,
    "limit": Operation.SET_OVERDRAFT_LIMIT,
    "close": Operation.CLOSE_ACCOUNT,
    "hold": Operation.PLACE_HOLD,
    "capture": Operation.CAPTURE_HOLD,
    "release": Operation.RELEASE_HOLD,
    "disable": Operation.DISABLE_API_CLIENT,
    "enable": Operation.ENABLE_API_CLIENT,
    "revoke": Operation.REVOKE_API_KEY,
}


@dataclass
class Names:
    """Which ids the labels of the model stand for."""

    callers: dict[tuple[str, int], Caller] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)

    def id(self, label: str) -> str:
        return self.ids.get(label, f"none_{label}")

    def label(self, id_: str, prefix: str) -> str:
        """Return the label of an id; a new one gets the next of its kind."""
        for label, known in self.ids.items():
            if known == id_:
                return label
        label = f"{prefix}{sum(known.startswith(prefix) for known in self.ids) + 1}"
        self.ids[label] = id_
        return label

    def to_request(self, act: Act) -> Request:
        return Request(self.callers[act.client, act.api_key], act.key, _COMMANDS[act.deed](self, act.args))

    def to_answer(self, act: Act, outcome: Outcome) -> Answer:
        code = OK if outcome.is_success else outcome.result.code.value
        facts = self._facts(act.deed, outcome.result) if outcome.is_success else _reasons(outcome.result)
        return Answer(code, outcome.decided_at, facts, outcome.replayed)

    def _facts(self, deed: str, result: Any) -> Facts:
        """Return the label of what was made, and how each account of the answer stood."""
        if deed == "batch":
            return tuple(self._item_facts(item) for item in result.results)
        if deed == "abandon":
            return (_fate(result.record), result.record.decided_at)
        name, prefix = _MADE.get(deed, ("", ""))
        thing = getattr(result, name, None)
        made = [self.label(thing.id, prefix)] if thing else []
        held = self._of_a_hold(result.hold) if hasattr(result, "hold") else ()
        return (*held, *made, *map(_standing, _accounts_in(result)))

    def _of_a_hold(self, hold: Hold) -> Facts:
        return (self.label(hold.id, "H"), hold.state.value, hold.captured.minor)

    def _item_facts(self, item: ItemOutcome) -> Facts:
        if isinstance(item.result, DomainError):
            return (item.result.code.value, item.decided_at, ())
        return (OK, item.decided_at, self._facts(item.operation.lower(), item.result))


_MADE: Mapping[str, tuple[str, str]] = {
    "open": ("account", "A"),
    "freeze": ("freeze", "F"),
    "close": ("sweep", "T"),
    **dict.fromkeys(("deposit", "withdraw", "transfer", "reverse", "capture"), ("transaction", "T")),
}
"""Under which name a success holds what the deed made, and which labels such things have."""


def to_preview(outcome: Outcome) -> Answer:
    """Read an outcome that nothing was made for: no label is given to what has only a made-up id."""
    if not outcome.is_success:
        return Answer(outcome.result.code.value, outcome.decided_at, _reasons(outcome.result)[1:])
    return Answer(OK, outcome.decided_at, tuple(map(_standing, _accounts_in(outcome.result))))


def _accounts_in(result: Any) -> list[Account]:
    found = [getattr(result, name, None) for name in ("from_account", "account", "to_account", "swept_to")]
    return [*filter(None, found), *getattr(result, "accounts", ())]


def _reasons(error: DomainError) -> Facts:
    if isinstance(error, BatchRefused):
        return (error.index, error.cause.result.code.value, error.cause.decided_at)
    return ()


def _standing(account: Account) -> Facts:
    return (account.posted.minor, account.held.minor, account.version, account.state.value)


def _fate(record: IdempotencyRecord) -> str:
    if record.outcome is IdempotencyOutcome.ABANDONED:
        return "ABANDONED"
    return record.error_code.value if record.error_code else OK


def _amount(args: Args) -> Money:
    return Money(args["amount"], CURRENCIES[args["currency"]])


def _open(_: Names, args: Args) -> Command:
    currency = CURRENCIES[args["currency"]]
    limit = Money(args["overdraft"], currency) if args["overdraft"] else None
    return OpenAccount(currency=currency, name=args["name"], reference=args["reference"], overdraft_limit=limit)


def _transfer(names: Names, args: Args) -> Command:
    return Transfer(
        from_account_id=names.id(args["source"]),
        to_account_id=names.id(args["target"]),
        amount=_amount(args),
        expected_version=args["version"],
    )


def _reverse(names: Names, args: Args) -> Command:
    amount = _amount(args) if args["amount"] else None
    return ReverseTransaction(transaction_id=names.id(args["transaction"]), amount=amount)


def _hold(names: Names, args: Args) -> Command:
    currency, left = CURRENCIES[args["currency"]], args["left"]
    return PlaceHold(
        account_id=names.id(args["account"]),
        amount=_amount(args),
        expected_version=args["version"],
        min_available_after=None if left is None else Money(left, currency),
        expires_at=args["expires"],
    )


def _capture(names: Names, args: Args) -> Command:
    return CaptureHold(
        hold_id=names.id(args["hold"]),
        amount=None if args["amount"] is None else _amount(args),
        to_account_id=None if args["target"] is None else names.id(args["target"]),
        note=args["note"],
    )


def _batch(names: Names, args: Args) -> Command:
    items = tuple(BatchItem.of(key, _COMMANDS[deed](names, given)) for deed, key, given in args["items"])
    return ExecuteBatch(mode=BatchMode(args["mode"]), items=items)


def _freeze(names: Names, args: Args) -> Command:
    return FreezeAccount(
        account_id=names.id(args["account"]),
        scope=FreezeScope(args["scope"]),
        reason=FreezeReason(args["reason"]),
        expires_at=args["expires"],
    )


def _unfreeze(names: Names, args: Args) -> Command:
    freeze_id = names.id(args["freeze"]) if args["freeze"] else None
    return UnfreezeAccount(account_id=names.id(args["account"]), freeze_id=freeze_id)


def _close(names: Names, args: Args) -> Command:
    into = names.id(args["into"]) if args["into"] else None
    return CloseAccount(account_id=names.id(args["account"]), sweep_to_account_id=into)


def _one_sided(kind: type[Deposit | Withdraw]) -> Callable[[Names, Args], Command]:
    return lambda names, args: kind(
        account_id=names.id(args["account"]), amount=_amount(args), expected_version=args["version"]
    )


def _on_a_client(kind: type[DisableApiClient | EnableApiClient]) -> Callable[[Names, Args], Command]:
    return lambda names, args: kind(api_client_id=names.callers[args["client"], 0].api_client_id)


_COMMANDS: Mapping[str, Callable[[Names, Args], Command]] = {
    "open": _open,
    "rename": lambda names, args: RenameAccount(account_id=names.id(args["account"]), name=args["name"]),
    "deposit": _one_sided(Deposit),
    "withdraw": _one_sided(Withdraw),
    "transfer": _transfer,
    "reverse": _reverse,
    "batch": _batch,
    "freeze": _freeze,
    "unfreeze": _unfreeze,
    "limit": lambda names, args: SetOverdraftLimit(
        account_id=names.id(args["account"]), limit=Money(args["limit"], CURRENCIES[args["currency"]])
    ),
    "close": _close,
    "hold": _hold,
    "capture": _capture,
    "release": lambda names, args: ReleaseHold(hold_id=names.id(args["hold"])),
    "abandon": lambda _, args: AbandonIdempotencyKey(of_operation=OPERATIONS[args["deed"]], key=args["key"]),
    "disable": _on_a_client(DisableApiClient),
    "enable": _on_a_client(EnableApiClient),
    "revoke": lambda names, args: RevokeApiKey(
        api_key_id=names.callers[args["client"], args["api_key"]].api_key_id or ""
    ),
}


def caller(client_id: str, key_id: str, role: str) -> Caller:
    return Caller(client_id, key_id, Role(role))
