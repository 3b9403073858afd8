"""What a document may ask for, reckoned before it is executed: in one pass, each fragment once."""

from __future__ import annotations

from typing import Any, NamedTuple

from graphql import (
    ASTValidationRule,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    ValidationContext,
)

from resolvers.failures import failure
from resolvers.pages import LARGEST_PAGE

LARGEST_COST = 10_000
"""Fields that an answer may hold, each counted as often as the pages around it are long."""

MOST_FIELDS = 500
"""Fields that a document may name, those of fragments counted at every spread."""

MOST_MUTATIONS = 20
DEEPEST = 20
DEFAULT_PAGE = 20


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


class Budget(ASTValidationRule):
    """Refuses a document that asks for too much. Each refusal names its limit."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self._fragments: dict[str, FragmentDefinitionNode] = {}
        self._reckoned: dict[str, _Reckoning] = {}

    def enter_document(self, node: DocumentNode, *_: Any) -> None:
        definitions = node.definitions
        self._fragments = {one.name.value: one for one in definitions if isinstance(one, FragmentDefinitionNode)}

    def enter_operation_definition(self, node: OperationDefinitionNode, *_: Any) -> None:
        asked = self._selection(node.selection_set)
        self._refuse(asked.fields, MOST_FIELDS, "fields")
        self._refuse(asked.cost, LARGEST_COST, "fields in its answer, pages multiplied")
        self._refuse(asked.depth, DEEPEST, "levels")
        if node.operation is OperationType.MUTATION:
            self._refuse(asked.roots, MOST_MUTATIONS, "mutations")

    def _refuse(self, asked: int, most: int, of: str) -> None:
        if asked > most:
            self.report_error(failure("GRAPHQL_VALIDATION_FAILED", f"A document may ask for at most {most} {of}."))

    def _selection(self, selections: SelectionSetNode | None) -> _Reckoning:
        return sum(map(self._one, selections.selections if selections else ()), start=_Reckoning())

    def _one(self, node: Any) -> _Reckoning:
        if isinstance(node, FragmentSpreadNode):
            return self._fragment(node.name.value)
        below = self._selection(node.selection_set)
        if not isinstance(node, FieldNode):
            return below
        return _Reckoning(below.fields + 1, 1 + below.cost * _page(node), below.depth + 1, 1)

    def _fragment(self, name: str) -> _Reckoning:
        """Reckon a fragment once. One that spreads itself is left to the rule that forbids it."""
        if name not in self._reckoned:
            self._reckoned[name] = _Reckoning()
            fragment = self._fragments.get(name)
            self._reckoned[name] = self._selection(fragment.selection_set) if fragment else _Reckoning()
        return self._reckoned[name]


def _page(field: FieldNode) -> int:
    """Return how long the field's page may be: what is asked for, the most for a variable, the default for a list."""
    for argument in field.arguments or ():
        if argument.name.value == "first":
            value = argument.value
            size = int(value.value) if isinstance(value, IntValueNode) else LARGEST_PAGE
            return min(max(size, 1), LARGEST_PAGE)
    selections = field.selection_set.selections if field.selection_set else ()
    is_connection = any(isinstance(one, FieldNode) and one.name.value == "edges" for one in selections)
    return DEFAULT_PAGE if is_connection else 1
