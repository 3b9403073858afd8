"""The fields that an operation selects, as graphql-core collects them, and which of them a plan can be made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from inspect import iscoroutinefunction
from keyword import iskeyword
from typing import Any

import strawberry
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    OperationDefinitionNode,
    is_non_null_type,
)
from graphql.execution.collect_fields import (
    CollectedFields,
    FieldDetails,
    FragmentDetails,
    collect_fields,
    collect_subfields,
)
from graphql.execution.values import VariableValues
from strawberry.permission import PermissionExtension
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import StrawberryResolver

from resolvers.plan.code import Unsupported

DEFINITION = GraphQLCoreConverter.DEFINITION_BACKREF
RESOLVE_TYPES = (
    "StrawberryUnion.get_type_resolver.<locals>._resolve_union_type",
    "GraphQLCoreConverter.from_interface.<locals>._get_resolve_type.<locals>.resolve_type",
)
"""Strawberry's own ways from an object to its type: for an object of a noun's very class, it is that noun."""


@dataclass(frozen=True, eq=False)
class Field:
    """A field of an operation: every node that is merged under one key."""

    key: str
    details: list[FieldDetails]
    definition: GraphQLField
    parent: GraphQLObjectType

    @cached_property
    def nodes(self) -> list[FieldNode]:
        return [one.node for one in self.details]

    @property
    def name(self) -> str:
        return self.details[0].node.name.value

    @property
    def is_typename(self) -> bool:
        return self.name == "__typename"

    @property
    def strawberry(self) -> StrawberryField:
        """Return Strawberry's field. Raises Unsupported for what is not its own, such as introspection."""
        field = self.definition.extensions.get(DEFINITION)
        if type(field) is not StrawberryField:
            raise Unsupported(f"{self.name} is not a field of Strawberry's.")
        return field

    @property
    def attribute(self) -> str | None:
        """Return the attribute that a field without a resolver tells; None for one with a resolver."""
        field = self.strawberry
        if not field.is_basic_field:
            return None
        name = field.python_name
        if field.default_resolver is not getattr or not name.isidentifier() or iskeyword(name):
            raise Unsupported(f"{self.name} is told in a way of its own.")
        return name

    @property
    def resolver(self) -> StrawberryResolver[Any]:
        """Return the resolver. Raises Unsupported for any that is not as all of ours are."""
        field, resolver = self.strawberry, self.strawberry.base_resolver
        is_ordinary = (
            resolver is not None
            and iscoroutinefunction(resolver.wrapped_func)
            and [type(extension) for extension in field.extensions] == [PermissionExtension]
            and resolver.self_parameter is None
            and (resolver.info_parameter is None or resolver.info_parameter.name == "info")
            and all(argument.python_name != "info" for argument in field.arguments)
            and not is_non_null_type(self.definition.type)
        )
        if resolver is None or not is_ordinary:
            raise Unsupported(f"{self.name} is resolved in a way of its own.")
        return resolver


@dataclass(frozen=True)
class Selections:
    """What an operation selects, for one choice of the variables that @skip and @include look at."""

    schema: strawberry.Schema
    fragments: dict[str, FragmentDetails]
    operation: OperationDefinitionNode
    conditions: Mapping[str, bool]

    @property
    def core(self) -> GraphQLSchema:
        return self.schema._schema  # noqa: SLF001 - Strawberry's own name for the schema it built

    def at_root(self) -> list[Field]:
        type_ = self.core.get_root_type(self.operation.operation)
        if type_ is None:
            raise Unsupported("The schema has no such operations.")
        collected = collect_fields(self.core, self.fragments, self._variables, type_, self.operation)
        return list(self._fields(type_, collected))

    def below(self, type_: GraphQLObjectType, details: list[FieldDetails]) -> list[Field]:
        collected = collect_subfields(self.core, self.fragments, self._variables, self.operation, type_, details)
        return list(self._fields(type_, collected))

    @property
    def _variables(self) -> VariableValues:
        return VariableValues({}, dict(self.conditions))

    def _fields(self, type_: GraphQLObjectType, collected: CollectedFields) -> Iterator[Field]:
        for key, details in collected.grouped_field_set.items():
            definition = self.core.get_field(type_, details[0].node.name.value)
            if definition is None:
                raise Unsupported(f"{key} is not a field of {type_}.")
            yield Field(key, details, definition, type_)


def fragments_of(document: DocumentNode) -> dict[str, FragmentDetails]:
    found = (one for one in document.definitions if isinstance(one, FragmentDefinitionNode))
    return {one.name.value: FragmentDetails(one) for one in found}


def noun_of(type_: GraphQLObjectType) -> StrawberryObjectDefinition:
    """Return what declares an object type. Raises Unsupported if it takes more than a class to be told as one."""
    noun = type_.extensions.get(DEFINITION)
    if not isinstance(noun, StrawberryObjectDefinition) or noun.is_type_of is not None:
        raise Unsupported(f"{type_} has a way of its own to know its objects.")
    if issubclass(noun.origin, Exception) or hasattr(noun.origin, "__await__"):
        raise Unsupported(f"{type_} is not told of, but raised or awaited.")
    return noun


def classes_of(type_: GraphQLObjectType) -> frozenset[type]:
    """Return the classes whose objects are told as this type without a question."""
    noun = noun_of(type_)
    return frozenset({noun.origin} | ({noun.concrete_of.origin} if noun.concrete_of else set()))


def members_of(
    type_: GraphQLInterfaceType | GraphQLUnionType, possible: Sequence[GraphQLObjectType]
) -> Mapping[type, GraphQLObjectType]:
    """Return the types of an interface or union by the class of their objects."""
    if getattr(type_.resolve_type, "__qualname__", "") not in RESOLVE_TYPES:
        raise Unsupported(f"{type_} has a way of its own to know its objects.")
    members: dict[type, GraphQLObjectType] = {}
    for member in possible:
        noun = noun_of(member)
        if noun.concrete_of or any(issubclass(noun.origin, other) for other in members):
            raise Unsupported(f"{type_} has members that are not told apart by their class.")
        members[noun.origin] = member
    return members
