"""API clients and their keys, as they are said."""

from __future__ import annotations

import strawberry

from domain import access as domain
from domain.access import ADMINS, AUDITORS
from schema.context import Info
from schema.enums import Role
from schema.nodes import Node
from schema.permissions import RequiresRole, guarded
from schema.scalars import DateTime, date_time


async def _api_keys(root: strawberry.Parent[ApiClient], info: Info) -> list[ApiKey] | None:
    return list(await info.context.edges.api_keys_of(root.id))


async def _api_client(root: strawberry.Parent[ApiKey], info: Info) -> ApiClient | None:
    return await info.context.edges.api_client(root.api_client_id)


@strawberry.type(description="A calling system. Read by AUDITOR and ADMIN, and by itself.")
class ApiClient(Node):
    name: str = strawberry.field(description="What it is called; unique.")
    role: Role = strawberry.field(description="What it is trusted with.")
    disabled_at: DateTime | None = strawberry.field(description="Since when it may not act; null while it may.")
    api_keys: list[ApiKey] | None = guarded(
        _api_keys,
        RequiresRole(ADMINS),
        "Its keys, without their secrets: those that work first, then the others, newest first; at most 20.",
    )

    @classmethod
    def of(cls, client: domain.ApiClient) -> ApiClient:
        """Present an API client."""
        return cls(
            id=strawberry.ID(client.id),
            name=client.name,
            role=client.role,
            disabled_at=date_time(client.disabled_at),
        )


@strawberry.type(
    description="One credential of an API client. Its secret is shown once, when it is issued. Read by ADMIN."
)
class ApiKey(Node):
    api_client_id: strawberry.Private[str]
    created_at: DateTime = strawberry.field(description="When it was issued.")
    expires_at: DateTime | None = strawberry.field(description="From when on it opens nothing; null for never.")
    revoked_at: DateTime | None = strawberry.field(description="When it was revoked; null if it was not.")
    api_client: ApiClient | None = guarded(_api_client, RequiresRole(AUDITORS), "Whose key it is.")

    @classmethod
    def of(cls, key: domain.ApiKey) -> ApiKey:
        """Present an API key."""
        return cls(
            id=strawberry.ID(key.id),
            api_client_id=key.api_client_id,
            created_at=DateTime(key.created_at),
            expires_at=date_time(key.expires_at),
            revoked_at=date_time(key.revoked_at),
        )


@strawberry.input(description="Which API client to register.")
class CreateApiClientInput:
    name: str = strawberry.field(description="1 to 128 characters, not blank; no other API client may have it.")
    role: Role = strawberry.field(description="What to trust it with.")


@strawberry.input(description="Which API client gets which role.")
class ChangeApiClientRoleInput:
    api_client_id: strawberry.ID = strawberry.field(description="The API client.")
    role: Role = strawberry.field(description="What to trust it with from now on.")


@strawberry.input(description="Which API client to disable.")
class DisableApiClientInput:
    api_client_id: strawberry.ID = strawberry.field(description="The API client.")


@strawberry.input(description="Which API client to enable.")
class EnableApiClientInput:
    api_client_id: strawberry.ID = strawberry.field(description="The API client.")


@strawberry.input(description="Which API client gets another key.")
class IssueApiKeyInput:
    api_client_id: strawberry.ID = strawberry.field(description="The API client. It may have 10 usable keys.")
    expires_at: DateTime | None = strawberry.field(
        default=None, description="When the key ends, in the future; never if left out."
    )


@strawberry.input(description="Which API key to revoke.")
class RevokeApiKeyInput:
    api_key_id: strawberry.ID = strawberry.field(description="The key, by its id, not by its secret.")
