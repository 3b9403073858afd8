"""What a resolver returned, told as the operation asks: expressions that raise for anything out of the ordinary.

An expression speaks of `run`, of the `path` of the value, and of `waiting`, to which it adds every field beneath that
has a resolver: none of them has begun when it raises, so that the whole value can be left to graphql-core.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLID,
    GraphQLInt,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLString,
    GraphQLUnionType,
    is_list_type,
    is_non_null_type,
)
from graphql.execution.collect_fields import FieldDetails
from strawberry.types.cast import TYPE_CAST_ATTRIBUTE

from resolvers.plan.code import Code, Unsupported
from resolvers.plan.fields import Field, Selections, classes_of, members_of


class Told(NamedTuple):
    """An expression for a value, and whether resolvers wait beneath it."""

    source: str
    waits: bool = False

    def around(self, template: str) -> Told:
        return Told(template % self.source, self.waits)


@dataclass(frozen=True)
class Values:
    """Writes how values are told. `step` writes how a field with a resolver is, as a function (run, source, path)."""

    code: Code
    selections: Selections
    step: Callable[[Field], str]

    def told(self, type_: GraphQLOutputType, details: list[FieldDetails], source: str, path: str) -> Told:
        """Return the expression for a value of a type."""
        if is_non_null_type(type_):
            return self._present(type_.of_type, details, source, path)
        value = self.code.fresh()
        present = self._present(type_, details, value, path)
        return present.around(f"(None if ({value} := {source}) is None else %s)")

    def fields(self, fields: list[Field], source: str) -> Told:
        """Return the expression for an object by its fields; beneath it, `path` is its own."""
        parts = [(field, self._field(field, source)) for field in fields]
        shown = ", ".join(f"{field.key!r}: {part.source if part else None}" for field, part in parts)
        if all(part and not part.waits for _, part in parts):
            return Told(f"{{{shown}}}")
        lines = [f"told = {{{shown}}}"]
        for field, part in parts:
            if part is None:
                lines.append(f"waiting.append((told, {field.key!r}, {self.step(field)}, {source}, path))")
        return Told(self.code.define(f"run, {source}, path, waiting", [*lines, "return told"]), waits=True)

    def _field(self, field: Field, source: str) -> Told | None:
        if field.is_typename:
            return Told(repr(field.parent.name))
        if (attribute := field.attribute) is None:
            return None
        path = f"new(Path, (path, {field.key!r}, {field.parent.name!r}))"
        return self.told(field.definition.type, field.details, f"{source}.{attribute}", path)

    def _present(self, type_: Any, details: list[FieldDetails], source: str, path: str) -> Told:
        if is_list_type(type_):
            return self._list(type_.of_type, details, source, path)
        if isinstance(type_, GraphQLEnumType):
            return Told(self._enum(type_, source))
        if isinstance(type_, GraphQLScalarType):
            return Told(self._scalar(type_, source))
        if isinstance(type_, GraphQLObjectType):
            return self._object(type_, details, source, path)
        return self._abstract(type_, details, source, path)

    def _list(self, type_: GraphQLOutputType, details: list[FieldDetails], source: str, path: str) -> Told:
        item = self.told(type_, details, "item", "new(Path, (path, index, None))")
        lines = [
            "if values.__class__ is not list and values.__class__ is not tuple: unplanned()",
            "told = []",
            "add = told.append",
        ]
        loop = "for index, item in enumerate(values)" if item.waits else "for item in values"
        lines += [f"{loop}: add({item.source})", "return told"]
        if not item.waits:
            return Told(f"{self.code.define('values', lines)}({source})")
        function = self.code.define("run, values, path, waiting", lines)
        return Told(f"{function}(run, {source}, {path}, waiting)", waits=True)

    def _scalar(self, type_: GraphQLScalarType, source: str) -> str:
        value, result, serialize = self.code.fresh(), self.code.fresh(), type_.coerce_output_value
        if serialize is str:
            return (
                f"({value} if ({value} := {source}).__class__ is str"
                f" else str({value}) if {value}.__class__ is int else unplanned())"
            )
        if type_ is GraphQLString or type_ is GraphQLID:
            return f"({value} if ({value} := {source}).__class__ is str else unplanned())"
        if type_ is GraphQLBoolean:
            return f"({value} if ({value} := {source}).__class__ is bool else unplanned())"
        if type_ is GraphQLInt:
            is_int = f"({value} := {source}).__class__ is int and -2147483648 <= {value} <= 2147483647"
            return f"({value} if {is_int} else unplanned())"
        serialized = f"({result} := {self.code.name(serialize)}({value})).__class__ in PLAIN"
        return f"({result} if ({value} := {source}).__class__ in PLAIN and {serialized} else unplanned())"

    def _enum(self, type_: GraphQLEnumType, source: str) -> str:
        members = getattr(type_, "wrapped_cls", None)
        if members is None:
            raise Unsupported(f"{type_} is no enum of Strawberry's.")
        value, names = self.code.fresh(), {one.name: type_.coerce_output_value(one) for one in members}
        is_member = f"({value} := {source}).__class__ is {self.code.name(members)}"
        return f"({self.code.name(names)}[{value}._name_] if {is_member} else unplanned())"

    def _object(self, type_: GraphQLObjectType, details: list[FieldDetails], source: str, path: str) -> Told:
        value = self.code.fresh()
        told = self._fields_below(type_, details, value, path)
        admitted = f"({value} := {source}).__class__ in {self.code.name(classes_of(type_))}"
        if type_.is_type_of:
            admitted = f"{admitted} and {_is_not_cast(value)}"
        return told.around(f"(%s if {admitted} else unplanned())")

    def _fields_below(self, type_: GraphQLObjectType, details: list[FieldDetails], value: str, path: str) -> Told:
        told = self.fields(self.selections.below(type_, details), value)
        return told.around(f"%s(run, {value}, {path}, waiting)") if told.waits else told

    def _abstract(
        self, type_: GraphQLInterfaceType | GraphQLUnionType, details: list[FieldDetails], source: str, path: str
    ) -> Told:
        """Return a look-up of the object's class in a table with a function for each member."""
        value = self.code.fresh()
        members = members_of(type_, self.selections.core.get_possible_types(type_))
        told = {cls: self._fields_below(member, details, "source", "path") for cls, member in members.items()}
        waits = any(one.waits for one in told.values())
        parameters = "run, source, path, waiting" if waits else "source"
        names = {cls: self.code.define(parameters, [f"return {one.source}"]) for cls, one in told.items()}
        functions = {cls: self.code.function(name) for cls, name in names.items()}
        given = f"run, {value}, {path}, waiting" if waits else value
        known = f"if {_is_not_cast(f'({value} := {source})')} else unplanned()"
        return Told(f"({self.code.name(functions)}[{value}.__class__]({given}) {known})", waits)


def _is_not_cast(value: str) -> str:
    return f"getattr({value}, {TYPE_CAST_ATTRIBUTE!r}, None) is None"
