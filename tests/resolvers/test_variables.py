"""How many values variables may hold: counted once, shared out among the mutations that read them."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import OperationDefinitionNode, get_operation_ast, parse

from resolvers.limits import RequestLimits
from resolvers.variables import has_more_values, most_values
from tests.support.api import Api

MOST = RequestLimits.values
OPEN = "openAccount(idempotencyKey: $key, input: $input) { __typename }"
TWO = f"mutation ($key: IdempotencyKey!, $input: OpenAccountInput!) {{ a: {OPEN} b: {OPEN} }}"

COUNTED: list[tuple[dict[str, Any], int]] = [
    ({}, 0),
    ({"a": 1, "b": None}, 2),
    ({"a": []}, 1),
    ({"a": [1, 2, 3]}, 4),
    ({"a": {"b": {"c": [1, {"d": 2}]}}}, 6),
    ({"a": "a long text"}, 1),
]


@pytest.mark.parametrize(("variables", "values"), COUNTED)
def test_every_value_counts_once_lists_and_objects_too(variables: dict[str, Any], values: int) -> None:
    assert not has_more_values(variables, values)
    assert values == 0 or has_more_values(variables, values - 1)


SHARED = [
    ("query { viewer { id } accounts { edges { cursor } } }", 20),
    ("mutation { a: x }", 20),
    ("mutation { a: x b: x }", 10),
    ("mutation { a: x ...F ... { b: x } } fragment F on Mutation { c: x ...G } fragment G on Mutation { d: x }", 5),
]


@pytest.mark.parametrize(("text", "most"), SHARED)
def test_what_one_mutation_may_read_is_shared_out_among_all(text: str, most: int) -> None:
    document = parse(text)
    operation = get_operation_ast(document)
    assert isinstance(operation, OperationDefinitionNode)
    assert most_values(document, operation, 20) == most


def metadata(pairs: int) -> list[dict[str, str]]:
    return [{"key": str(number), "value": ""} for number in range(pairs)]


def test_variables_with_too_many_values_are_refused_before_any_is_read(api: Api) -> None:
    last = api.last_sequence()
    answer = api.mutate("openAccount", {"currency": "EUR", "name": "Ada", "metadata": metadata(MOST // 3)})
    assert (answer.status, answer.codes) == (400, ["BAD_USER_INPUT"])
    assert answer.errors[0]["message"] == f"The variables of this operation may hold at most {MOST} values."
    assert api.last_sequence() == last


def test_a_variable_that_two_mutations_read_counts_twice(api: Api) -> None:
    given = {"currency": "EUR", "name": "Ada", "metadata": metadata(MOST // 4)}
    assert api.run(TWO, {"input": given}).status == 400
    assert api.mutate("openAccount", given).verdict == "InvalidInput"
