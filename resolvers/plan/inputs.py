"""The inputs of a schema: JSON becomes what graphql-core makes of it, and that what Strawberry makes of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import strawberry
from graphql import (
    GraphQLEnumType,
    GraphQLID,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLScalarType,
    GraphQLString,
    Undefined,
    is_input_object_type,
    is_list_type,
    is_non_null_type,
    is_required_input_field,
)
from graphql.utilities.coerce_input_value import coerce_default_value
from strawberry.relay import GlobalID
from strawberry.schema.compat import is_scalar
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.base import (
    StrawberryList,
    StrawberryMaybe,
    StrawberryObjectDefinition,
    StrawberryOptional,
    has_object_definition,
)
from strawberry.types.enum import StrawberryEnumDefinition, has_enum_definition

from resolvers.plan.code import Code, Unsupported

Reading = Callable[[Any], Any]


class Inputs:
    """Compiles how inputs are read, once for each type of a schema."""

    def __init__(self, schema: strawberry.Schema) -> None:
        self._schema = schema
        self._code = Code(Undefined=Undefined, UNSET=strawberry.UNSET)
        self._coercions: dict[str, Reading] = {}
        self._conversions: dict[int, Reading | None] = {}
        self._objects: dict[str, str] = {}
        self._classes: dict[type, str] = {}

    def coercion(self, type_: GraphQLInputType) -> Reading:
        """Return what reads JSON as graphql-core would: it raises, no matter what, where there is any doubt."""
        if str(type_) not in self._coercions:
            name = self._code.define("value", [f"return {self._coerced(type_, 'value', ())}"])
            self._coercions[str(type_)] = self._code.function(name)
        return self._coercions[str(type_)]

    def conversion(self, argument: StrawberryArgument) -> Reading | None:
        """Return what makes Strawberry's argument of graphql-core's: None where they are the same."""
        if id(argument) not in self._conversions:  # arguments live as long as their schema, and so as long as this
            converted = self._converted(argument.type, "value", ())
            reads = converted != "value"
            name = self._code.define("value", [f"return {converted}"])
            self._conversions[id(argument)] = self._code.function(name) if reads else None
        return self._conversions[id(argument)]

    # Expressions for what graphql-core makes of JSON

    def _coerced(self, type_: GraphQLInputType, source: str, parents: tuple[str, ...]) -> str:
        if is_non_null_type(type_):
            return self._given(type_.of_type, source, parents)
        value = self._code.fresh()
        return f"(None if ({value} := {source}) is None else {self._given(type_, value, parents)})"

    def _given(self, type_: Any, source: str, parents: tuple[str, ...]) -> str:
        if is_list_type(type_):
            item = self._coerced(type_.of_type, "item", parents)
            lines = ["if values.__class__ is not list: unplanned()", f"return [{item} for item in values]"]
            return f"{self._code.define('values', lines)}({source})"
        if is_input_object_type(type_):
            return f"{self._object(type_, parents)}({source})"
        return self._leaf(type_, source)

    def _leaf(self, type_: GraphQLScalarType | GraphQLEnumType, source: str) -> str:
        value, result = self._code.fresh(), self._code.fresh()
        if isinstance(type_, GraphQLEnumType):
            members = {name: type_.coerce_input_value(name) for name in type_.values}
            return f"{self._code.name(members)}[{source}]"
        parse = self._code.name(type_.coerce_input_value)
        if type_ is GraphQLString or type_ is GraphQLID:
            return f"({value} if ({value} := {source}).__class__ is str else {parse}({value}))"
        parsed = f"({result} := {parse}({value}))"
        return f"({result} if ({value} := {source}) is not None and {parsed} is not Undefined else unplanned())"

    def _object(self, type_: GraphQLInputObjectType, parents: tuple[str, ...]) -> str:
        """Define what reads an input object. Whatever is missing, or too much, raises."""
        if type_.name in parents or type_.is_one_of:
            raise Unsupported("An input type contains itself, or knows a rule of its own.")
        if type_.name in self._objects:
            return self._objects[type_.name]
        required = sum(is_required_input_field(field) for field in type_.fields.values())
        lines = ["if given.__class__ is not dict: unplanned()", "read = {}", f"count = {required}"]
        for name, field in type_.fields.items():
            key = field.out_name or name
            put = f"read[{key!r}] = {self._coerced(field.type, f'given[{name!r}]', (*parents, type_.name))}"
            if is_required_input_field(field):
                lines.append(put)
                continue
            lines += [f"if {name!r} in given:", f" {put}", " count += 1"]
            if (default := coerce_default_value(field)) is not Undefined:
                lines += ["else:", f" read[{key!r}] = {self._code.name(default)}"]
        is_plain = type_.out_type is GraphQLInputObjectType.out_type
        result = "read" if is_plain else f"{self._code.name(type_.out_type)}(read)"
        lines += ["if len(given) != count: unplanned()", f"return {result}"]
        self._objects[type_.name] = name = self._code.define("given", lines)
        return name

    # Expressions for what Strawberry makes of that: as its `convert_argument` does

    def _converted(self, type_: Any, source: str, parents: tuple[type, ...]) -> str:
        if isinstance(type_, StrawberryMaybe) or type_ is GlobalID:
            raise Unsupported("An argument has a type that is made in a way of its own.")
        if isinstance(type_, StrawberryOptional):
            return self._converted(type_.of_type, source, parents)
        if isinstance(type_, StrawberryList):
            item = self._converted(type_.of_type, "item", parents)
            copied = "list(values)" if item == "item" else f"[{item} for item in values]"
            lines = [f"return values if values is None or values is UNSET else {copied}"]
            return f"{self._code.define('values', lines)}({source})"
        if self._is_leaf(type_):
            return source
        return f"{self._class(type_, parents)}({source})"

    def _is_leaf(self, type_: Any) -> bool:
        is_enum = isinstance(type_, StrawberryEnumDefinition) or has_enum_definition(type_)
        return is_enum or is_scalar(type_, self._schema.schema_converter.scalar_registry)

    def _class(self, type_: Any, parents: tuple[type, ...]) -> str:
        """Define what makes an input of ours. A field that has a default of its own is given where it was given."""
        if type_ in self._classes:
            return self._classes[type_]
        definition = type_.__strawberry_definition__ if has_object_definition(type_) else None
        if definition is None or not definition.is_input or definition.from_input is not None or type_ in parents:
            raise Unsupported("An argument is no plain input.")
        given, lines = [], ["if value is None or value is UNSET: return value", "rest = {}"]
        for name, field, field_type in self._fields(definition):
            python_name = field.python_name
            converted = self._converted(field_type, f"value[{name!r}]", (*parents, type_))
            if field.default_value is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING:
                lines.append(f"if {name!r} in value: rest[{python_name!r}] = {converted}")
            elif isinstance(field_type, StrawberryOptional):
                given.append(f"{python_name}={converted} if {name!r} in value else None")
            else:
                given.append(f"{python_name}={converted}")
        lines.append(f"return {self._code.name(type_)}({', '.join([*given, '**rest'])})")
        self._classes[type_] = function = self._code.define("value", lines)
        return function

    def _fields(self, definition: StrawberryObjectDefinition) -> list[tuple[str, Any, Any]]:
        names = self._schema.config.name_converter
        return [(names.from_field(one), one, one.resolve_type(type_definition=definition)) for one in definition.fields]
