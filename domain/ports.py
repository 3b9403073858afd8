"""What writing needs from the outside, and what it offers to it. Reading is in reading.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from domain.access import ApiClient, ApiKey, Caller
from domain.accounts import Account
from domain.commands import Command, Rejection
from domain.errors import DomainError
from domain.freezes import Freeze
from domain.holds import Hold
from domain.idempotency import Decision, IdempotencyScope
from domain.instants import Instant
from domain.transactions import Reversal, Transaction


class Books(Protocol):
    """The committed state, as a batch looks things up in it."""

    def account(self, account_id: str) -> Account | None:
        """Return an account of any kind."""
        ...

    def account_id_with_reference(self, reference: str) -> str | None:
        """Return whose reference this is."""
        ...

    def unreleased_freezes(self, account_id: str) -> Sequence[Freeze]:
        """Return the freezes not released yet, due or not, oldest first."""
        ...

    def freeze(self, freeze_id: str) -> Freeze | None:
        """Return a freeze, whatever became of it."""
        ...

    def transaction(self, transaction_id: str) -> Transaction | None:
        """Return a transaction with its entries."""
        ...

    def last_reversal(self, transaction_id: str) -> Reversal | None:
        """Return how far a transaction is taken back; None if it is not."""
        ...

    def hold(self, hold_id: str) -> Hold | None:
        """Return a hold, whatever became of it."""
        ...

    def due_holds(self, account_id: str, now: Instant) -> Sequence[Hold]:
        """Return the holds that have run out by then and are not settled yet, those that ran out first before."""
        ...

    def open_holds(self, account_id: str, most: int) -> Sequence[Hold]:
        """Return the first holds that have not ended yet, due or not, oldest first."""
        ...

    def api_client(self, api_client_id: str) -> ApiClient | None:
        """Return an API client."""
        ...

    def api_client_id_with_name(self, name: str) -> str | None:
        """Return whose name this is."""
        ...

    def admins(self) -> Sequence[ApiClient]:
        """Return the enabled API clients with the role ADMIN, the system aside."""
        ...

    def api_key(self, api_key_id: str) -> ApiKey | None:
        """Return an API key."""
        ...

    def api_keys_of(self, api_client_id: str) -> Sequence[ApiKey]:
        """Return all keys of a client, oldest first."""
        ...

    def texts_about(self, account_id: str) -> int:
        """Return how many records that tell of an account have their words, or the salt of their parts, still."""
        ...

    def decision(self, scope: IdempotencyScope) -> Decision | None:
        """Return what was decided under a key, with the details of its audit record."""
        ...


@dataclass(frozen=True, slots=True)
class Request:
    """One write, as it waits for its batch."""

    caller: Caller
    key: str
    command: Command | Rejection


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the books answered. `result` is a success or the error that refused it."""

    result: Any
    decided_at: Instant
    replayed: bool = False

    @property
    def is_success(self) -> bool:
        """Tell a success from a refusal."""
        return not isinstance(self.result, DomainError)


class StorageError(Exception):
    """The books cannot be read or written: a full or failing disk, a lock held too long, a COMMIT without an answer."""


class ReadingTookTooLongError(StorageError):
    """A question was given up: answering it would have kept all others waiting."""


class Fault(Exception):
    """A bug of ours stopped this request. Nothing of it was kept."""


class Ledger(Protocol):
    """The one port for writes, denials included. Whatever it answers is durable."""

    async def execute(self, caller: Caller, key: str, command: Command | Rejection) -> Outcome:
        """Decide a command once. Raises Fault when a bug stopped it.

        Errors among the outcomes: those of the command, Forbidden, Overloaded (never queued), Unavailable (unknown).
        """
        ...

    async def settled(self) -> None:
        """Return once everything queued so far has been decided."""
        ...
