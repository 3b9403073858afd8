"""What is asked of the books from outside a batch: filters, pages, and the port that answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from domain.access import ApiClient, ApiKey, Caller, Operation
from domain.accounts import Account, AccountState
from domain.audit import AuditOutcome, AuditRecord
from domain.commands import Command, Rejection
from domain.explanations import BalanceExplanation
from domain.freezes import Freeze
from domain.holds import Hold, HoldState
from domain.idempotency import IdempotencyRecord, IdempotencyScope
from domain.instants import Instant
from domain.money import Money
from domain.ports import Outcome
from domain.transactions import Entry, Transaction, TransactionKind
from domain.turnovers import Turnover

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class TimeRange:
    """From `since`, included, to `until`, left out."""

    since: Instant | None = None
    until: Instant | None = None


@dataclass(frozen=True, slots=True)
class AmountRange:
    """From `minimum` to `maximum`, both included, in one currency."""

    minimum: Money | None = None
    maximum: Money | None = None


@dataclass(frozen=True, slots=True)
class AccountFilter:
    """Which accounts to list."""

    state: AccountState | None = None
    currency: str | None = None
    reference_prefix: str | None = None
    opened_at: TimeRange = field(default_factory=TimeRange)


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Which entries of an account to list."""

    created_at: TimeRange = field(default_factory=TimeRange)
    amount: AmountRange = field(default_factory=AmountRange)


@dataclass(frozen=True, slots=True)
class TransactionFilter:
    """Which transactions to list."""

    kind: TransactionKind | None = None
    account_id: str | None = None
    reference: str | None = None
    amount: AmountRange = field(default_factory=AmountRange)
    created_at: TimeRange = field(default_factory=TimeRange)


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which audit records to list."""

    outcome: AuditOutcome | None = None
    operation: Operation | None = None
    api_client_id: str | None = None
    target_id: str | None = None
    at: TimeRange = field(default_factory=TimeRange)


@dataclass(frozen=True, slots=True)
class PageRequest:
    """The first so many after a position; positions are the sequence numbers of what is listed."""

    first: int
    after: int | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """One page: items with their positions, and whether more follow."""

    items: tuple[tuple[int, Item], ...] = ()
    has_next: bool = False


@dataclass(frozen=True, slots=True)
class PostedEntry:
    """An entry with the transaction it belongs to."""

    entry: Entry
    transaction_id: str
    created_at: Instant


@dataclass(frozen=True, slots=True)
class Credential:
    """What is known of an API key when somebody presents it."""

    api_client: ApiClient
    api_key: ApiKey
    secret_digest: str


class Reader(Protocol):
    """The committed state, as questions are answered from it.

    What is due counts as settled: an expired freeze is not live, and an account it alone kept frozen is ACTIVE; an
    expired hold is EXPIRED, and sets nothing aside.
    Look-ups by ids take many at once and leave out what does not exist. House accounts are never found.
    """

    def credential(self, api_key_id: str) -> Credential | None:
        """Return what an API key opens."""
        ...

    def accounts(self, ids: Sequence[str]) -> Mapping[str, Account]:
        """Return customer accounts by id."""
        ...

    def account_id_with_reference(self, reference: str) -> str | None:
        """Return whose reference this is."""
        ...

    def transactions(self, ids: Sequence[str]) -> Mapping[str, Transaction]:
        """Return transactions by id."""
        ...

    def transaction_ids_at(self, sequences: Sequence[int]) -> Mapping[int, str]:
        """Return which transactions were made by the audit records of these numbers."""
        ...

    def reversed_amounts(self, ids: Sequence[str]) -> Mapping[str, Money]:
        """Return how much of each transaction is taken back."""
        ...

    def holds(self, ids: Sequence[str]) -> Mapping[str, Hold]:
        """Return holds by id."""
        ...

    def holds_captured_at(self, sequences: Sequence[int]) -> Mapping[int, Hold]:
        """Return which holds were captured by the audit records of these numbers."""
        ...

    def freezes(self, ids: Sequence[str]) -> Mapping[str, Freeze]:
        """Return freezes by id."""
        ...

    def api_clients(self, ids: Sequence[str]) -> Mapping[str, ApiClient]:
        """Return API clients by id."""
        ...

    def api_keys(self, ids: Sequence[str]) -> Mapping[str, ApiKey]:
        """Return API keys by id."""
        ...

    def api_keys_of(self, api_client_ids: Sequence[str]) -> Mapping[str, Sequence[ApiKey]]:
        """Return the keys of each client: those that work first, then the others, newest first; at most 20."""
        ...

    def audit_records(self, sequences: Sequence[int]) -> Mapping[int, AuditRecord]:
        """Return audit records by number."""
        ...

    def idempotency_record(self, scope: IdempotencyScope) -> IdempotencyRecord | None:
        """Return what was decided under a key."""
        ...

    def present(self) -> Instant:
        """Return the earliest instant that anything can still be written at: what lies before it is final."""
        ...

    def turnovers(self, account_ids: Sequence[str], at: Instant) -> Mapping[str, Turnover]:
        """Return what went through each account before an instant."""
        ...

    def balance_explanation(self, account_id: str, at: Instant | None) -> BalanceExplanation | None:
        """Return what a customer's balance is made of, now or at an instant that has passed; all in one snapshot."""
        ...

    def preview(self, caller: Caller, command: Command | Rejection) -> Outcome:
        """Return what a command would come to at this moment. Errors among the outcomes: those of the command."""
        ...

    def account_page(self, where: AccountFilter, page: PageRequest) -> Page[Account]:
        """List customer accounts, newest first."""
        ...

    def transaction_page(self, where: TransactionFilter, page: PageRequest) -> Page[Transaction]:
        """List transactions, newest first."""
        ...

    def audit_page(self, where: AuditFilter, page: PageRequest) -> Page[AuditRecord]:
        """List audit records, oldest first."""
        ...

    def api_client_page(self, page: PageRequest) -> Page[ApiClient]:
        """List API clients, newest first."""
        ...

    def entry_pages(
        self, account_ids: Sequence[str], where: EntryFilter, page: PageRequest
    ) -> Mapping[str, Page[PostedEntry]]:
        """List the entries of each account, oldest first."""
        ...

    def freeze_pages(
        self, account_ids: Sequence[str], *, live_only: bool, page: PageRequest
    ) -> Mapping[str, Page[Freeze]]:
        """List the freezes of each account, newest first."""
        ...

    def reversal_pages(self, ids: Sequence[str], page: PageRequest) -> Mapping[str, Page[Transaction]]:
        """List the reversals of each transaction, newest first."""
        ...

    def hold_pages(
        self, account_ids: Sequence[str], state: HoldState | None, page: PageRequest
    ) -> Mapping[str, Page[Hold]]:
        """List the holds of each account, newest first."""
        ...

    def capture_pages(self, hold_ids: Sequence[str], page: PageRequest) -> Mapping[str, Page[Transaction]]:
        """List the transactions that made each hold good, newest first."""
        ...
