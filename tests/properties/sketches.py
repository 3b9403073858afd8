"""What Hypothesis draws: acts in outline, filled in with what there is in the model when they are sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hypothesis import strategies as st

from tests.properties.model import LARGEST, Act, Args, Model

SECOND = 1_000_000
MISSING = 7
CALLERS = ("manager",) * 6 + ("admin",) * 4 + ("deputy", "teller", "viewer")
MONEY = ("deposit", "withdraw", "transfer")
HOLDS = ("hold", "hold", "capture", "capture", "release")
CORRECTIONS = ("reverse", "reverse", "withdraw", "close", "limit")
CHANGES = ("freeze", "unfreeze", "unfreeze", "rename", "limit", "close", "abandon")
ADMINISTRATION = ("disable", "enable", "enable", "revoke")


@dataclass(frozen=True)
class Sketch:
    """An act in outline. `first` and `second` choose among what exists; `choice` among variants of the deed.

    Without a currency, money is in that of the account.
    """

    deed: str
    client: str
    api_key: int
    shared_key: bool
    first: int
    second: int
    amount: int
    huge: bool
    currency: str | None
    choice: int
    expiry: int | None


def sketches(*deeds: str) -> st.SearchStrategy[Sketch]:
    """Return a strategy for sketches of these deeds."""
    return st.builds(
        Sketch,
        deed=st.sampled_from(deeds),
        client=st.sampled_from(CALLERS),
        api_key=st.integers(0, 1),
        shared_key=st.sampled_from([False, False, False, True]),
        first=st.integers(0, 15),
        second=st.integers(0, 15),
        amount=st.integers(1, 300),
        huge=st.sampled_from([False] * 9 + [True]),
        currency=st.sampled_from([None, None, None, None, "EUR", "JPY"]),
        choice=st.integers(0, 7),
        expiry=st.sampled_from([None, 5, 20, 0, -1]),
    )


def to_act(sketch: Sketch, model: Model, number: int, *, alone: bool) -> Act:
    """Fill a sketch in. `number` tells fresh idempotency keys apart."""
    key = f"shared-{sketch.first}" if sketch.shared_key else f"fresh-{number}"
    keys = len(model.clients[sketch.client].revoked)
    args = _ARGS[sketch.deed](sketch, model)
    if not alone:
        # What becomes of a freeze earlier in the batch is not known yet, so none is named.
        args |= {"freeze": None} if sketch.deed == "unfreeze" else {}
    return Act(sketch.client, sketch.api_key % keys, key, sketch.deed, args)


def _account(model: Model, index: int) -> str:
    labels = list(model.accounts)
    return labels[index % len(labels)] if labels and index != MISSING else "missing"


def _open(sketch: Sketch, _: Model) -> Args:
    return {
        "currency": sketch.currency or "EUR",
        "overdraft": 50 if sketch.choice < 2 else 0,
        "reference": f"reference {sketch.second}" if sketch.choice > 4 else None,
        "name": f"name {sketch.choice}",
    }


def _money(sketch: Sketch, model: Model, label: str) -> Args:
    account = model.accounts.get(label)
    version, currency = (account.version, account.currency) if account else (0, "EUR")
    return {
        "amount": LARGEST - 100 if sketch.huge else sketch.amount,
        "currency": sketch.currency or currency,
        "version": {1: version, 2: version + 1}.get(sketch.choice),
    }


def _one_sided(sketch: Sketch, model: Model) -> Args:
    label = _account(model, sketch.first)
    return {"account": label, **_money(sketch, model, label)}


def _transfer(sketch: Sketch, model: Model) -> Args:
    source, target = _account(model, sketch.first), _account(model, sketch.second)
    if source == target:
        target = _account(model, sketch.second + 1)
    if source == target:
        target = "missing" if source != "missing" else "neither"
    return {"source": source, "target": target, **_money(sketch, model, source)}


def _hold(sketch: Sketch, model: Model) -> Args:
    label = _account(model, sketch.first)
    left = model.available(label, model.time) - sketch.amount + sketch.choice - 3 if label in model.accounts else 0
    wanted = left if sketch.choice in {2, 3, 4} and left >= 0 else None
    return {"account": label, **_money(sketch, model, label), "left": wanted, "expires": _expires(sketch, model)}


def _capture(sketch: Sketch, model: Model) -> Args:
    label = _of_a_hold(sketch, model)
    hold = model.holds.get(label)
    amount = sketch.amount % hold.amount + 1 if hold and sketch.choice != 7 else sketch.amount
    target = _account(model, sketch.second) if sketch.choice in {2, 3, 4, 5} else None
    return {
        "hold": label,
        "amount": amount if sketch.choice % 2 else None,
        "currency": sketch.currency or (model.accounts[hold.account].currency if hold else "EUR"),
        "target": target,
        "note": "promised" if sketch.choice < 6 else None,
    }


def _of_a_hold(sketch: Sketch, model: Model) -> str:
    """Choose a hold that is open, if there is one and nothing else is wanted."""
    still_open = [label for label, hold in model.holds.items() if hold.state == "OPEN"]
    labels = still_open if still_open and sketch.first % 4 else list(model.holds)
    return labels[sketch.first % len(labels)] if labels and sketch.first != MISSING else "missing"


def _expires(sketch: Sketch, model: Model) -> int | None:
    return None if sketch.expiry is None else max(model.clock, model.time) + sketch.expiry * SECOND


def _freeze(sketch: Sketch, model: Model) -> Args:
    return {
        "account": _account(model, sketch.first),
        "scope": ("ALL", "DEBITS")[sketch.choice % 2],
        "reason": "COMPLIANCE" if sketch.choice < 3 else "OPERATIONS",
        "expires": _expires(sketch, model),
    }


def _unfreeze(sketch: Sketch, model: Model) -> Args:
    label = _account(model, sketch.first)
    named = [None, *model.live(label, model.time), "missing", *model.freezes]
    return {"account": label, "freeze": named[sketch.choice % len(named)]}


def _limit(sketch: Sketch, model: Model) -> Args:
    """Set a limit at what is in use, just below it, or anywhere."""
    label = _account(model, sketch.first)
    account = model.accounts.get(label)
    in_use = max(model.held(label, model.time) - account.posted, 0) if account else 0
    currency = account.currency if account else "EUR"
    limit = {1: in_use, 2: max(in_use - 1, 0)}.get(sketch.choice, LARGEST if sketch.huge else sketch.amount)
    return {"account": label, "limit": limit, "currency": sketch.currency or currency}


def _close(sketch: Sketch, model: Model) -> Args:
    """Close an account, more often than not into another one."""
    label, target = _account(model, sketch.first), _account(model, sketch.second)
    return {"account": label, "into": target if sketch.choice > 2 and target != label else None}


def _reverse(sketch: Sketch, model: Model) -> Args:
    """Take back one of the latest transactions: all that is left, what is left, one more, or anything."""
    label = f"T{len(model.movements) - sketch.first}" if sketch.first != MISSING else "missing"
    original = model.movements.get(label)
    left, currency = (original.left, original.currency) if original else (1, "EUR")
    half, more = left // 2, min(left + 1, LARGEST)
    amount = {0: None, 1: None, 2: left or None, 3: more, 4: half or None}.get(sketch.choice, sketch.amount)
    return {"transaction": label, "amount": amount, "currency": sketch.currency or currency}


def _abandon(sketch: Sketch, model: Model) -> Args:
    """Give up the client's latest key, an earlier one, or one that may come later."""
    used = [(deed, key) for client, deed, key in model.decided if client == sketch.client and deed != "abandon"]
    later = (MONEY[sketch.choice % len(MONEY)], f"shared-{sketch.second}")
    deed, key = used[-1 - sketch.first] if sketch.first < len(used) else later
    return {"deed": deed, "key": key}


def _client(sketch: Sketch, model: Model) -> Args:
    return {"client": list(model.clients)[sketch.first % len(model.clients)]}


def _api_key(sketch: Sketch, model: Model) -> Args:
    args = _client(sketch, model)
    return {**args, "api_key": sketch.second % len(model.clients[args["client"]].revoked)}


_ARGS: Mapping[str, Callable[[Sketch, Model], Args]] = {
    "open": _open,
    "rename": lambda sketch, model: {"account": _account(model, sketch.first), "name": f"name {sketch.choice}"},
    "deposit": _one_sided,
    "withdraw": _one_sided,
    "transfer": _transfer,
    "reverse": _reverse,
    "freeze": _freeze,
    "unfreeze": _unfreeze,
    "limit": _limit,
    "close": _close,
    "hold": _hold,
    "capture": _capture,
    "release": lambda sketch, model: {"hold": _of_a_hold(sketch, model)},
    "abandon": _abandon,
    "disable": _client,
    "enable": _client,
    "revoke": _api_key,
}
EVERY_DEED = tuple(_ARGS)
