"""The profiles: what production keeps to itself, and that it is the same server otherwise."""

from __future__ import annotations

import pytest
from graphql import get_introspection_query

from resolvers.documents import Documents
from resolvers.limits import DocumentLimits
from resolvers.profiles import DEVELOPMENT, PRODUCTION, PROFILES
from tests.support.api import Api, schema

INTROSPECTING = {
    "the schema": get_introspection_query(),
    "one type": '{ __type(name: "Account") { name } }',
    "deep in a fragment": "{ ...F } fragment F on Query { viewer { id } __schema { queryType { name } } }",
}


@pytest.fixture
def in_production(api: Api) -> Api:
    documents = Documents(schema(), DocumentLimits(), PRODUCTION.rules)
    return api.made_of(documents=documents, profile=PRODUCTION)


def test_there_are_these_two() -> None:
    assert PROFILES == {"development": DEVELOPMENT, "production": PRODUCTION}


@pytest.mark.parametrize("what", INTROSPECTING)
def test_production_does_not_tell_its_schema(in_production: Api, what: str) -> None:
    answer = in_production.run(INTROSPECTING[what])
    assert (answer.status, set(answer.codes)) == (400, {"GRAPHQL_VALIDATION_FAILED"})
    assert "introspection has been disabled" in answer.errors[0]["message"]


@pytest.mark.parametrize("what", INTROSPECTING)
def test_development_does(api: Api, what: str) -> None:
    assert api.run(INTROSPECTING[what]).errors == []


def test_production_names_the_types_of_what_it_answers(in_production: Api) -> None:
    assert in_production.run("{ viewer { __typename name } }").only == {"__typename": "ApiClient", "name": "the admin"}
    assert in_production.mutate("openAccount", {"currency": "EUR", "name": "Ada"}).verdict == "OpenAccountSuccess"
