"""What the explorer's tabs begin with: every example, ready to run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from graphql import get_operation_ast, parse
from graphql.execution.values import get_variable_values

from resolvers.explorer.operations import FIRST, LAST, read_operations
from tests.support.api import core, documents

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "examples" / "operations"
CONTRACT = (ROOT / "schema" / "schema.graphql").read_text()
OPERATIONS = {operation["name"]: operation for operation in read_operations(EXAMPLES, CONTRACT)}


def with_key(operation: dict[str, Any]) -> dict[str, Any]:
    """Return the variables as the page completes them."""
    key = {"key": "1f0c7a52-5c3a-4b1c-9d2e-7a1b2c3d4e5f"} if operation["isMutation"] else {}
    return {**key, **operation["variables"]}


def test_every_example_has_a_tab_of_its_name() -> None:
    assert set(OPERATIONS) == {path.stem for path in EXAMPLES.glob("*.graphql")}
    for name, operation in OPERATIONS.items():
        read = get_operation_ast(parse(operation["query"]))
        assert read
        assert read.name
        assert read.name.value == name


def test_every_mutation_has_a_tab() -> None:
    mutations = {name[0].lower() + name[1:] for name, operation in OPERATIONS.items() if operation["isMutation"]}
    root = core().mutation_type
    assert root
    assert mutations == set(root.fields)


def test_the_tabs_begin_with_what_somebody_new_tries_first_and_end_with_queries() -> None:
    names = list(OPERATIONS)
    kinds = [operation["isMutation"] for operation in OPERATIONS.values()]
    assert names[:6] == ["Viewer", "Accounts", "OpenAccount", "Deposit", "Withdraw", "Transfer"]
    assert kinds == [False] * 2 + [True] * sum(kinds) + [False] * (kinds.count(False) - 2)
    assert names[2 + sum(kinds) :] == sorted(names[2 + sum(kinds) :])


STORY = (
    ("Transfer", "FreezeAccount"),
    ("FreezeAccount", "UnfreezeAccount"),
    ("UnfreezeAccount", "CloseAccount"),
    ("RenameAccount", "CloseAccount"),
    ("CloseAccount", "CreateApiClient"),
    *(("CreateApiClient", name) for name in ("IssueApiKey", "ChangeApiClientRole", "DisableApiClient")),
    ("DisableApiClient", "EnableApiClient"),
    ("IssueApiKey", "RevokeApiKey"),
)


@pytest.mark.parametrize(("before", "after"), STORY)
def test_a_tab_comes_after_what_it_builds_on(before: str, after: str) -> None:
    names = list(OPERATIONS)
    assert names.index(before) < names.index(after)


def test_every_tab_that_has_a_place_of_its_own_is_there() -> None:
    assert {*FIRST, *LAST} <= set(OPERATIONS)


def test_a_mutation_without_a_place_of_its_own_stands_where_it_is_declared_and_before_the_end(tmp_path: Path) -> None:
    for name in ("OpenAccount", "TakeBack", "Add", "CloseAccount"):
        (tmp_path / f"{name}.graphql").write_text(f"mutation {name} {{ __typename }}")
    (tmp_path / "Any.graphql").write_text("query Any { __typename }")
    contract = "type Query { any: ID } type Mutation { takeBack: ID closeAccount: ID openAccount: ID add: ID }"
    names = [operation["name"] for operation in read_operations(tmp_path, contract)]
    assert names == ["OpenAccount", "TakeBack", "Add", "CloseAccount", "Any"]


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_is_valid_and_within_the_budget(name: str) -> None:
    assert documents().read(OPERATIONS[name]["query"]).errors == ()


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_variables_are_those_that_the_operation_takes(name: str) -> None:
    operation = OPERATIONS[name]
    read = get_operation_ast(parse(operation["query"]))
    assert read
    declared = read.variable_definitions or ()
    assert set(with_key(operation)) <= {definition.variable.name.value for definition in declared}
    assert not isinstance(get_variable_values(core(), declared, with_key(operation)), list)  # a list is of errors


def test_no_example_brings_an_idempotency_key_of_its_own() -> None:
    mutations = [operation for operation in OPERATIONS.values() if operation["isMutation"]]
    assert mutations
    assert [operation["name"] for operation in mutations if "key" in operation["variables"]] == []
