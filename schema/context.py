"""What a noun may ask of the request it is told in: who calls, and the nouns next to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import strawberry

from domain.access import Caller

if TYPE_CHECKING:
    from collections.abc import Sequence

    from schema.access import ApiClient, ApiKey
    from schema.accounts import Account, Freeze
    from schema.enums import HoldState
    from schema.holds import Hold
    from schema.money import Money
    from schema.pages import Connection
    from schema.scalars import DateTime
    from schema.statements import Statement
    from schema.transactions import Entry, EntryFilter, Transaction


class Edges(Protocol):
    """The way from one noun to the next. Each is fetched in one go for all that ask at the same moment."""

    async def account(self, account_id: str) -> Account | None: ...

    async def transaction(self, transaction_id: str) -> Transaction | None: ...

    async def transaction_at(self, sequence: int) -> Transaction | None: ...

    async def reversed_amount_of(self, transaction_id: str) -> Money | None: ...

    async def reversals_of(self, transaction_id: str, first: int, after: str | None) -> Connection[Transaction]: ...

    async def api_client(self, api_client_id: str) -> ApiClient | None: ...

    async def api_keys_of(self, api_client_id: str) -> Sequence[ApiKey]: ...

    async def entries_of(
        self, account_id: str, where: EntryFilter | None, first: int, after: str | None
    ) -> Connection[Entry]: ...

    async def balance_at(self, account_id: str, at: DateTime) -> Money: ...

    async def statement_of(self, account_id: str, since: DateTime, until: DateTime) -> Statement: ...

    async def entries_of_statement(
        self, account_id: str, since: DateTime, until: DateTime, first: int, after: str | None
    ) -> Connection[Entry]: ...

    async def freezes_of(
        self, account_id: str, *, live_only: bool, first: int, after: str | None
    ) -> Connection[Freeze]: ...

    async def holds_of(
        self, account_id: str, state: HoldState | None, first: int, after: str | None
    ) -> Connection[Hold]: ...

    async def captures_of(self, hold_id: str, first: int, after: str | None) -> Connection[Transaction]: ...

    async def hold_captured_at(self, sequence: int) -> Hold | None: ...


class Context(Protocol):
    """The part of a request's context that nouns know."""

    @property
    def caller(self) -> Caller: ...

    @property
    def edges(self) -> Edges: ...


Info = strawberry.Info[Context, None]
