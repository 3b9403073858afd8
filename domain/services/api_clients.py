"""API clients and their keys: creating, promoting, disabling, issuing, revoking."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar

from domain import access, text
from domain.access import ApiClient, ApiKey, Operation, Role
from domain.commands import Command
from domain.errors import (
    ApiClientDisabled,
    ApiClientNotFound,
    ApiKeyLimit,
    ApiKeyNotFound,
    DomainError,
    InputPath,
    InvalidInput,
    LastAdmin,
    NameTaken,
)
from domain.ids import Prefix
from domain.instants import Instant
from domain.records import SECRET
from domain.unit_of_work import UnitOfWork

API_CLIENT_ID = ("input", "apiClientId")
API_KEY_ID = ("input", "apiKeyId")


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateApiClient(Command):
    """Register a calling system. It can do nothing until it has a key."""

    operation: ClassVar[Operation] = Operation.CREATE_API_CLIENT
    refusals: ClassVar[frozenset[type[DomainError]]] = frozenset({InvalidInput, NameTaken})

    name: str
    role: Role

    def __post_init__(self) -> None:
        text.require_name(self.name, ("input", "name"))


@dataclass(frozen=True, slots=True)
class CreateApiClientSuccess:
    """The client as it was created."""

    api_client: ApiClient


def create_api_client(work: UnitOfWork, command: CreateApiClient) -> CreateApiClientSuccess:
    """Create an API client under a name of its own."""
    if work.api_client_id_with_name(command.name):
        raise NameTaken(path=("input", "name"))
    client = ApiClient(work.fresh_id(Prefix.API_CLIENT), command.name, command.role)
    work.stage_created_api_client(client)
    return CreateApiClientSuccess(client)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiClientCommand(Command):
    """A deed upon one API client."""

    api_client_id: str

    def __post_init__(self) -> None:
        text.require_id(self.api_client_id, API_CLIENT_ID)

    @property
    def target_ids(self) -> tuple[str, ...]:
        return (self.api_client_id,)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeApiClientRole(ApiClientCommand):
    """Trust a client with more, or less."""

    operation: ClassVar[Operation] = Operation.CHANGE_API_CLIENT_ROLE
    refusals: ClassVar[frozenset[type[DomainError]]] = frozenset({InvalidInput, LastAdmin, ApiClientNotFound})

    role: Role


@dataclass(frozen=True, slots=True)
class ChangeApiClientRoleSuccess:
    """The client in its new role."""

    api_client: ApiClient


def change_api_client_role(work: UnitOfWork, command: ChangeApiClientRole) -> ChangeApiClientRoleSuccess:
    """Change the role of a client, unless that takes away the last ADMIN."""
    client = _client(work, command.api_client_id)
    changed = replace(client, role=command.role)
    administered = _administers(work, client)
    work.stage_api_client(changed)
    _require_an_admin(work, administered, API_CLIENT_ID)
    return ChangeApiClientRoleSuccess(changed)


@dataclass(frozen=True, slots=True, kw_only=True)
class DisableApiClient(ApiClientCommand):
    """Stop a client, with all its keys, until it is enabled again."""

    operation: ClassVar[Operation] = Operation.DISABLE_API_CLIENT
    refusals: ClassVar[frozenset[type[DomainError]]] = frozenset({InvalidInput, LastAdmin, ApiClientNotFound})


@dataclass(frozen=True, slots=True)
class DisableApiClientSuccess:
    """The disabled client."""

    api_client: ApiClient


def disable_api_client(work: UnitOfWork, command: DisableApiClient) -> DisableApiClientSuccess:
    """Disable a client, unless that takes away the last ADMIN. Disabling a disabled one changes nothing."""
    client = _client(work, command.api_client_id)
    disabled = replace(client, disabled_at=client.disabled_at or work.now)
    administered = _administers(work, client)
    work.stage_api_client(disabled)
    _require_an_admin(work, administered, API_CLIENT_ID)
    return DisableApiClientSuccess(disabled)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnableApiClient(ApiClientCommand):
    """Let a disabled client act again."""

    operation: ClassVar[Operation] = Operation.ENABLE_API_CLIENT
    refusals: ClassVar[frozenset[type[DomainError]]] = frozenset({InvalidInput, ApiClientNotFound})


@dataclass(frozen=True, slots=True)
class EnableApiClientSuccess:
    """The enabled client."""

    api_client: ApiClient


def enable_api_client(work: UnitOfWork, command: EnableApiClient) -> EnableApiClientSuccess:
    """Enable a client. Enabling an enabled one changes nothing."""
    client = replace(_client(work, command.api_client_id), disabled_at=None)
    work.stage_api_client(client)
    return EnableApiClientSuccess(client)


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueApiKey(ApiClientCommand):
    """Give a client another key."""

    operation: ClassVar[Operation] = Operation.ISSUE_API_KEY
    refusals: ClassVar[frozenset[type[DomainError]]] = frozenset(
        {InvalidInput, ApiClientNotFound, ApiClientDisabled, ApiKeyLimit}
    )

    expires_at: Instant | None = None


@dataclass(frozen=True, slots=True)
class IssueApiKeySuccess:
    """The key. Its secret is in the first answer only: it has no plain form, so no log or replay can hold it."""

    api_key: ApiKey
    secret: str | None = field(default=None, repr=False, metadata=SECRET)


def issue_api_key(work: UnitOfWork, command: IssueApiKey) -> IssueApiKeySuccess:
    """Issue a key to an enabled client. Raises InvalidInput for an expiry that is not in the future."""
    if command.expires_at is not None and command.expires_at <= work.now:
        raise InvalidInput("A key must expire in the future.", path=("input", "expiresAt"))
    client = _client(work, command.api_client_id)
    if not client.is_enabled:
        raise ApiClientDisabled(client.id, path=API_CLIENT_ID)
    usable = [key for key in work.api_keys_of(client.id) if key.is_usable(work.now)]
    if len(usable) >= access.KEYS_PER_CLIENT:
        raise ApiKeyLimit(access.KEYS_PER_CLIENT, path=API_CLIENT_ID)
    key = ApiKey(work.fresh_id(Prefix.API_KEY), client.id, work.now, command.expires_at)
    secret = access.mint_secret(key.id, work.entropy)
    work.stage_issued_api_key(key, access.secret_digest(secret))
    return IssueApiKeySuccess(key, secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeApiKey(Command):
    """Make a key worthless, at once and for ever."""

    operation: ClassVar[Operation] = Operation.REVOKE_API_KEY
    refusals: ClassVar[frozenset[type[DomainError]]] = frozenset({InvalidInput, ApiKeyNotFound, LastAdmin})

    api_key_id: str

    def __post_init__(self) -> None:
        text.require_id(self.api_key_id, API_KEY_ID)

    @property
    def target_ids(self) -> tuple[str, ...]:
        return (self.api_key_id,)


@dataclass(frozen=True, slots=True)
class RevokeApiKeySuccess:
    """The revoked key."""

    api_key: ApiKey


def revoke_api_key(work: UnitOfWork, command: RevokeApiKey) -> RevokeApiKeySuccess:
    """Revoke a key that is not revoked yet, unless that takes away the last ADMIN's last key."""
    key = work.api_key(command.api_key_id)
    if key is None or key.revoked_at is not None:
        raise ApiKeyNotFound(command.api_key_id, path=API_KEY_ID)
    revoked = replace(key, revoked_at=work.now)
    administered = key.is_usable(work.now) and _administers(work, _client(work, key.api_client_id))
    work.stage_api_key(revoked)
    _require_an_admin(work, administered, API_KEY_ID)
    return RevokeApiKeySuccess(revoked)


def _client(work: UnitOfWork, api_client_id: str) -> ApiClient:
    client = work.api_client(api_client_id)
    if client is None or client.is_system:
        raise ApiClientNotFound(api_client_id, path=API_CLIENT_ID)
    return client


def _administers(work: UnitOfWork, client: ApiClient) -> bool:
    """Tell whether the client can administer now: an enabled ADMIN with a usable key."""
    if client.role is not Role.ADMIN or not client.is_enabled or client.is_system:
        return False
    return any(key.is_usable(work.now) for key in work.api_keys_of(client.id))


def _require_an_admin(work: UnitOfWork, administered: bool, path: InputPath) -> None:  # noqa: FBT001 - a fact, no switch
    """Raise LastAdmin if who administered until this deed was the last who could."""
    if administered and not any(_administers(work, client) for client in work.admins()):
        raise LastAdmin(path=path)
