"""Variables: as many values as one mutation may read, shared out among all that a request performs.

Reading a value costs far more than sending it, and each mutation reads what it is given anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
)


def most_values(document: DocumentNode, operation: OperationDefinitionNode, most: int) -> int:
    """Return how many values the variables of a valid operation may hold."""
    if operation.operation is not OperationType.MUTATION:
        return most
    fragments = {one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)}
    return most // _fields_in(operation.selection_set, fragments)


def has_more_values(variables: Mapping[str, Any], most: int) -> bool:
    """Tell whether variables hold more values than that, lists and objects counted too."""
    waiting: list[Any] = list(variables.values())
    seen = len(waiting)
    while waiting and seen <= most:
        value = waiting.pop()
        if isinstance(value, dict | list):
            seen += len(value)
            waiting.extend(value.values() if isinstance(value, dict) else value)
    return seen > most


def _fields_in(selections: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode]) -> int:
    """Count the fields at the root. The budget has bounded them, and a valid fragment does not hold itself."""
    fields = 0
    for node in selections.selections:
        if isinstance(node, FieldNode):
            fields += 1
        else:
            held = fragments[node.name.value] if isinstance(node, FragmentSpreadNode) else node
            fields += _fields_in(held.selection_set, fragments)  # type: ignore[union-attr]
    return fields
