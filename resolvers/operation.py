"""How an operation is declared: never without the roles that may ask for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import is_dataclass
from itertools import islice
from typing import Annotated, Any, TypeVar

import strawberry

from domain.access import EVERYONE, PERMISSIONS, Operation, Role
from domain.catalogue import Catalogue
from domain.commands import Command, Rejection
from domain.errors import InputError
from domain.ids import LONGEST_ID
from domain.services.batches import MOST_TARGETS
from domain.text import is_writable
from resolvers.answers import answer
from resolvers.context import Info
from resolvers.failures import bad_user_input
from schema.permissions import RequiresRole, guarded
from schema.scalars import IdempotencyKey

Key = Annotated[
    IdempotencyKey,
    strawberry.argument(
        description="Your own name for this intention; it counts for your API client and this mutation. Sent again "
        "with the same input, nothing is done and the first answer comes again, with replayed true. Sent again with "
        "other input, it is refused: another intention needs another key."
    ),
]

Given = TypeVar("Given")
Input = Annotated[Given, strawberry.argument(description="What to do.")]


ID_FIELDS = (
    "account_id",
    "from_account_id",
    "to_account_id",
    "sweep_to_account_id",
    "transaction_id",
    "hold_id",
    "freeze_id",
    "api_client_id",
    "api_key_id",
)


def ids_in(given: object) -> tuple[str, ...]:
    """Return the ids that an input names, for the record of its refusal; what cannot be an id is left out.

    A whole batch is found by the first so many.
    """
    fit = (id_ for id_ in _named_in(given) if id_ and len(id_) <= LONGEST_ID and is_writable(id_))
    return tuple(islice(dict.fromkeys(fit), MOST_TARGETS))


def _named_in(given: object) -> Iterator[str]:
    """Yield what stands where ids belong, in the items of a batch too."""
    if isinstance(given, list):
        for one in given:
            yield from _named_in(one)
    elif is_dataclass(given):
        for name, value in vars(given).items():
            if name in ID_FIELDS and isinstance(value, str):
                yield value
            else:
                yield from _named_in(value)


def texts_in(given: object) -> Iterator[str]:
    """Yield every text that an argument holds, in inputs within inputs too."""
    if isinstance(given, str):
        yield given
    elif is_dataclass(given):
        for value in vars(given).values():
            yield from texts_in(value)


class MayAsk(RequiresRole):
    """Guards a query: for these roles, and with texts that can be in the books at all."""

    def has_permission(self, source: Any, info: Any, **arguments: Any) -> bool:
        is_allowed = super().has_permission(source, info)
        if is_allowed and not all(is_writable(text) for given in arguments.values() for text in texts_in(given)):
            raise bad_user_input("A text must not contain NUL or lone surrogates.")
        return is_allowed


class MayPerform(RequiresRole):
    """Guards a mutation: who may not perform it is denied, and the audit log says so."""

    def __init__(self, operation: Operation) -> None:
        super().__init__(PERMISSIONS[operation])
        self._operation = operation

    async def has_permission(self, source: Any, info: Any, **arguments: Any) -> bool:  # type: ignore[override]
        if super().has_permission(source, info):
            return True
        await info.context.deny(self._operation, arguments["idempotency_key"], ids_in(arguments["input"]))
        return False


def preview(resolver: Callable[..., Any], *, description: str) -> Any:
    """Declare a preview, for every role. What cannot be in the books is told as the mutation would tell it."""
    return guarded(resolver, RequiresRole(EVERYONE), description)


def query(resolver: Callable[..., Any], *, roles: frozenset[Role], description: str) -> Any:
    """Declare a query for these roles."""
    return guarded(resolver, MayAsk(roles), description)


def mutation(resolver: Callable[..., Any], *, performs: Operation, description: str) -> Any:
    """Declare a mutation for the roles that may perform the operation."""
    return guarded(resolver, MayPerform(performs), description)


async def perform(
    info: Info, key: str, kind: type[Command], read: Callable[[Catalogue, Given], Command], given: Given
) -> Any:
    """Read the input as a command, run it, tell its outcome. Wrong input is recorded, and leaves the key unused."""
    command = understood(info.context.catalogue, kind, read, given)
    return answer(await info.context.execute(key, command))


def understood(
    catalogue: Catalogue, kind: type[Command], read: Callable[[Catalogue, Given], Command], given: Given
) -> Command | Rejection:
    """Read an input as the command that it is, or as the rejection that it deserves."""
    try:
        return read(catalogue, given)
    except InputError as error:
        return Rejection(kind.operation, error, ids_in(given))
