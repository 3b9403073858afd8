"""GET: a query as the parameters of a URL, and never anything that changes."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

import orjson
import pytest

from resolvers.responses import GRAPHQL_RESPONSE, PLAIN_JSON
from tests.support.api import Answer, Api

WHO = "{ viewer { id name } }"
BY_ID = "query One($id: ID!) { account(id: $id) { id } } query Other { viewer { name } }"


def get(api: Api, parameters: str, accept: str = GRAPHQL_RESPONSE) -> Answer:
    return api.send(b"", method="GET", headers=api.headers(accept), path=f"/graphql?{parameters}")


def asked(api: Api, **parameters: Any) -> Answer:
    return get(api, urlencode(parameters, quote_via=quote))


def test_a_query_is_answered_as_if_it_had_been_posted(api: Api) -> None:
    assert asked(api, query=WHO).body == api.run(WHO).body


def test_variables_and_extensions_are_json_in_the_url(api: Api) -> None:
    account_id = api.open_account()
    variables = orjson.dumps({"id": account_id}).decode()
    answer = asked(api, query=BY_ID, operationName="One", variables=variables, extensions='{"x": 1}')
    assert answer.only == {"id": account_id}


def test_one_operation_of_several_is_chosen_by_its_name(api: Api) -> None:
    assert asked(api, query=BY_ID, operationName="Other").only == {"name": "the admin"}


def test_parameters_that_graphql_does_not_know_do_not_matter(api: Api) -> None:
    assert asked(api, query=WHO, cache="no").status == 200


def test_what_stands_in_the_query_is_utf_8(api: Api) -> None:
    reference = "Z\u00fcrich \U0001f3e6"
    api.open_account(reference=reference)
    answer = asked(api, query=f'{{ accountByReference(reference: "{reference}") {{ reference }} }}')
    assert answer.only == {"reference": reference}


OPEN = '{ openAccount(idempotencyKey: "k", input: {currency: "EUR", name: "Ada"}) { __typename } }'
CHANGES = [f"mutation {OPEN}", f"query One {{ viewer {{ id }} }} mutation Other {OPEN}"]


@pytest.mark.parametrize("accept", [GRAPHQL_RESPONSE, PLAIN_JSON])
@pytest.mark.parametrize("document", CHANGES)
def test_a_mutation_is_told_to_be_posted_and_not_performed(api: Api, document: str, accept: str) -> None:
    last = api.last_sequence()
    name = "&operationName=Other" if document.startswith("query") else ""
    answer = get(api, urlencode({"query": document}) + name, accept)
    assert (answer.status, answer.codes, answer.headers["allow"]) == (405, ["METHOD_NOT_ALLOWED"], "POST")
    assert api.last_sequence() == last


NO_REQUEST = {
    "nothing": "",
    "no query": "variables=%7B%7D",
    "a query twice": "query=%7Bviewer%7Bid%7D%7D&query=%7Bviewer%7Bid%7D%7D",
    "invalid UTF-8": "query=%7Bviewer%7Bid%7D%7D%20%23%FF",
    "a surrogate": "query=%7Bviewer%7Bid%7D%7D%20%23%ED%A0%80",
    "variables that are no JSON": "query=%7Bviewer%7Bid%7D%7D&variables=%7B",
    "empty variables": "query=%7Bviewer%7Bid%7D%7D&variables=",
    "variables that are no object": "query=%7Bviewer%7Bid%7D%7D&variables=%5B%5D",
    "variables nested beyond all measure": "query=%7Bviewer%7Bid%7D%7D&variables=" + "%5B" * 5_000,
    "extensions that are no object": "query=%7Bviewer%7Bid%7D%7D&extensions=7",
    "too many parameters": "query=%7Bviewer%7Bid%7D%7D&" + "&".join(f"p{number}=1" for number in range(50)),
}


@pytest.mark.parametrize("what", NO_REQUEST)
def test_parameters_that_are_no_request_are_refused(api: Api, what: str) -> None:
    answer = get(api, NO_REQUEST[what])
    assert (answer.status, answer.codes, "data" in answer.body) == (400, ["BAD_REQUEST"], False)


def test_too_many_parameters_are_told_how_many_there_may_be(api: Api) -> None:
    assert get(api, NO_REQUEST["too many parameters"]).errors[0]["message"] == "A URL has at most 20 parameters."


FAILING = [
    ("{ viewer { id }", "GRAPHQL_PARSE_FAILED"),
    ("{ poison }", "GRAPHQL_VALIDATION_FAILED"),
    (BY_ID, "OPERATION_RESOLUTION_FAILURE"),
    ("query ($id: ID!) { account(id: $id) { id } }", "BAD_USER_INPUT"),
]


@pytest.mark.parametrize(("document", "code"), FAILING)
@pytest.mark.parametrize(("accept", "status"), [(GRAPHQL_RESPONSE, 400), (PLAIN_JSON, 200)])
def test_what_cannot_be_executed_is_a_request_error(
    api: Api, document: str, code: str, accept: str, status: int
) -> None:
    answer = get(api, urlencode({"query": document}), accept)
    assert (answer.status, answer.codes, "data" in answer.body) == (status, [code], False)


def test_who_cannot_be_told_gets_nothing(api: Api) -> None:
    answer = api.send(b"", method="GET", headers={}, path=f"/graphql?query={quote(WHO)}")
    assert (answer.status, answer.codes) == (401, ["UNAUTHENTICATED"])
