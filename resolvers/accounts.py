"""Accounts: opening, renaming, freezing, releasing, limiting, closing; finding them."""

from __future__ import annotations

from typing import Annotated

import strawberry

from domain.services.accounts import CloseAccount, OpenAccount, RenameAccount
from domain.services.freezes import FreezeAccount, UnfreezeAccount
from domain.services.overdrafts import SetOverdraftLimit
from resolvers import inputs
from resolvers.context import Info
from resolvers.filters import account_filter
from resolvers.operation import Input, Key, perform
from resolvers.pages import Listing, connection, page_request
from schema.accounts import (
    Account,
    AccountFilter,
    CloseAccountInput,
    FreezeAccountInput,
    OpenAccountInput,
    RenameAccountInput,
    SetOverdraftLimitInput,
    UnfreezeAccountInput,
)
from schema.pages import After, Connection, First
from schema.results import (
    CloseAccountResult,
    FreezeAccountResult,
    OpenAccountResult,
    RenameAccountResult,
    SetOverdraftLimitResult,
    UnfreezeAccountResult,
)

Id = Annotated[strawberry.ID, strawberry.argument(description="The account's id.")]
Reference = Annotated[str, strawberry.argument(description="The reference given when it was opened.")]
Filter = Annotated[AccountFilter | None, strawberry.argument(description="Which accounts; all if left out.")]


async def open_account(info: Info, idempotency_key: Key, input: Input[OpenAccountInput]) -> OpenAccountResult | None:
    return await perform(info, idempotency_key, OpenAccount, inputs.open_account, input)


async def rename_account(
    info: Info, idempotency_key: Key, input: Input[RenameAccountInput]
) -> RenameAccountResult | None:
    return await perform(info, idempotency_key, RenameAccount, inputs.rename_account, input)


async def freeze_account(
    info: Info, idempotency_key: Key, input: Input[FreezeAccountInput]
) -> FreezeAccountResult | None:
    return await perform(info, idempotency_key, FreezeAccount, inputs.freeze_account, input)


async def unfreeze_account(
    info: Info, idempotency_key: Key, input: Input[UnfreezeAccountInput]
) -> UnfreezeAccountResult | None:
    return await perform(info, idempotency_key, UnfreezeAccount, inputs.unfreeze_account, input)


async def close_account(info: Info, idempotency_key: Key, input: Input[CloseAccountInput]) -> CloseAccountResult | None:
    return await perform(info, idempotency_key, CloseAccount, inputs.close_account, input)


async def set_overdraft_limit(
    info: Info, idempotency_key: Key, input: Input[SetOverdraftLimitInput]
) -> SetOverdraftLimitResult | None:
    return await perform(info, idempotency_key, SetOverdraftLimit, inputs.set_overdraft_limit, input)


async def account(info: Info, id: Id) -> Account | None:
    return await info.context.edges.account(id)


async def account_by_reference(info: Info, reference: Reference) -> Account | None:
    found = info.context.reader.account_id_with_reference(reference)
    return await info.context.edges.account(found) if found else None


async def accounts(
    info: Info, filter: Filter = None, first: First = 20, after: After = None
) -> Connection[Account] | None:
    asked = page_request(Listing.ACCOUNTS, first, after)
    page = info.context.reader.account_page(account_filter(filter), asked)
    return connection(Listing.ACCOUNTS, asked, page, Account.of)
