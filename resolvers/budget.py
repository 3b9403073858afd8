"""What a document may ask for, reckoned before it is executed: in one pass, each fragment once.

Introspection costs what it names: what it answers is as long as the schema, and graphql-core bounds its depth.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    ValidationContext,
    ValidationRule,
    get_named_type,
    get_nullable_type,
    is_list_type,
)

from resolvers.failures import failure
from resolvers.pages import LARGEST_PAGE

LARGEST_COST = 10_000
"""Fields that an answer may hold, each counted as often as the pages around it are long."""

MOST_FIELDS = 500
"""Fields that a document may name, those of fragments counted at every spread."""

MOST_FRAGMENTS = 50
MOST_MUTATIONS = 20
DEEPEST = 20
DEFAULT_PAGE = 20
MOST_DIGITS = 10

ELEMENTS = {"edges": 1, "entries": 2}
"""How long lists without pages are: edges are counted by their connection, and a transaction has two entries."""

LONGEST_LIST = 20
"""Elements that any other list may have: metadata, the keys of a client."""


class _Reckoning(NamedTuple):
    """What a selection asks for: fields named, fields answered at most, how deep, and fields at its own level."""

    fields: int = 0
    cost: int = 0
    depth: int = 0
    roots: int = 0

    def __add__(self, other: object) -> _Reckoning:
        assert isinstance(other, _Reckoning)  # noqa: S101 - tuples would be joined otherwise
        return _Reckoning(
            self.fields + other.fields,
            self.cost + other.cost,
            max(self.depth, other.depth),
            self.roots + other.roots,
        )


class Budget(ValidationRule):
    """Refuses a document that asks for too much. Each refusal names its limit."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self._fragments: dict[str, FragmentDefinitionNode] = {}
        self._reckoned: dict[str, _Reckoning] = {}

    def enter_document(self, node: DocumentNode, *_: Any) -> None:
        """Reckon all there is, spread or not: the rules that follow read all of it."""
        definitions = node.definitions
        self._fragments = {one.name.value: one for one in definitions if isinstance(one, FragmentDefinitionNode)}
        self._refuse(len(self._fragments), MOST_FRAGMENTS, "fragments")
        if len(self._fragments) > MOST_FRAGMENTS:
            return
        for name in self._fragments:
            self._fragment(name)
        operations = [self._operation(one) for one in definitions if isinstance(one, OperationDefinitionNode)]
        fields = max(sum(one.fields for one in operations), *(one.fields for one in self._reckoned.values()), 0)
        self._refuse(fields, MOST_FIELDS, "fields")
        for asked in operations:
            self._refuse(asked.cost, LARGEST_COST, "fields in its answer, pages multiplied")
            self._refuse(asked.depth, DEEPEST, "levels")

    def _operation(self, node: OperationDefinitionNode) -> _Reckoning:
        root = self.context.schema.get_root_type(node.operation)
        asked = self._selection(node.selection_set, root)
        if node.operation is OperationType.MUTATION:
            self._refuse(asked.roots, MOST_MUTATIONS, "mutations")
        return asked

    def _refuse(self, asked: int, most: int, of: str) -> None:
        if asked > most:
            self.report_error(failure("GRAPHQL_VALIDATION_FAILED", f"A document may ask for at most {most} {of}."))

    def _selection(self, selections: SelectionSetNode | None, parent: Any) -> _Reckoning:
        found = selections.selections if selections else ()
        return sum((self._one(node, parent) for node in found), start=_Reckoning())

    def _one(self, node: Any, parent: Any) -> _Reckoning:
        if isinstance(node, FragmentSpreadNode):
            return self._fragment(node.name.value)
        if not isinstance(node, FieldNode):
            condition = node.type_condition
            kind = self.context.schema.get_type(condition.name.value) if condition else parent
            return self._selection(node.selection_set, kind)
        definition = getattr(parent, "fields", {}).get(node.name.value)
        below = self._selection(node.selection_set, get_named_type(definition.type) if definition else None)
        if node.name.value.startswith("__"):
            return _Reckoning(below.fields + 1, 1, below.depth + 1, 1)
        return _Reckoning(below.fields + 1, 1 + below.cost * _elements(node, definition), below.depth + 1, 1)

    def _fragment(self, name: str) -> _Reckoning:
        """Reckon a fragment once. One that spreads itself is left to the rule that forbids it."""
        if name not in self._reckoned:
            self._reckoned[name] = _Reckoning()
            if fragment := self._fragments.get(name):
                kind = self.context.schema.get_type(fragment.type_condition.name.value)
                self._reckoned[name] = self._selection(fragment.selection_set, kind)
        return self._reckoned[name]


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
