"""The arguments of a field: lines that build them as Strawberry hands them to a resolver."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import strawberry
from graphql import (
    GraphQLArgument,
    GraphQLInputType,
    Undefined,
    ValueNode,
    VariableNode,
    Visitor,
    is_non_null_type,
    is_required_argument,
    visit,
)
from graphql.execution.values import VariableValues
from graphql.utilities.coerce_input_value import coerce_default_value, coerce_input_literal

from resolvers.plan.code import Code, Unplanned, Unsupported
from resolvers.plan.fields import Field
from resolvers.plan.inputs import Inputs


@dataclass(frozen=True)
class Arguments:
    """Writes how the arguments of fields are made, out of literals and of the operation's `variables`."""

    schema: strawberry.Schema
    code: Code
    inputs: Inputs
    declared: Mapping[str, GraphQLInputType]

    def lines(self, field: Field) -> Iterator[str]:
        """Yield lines that put each argument into `given`, under its name in Python. They may raise Unplanned."""
        nodes = {node.name.value: node.value for node in field.nodes[0].arguments or ()}
        for argument in field.strawberry.arguments:
            name = self.schema.config.name_converter.from_argument(argument)
            convert = self.inputs.conversion(argument)
            definition, node = field.definition.args[name], nodes.get(name)
            template = f"given[{argument.python_name!r}] = {f'{self.code.name(convert)}(%s)' if convert else '%s'}"
            if isinstance(node, VariableNode):
                yield from self._from_variable(template, definition, node.name.value)
            elif node is None:
                yield self._left_out(template, definition)
            elif has_variables(node):
                literal, type_ = self.code.name(node), self.code.name(definition.type)
                yield template % f"{self.code.name(literal_value)}({literal}, {type_}, variables)"
            else:
                yield template % self.code.name(self._constant(node, definition))

    def _from_variable(self, template: str, definition: GraphQLArgument, variable: str) -> Iterator[str]:
        if is_non_null_type(self.declared[variable]):
            yield template % f"variables[{variable!r}]"
            return
        yield f"if {variable!r} in variables:"
        if is_non_null_type(definition.type):
            yield f" if variables[{variable!r}] is None: unplanned()"
        yield " " + template % f"variables[{variable!r}]"
        yield f"else: {self._left_out(template, definition)}"

    def _left_out(self, template: str, definition: GraphQLArgument) -> str:
        if is_required_argument(definition):
            return "unplanned()"
        default = coerce_default_value(definition)
        return "pass" if default is Undefined else template % self.code.name(default)

    def _constant(self, node: ValueNode, definition: GraphQLArgument) -> Any:
        value = coerce_input_literal(node, definition.type)
        if value is Undefined:
            raise Unsupported("A literal does not fit its argument.")
        return value


def literal_value(node: ValueNode, type_: GraphQLInputType, variables: dict[str, Any]) -> Any:
    """Return what a literal with variables in it comes to. Raises Unplanned if it does not fit."""
    value = coerce_input_literal(node, type_, VariableValues({}, variables))
    if value is Undefined:
        raise Unplanned
    return value


def has_variables(node: ValueNode) -> bool:
    return bool(variables_in(node))


def variables_in(node: Any) -> set[str]:
    """Return the names of the variables that stand anywhere in a node."""
    names: set[str] = set()

    class Finder(Visitor):
        def enter_variable(self, variable: VariableNode, *_: Any) -> None:
            names.add(variable.name.value)

    visit(node, Finder())
    return names
