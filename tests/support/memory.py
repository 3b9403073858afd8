"""Books kept in dictionaries: the port of `domain.ports` without a database, and a ledger that runs on them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import peewee

from domain.access import SYSTEM, SYSTEM_CLIENT_ID, ApiClient, ApiKey, Caller, Role
from domain.accounts import Account
from domain.audit import BEGINNING, AuditRecord, Head
from domain.commands import Command, Rejection
from domain.decisions import Batch, decide_all
from domain.freezes import Freeze
from domain.holds import Hold, HoldState
from domain.idempotency import Decision, IdempotencyScope
from domain.instants import Instant
from domain.ports import Fault, Outcome, Request
from domain.previews import preview
from domain.transactions import Reversal, Transaction
from domain.unit_of_work import Staged
from tests.support.books import TestLedger


def _with_the_system() -> Staged:
    return Staged(api_clients={SYSTEM_CLIENT_ID: ApiClient(SYSTEM_CLIENT_ID, "system", Role.ADMIN)})


@dataclass
class MemoryBooks:
    """Everything that batches have staged, and the end of the log."""

    kept: Staged = field(default_factory=_with_the_system)
    head: Head = BEGINNING

    def apply(self, batch: Batch) -> None:
        """Take over what a batch has staged, as a commit would."""
        if batch.staged.audit:
            self.kept.absorb(batch.staged)
            self.head = Head(self.head.batch + 1, batch.sequence, batch.now, batch.hash)

    def account(self, account_id: str) -> Account | None:
        return self.kept.accounts.get(account_id)

    def account_id_with_reference(self, reference: str) -> str | None:
        return self.kept.references.get(reference)

    def hold(self, hold_id: str) -> Hold | None:
        return self.kept.holds.get(hold_id)

    def due_holds(self, account_id: str, now: Instant) -> Sequence[Hold]:
        due = [hold for hold in self.kept.holds.values() if hold.account_id == account_id and hold.is_due(now)]
        return sorted(due, key=lambda hold: hold.expires_at or now)

    def open_holds(self, account_id: str, most: int) -> Sequence[Hold]:
        holds = self.kept.holds.values()
        return [hold for hold in holds if hold.account_id == account_id and hold.state is HoldState.OPEN][:most]

    def unreleased_freezes(self, account_id: str) -> Sequence[Freeze]:
        freezes = self.kept.freezes.values()
        return [freeze for freeze in freezes if freeze.account_id == account_id and freeze.released_at is None]

    def freeze(self, freeze_id: str) -> Freeze | None:
        return self.kept.freezes.get(freeze_id)

    def transaction(self, transaction_id: str) -> Transaction | None:
        return self.kept.transactions.get(transaction_id)

    def last_reversal(self, transaction_id: str) -> Reversal | None:
        found = (one for one in self.kept.reversals.values() if one.original_id == transaction_id)
        return max(found, key=lambda one: one.n, default=None)

    def api_client(self, api_client_id: str) -> ApiClient | None:
        return self.kept.api_clients.get(api_client_id)

    def api_client_id_with_name(self, name: str) -> str | None:
        return next((client.id for client in self.kept.api_clients.values() if client.name == name), None)

    def admins(self) -> Sequence[ApiClient]:
        clients = self.kept.api_clients.values()
        return [c for c in clients if c.role is Role.ADMIN and c.disabled_at is None and c.id != SYSTEM_CLIENT_ID]

    def api_key(self, api_key_id: str) -> ApiKey | None:
        return self.kept.api_keys.get(api_key_id)

    def api_keys_of(self, api_client_id: str) -> Sequence[ApiKey]:
        return [key for key in self.kept.api_keys.values() if key.api_client_id == api_client_id]

    def texts_about(self, account_id: str) -> int:
        telling = {record.sequence for record in self.kept.audit if account_id in record.target_ids}
        return sum(text.sequence in telling for text in self.kept.text)

    def decision(self, scope: IdempotencyScope) -> Decision | None:
        return self.kept.decisions.get(scope)


@dataclass
class MemoryLedger(TestLedger):
    """Runs commands as `TestLedger` does, with the domain alone: no writer, no database."""

    __test__ = False

    database: peewee.SqliteDatabase = field(init=False, repr=False)
    books: MemoryBooks = field(default_factory=MemoryBooks)

    def __post_init__(self) -> None:
        self._keys = (f"key-{number}" for number in itertools.count(1))

    def bound(self, largest_movement: int) -> None:
        self.largest_movement = largest_movement

    def run(self, *requests: Request) -> list[Outcome | Fault]:
        now = Instant(max(self.clock.now(), self.books.head.at + 1))
        batch = Batch(self.books, self.books.head, now, self.ids, self.entropy, self.largest_movement)
        outcomes = decide_all(batch, requests)
        self.books.apply(batch)
        return outcomes

    def preview(self, command: Command | Rejection, caller: Caller = SYSTEM) -> Outcome:
        request = Request(caller, "", command)
        return preview(self.books, self.head, self.clock.now(), request, self.largest_movement)

    @property
    def head(self) -> Head:
        return self.books.head

    @property
    def log(self) -> list[AuditRecord]:
        """Return all audit records, oldest first."""
        return list(self.books.kept.audit)

    def erase_texts(self) -> None:
        """Blank the words of all callers, and the salts of their digests."""
        kept = self.books.kept
        kept.decisions |= {scope: replace(decision, salt=b"") for scope, decision in kept.decisions.items()}
        kept.accounts |= {id_: replace(account, name="", metadata=()) for id_, account in kept.accounts.items()}
        kept.transactions |= {id_: replace(t, description=None, metadata=()) for id_, t in kept.transactions.items()}
        kept.holds |= {id_: replace(hold, description=None) for id_, hold in kept.holds.items()}
        kept.freezes |= {id_: replace(freeze, note=None) for id_, freeze in kept.freezes.items()}
