"""The books as they ought to be: a small model of its own, which shares with the server nothing but the contract.

It is told what the audit log says was done, in its order, and says for itself what must have come of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torture.access import MAY, Client
from torture.accounts import Account, Freeze, Hold, counts
from torture.history import OK, Answer, Input, Record, Scope, Standing

Standings = tuple[tuple[str, Standing], ...]


class RefusedError(Exception):
    """The deed must have been refused; the message is the code."""


@dataclass(slots=True)
class Movement:
    """What a transaction moved; None is the house. `left` of it can still be taken back."""

    source: str | None
    target: str | None
    amount: int
    left: int


class Model:
    """All of it, up to the record that it was told last."""

    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}
        self.holds: dict[str, Hold] = {}
        self.movements: dict[str, Movement] = {}
        self.clients: dict[str, Client] = {}
        self.decided: dict[Scope, str] = {}

    def may(self, record: Record) -> bool:
        """Tell whether the caller may do it at all, at this place in the log."""
        client = self.clients.get(record.scope.client)
        if client is None or not client.is_enabled or record.api_key not in client.api_keys:
            return False
        return record.scope.operation in MAY[client.role]

    def decide(self, record: Record, asked: Input) -> Answer:
        """Return what the deed must have come to."""
        deed: Callable[..., Standings] = getattr(self, f"_{record.scope.operation.lower()}")
        try:
            standings = deed(record, **asked)
        except RefusedError as refused:
            return Answer(str(refused), record.at)
        return Answer(OK, record.at, made=_made(record), standings=standings)

    def settle(self, record: Record) -> None:
        """Take note of a deed of the system itself. Raises RefusedError if it was not due."""
        if record.scope.operation == "EXPIRE_HOLD":
            hold_id = record.made("hold_")
            hold = self.holds[hold_id]
            if not hold.is_open or counts(hold, record.at):
                raise RefusedError("NOT_DUE")
            self._end(hold_id)
        elif record.scope.operation == "EXPIRE_FREEZE":
            account = self.accounts[record.made("acct_")]
            if counts(account.freezes.pop(record.made("frz_")), record.at):
                raise RefusedError("NOT_DUE")
        elif record.scope.operation == "CREATE_API_CLIENT":
            self.clients[record.made("cli_")] = Client("ADMIN")
        elif record.scope.operation == "ISSUE_API_KEY":
            self.clients[record.made("cli_")].api_keys.add(record.made("key_"))

    # Accounts

    def _open_account(self, record: Record, currency: str, overdraft: int) -> Standings:
        if overdraft and self.clients[record.scope.client].role == "TELLER":
            raise RefusedError("NOT_PERMITTED")
        self.accounts[record.made("acct_")] = Account(currency, overdraft)
        return self._standings(record, record.made("acct_"))

    def _freeze_account(self, record: Record, account: str, scope: str, reason: str, expires: int | None) -> Standings:
        (known,) = self._named(account)
        known.freezes[record.made("frz_")] = Freeze(scope, reason, expires)
        return self._standings(record, account)

    def _unfreeze_account(self, record: Record, account: str) -> Standings:
        (known,) = self._named(account)
        live = [id_ for id_, freeze in known.freezes.items() if counts(freeze, record.at)]
        if len(live) != 1:
            raise RefusedError("AMBIGUOUS_FREEZE" if live else "ACCOUNT_NOT_FROZEN")
        if known.freezes[live[0]].reason == "COMPLIANCE" and self.clients[record.scope.client].role != "ADMIN":
            raise RefusedError("NOT_PERMITTED")
        del known.freezes[live[0]]
        return self._standings(record, account)

    def _close_account(self, record: Record, account: str, target: str | None) -> Standings:
        closing = self.accounts[account]
        if closing.scopes(record.at) and not closing.is_closed and self.clients[record.scope.client].role != "ADMIN":
            raise RefusedError("NOT_PERMITTED")
        closing, *others = self._named(*filter(None, (account, target)))
        if any("ALL" in other.scopes(record.at) for other in others):
            raise RefusedError("ACCOUNT_FROZEN")
        if closing.posted < 0 or closing.held(record.at) or (closing.posted and not target):
            raise RefusedError("ACCOUNT_NOT_EMPTY")
        if any(other.currency != closing.currency for other in others):
            raise RefusedError("CURRENCY_MISMATCH")
        if closing.posted:
            self._move(record, account, target, closing.posted, left=0)
        closing.is_closed, closing.overdraft = True, 0
        closing.freezes.clear()
        return self._standings(record, account)

    # Movements

    def _deposit(self, record: Record, account: str, amount: int, currency: str, version: int | None) -> Standings:
        self._movable(record, currency, version, (account, {"ALL"}))
        self._move(record, None, account, amount, left=amount)
        return self._standings(record, account)

    def _withdraw(self, record: Record, account: str, amount: int, currency: str, version: int | None) -> Standings:
        self._movable(record, currency, version, (account, {"ALL", "DEBITS"}))
        self._move(record, account, None, amount, left=amount)
        return self._standings(record, account)

    def _transfer(
        self, record: Record, *, source: str, target: str, amount: int, currency: str, version: int | None
    ) -> Standings:
        self._movable(record, currency, version, (source, {"ALL", "DEBITS"}), (target, {"ALL"}))
        self._move(record, source, target, amount, left=amount)
        return self._standings(record, source, target)

    def _reverse_transaction(self, record: Record, transaction: str, amount: int | None, currency: str) -> Standings:
        original = self.movements[transaction]
        if original.left < 0:
            raise RefusedError("NOT_REVERSIBLE")
        self._named(*filter(None, (original.source, original.target)))
        if original.target and self.accounts[original.target].scopes(record.at):
            raise RefusedError("ACCOUNT_FROZEN")
        taken = original.left if amount is None else amount
        if not original.left:
            raise RefusedError("NOT_REVERSIBLE")
        if amount is not None and any(
            side and self.accounts[side].currency != currency for side in (original.source, original.target)
        ):
            raise RefusedError("CURRENCY_MISMATCH")
        if taken > original.left:
            raise RefusedError("NOT_REVERSIBLE")
        self._move(record, original.target, original.source, taken, left=-1)
        original.left -= taken
        return ()

    def _execute_batch(self, record: Record, mode: str, items: list[tuple[str, str, Input]]) -> Standings:
        """Refuse an ATOMIC batch of which an item would be refused; its items were recorded before it if none was."""
        scopes = [Scope(record.scope.client, operation, key) for operation, key, _ in items]
        if all(scope in self.decided for scope in scopes):
            return ()
        if (
            mode == "ATOMIC"
            and not any(scope in self.decided for scope in scopes)
            and not self._would_pass(record, items)
        ):
            raise RefusedError("BATCH_REFUSED")
        raise RefusedError("ITEMS_MISSING")

    def _would_pass(self, record: Record, items: list[tuple[str, str, Input]]) -> bool:
        """Try the items, then put everything back."""
        named = {item[name] for _, _, item in items for name in ("account", "source", "target") if name in item}
        before = {id_: (self.accounts[id_].posted, self.accounts[id_].version) for id_ in named}
        try:
            for operation, _, item in items:
                getattr(self, f"_{operation.lower()}")(record, **item)
        except RefusedError:
            return False
        finally:
            for id_, (posted, version) in before.items():
                self.accounts[id_].posted, self.accounts[id_].version = posted, version
        return True

    # Holds

    def _place_hold(self, record: Record, account: str, amount: int, currency: str, expires: int | None) -> Standings:
        self._movable(record, currency, None, (account, {"ALL", "DEBITS"}))
        known = self.accounts[account]
        if known.available(record.at) < amount:
            raise RefusedError("INSUFFICIENT_FUNDS")
        hold_id = record.made("hold_")
        self.holds[hold_id] = known.holds[hold_id] = Hold(account, amount, expires)
        return self._standings(record, account)

    def _capture_hold(self, record: Record, hold: str, target: str | None) -> Standings:
        held = self.holds[hold]
        source, *others = self._named(*filter(None, (held.account, target)))
        if source.scopes(record.at) or any("ALL" in other.scopes(record.at) for other in others):
            raise RefusedError("ACCOUNT_FROZEN")
        if not held.is_open:
            raise RefusedError("HOLD_NOT_OPEN")
        if any(other.currency != source.currency for other in others):
            raise RefusedError("CURRENCY_MISMATCH")
        self._end(hold)
        self._move(record, held.account, target, held.amount, left=held.amount)
        return self._standings(record, held.account)

    def _release_hold(self, record: Record, hold: str) -> Standings:
        held = self.holds[hold]
        if not held.is_open:
            raise RefusedError("HOLD_NOT_OPEN")
        self._end(hold)
        return self._standings(record, held.account)

    def _end(self, hold_id: str) -> None:
        hold = self.holds[hold_id]
        hold.is_open = False
        del self.accounts[hold.account].holds[hold_id]

    # Access

    def _create_api_client(self, record: Record, name: str, role: str) -> Standings:  # noqa: ARG002 - what was asked
        self.clients[record.made("cli_")] = Client(role)
        return ()

    def _issue_api_key(self, record: Record, client: str) -> Standings:
        if not self.clients[client].is_enabled:
            raise RefusedError("API_CLIENT_DISABLED")
        self.clients[client].api_keys.add(record.made("key_"))
        return ()

    def _revoke_api_key(self, record: Record, api_key: str) -> Standings:  # noqa: ARG002 - as all others
        holders = [client for client in self.clients.values() if api_key in client.api_keys]
        if not holders:
            raise RefusedError("API_KEY_NOT_FOUND")
        holders[0].api_keys.remove(api_key)
        return ()

    def _disable_api_client(self, record: Record, client: str) -> Standings:  # noqa: ARG002 - as all others
        self.clients[client].is_enabled = False
        return ()

    def _enable_api_client(self, record: Record, client: str) -> Standings:  # noqa: ARG002 - as all others
        self.clients[client].is_enabled = True
        return ()

    def _abandon_idempotency_key(self, record: Record, operation: str, key: str) -> Standings:
        self.decided.setdefault(Scope(record.scope.client, operation, key), "ABANDONED")
        return ()

    # What they have in common

    def _named(self, *ids: str) -> list[Account]:
        """Return the accounts; refuse where one is closed."""
        accounts = [self.accounts[id_] for id_ in ids]
        if any(account.is_closed for account in accounts):
            raise RefusedError("ACCOUNT_CLOSED")
        return accounts

    def _movable(self, record: Record, currency: str, version: int | None, *sides: tuple[str, set[str]]) -> None:
        """Refuse what is closed, frozen, foreign, or not of the expected version. The first side has that."""
        accounts = self._named(*(id_ for id_, _ in sides))
        if any(account.scopes(record.at) & scopes for account, (_, scopes) in zip(accounts, sides, strict=True)):
            raise RefusedError("ACCOUNT_FROZEN")
        if any(account.currency != currency for account in accounts):
            raise RefusedError("CURRENCY_MISMATCH")
        if version not in (None, accounts[0].version):
            raise RefusedError("PRECONDITION_FAILED")

    def _move(self, record: Record, source: str | None, target: str | None, amount: int, *, left: int) -> None:
        if source and self.accounts[source].available(record.at) < amount:
            raise RefusedError("INSUFFICIENT_FUNDS")
        for side, change in ((source, -amount), (target, amount)):
            if side:
                self.accounts[side].posted += change
                self.accounts[side].version += 1
        if record.outcome == "SUCCEEDED":
            self.movements[record.made("txn_")] = Movement(source, target, amount, left)

    def _standings(self, record: Record, *ids: str) -> Standings:
        return tuple((id_, self.accounts[id_].standing(record.at)) for id_ in ids)


_MAKES: Mapping[str, str] = {
    "OPEN_ACCOUNT": "acct_", "FREEZE_ACCOUNT": "frz_", "PLACE_HOLD": "hold_", "DEPOSIT": "txn_", "WITHDRAW": "txn_",
    "TRANSFER": "txn_", "REVERSE_TRANSACTION": "txn_", "CAPTURE_HOLD": "txn_", "CREATE_API_CLIENT": "cli_",
    "ISSUE_API_KEY": "key_",
}  # fmt: skip


def _made(record: Record) -> str | None:
    prefix = _MAKES.get(record.scope.operation)
    return record.made(prefix) if prefix else None
