"""The edges between nouns: one batch loader each, so that a list costs one statement and not one per element."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, TypeVar

from strawberry.dataloader import DataLoader

from domain.catalogue import Catalogue
from domain.holds import HoldState
from domain.instants import Instant
from domain.reading import EntryFilter as DomainEntryFilter
from domain.reading import (
    PageRequest,
    PostedEntry,
    Reader,
    TimeRange,
)
from domain.turnovers import Turnover, statement
from resolvers.filters import entry_filter, past_instant, past_interval
from resolvers.pages import Listing, connection, page_request
from schema.access import ApiClient, ApiKey
from schema.accounts import Account, Freeze
from schema.holds import Hold
from schema.money import Money
from schema.pages import Connection
from schema.scalars import DateTime
from schema.statements import Statement
from schema.transactions import Entry, EntryFilter, Transaction

Key = TypeVar("Key")
Found = TypeVar("Found")

_EntriesKey = tuple[DomainEntryFilter, PageRequest, str]
_FreezesKey = tuple[bool, PageRequest, str]
_TurnoverKey = tuple[Instant, str]
_ReversalsKey = tuple[PageRequest, str]
_HoldsKey = tuple[HoldState | None, PageRequest, str]
_CapturesKey = tuple[None, PageRequest, str]


class LoadedEdges:
    """The edges of `schema.context`, over a reader. Lives as long as one request."""

    def __init__(self, reader: Reader, catalogue: Catalogue) -> None:
        self._reader = reader
        self._catalogue = catalogue

    async def account(self, account_id: str) -> Account | None:
        return await self._accounts.load(account_id)

    async def transaction(self, transaction_id: str) -> Transaction | None:
        return await self._transactions.load(transaction_id)

    async def transaction_at(self, sequence: int) -> Transaction | None:
        transaction_id = await self._transaction_ids.load(sequence)
        return await self.transaction(transaction_id) if transaction_id else None

    async def reversed_amount_of(self, transaction_id: str) -> Money | None:
        return await self._reversed_amounts.load(transaction_id)

    async def reversals_of(self, transaction_id: str, first: int, after: str | None) -> Connection[Transaction]:
        return await self._reversals.load((page_request(Listing.REVERSALS, first, after), transaction_id))

    async def api_client(self, api_client_id: str) -> ApiClient | None:
        return await self._api_clients.load(api_client_id)

    async def api_keys_of(self, api_client_id: str) -> Sequence[ApiKey]:
        return await self._api_keys_of.load(api_client_id) or ()

    async def entries_of(
        self, account_id: str, where: EntryFilter | None, first: int, after: str | None
    ) -> Connection[Entry]:
        asked = page_request(Listing.ENTRIES, first, after)
        return await self._entries.load((entry_filter(self._catalogue, where), asked, account_id))

    async def balance_at(self, account_id: str, at: DateTime) -> Money:
        turnover = await self._turnovers.load((past_instant(at, self._present), account_id))
        return Money.of(turnover.balance)

    async def statement_of(self, account_id: str, since: DateTime, until: DateTime) -> Statement:
        ends = past_interval(since, until, self._present)
        before, after = await self._turnovers.load_many([(end, account_id) for end in ends])
        return Statement.of(statement(before, after), account_id, since, until)

    async def entries_of_statement(
        self, account_id: str, since: DateTime, until: DateTime, first: int, after: str | None
    ) -> Connection[Entry]:
        asked = page_request(Listing.ENTRIES, first, after)
        where = DomainEntryFilter(TimeRange(Instant(since), Instant(until)))
        return await self._entries.load((where, asked, account_id))

    async def freezes_of(
        self, account_id: str, *, live_only: bool, first: int, after: str | None
    ) -> Connection[Freeze]:
        asked = page_request(Listing.FREEZES, first, after)
        return await self._freezes.load((live_only, asked, account_id))

    async def holds_of(
        self, account_id: str, state: HoldState | None, first: int, after: str | None
    ) -> Connection[Hold]:
        asked = page_request(Listing.HOLDS, first, after)
        return await self._holds.load((state, asked, account_id))

    async def captures_of(self, hold_id: str, first: int, after: str | None) -> Connection[Transaction]:
        asked = page_request(Listing.TRANSACTIONS, first, after)
        return await self._captures.load((None, asked, hold_id))

    async def hold_captured_at(self, sequence: int) -> Hold | None:
        return await self._holds_captured_at.load(sequence)

    @cached_property
    def _accounts(self) -> DataLoader[str, Account | None]:
        return _by_key(self._reader.accounts, Account.of)

    @cached_property
    def _transactions(self) -> DataLoader[str, Transaction | None]:
        return _by_key(self._reader.transactions, Transaction.of)

    @cached_property
    def _transaction_ids(self) -> DataLoader[int, str | None]:
        return _by_key(self._reader.transaction_ids_at, str)

    @cached_property
    def _reversed_amounts(self) -> DataLoader[str, Money | None]:
        return _by_key(self._reader.reversed_amounts, Money.of)

    @cached_property
    def _api_clients(self) -> DataLoader[str, ApiClient | None]:
        return _by_key(self._reader.api_clients, ApiClient.of)

    @cached_property
    def _api_keys_of(self) -> DataLoader[str, list[ApiKey] | None]:
        return _by_key(self._reader.api_keys_of, lambda keys: [ApiKey.of(key) for key in keys])

    @cached_property
    def _present(self) -> Instant:
        return self._reader.present()

    @cached_property
    def _turnovers(self) -> DataLoader[_TurnoverKey, Turnover]:
        async def load(keys: list[_TurnoverKey]) -> list[Turnover]:
            found: dict[_TurnoverKey, Turnover] = {}
            for (at,), group in _grouped(keys):
                turnovers = self._reader.turnovers(group, at)
                found |= {(at, id_): turnover for id_, turnover in turnovers.items()}
            return [found[key] for key in keys]

        return DataLoader(load)

    @cached_property
    def _entries(self) -> DataLoader[_EntriesKey, Connection[Entry]]:
        async def load(keys: list[_EntriesKey]) -> list[Connection[Entry]]:
            found: dict[_EntriesKey, Connection[Entry]] = {}
            for (where, asked), group in _grouped(keys):
                pages = self._reader.entry_pages(group, where, asked)
                found |= {
                    (where, asked, id_): connection(Listing.ENTRIES, asked, page, _entry) for id_, page in pages.items()
                }
            return [found[key] for key in keys]

        return DataLoader(load)

    @cached_property
    def _freezes(self) -> DataLoader[_FreezesKey, Connection[Freeze]]:
        async def load(keys: list[_FreezesKey]) -> list[Connection[Freeze]]:
            found: dict[_FreezesKey, Connection[Freeze]] = {}
            for (live_only, asked), group in _grouped(keys):
                pages = self._reader.freeze_pages(group, live_only=live_only, page=asked)
                found |= {
                    (live_only, asked, id_): connection(Listing.FREEZES, asked, page, Freeze.of)
                    for id_, page in pages.items()
                }
            return [found[key] for key in keys]

        return DataLoader(load)

    @cached_property
    def _reversals(self) -> DataLoader[_ReversalsKey, Connection[Transaction]]:
        async def load(keys: list[_ReversalsKey]) -> list[Connection[Transaction]]:
            found: dict[_ReversalsKey, Connection[Transaction]] = {}
            for asked in dict.fromkeys(page for page, _ in keys):
                pages = self._reader.reversal_pages([id_ for page, id_ in keys if page == asked], asked)
                found |= {
                    (asked, id_): connection(Listing.REVERSALS, asked, page, Transaction.of)
                    for id_, page in pages.items()
                }
            return [found[key] for key in keys]

        return DataLoader(load)

    @cached_property
    def _holds(self) -> DataLoader[_HoldsKey, Connection[Hold]]:
        async def load(keys: list[_HoldsKey]) -> list[Connection[Hold]]:
            found: dict[_HoldsKey, Connection[Hold]] = {}
            for (state, asked), group in _grouped(keys):
                pages = self._reader.hold_pages(group, state, asked)
                found |= {
                    (state, asked, id_): connection(Listing.HOLDS, asked, page, Hold.of) for id_, page in pages.items()
                }
            return [found[key] for key in keys]

        return DataLoader(load)

    @cached_property
    def _captures(self) -> DataLoader[_CapturesKey, Connection[Transaction]]:
        async def load(keys: list[_CapturesKey]) -> list[Connection[Transaction]]:
            found: dict[_CapturesKey, Connection[Transaction]] = {}
            for (_, asked), group in _grouped(keys):
                pages = self._reader.capture_pages(group, asked)
                found |= {
                    (None, asked, id_): connection(Listing.TRANSACTIONS, asked, page, Transaction.of)
                    for id_, page in pages.items()
                }
            return [found[key] for key in keys]

        return DataLoader(load)

    @cached_property
    def _holds_captured_at(self) -> DataLoader[int, Hold | None]:
        return _by_key(self._reader.holds_captured_at, Hold.of)


def _by_key(
    read: Callable[[Sequence[Key]], Mapping[Key, Found]], present: Callable[[Found], Any]
) -> DataLoader[Key, Any]:
    async def load(keys: list[Key]) -> list[Any]:
        found = read(keys)
        return [present(found[key]) if key in found else None for key in keys]

    return DataLoader(load)


def _grouped(keys: Iterable[tuple[Any, ...]]) -> Iterable[tuple[tuple[Any, ...], list[str]]]:
    """Group the keys that ask the same of different accounts."""
    groups: dict[tuple[Any, ...], list[str]] = defaultdict(list)
    for *asked, account_id in keys:
        groups[tuple(asked)].append(account_id)
    return groups.items()


def _entry(posted: PostedEntry) -> Entry:
    return Entry.of(posted.entry, posted.transaction_id, posted.created_at)
