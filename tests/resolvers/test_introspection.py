"""Introspection: all that tools ask of the schema, and nothing that multiplies."""

from __future__ import annotations

import pytest
from graphql import get_introspection_query

from resolvers.documents import Documents
from resolvers.limits import DocumentLimits
from tests.support.api import schema

REFUSAL = "Introspection may ask for what the standard query asks, without aliases."
ALIASES = " ".join(f"e{n}: enumValues {{ name }}" for n in range(90))

USUAL = {
    "the standard query": get_introspection_query(),
    "a part of it": "{ __schema { queryType { name } types { kind name possibleTypes { name } } } }",
    "one type": '{ __type(name: "Account") { name fields(includeDeprecated: true) { type { ofType { name } } } } }',
    "in fragments": "{ ...Q } fragment Q on Query { __schema { ...S } } fragment S on __Schema { types { ...T } } "
    "fragment T on __Type { __typename ... { name } }",
    "under another name": "{ contract: __schema { description } }",
    "beside something else": "{ viewer { name } __schema { directives { name args { name } } } }",
}
UNUSUAL = {
    "aliases": f"{{ __schema {{ types {{ {ALIASES} }} }} }}",
    "fields of possible types": "{ __schema { types { possibleTypes { fields { name } } } } }",
    "values of every field": "{ __schema { types { fields { type { enumValues { name } } } } } }",
    "types beyond their depth": "{ __schema { types { fields { type " + "{ ofType" * 12 + "{ name }" + "}" * 16,
    "hidden in a fragment": "{ __schema { types { ...T } } } fragment T on __Type { ...U } "
    "fragment U on __Type { fields { type { ...T } } }",
    "hidden in an inline fragment": "{ ... { __schema { ... { types { ... { a: name } } } } } }",
    "one type, in depth": '{ __type(name: "UserError") { possibleTypes { fields { type { enumValues { name } } } } } }',
}


def told(text: str) -> list[str]:
    return [error.message for error in Documents(schema(), DocumentLimits()).read(text).errors]


@pytest.mark.parametrize("what", USUAL)
def test_what_tools_ask_is_answered(what: str) -> None:
    assert told(USUAL[what]) == []


@pytest.mark.parametrize("what", UNUSUAL)
def test_what_would_multiply_is_refused(what: str) -> None:
    assert REFUSAL in told(UNUSUAL[what])


def test_fragments_that_double_are_looked_at_once_for_each_place() -> None:
    doubling = (f"fragment F{n} on __Type {{ ...F{n + 1} ...F{n + 1} }}" for n in range(30))
    assert told(f"{{ __schema {{ types {{ ...F0 }} }} }} {' '.join(doubling)} fragment F30 on __Type {{ name }}")
