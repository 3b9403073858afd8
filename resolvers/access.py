"""API clients and their keys: creating, changing, issuing, revoking; finding them, and oneself."""

from __future__ import annotations

from domain.services.api_clients import (
    ChangeApiClientRole,
    CreateApiClient,
    DisableApiClient,
    EnableApiClient,
    IssueApiKey,
    RevokeApiKey,
)
from resolvers import inputs
from resolvers.context import Info
from resolvers.operation import Input, Key, perform
from resolvers.pages import Listing, connection, page_request
from schema.access import (
    ApiClient,
    ChangeApiClientRoleInput,
    CreateApiClientInput,
    DisableApiClientInput,
    EnableApiClientInput,
    IssueApiKeyInput,
    RevokeApiKeyInput,
)
from schema.pages import After, Connection, First
from schema.results import (
    ChangeApiClientRoleResult,
    CreateApiClientResult,
    DisableApiClientResult,
    EnableApiClientResult,
    IssueApiKeyResult,
    RevokeApiKeyResult,
)


async def create_api_client(
    info: Info, idempotency_key: Key, input: Input[CreateApiClientInput]
) -> CreateApiClientResult | None:
    return await perform(info, idempotency_key, CreateApiClient, inputs.create_api_client, input)


async def change_api_client_role(
    info: Info, idempotency_key: Key, input: Input[ChangeApiClientRoleInput]
) -> ChangeApiClientRoleResult | None:
    return await perform(info, idempotency_key, ChangeApiClientRole, inputs.change_api_client_role, input)


async def disable_api_client(
    info: Info, idempotency_key: Key, input: Input[DisableApiClientInput]
) -> DisableApiClientResult | None:
    return await perform(info, idempotency_key, DisableApiClient, inputs.disable_api_client, input)


async def enable_api_client(
    info: Info, idempotency_key: Key, input: Input[EnableApiClientInput]
) -> EnableApiClientResult | None:
    return await perform(info, idempotency_key, EnableApiClient, inputs.enable_api_client, input)


async def issue_api_key(info: Info, idempotency_key: Key, input: Input[IssueApiKeyInput]) -> IssueApiKeyResult | None:
    return await perform(info, idempotency_key, IssueApiKey, inputs.issue_api_key, input)


async def revoke_api_key(
    info: Info, idempotency_key: Key, input: Input[RevokeApiKeyInput]
) -> RevokeApiKeyResult | None:
    return await perform(info, idempotency_key, RevokeApiKey, inputs.revoke_api_key, input)


async def viewer(info: Info) -> ApiClient | None:
    return await info.context.edges.api_client(info.context.caller.api_client_id)


async def api_clients(info: Info, first: First = 20, after: After = None) -> Connection[ApiClient] | None:
    asked = page_request(Listing.API_CLIENTS, first, after)
    return connection(Listing.API_CLIENTS, asked, info.context.reader.api_client_page(asked), ApiClient.of)
