"""Resolvers that answer anything: nouns as they should be, and whatever else a bug could return or raise."""

from __future__ import annotations

import asyncio
import dataclasses
import re
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

import pytest
import strawberry
from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    Undefined,
)

from domain.access import Caller, Operation, Role
from domain.errors import InvalidInput
from schema.accounts import Account
from schema.enums import AccountState, ErrorCode
from schema.errors import AccountNotFound
from schema.money import Money

DEFINITION = "strawberry-definition"


@dataclass
class Once:
    """Something to be iterated over, once."""

    value: Any

    def __iter__(self) -> Iterator[Any]:
        yield self.value
        self.value = None


@dataclass
class Later:
    """Something to be awaited, though nobody has to."""

    value: Any

    def __await__(self) -> Generator[Any, None, Any]:
        yield from asyncio.sleep(0).__await__()
        return self.value


class LikeMoney(Money):
    """Money, but of a class of its own."""


class Silent:
    """Has no attributes at all."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "silent"


def not_found() -> AccountNotFound:
    given: dict[str, Any] = {one.name: "x" for one in dataclasses.fields(AccountNotFound)}
    return AccountNotFound(**given)


ODD: list[Callable[[Any], Any]] = [
    lambda _: None,
    lambda _: Undefined,
    lambda _: strawberry.UNSET,
    lambda _: ValueError("returned"),
    lambda _: "text",
    lambda _: 3,
    lambda _: True,
    lambda _: 2**40,
    lambda _: 1.0,
    lambda _: float("nan"),
    lambda _: [1],
    lambda _: [None],
    lambda _: (),
    lambda _: {"id": 1},
    lambda _: Silent(),
    lambda _: Later(None),
    lambda _: AccountState.FROZEN,
    lambda _: ErrorCode.INVALID_INPUT,
    lambda _: Money(amount="1.00", currency="EUR"),  # type: ignore[arg-type]
    lambda _: LikeMoney(amount="1.00", currency="EUR"),  # type: ignore[arg-type]
    lambda _: strawberry.cast(Account, not_found()),
    lambda _: not_found(),
    Later,
    lambda value: (value,),
    Once,
    lambda value: [value, value],
]
RAISED: list[Callable[[], Exception]] = [
    lambda: ValueError("boom"),
    lambda: KeyError("k"),
    lambda: InvalidInput("A rule."),
    lambda: GraphQLError("told", extensions={"code": "FORBIDDEN"}),
]


@dataclass
class World:
    """Answers by a seed and by where it is asked, so that both executions hear the same. `odd` is how often ill."""

    schema: GraphQLSchema
    seed: int
    odd: float
    log: list[Any] = field(default_factory=list)
    turns: list[tuple[str | int, ...]] = field(default_factory=list)
    """When the fields at the root began, and when they ended."""

    def again(self) -> World:
        """Return a world that answers the same, and was not asked anything."""
        return replace(self, log=[], turns=[])

    @property
    def asked(self) -> list[str]:
        """Return all that was asked, whatever the order, and wherever in memory it was."""
        return sorted(re.sub(r" at 0x\w+", "", repr(one)) for one in self.log)

    @property
    def caller(self) -> Caller:
        return Caller("cli_1", "key_1", list(Role)[self.seed % len(Role)])

    async def deny(self, operation: Operation, key: str, target_ids: tuple[str, ...]) -> None:
        self.log.append(("denied", operation, key, target_ids))

    async def answer(self, type_: Any, info: strawberry.Info[Any, Any], given: dict[str, Any]) -> Any:
        path = info.path.as_list()
        self.log.append((path, *told(info), given))
        if len(path) > 1:
            return await self._answer(type_, path)
        self.turns.append(("begins", *path))
        try:
            return await self._answer(type_, path)
        finally:
            self.turns.append(("ends", *path))

    async def _answer(self, type_: Any, path: list[str | int]) -> Any:
        rng = Random(f"{self.seed} {path}")  # noqa: S311 - the same for both
        for _ in range(rng.randrange(3)):
            await asyncio.sleep(0)
        if rng.random() < self.odd:
            raised = rng.choice(RAISED)()
            raise raised
        return self.value(type_, rng, 3)

    def value(self, type_: Any, rng: Random, depth: int) -> Any:
        value = self._value(type_, rng, depth)
        return rng.choice(ODD)(value) if rng.random() < self.odd / 5 else value

    def _value(self, type_: Any, rng: Random, depth: int) -> Any:
        if not isinstance(type_, GraphQLNonNull):
            return None if rng.random() < 0.15 else self._present(type_, rng, depth)
        return self._present(type_.of_type, rng, depth)

    def _present(self, type_: Any, rng: Random, depth: int) -> Any:
        if isinstance(type_, GraphQLList):
            return [self.value(type_.of_type, rng, depth - 1) for _ in range(rng.randrange(4) if depth > 0 else 0)]
        if isinstance(type_, GraphQLEnumType):
            return rng.choice(list(type_.wrapped_cls))  # type: ignore[attr-defined]
        if isinstance(type_, GraphQLInterfaceType | GraphQLUnionType):
            return self._present(rng.choice(self.schema.get_possible_types(type_)), rng, depth)
        if isinstance(type_, GraphQLObjectType):
            return self._noun(type_, rng, depth - 1)
        return {"DateTime": 1, "Int64": 2, "Int": 3, "Boolean": True, "Decimal": "4.00"}.get(type_.name, "text")

    def _noun(self, type_: GraphQLObjectType, rng: Random, depth: int) -> Any:
        """Return an object of a noun's class, what is private to it included."""
        noun = type_.extensions[DEFINITION]
        told = {one.extensions[DEFINITION].python_name: one.type for one in type_.fields.values()}
        made = (noun.concrete_of or noun).origin
        names = [one.name for one in dataclasses.fields(made) if one.init]
        return made(**{name: self.value(told[name], rng, depth) if name in told else "private" for name in names})


def told(info: strawberry.Info[Any, Any]) -> Iterator[Any]:
    """Yield everything that a resolver is told of its field."""
    raw = info._raw_info
    yield from (info.field_name, info.python_name, str(info.return_type), repr(info.path), repr(info.variable_values))
    yield from (str(raw.return_type), raw.parent_type.name, [str(node.loc) for node in raw.field_nodes])
    yield from (sorted(raw.fragments), info.root_value, info.operation.loc, info.input_extensions, type(raw).__name__)
    yield (type(info), type(info.context), info.schema, raw.schema, raw.is_awaitable, raw.abort_signal, raw._fields)


def resolvers(schema: GraphQLSchema) -> Iterator[tuple[Any, Any]]:
    """Yield every resolver of a schema, with the type of its field."""
    for kind in schema.type_map.values():
        for one in kind.fields.values() if isinstance(kind, GraphQLObjectType) else ():
            resolver = getattr(one.extensions.get(DEFINITION), "base_resolver", None)
            if resolver:
                yield resolver, one.type


def stub_resolvers(schema: GraphQLSchema, patch: pytest.MonkeyPatch) -> None:
    """Let the world that is the context answer for every resolver."""
    for resolver, type_ in resolvers(schema):

        async def answer(*, info: Any, _type: Any = type_, **given: Any) -> Any:
            return await info.context.answer(_type, info, given)

        patch.setitem(vars(resolver), "wrapped_func", answer)
