"""A second ledger to compare the first with: plain dictionaries and integers, and no line shared with the domain.

Accounts are named A1, A2, ..., freezes F1, F2, ..., holds H1, H2, ... and transactions T1, T2, ... in the order in
which they are made. What holds do is in holding.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

OK = "OK"
LARGEST = 4 * 10**18

CASHIER = {"open", "rename", "deposit", "abandon"}
MANAGER = CASHIER | {"withdraw", "transfer", "batch", "reverse", "freeze", "unfreeze", "limit", "close"}
MANAGER |= {"hold", "capture", "release"}
MAY: dict[str, set[str]] = {
    "VIEWER": set(),
    "TELLER": CASHIER,
    "MANAGER": MANAGER,
    "ADMIN": MANAGER | {"disable", "enable", "revoke"},
}

Args = dict[str, Any]
Facts = tuple[Any, ...]


@dataclass(frozen=True)
class Act:
    """What somebody asks for: with which of the client's keys, under which idempotency key."""

    client: str
    api_key: int
    key: str
    deed: str
    args: Args


@dataclass(frozen=True)
class Answer:
    """A code, and what a success shows: the label of what was made, and how each account stood."""

    code: str
    at: int
    facts: Facts = ()
    replayed: bool = False


@dataclass
class Account:
    currency: str
    overdraft: int
    name: str
    posted: int = 0
    version: int = 0
    closed: bool = False


@dataclass
class Movement:
    """What a transaction moved from where to where; None is the house. `left` of it can be taken back."""

    source: str | None
    target: str | None
    amount: int
    currency: str
    left: int
    final: bool = False


@dataclass
class Freeze:
    account: str
    scope: str
    reason: str
    expires: int | None
    over: bool = False


@dataclass
class Hold:
    account: str
    amount: int
    expires: int | None
    state: str = "OPEN"


@dataclass
class Client:
    role: str
    revoked: list[bool]
    enabled: bool = True


class No(Exception):
    """A refusal, by its code; and what it shows, if that is compared."""


