"""The example operations: one for every mutation, each complete in itself and fit to make a typed client of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import (
    FieldNode,
    GraphQLUnionType,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    build_schema,
    get_named_type,
    parse,
    validate,
    visit,
)

ROOT = Path(__file__).parents[1]
SCHEMA = build_schema((ROOT / "schema" / "schema.graphql").read_text())
OPERATIONS = sorted((ROOT / "examples" / "operations").glob("*.graphql"))

example = pytest.mark.parametrize("path", OPERATIONS, ids=lambda path: path.stem)


def operation_in(path: Path) -> OperationDefinitionNode:
    """Return the operation of a file, which holds one and nothing else."""
    (definition,) = parse(path.read_text()).definitions
    assert isinstance(definition, OperationDefinitionNode)
    return definition


def fields(selections: SelectionSetNode | None) -> set[str]:
    return {one.name.value for one in selections.selections if isinstance(one, FieldNode)} if selections else set()


class Unions(Visitor):
    """Collects what is asked of each field whose type is a union."""

    def __init__(self, types: TypeInfo) -> None:
        super().__init__()
        self.types = types
        self.asked: list[tuple[str, SelectionSetNode | None]] = []

    def enter_field(self, node: FieldNode, *_: object) -> None:
        kind = get_named_type(self.types.get_type())
        if isinstance(kind, GraphQLUnionType):
            self.asked.append((kind.name, node.selection_set))


def asked_of_unions(path: Path) -> list[tuple[str, SelectionSetNode | None]]:
    types = TypeInfo(SCHEMA)
    unions = Unions(types)
    visit(parse(path.read_text()), TypeInfoVisitor(types, unions))
    return unions.asked


def branches(selections: SelectionSetNode | None) -> Iterator[tuple[str, set[str]]]:
    """Yield the types that a union is narrowed to, with what is asked of each."""
    for one in selections.selections if selections else ():
        if isinstance(one, InlineFragmentNode) and one.type_condition:
            yield one.type_condition.name.value, fields(one.selection_set)


def test_every_mutation_has_an_example() -> None:
    mutations = [node for node in map(operation_in, OPERATIONS) if node.operation.value == "mutation"]
    assert SCHEMA.mutation_type
    assert sorted(name for node in mutations for name in fields(node.selection_set)) == sorted(
        SCHEMA.mutation_type.fields
    )


@example
def test_an_example_has_one_operation_of_one_field_named_as_its_file(path: Path) -> None:
    operation = operation_in(path)
    assert operation.name
    assert operation.name.value == path.stem
    assert len(operation.selection_set.selections) == 1


@example
def test_an_example_is_valid(path: Path) -> None:
    assert validate(SCHEMA, parse(path.read_text())) == []


def test_every_union_is_asked_for_its_typename_and_for_errors_of_any_kind() -> None:
    unions = [asked for path in OPERATIONS for asked in asked_of_unions(path)]
    known = {kind.name for kind in SCHEMA.type_map.values() if isinstance(kind, GraphQLUnionType)}
    assert {name for name, _ in unions} == known
    for _, asked in unions:
        assert "__typename" in fields(asked)
        assert dict(branches(asked))["UserError"] >= {"code", "message", "path", "retry"}
