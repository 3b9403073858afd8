"""What holds do, in the second ledger: the part of model.py that is about them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from tests.properties.model import Act, Client, Facts, Hold, Model, No


@dataclass
class HoldingModel(Model):
    """The books as they should be, holds included."""

    def _hold(self, act: Act, _: Client, now: int) -> Facts:
        expires, label, amount = act.args["expires"], act.args["account"], act.args["amount"]
        if expires is not None and expires <= now:
            raise No("INVALID_INPUT")
        self._movable(act, now, **{label: {"ALL", "DEBITS"}})
        left = self.available(label, now) - amount
        if act.args["left"] is not None and left < act.args["left"]:
            raise No("PRECONDITION_FAILED")
        if left < 0:
            raise No("INSUFFICIENT_FUNDS")
        made = f"H{len(self.holds) + 1}"
        self.holds[made] = Hold(label, amount, expires)
        return (made, "OPEN", 0, self._standing(label, now))

    def _capture(self, act: Act, _: Client, now: int) -> Facts:
        label, target, currency = act.args["hold"], act.args["target"], act.args["currency"]
        hold = self.holds.get(label)
        amount = act.args["amount"]
        if hold and amount is not None and currency == self.accounts[hold.account].currency and amount > hold.amount:
            raise No("INVALID_AMOUNT")
        if hold and hold.account == target:
            raise No("SAME_ACCOUNT")
        if target is not None and target not in self.accounts:
            raise No("ACCOUNT_NOT_FOUND")
        if hold is None:
            raise No("HOLD_NOT_FOUND")
        self._capturable(act, hold, now)
        captured = hold.amount if amount is None else amount
        moved = replace(act, args={"amount": captured, "currency": self.accounts[hold.account].currency})
        with self._ended(hold, "CAPTURED"):
            return (label, "CAPTURED", captured, *self._moved(moved, now, hold.account, target))

    def _capturable(self, act: Act, hold: Hold, now: int) -> None:
        source, target = hold.account, act.args["target"]
        list(self._named(source, *([] if target is None else [target])))
        if self.live(source, now) and act.args["note"] is None:
            raise No("ACCOUNT_FROZEN")
        if target and any(self.freezes[freeze].scope == "ALL" for freeze in self.live(target, now)):
            raise No("ACCOUNT_FROZEN")
        if hold.state != "OPEN":
            raise No("HOLD_NOT_OPEN")
        held_in = self.accounts[source].currency
        if act.args["amount"] is not None and act.args["currency"] != held_in:
            raise No("CURRENCY_MISMATCH")
        if target and self.accounts[target].currency != held_in:
            raise No("CURRENCY_MISMATCH")

    @contextmanager
    def _ended(self, hold: Hold, state: str) -> Iterator[None]:
        """Let what was held be moved; if that is refused, it is held as before."""
        hold.state = state
        try:
            yield
        except No:
            hold.state = "OPEN"
            raise

    def _release(self, act: Act, _: Client, now: int) -> Facts:
        label = act.args["hold"]
        hold = self.holds.get(label)
        if hold is None:
            raise No("HOLD_NOT_FOUND")
        if hold.state != "OPEN":
            raise No("HOLD_NOT_OPEN")
        hold.state = "RELEASED"
        return (label, "RELEASED", 0, self._standing(hold.account, now))
