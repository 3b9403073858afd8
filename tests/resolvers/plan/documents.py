"""Documents that nobody wrote: whatever the schema allows, with variables that fit, and now and then do not."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_composite_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
)

ODD_JSON: list[Any] = ["bad", 1, 1.5, None, {}, [], [None], True, 2**33, {"zzz": 1}, "\x00"]
LITERALS: dict[str, list[str]] = {
    "Int": ["0", "1", "100"],
    "String": ['"s"', '""', '"""a block"""'],
    "ID": ['"acct_1"', "4"],
    "Boolean": ["true", "false"],
    "Decimal": ['"2.50"', '"-1"'],
    "DateTime": ['"2027-01-01T00:00:00Z"', '"2027-01-01T00:00:00.5+02:00"'],
    "CurrencyCode": ['"EUR"', '"JPY"'],
    "IdempotencyKey": ['"k"', '"another-key"'],
    "Int64": ['"7"', '"-9"'],
}
LEAVES: dict[str, list[Any]] = {
    "Int": [0, 1, 3.0, 100],
    "String": ["s", "", "\x00", "a\ud800"],
    "ID": ["acct_1", "i", 4],
    "Boolean": [True, False],
    "Decimal": ["2.50", "-1"],
    "DateTime": ["2027-01-01T00:00:00Z", "2027-01-01T00:00:00.5+02:00"],
    "CurrencyCode": ["EUR", "JPY"],
    "IdempotencyKey": ["k", "another-key"],
    "Int64": ["7", "-9"],
}


@dataclass
class Writer:
    """Writes one document and the JSON of its variables."""

    rng: Random
    schema: GraphQLSchema
    variables: dict[str, Any] = field(default_factory=dict)
    _declared: dict[str, str] = field(default_factory=dict)
    _fragments: dict[str, str] = field(default_factory=dict)
    _count: int = 0

    def document(self) -> str:
        kind, type_ = self.rng.choice(
            [
                ("query", self.schema.query_type),
                ("query", self.schema.query_type),
                ("mutation", self.schema.mutation_type),
            ]
        )
        body = self._selection(type_, 3)
        declared = ", ".join(f"${name}: {rest}" for name, rest in self._declared.items())
        return f"{kind} Q{f'({declared})' if declared else ''} {body} {' '.join(self._fragments.values())}"

    def _likely(self, chance: float) -> bool:
        return self.rng.random() < chance

    def _fresh(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}{self._count}"

    # Selections

    def _selection(self, type_: Any, depth: int) -> str:
        parts = [self._part(type_, depth) for _ in range(self.rng.randint(1, 4))]
        return "{ " + " ".join(filter(None, parts or ["__typename"])) + " __typename }"

    def _part(self, type_: Any, depth: int) -> str:
        if isinstance(type_, GraphQLUnionType) or self._likely(0.2):
            return self._fragment(type_, depth)
        fields = [one for one in type_.fields.items() if depth > 0 or is_leaf_type(get_named_type(one[1].type))]
        if not fields:
            return "__typename"
        name, definition = self.rng.choice(fields)
        return self._field(name, definition, depth)

    def _fragment(self, type_: Any, depth: int) -> str:
        target = self.rng.choice(self._overlapping(type_))
        if self._likely(0.6):
            condition = f" on {target.name}" if target is not type_ or self._likely(0.5) else ""
            return f"...{condition}{self._directive()} {self._selection(target, depth)}"
        name = self._fresh("F")
        self._fragments[name] = f"fragment {name} on {target.name} {self._selection(target, min(depth, 1))}"
        return f"...{name}{self._directive()}" * self.rng.randint(1, 2)

    def _overlapping(self, type_: Any) -> list[GraphQLNamedType]:
        if isinstance(type_, GraphQLObjectType):
            return [type_, *type_.interfaces]
        members = list(self.schema.get_possible_types(type_))
        shared = [self.schema.type_map["UserError"]] if isinstance(type_, GraphQLUnionType) else []
        return [*members, type_, *[one for one in shared if any(one in member.interfaces for member in members)]]

    def _directive(self) -> str:
        if not self._likely(0.12):
            return ""
        name = self.rng.choice(["skip", "include"])
        if self._likely(0.4):
            return f" @{name}(if: {self.rng.choice(['true', 'false'])})"
        variable = f"b{self.rng.randrange(2)}"
        if variable not in self._declared:
            self._declared[variable] = self.rng.choice(["Boolean!", "Boolean! = true", "Boolean = false"])
            if "=" not in self._declared[variable] or self._likely(0.5):
                self.variables[variable] = self._likely(0.5)
        return f" @{name}(if: ${variable})"

    def _field(self, name: str, definition: GraphQLField, depth: int) -> str:
        given = [(key, self._given(argument)) for key, argument in definition.args.items()]
        arguments = ", ".join(f"{key}: {value}" for key, value in given if value)
        alias = f"{self._fresh('a')}: " if arguments else f"{self.rng.choice('xy')}_{name}: " * self._likely(0.15)
        type_ = get_named_type(definition.type)
        below = self._selection(type_, depth - 1) if is_composite_type(type_) else ""
        return f"{alias}{name}{f'({arguments})' if arguments else ''}{self._directive()} {below}"

    # Arguments

    def _given(self, argument: GraphQLArgument) -> str:
        """Return a literal, or a variable that is declared for it; nothing for what may be left out."""
        is_required = is_required_argument(argument)
        if not is_required and self._likely(0.5):
            return ""
        if self._likely(0.5):
            return self._literal(argument.type)
        return self._variable(argument.type, is_required)

    def _variable(self, type_: Any, is_required: bool, *, const: bool = False) -> str:
        name = self._fresh("v")
        is_loose = isinstance(type_, GraphQLNonNull) and not is_required and self._likely(0.5)
        declared = type_.of_type if is_loose else type_
        default = f" = {self._literal(declared, const=True)}" if self._likely(0.3) else ""
        self._declared[name] = f"{declared}{default}"
        if (isinstance(declared, GraphQLNonNull) and not default) or self._likely(0.7):
            self.variables[name] = self.json(declared)
        return f"${name}"

    def _literal(self, type_: Any, *, const: bool = False) -> str:
        if isinstance(type_, GraphQLNonNull):
            return self._present(type_.of_type, const=const)
        return "null" if self._likely(0.15) else self._present(type_, const=const)

    def _present(self, type_: Any, *, const: bool) -> str:
        if not const and self._likely(0.15):
            return self._variable(GraphQLNonNull(type_), is_required=True)
        if isinstance(type_, GraphQLList):
            items = [self._literal(type_.of_type, const=const) for _ in range(self.rng.randrange(3))]
            return f"[{', '.join(items)}]"
        if isinstance(type_, GraphQLEnumType):
            return str(self.rng.choice(list(type_.values)))
        if isinstance(type_, GraphQLInputObjectType):
            given = self._members(type_)
            return "{" + ", ".join(f"{name}: {self._literal(one, const=const)}" for name, one in given.items()) + "}"
        return self.rng.choice(LITERALS[type_.name])

    def _members(self, type_: GraphQLInputObjectType) -> dict[str, Any]:
        if type_.name == "BatchItemInput":
            name = self.rng.choice(list(type_.fields))
            return {name: GraphQLNonNull(type_.fields[name].type)}
        fields = type_.fields.items()
        return {name: one.type for name, one in fields if is_required_input_field(one) or self._likely(0.4)}

    def json(self, type_: Any) -> Any:
        if self._likely(0.02):
            return self.rng.choice(ODD_JSON)
        if isinstance(type_, GraphQLNonNull):
            return self._present_json(type_.of_type)
        return None if self._likely(0.15) else self._present_json(type_)

    def _present_json(self, type_: Any) -> Any:
        if isinstance(type_, GraphQLList):
            return (
                self.json(type_.of_type)
                if self._likely(0.1)
                else [self.json(type_.of_type) for _ in range(self.rng.randrange(3))]
            )
        if isinstance(type_, GraphQLEnumType):
            return self.rng.choice(list(type_.values))
        if isinstance(type_, GraphQLInputObjectType):
            return {name: self.json(one) for name, one in self._members(type_).items()}
        return self.rng.choice(LEAVES[type_.name])
