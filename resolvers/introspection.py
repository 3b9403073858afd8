"""What may be asked of the schema: what the standard introspection query asks, and each thing once.

Nothing else is bounded by graphql-core but the depth of some lists: aliases of the others multiply the answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    SelectionSetNode,
    ValidationContext,
    ValidationRule,
    get_introspection_query,
    get_operation_ast,
    parse,
)

from resolvers.failures import failure

Allowed = dict[str, "Allowed"]


class StandardIntrospection(ValidationRule):
    """Refuses an introspection that asks for more than tools do."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self._looked_at: set[tuple[str, int]] = set()

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        within = _standard().get(node.name.value)
        if within and node.selection_set and not self._holds(node.selection_set, within):
            message = "Introspection may ask for what the standard query asks, without aliases."
            self.report_error(failure("GRAPHQL_VALIDATION_FAILED", message))

    def _holds(self, selections: SelectionSetNode, allowed: Allowed) -> bool:
        return all(self._is_allowed(node, allowed) for node in selections.selections)

    def _is_allowed(self, node: Any, allowed: Allowed) -> bool:
        if isinstance(node, FragmentSpreadNode):
            return self._fragment_holds(node.name.value, allowed)
        if not isinstance(node, FieldNode):
            return self._holds(node.selection_set, allowed)
        if node.alias is not None or node.name.value not in {*allowed, "__typename"}:
            return False
        return node.selection_set is None or self._holds(node.selection_set, allowed.get(node.name.value, {}))

    def _fragment_holds(self, name: str, allowed: Allowed) -> bool:
        """Look at a fragment once for each place of the standard query in which it stands."""
        fragment = self.context.get_fragment(name)
        place = (name, id(allowed))
        if fragment is None or place in self._looked_at:
            return True
        self._looked_at.add(place)
        return self._holds(fragment.selection_set, allowed)


@cache
def _standard() -> Allowed:
    """Return the fields of the standard query with all its options, as a tree; one type alone may be asked for too."""
    document = parse(
        get_introspection_query(
            specified_by_url=True,
            directive_is_repeatable=True,
            schema_description=True,
            input_value_deprecation=True,
            experimental_directive_deprecation=True,
            one_of=True,
        )
    )
    operation = get_operation_ast(document)
    tree = _tree(document, operation.selection_set if operation else None)
    return {**tree, "__type": tree["__schema"]["types"]}


def _tree(document: DocumentNode, selections: SelectionSetNode | None) -> Allowed:
    tree: Allowed = {}
    for field in _fields(document, selections):
        below = _tree(document, field.selection_set)
        tree[field.name.value] = {**tree.get(field.name.value, {}), **below}
    return tree


def _fields(document: DocumentNode, selections: SelectionSetNode | None) -> Iterator[FieldNode]:
    for node in selections.selections if selections else ():
        if isinstance(node, FieldNode):
            yield node
        elif isinstance(node, FragmentSpreadNode):
            (fragment,) = (
                one
                for one in document.definitions
                if isinstance(one, FragmentDefinitionNode) and one.name.value == node.name.value
            )
            yield from _fields(document, fragment.selection_set)