@dataclass
class Model:
    """The books as they should be. `records` counts what the audit log should hold."""

    clock: int
    time: int
    records: int
    clients: dict[str, Client]
    accounts: dict[str, Account] = field(default_factory=dict)
    freezes: dict[str, Freeze] = field(default_factory=dict)
    movements: dict[str, Movement] = field(default_factory=dict)
    holds: dict[str, Hold] = field(default_factory=dict)
    house: dict[str, tuple[int, int]] = field(default_factory=dict)
    references: set[str] = field(default_factory=set)
    decided: dict[tuple[str, str, str], tuple[Args | None, Answer]] = field(default_factory=dict)

    def run(self, acts: list[Act]) -> list[Answer]:
        """Decide the acts as one batch."""
        now, before = max(self.clock, self.time + 1), self.records
        answers = [self._decide(act, now) for act in acts]
        if self.records > before:
            self.time = now
        return answers

    def live(self, account: str, now: int) -> list[str]:
        """Return the labels of the freezes that count at that time."""
        return [
            label
            for label, freeze in self.freezes.items()
            if freeze.account == account and not freeze.over and (freeze.expires is None or now < freeze.expires)
        ]

    def open_holds(self, account: str, now: int) -> list[str]:
        """Return the labels of the holds that count at that time."""
        return [
            label
            for label, hold in self.holds.items()
            if hold.account == account and hold.state == "OPEN" and (hold.expires is None or now < hold.expires)
        ]

    def held(self, account: str, now: int) -> int:
        """Return what the account should have set aside at that time."""
        return sum(self.holds[label].amount for label in self.open_holds(account, now))

    def available(self, account: str, now: int) -> int:
        """Return what the account should let go at that time."""
        known = self.accounts[account]
        return known.posted - self.held(account, now) + known.overdraft

    def state(self, account: str, now: int) -> str:
        """Return the state that the account should show at that time."""
        if self.accounts[account].closed:
            return "CLOSED"
        return "FROZEN" if self.live(account, now) else "ACTIVE"

    def _decide(self, act: Act, now: int) -> Answer:
        client, slot = self.clients[act.client], (act.client, act.deed, act.key)
        if not client.enabled or client.revoked[act.api_key] or act.deed not in MAY[client.role]:
            return self._recorded(Answer("FORBIDDEN", now))
        if slot in self.decided:
            return self._again(act, *self.decided[slot], now)
        self._settle(act, now)
        deed: Callable[[Act, Client, int], Facts] = getattr(self, f"_{act.deed}")
        try:
            answer = Answer(OK, now, deed(act, client, now))
        except No as no:
            answer = Answer(no.args[0], now, no.args[1:])
        if answer.code not in {"INVALID_INPUT", "INVALID_AMOUNT", "SAME_ACCOUNT"}:
            self.decided[slot] = (act.args, answer)
        return self._recorded(answer)

    def _recorded(self, answer: Answer) -> Answer:
        self.records += 1
        return answer

    def _again(self, act: Act, args: Args | None, answer: Answer, now: int) -> Answer:
        if args is None:
            return self._recorded(Answer("IDEMPOTENCY_KEY_ABANDONED", now))
        if _said(args) != _said(act.args):
            return self._recorded(Answer("IDEMPOTENCY_KEY_REUSED", now))
        return replace(answer, replayed=True)

    def _settle(self, act: Act, now: int) -> None:
        named = {act.args.get(name) for name in ("account", "source", "target", "into")}
        if original := self.movements.get(act.args.get("transaction", "")):
            named |= {original.source, original.target}
        if act.args.get("hold") in self.holds:
            named.add(self.holds[act.args["hold"]].account)
        for hold in self.holds.values():
            if hold.account in named and hold.state == "OPEN" and hold.expires is not None and hold.expires <= now:
                hold.state = "EXPIRED"
                self.records += 1
        for freeze in self.freezes.values():
            if freeze.account in named and not freeze.over and freeze.expires is not None and freeze.expires <= now:
                freeze.over = True
                self.records += 1

    def _standing(self, label: str, now: int) -> Facts:
        account = self.accounts[label]
        return (account.posted, self.held(label, now), account.version, self.state(label, now))

    def _named(self, *labels: str) -> Iterator[Account]:
        """Yield the accounts; refuse unless all exist and none is closed."""
        if not all(label in self.accounts for label in labels):
            raise No("ACCOUNT_NOT_FOUND")
        if any(self.accounts[label].closed for label in labels):
            raise No("ACCOUNT_CLOSED")
        yield from (self.accounts[label] for label in labels)

    def _open(self, act: Act, client: Client, now: int) -> Facts:
        if act.args["overdraft"] and client.role == "TELLER":
            raise No("NOT_PERMITTED")
        reference = act.args["reference"]
        if reference in self.references:
            raise No("REFERENCE_TAKEN")
        if reference:
            self.references.add(reference)
        label = f"A{len(self.accounts) + 1}"
        self.accounts[label] = Account(act.args["currency"], act.args["overdraft"], act.args["name"])
        return (label, self._standing(label, now))

    def _rename(self, act: Act, _: Client, now: int) -> Facts:
        (account,) = self._named(act.args["account"])
        account.name = act.args["name"]
        return (self._standing(act.args["account"], now),)

    def _deposit(self, act: Act, _: Client, now: int) -> Facts:
        label = act.args["account"]
        self._movable(act, now, **{label: {"ALL"}})
        return self._moved(act, now, None, label)

    def _withdraw(self, act: Act, _: Client, now: int) -> Facts:
        label = act.args["account"]
        self._movable(act, now, **{label: {"ALL", "DEBITS"}})
        return self._moved(act, now, label, None)

    def _transfer(self, act: Act, _: Client, now: int) -> Facts:
        source, target = act.args["source"], act.args["target"]
        self._movable(act, now, **{source: {"ALL", "DEBITS"}, target: {"ALL"}})
        return self._moved(act, now, source, target)

    def _moved(self, act: Act, now: int, source: str | None, target: str | None) -> Facts:
        amount, currency = act.args["amount"], act.args["currency"]
        made = self._move(Movement(source, target, amount, currency, amount), now)
        return (made, *(self._standing(label, now) for label in (source, target) if label))

    def _reverse(self, act: Act, _: Client, now: int) -> Facts:
        original = self.movements.get(act.args["transaction"])
        if original is None:
            raise No("TRANSACTION_NOT_FOUND")
        if original.final:
            raise No("NOT_REVERSIBLE")
        sides = [label for label in (original.source, original.target) if label]
        list(self._named(*sides))
        if original.target and self.live(original.target, now):
            raise No("ACCOUNT_FROZEN")
        if not original.left:
            raise No("NOT_REVERSIBLE")
        if act.args["amount"] and act.args["currency"] != original.currency:
            raise No("CURRENCY_MISMATCH")
        amount = act.args["amount"] or original.left
        if amount > original.left:
            raise No("NOT_REVERSIBLE")
        made = self._move(Movement(original.target, original.source, amount, original.currency, 0, final=True), now)
        original.left -= amount
        return (made, *(self._standing(label, now) for label in reversed(sides)))

    def _movable(self, act: Act, now: int, **sides: set[str]) -> None:
        """Refuse what is missing, closed, frozen, foreign, or not of the expected version. The first side has it."""
        accounts = list(self._named(*sides))
        for label, scopes in sides.items():
            if {self.freezes[freeze].scope for freeze in self.live(label, now)} & scopes:
                raise No("ACCOUNT_FROZEN")
        if any(account.currency != act.args["currency"] for account in accounts):
            raise No("CURRENCY_MISMATCH")
        if act.args["version"] not in (None, accounts[0].version):
            raise No("PRECONDITION_FAILED")

    def _move(self, made: Movement, now: int) -> str:
        """Move the amount; the house stands in for the side that is None. Return the label of the transaction."""
        changes = {made.source: -made.amount, made.target: made.amount}
        house, entries = self.house.get(made.currency, (0, 0))
        for label, change in changes.items():
            posted = self.accounts[label].posted if label else house
            if abs(posted + change) > LARGEST:
                raise No("LIMIT_EXCEEDED")
        if made.source and self.available(made.source, now) < made.amount:
            raise No("INSUFFICIENT_FUNDS")
        for label, change in changes.items():
            if label:
                self.accounts[label].posted += change
                self.accounts[label].version += 1
            else:
                self.house[made.currency] = (house + change, entries + 1)
        self.movements[f"T{len(self.movements) + 1}"] = made
        return f"T{len(self.movements)}"

    def _batch(self, act: Act, _: Client, now: int) -> Facts:
        """Decide the items one by one; if it is all or nothing, forget them all at the first that is refused."""
        saved = deepcopy(vars(self))
        answers = []
        for index, (deed, key, args) in enumerate(act.args["items"]):
            answer = self._decide(replace(act, deed=deed, key=key, args=args), now)
            if act.args["mode"] == "ATOMIC" and answer.code != OK:
                vars(self).update(saved)
                raise No("BATCH_REFUSED", index, answer.code, answer.at)
            answers.append((answer.code, answer.at, answer.facts))
        return tuple(answers)

    def _freeze(self, act: Act, _: Client, now: int) -> Facts:
        expires = act.args["expires"]
        if expires is not None and expires <= now:
            raise No("INVALID_INPUT")
        label = act.args["account"]
        list(self._named(label))
        made = f"F{len(self.freezes) + 1}"
        self.freezes[made] = Freeze(label, act.args["scope"], act.args["reason"], expires)
        return (made, self._standing(label, now))

    def _unfreeze(self, act: Act, client: Client, now: int) -> Facts:
        label, freeze = act.args["account"], act.args["freeze"]
        if label in self.accounts and freeze is not None and not self._is_freeze_of(label, freeze):
            raise No("FREEZE_NOT_FOUND")
        list(self._named(label))
        live = self.live(label, now)
        if not live:
            raise No("ACCOUNT_NOT_FROZEN")
        if freeze is not None and freeze not in live:
            raise No("FREEZE_NOT_FOUND")
        if freeze is None and len(live) > 1:
            raise No("AMBIGUOUS_FREEZE")
        chosen = self.freezes[freeze or live[0]]
        if chosen.reason == "COMPLIANCE" and client.role != "ADMIN":
            raise No("NOT_PERMITTED")
        chosen.over = True
        return (self._standing(label, now),)

    def _is_freeze_of(self, label: str, freeze: str) -> bool:
        return freeze in self.freezes and self.freezes[freeze].account == label

    def _limit(self, act: Act, _: Client, now: int) -> Facts:
        (account,) = self._named(act.args["account"])
        if act.args["currency"] != account.currency:
            raise No("CURRENCY_MISMATCH")
        if act.args["limit"] < self.held(act.args["account"], now) - account.posted:
            raise No("INSUFFICIENT_FUNDS")
        account.overdraft = act.args["limit"]
        return (self._standing(act.args["account"], now),)

    def _close(self, act: Act, client: Client, now: int) -> Facts:
        label, target = act.args["account"], act.args["into"]
        if (
            label in self.accounts
            and self.live(label, now)
            and client.role != "ADMIN"
            and not self.accounts[label].closed
        ):
            raise No("NOT_PERMITTED")
        account, *others = self._named(label, *([target] if target else []))
        if target and "ALL" in {self.freezes[freeze].scope for freeze in self.live(target, now)}:
            raise No("ACCOUNT_FROZEN")
        if account.posted < 0 or self.held(label, now) or (account.posted and not target):
            raise No("ACCOUNT_NOT_EMPTY")
        if any(other.currency != account.currency for other in others):
            raise No("CURRENCY_MISMATCH")
        swept = account.posted
        made = [self._move(Movement(label, target, swept, account.currency, 0, final=True), now)] if swept else []
        for freeze in self.live(label, now):
            self.freezes[freeze].over = True
        account.closed, account.overdraft = True, 0
        return (*made, *(self._standing(one, now) for one in (label, target if made else None) if one))

    def _abandon(self, act: Act, _: Client, now: int) -> Facts:
        slot = (act.client, act.args["deed"], act.args["key"])
        args, answer = self.decided.setdefault(slot, (None, Answer("ABANDONED", now)))
        return ("ABANDONED" if args is None else answer.code, answer.at)

    def _disable(self, act: Act, _: Client, __: int) -> Facts:
        client = self.clients[act.args["client"]]
        was, client.enabled = client.enabled, False
        if not self._has_an_admin():
            client.enabled = was
            raise No("LAST_ADMIN")
        return ()

    def _enable(self, act: Act, _: Client, __: int) -> Facts:
        self.clients[act.args["client"]].enabled = True
        return ()

    def _revoke(self, act: Act, _: Client, __: int) -> Facts:
        revoked, index = self.clients[act.args["client"]].revoked, act.args["api_key"]
        if revoked[index]:
            raise No("API_KEY_NOT_FOUND")
        revoked[index] = True
        if not self._has_an_admin():
            revoked[index] = False
            raise No("LAST_ADMIN")
        return ()

    def _has_an_admin(self) -> bool:
        clients = self.clients.values()
        return any(client.role == "ADMIN" and client.enabled and not all(client.revoked) for client in clients)


def _said(args: Args) -> Args:
    """Return what was said with a request: a currency is said of an amount, so that without one there is none."""
    return args | {"currency": None} if args.get("amount", 0) is None else args
