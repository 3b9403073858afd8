"""@requiresRole: no root field and no edge is declared without it, and it shows in the contract."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.permission import BasePermission, PermissionExtension
from strawberry.schema_directive import Location

from schema.context import Info
from schema.enums import Role


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    name="requiresRole",
    description="Only API clients whose role is in anyOf get an answer; others get the error FORBIDDEN.",
)
class RequiresRoleDirective:
    any_of: list[Role]


class RequiresRole(BasePermission):
    """Refuses callers whose role is not among those that may ask for the field."""

    message = "This API client's role does not allow that."

    def __init__(self, roles: frozenset[Role]) -> None:
        self.roles = [role for role in Role if role in roles]

    @property
    def schema_directive(self) -> object:
        return RequiresRoleDirective(any_of=self.roles)

    def has_permission(self, source: Any, info: Info, **_: Any) -> bool:
        return info.context.caller.role in self.roles or self.is_own(source, info)

    def is_own(self, source: Any, info: Info) -> bool:  # noqa: ARG002 - for edges to answer
        """Tell whether the caller asks about itself."""
        return False

    def on_unauthorized(self) -> None:
        raise forbidden(self.roles)

    @property
    def audience(self) -> str:
        """Say in one sentence which roles will do, for callers who read the schema where no directive shows."""
        if len(self.roles) == len(Role):
            return "Open to every role."
        *others, last = (role.value for role in self.roles)
        return f"Open to {', '.join(others)} and {last}." if others else f"Open to {last}."


class RequiresRoleOrSelf(RequiresRole):
    """Lets an API client see itself, whatever its role. `whom` tells of whom an edge speaks."""

    def __init__(self, roles: frozenset[Role], whom: Callable[[Any], str | None]) -> None:
        super().__init__(roles)
        self._whom = whom

    def is_own(self, source: Any, info: Info) -> bool:
        return self._whom(source) == info.context.caller.api_client_id

    @property
    def audience(self) -> str:
        return super().audience.removesuffix(".") + "; an API client may always see itself."


def forbidden(roles: list[Role]) -> GraphQLError:
    """Return the error for a caller without any of these roles."""
    extensions = {"code": "FORBIDDEN", "retry": "NEVER", "requiredRoles": [role.value for role in roles]}
    return GraphQLError(RequiresRole.message, extensions=extensions)


def guarded(resolver: Callable[..., Any], permission: RequiresRole, description: str) -> Any:
    """Declare a field that needs a permission, and says so. There is no other way here to declare a resolver."""
    described = f"{description} {permission.audience}"
    return strawberry.field(resolver=resolver, description=described, extensions=[PermissionExtension([permission])])
