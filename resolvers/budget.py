"""What a document may ask for, reckoned before it is executed: in one pass, each fragment once.

Introspection has one price, whatever it names: its answer is as long as the schema, and graphql-core bounds its depth.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLObjectType,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    ValidationContext,
    ValidationRule,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_list_type,
)

from domain.services.batches import MOST_ITEMS
from resolvers.failures import failure
from resolvers.limits import DocumentLimits
from resolvers.pages import LARGEST_PAGE

DEFAULT_PAGE = 20
MOST_DIGITS = 10

ELEMENTS = {"edges": 1, "entries": 2, "results": MOST_ITEMS}
"""How long lists without pages are.

Edges are counted by their connection, a transaction has two entries, and a batch is taken to be as large as it may be.
"""

LONGEST_LIST = 20
"""Elements that any other list may have: metadata, the keys of a client."""

READING = 10
"""Fields that make up for one statement of a database."""

INTROSPECTION = {"__schema": 4_000, "__type": 4_000}
"""What it costs. The usual question after the whole schema is answered with some 9,000 fields, made from memory."""

_MEANT = {
    "depth": "levels",
    "nesting": "selections in one another",
    "cost": "fields in its answer, pages multiplied",
}
"""How a limit is told, where not by its own name."""


class _Reckoning(NamedTuple):
    """What a selection asks for: see DocumentLimits. `roots` are the fields at its own level."""

    fields: int = 0
    aliases: int = 0
    directives: int = 0
    cost: int = 0
    roots: int = 0
    depth: int = 0
    nesting: int = 0

    def __add__(self, other: object) -> _Reckoning:
        assert isinstance(other, _Reckoning)  # noqa: S101 - tuples would be joined otherwise
        added = _Reckoning(*(one + another for one, another in zip(self, other, strict=True)))
        return added._replace(depth=max(self.depth, other.depth), nesting=max(self.nesting, other.nesting))


class Budget(ValidationRule):
    """Refuses a document that asks for too much. Each refusal names its limit."""

    def __init__(self, limits: DocumentLimits, context: ValidationContext) -> None:
        super().__init__(context)
        self._limits = limits
        self._fragments: dict[str, FragmentDefinitionNode] = {}
        self._reckoned: dict[str, _Reckoning] = {}

    def enter_document(self, node: DocumentNode, *_: Any) -> None:
        definitions = node.definitions
        defined = [one for one in definitions if isinstance(one, FragmentDefinitionNode)]
        if self._refuses(len(defined), "fragments"):
            return
        self._fragments = {one.name.value: one for one in defined}
        twins = [one for one in defined if self._fragments[one.name.value] is not one]
        fragments = [*map(self._fragment, self._fragments), *map(self._defined, twins)]
        operations = [self._operation(one) for one in definitions if isinstance(one, OperationDefinitionNode)]
        for what in ("fields", "aliases", "directives"):
            together = sum(getattr(one, what) for one in operations)
            self._refuses(max([together, *(getattr(one, what) for one in fragments)]), what)
        for asked in operations:
            self._refuses(asked.cost, "cost")
            self._refuses(asked.depth, "depth")
        self._refuses(max(one.nesting for one in (*operations, *fragments, _Reckoning())), "nesting")

    def _operation(self, node: OperationDefinitionNode) -> _Reckoning:
        root = self.context.schema.get_root_type(node.operation)
        asked = self._selection(node.selection_set, root)
        if node.operation is OperationType.MUTATION:
            self._refuses(asked.roots, "mutations")
        declared = node.variable_definitions or ()
        applied = len(node.directives or ()) + sum(len(one.directives or ()) for one in declared)
        return asked + _Reckoning(directives=applied)

    def _refuses(self, asked: int, what: str) -> bool:
        """Tell whether that is too much, and report it if so."""
        most = getattr(self._limits, what)
        if asked > most:
            message = f"A document may ask for at most {most} {_MEANT.get(what, what)}."
            self.report_error(failure("GRAPHQL_VALIDATION_FAILED", message))
        return bool(asked > most)

    def _selection(self, selections: SelectionSetNode | None, parent: Any) -> _Reckoning:
        found = selections.selections if selections else ()
        asked = [(node, self._one(node, parent)) for node in found]
        together = sum((one for _, one in asked), start=_Reckoning())
        together = together._replace(nesting=together.nesting + 1) if found else together
        if not is_abstract_type(parent):
            return together
        kinds = self.context.schema.get_possible_types(parent)
        costs = (sum(one.cost for node, one in asked if self._concerns(node, kind)) for kind in kinds)
        return together._replace(cost=max(costs, default=0))

    def _concerns(self, node: Any, kind: GraphQLObjectType) -> bool:
        """Tell whether a part of a selection can be asked of that type. What is answered is of one type only."""
        if isinstance(node, FragmentSpreadNode):
            node = self._fragments.get(node.name.value)
        condition = getattr(node, "type_condition", None)
        asked_of = self.context.schema.get_type(condition.name.value) if condition else None
        if is_abstract_type(asked_of):
            return self.context.schema.is_sub_type(asked_of, kind)
        return asked_of is None or asked_of is kind

    def _one(self, node: Any, parent: Any) -> _Reckoning:
        applied = _Reckoning(directives=len(node.directives or ()))
        if isinstance(node, FragmentSpreadNode):
            return self._fragment(node.name.value) + applied
        if isinstance(node, FieldNode):
            return self._field(node, parent) + applied
        condition = node.type_condition
        kind = self.context.schema.get_type(condition.name.value) if condition else parent
        return self._selection(node.selection_set, kind) + applied

    def _field(self, node: FieldNode, parent: Any) -> _Reckoning:
        definition = getattr(parent, "fields", {}).get(node.name.value)
        below = self._selection(node.selection_set, get_named_type(definition.type) if definition else None)
        return _Reckoning(
            fields=below.fields + 1,
            aliases=below.aliases + (node.alias is not None),
            directives=below.directives,
            cost=INTROSPECTION.get(node.name.value) or below.cost * _elements(node, definition) + _price(definition),
            roots=1,
            depth=below.depth + 1,
            nesting=below.nesting,
        )

    def _fragment(self, name: str) -> _Reckoning:
        """Reckon a fragment once. One that spreads itself is left to the rule that forbids it."""
        if name not in self._reckoned:
            self._reckoned[name] = _Reckoning()
            if fragment := self._fragments.get(name):
                self._reckoned[name] = self._defined(fragment)
        return self._reckoned[name]

    def _defined(self, fragment: FragmentDefinitionNode) -> _Reckoning:
        kind = self.context.schema.get_type(fragment.type_condition.name.value)
        applied = _Reckoning(directives=len(fragment.directives or ()))
        return self._selection(fragment.selection_set, kind) + applied


def _price(definition: GraphQLField | None) -> int:
    """Return what a field itself costs. Those that ask for a role are those that read: roots and edges."""
    noun = definition and definition.extensions.get("strawberry-definition")
    return READING if noun and noun.extensions else 1


def _elements(field: FieldNode, definition: GraphQLField | None) -> int:
    """Return how many elements a field may answer with. What the schema does not know is for other rules."""
    if definition is None:
        return 1
    if "first" in definition.args:
        return _page(field)
    if not is_list_type(get_nullable_type(definition.type)):
        return 1
    return ELEMENTS.get(field.name.value, LONGEST_LIST)


def _page(field: FieldNode) -> int:
    """Return how long the field's page may be: what is asked for, the most for a variable, else the default."""
    for argument in field.arguments or ():
        if argument.name.value == "first":
            value = argument.value
            if isinstance(value, IntValueNode) and len(value.value) < MOST_DIGITS:
                return min(max(int(value.value), 1), LARGEST_PAGE)
            return LARGEST_PAGE
    return DEFAULT_PAGE
