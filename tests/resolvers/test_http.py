"""The endpoint as HTTP sees it: which status, which code, which headers, and JSON whatever was sent."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest

from domain.text import LONGEST_NOTE, LONGEST_REFERENCE
from resolvers import calls
from resolvers.app import build_app
from resolvers.limits import RequestLimits
from resolvers.profiles import PRODUCTION
from resolvers.responses import GRAPHQL_RESPONSE, PLAIN_JSON, negotiated
from tests.support.api import Answer, Api

LARGEST_BODY = RequestLimits.body_bytes
WHO = b'{"query": "{ viewer { id } }"}'


def is_failure(answer: Answer, status: int, code: str) -> None:
    """Check that an answer is JSON with one error, complete with what to do about it."""
    assert (answer.status, answer.codes) == (status, [code])
    (error,) = answer.errors
    assert error["message"]
    assert error["extensions"]["retry"] in {"SAME_KEY", "NEW_KEY", "NEVER"}
    assert "data" not in answer.body
    assert answer.headers["content-type"].partition(";")[0] in {GRAPHQL_RESPONSE, PLAIN_JSON}


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "QUERY"])
def test_another_method_is_told_which_ones_are_allowed(api: Api, method: str) -> None:
    answer = api.send(WHO, method=method)
    is_failure(answer, 405, "METHOD_NOT_ALLOWED")
    assert answer.headers["allow"] == "GET, POST"


def test_a_head_request_has_the_status_and_no_body(api: Api) -> None:
    answer = api.send(b"", method="HEAD")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, POST")


def test_production_is_asked_with_post_alone(api: Api) -> None:
    server = api.made_of(profile=PRODUCTION)
    answer = server.send(b"", method="GET", path="/graphql?query=%7Bviewer%7Bid%7D%7D")
    is_failure(answer, 405, "METHOD_NOT_ALLOWED")
    assert answer.headers["allow"] == "POST"
    assert server.send(WHO).status == 200


TYPES = [
    "",
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/jsonx",
    "application/graphql",
    "application/json; charset=utf-16",
    "application/json; charset=latin-1",
    'application/json; charset="utf-16"',
    'application/json; charset="utf-8',
]


@pytest.mark.parametrize("content_type", TYPES)
def test_a_body_of_another_type_is_refused(api: Api, content_type: str) -> None:
    answer = api.send(WHO, headers=api.headers() | {"content-type": content_type})
    is_failure(answer, 415, "UNSUPPORTED_MEDIA_TYPE")


def test_a_body_without_a_type_is_refused(api: Api) -> None:
    headers = api.headers()
    del headers["content-type"]
    is_failure(api.send(WHO, headers=headers), 415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json;charset=UTF-8",
        "Application/JSON ; charset=utf-8",
        'application/json; charset="utf-8"',
        'application/json;charset="UTF-8"',
    ],
)
def test_json_may_say_that_it_is_utf8(api: Api, content_type: str) -> None:
    assert api.send(WHO, headers=api.headers() | {"content-type": content_type}).status == 200


BODIES = {
    "nothing": b"",
    "no JSON": b"{",
    "two values": WHO + WHO,
    "an array": b"[" + WHO + b"]",
    "a string": b'"{ viewer { id } }"',
    "a number": b"7",
    "null": b"null",
    "true": b"true",
    "invalid UTF-8": b'{"query": "{ viewer { id } } #\xff"}',
    "UTF-16": '{"query": "{ viewer { id } }"}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf" + WHO,
    "NaN": b'{"query": "{ viewer { id } }", "variables": {"x": NaN}}',
    "deep nesting": b"[" * 100_000 + b"]" * 100_000,
    "deep nesting in variables": b'{"query": "", "variables": {"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
    "no query": b"{}",
    "query null": b'{"query": null}',
    "query an array": b'{"query": []}',
    "query a number": b'{"query": 7}',
    "variables an array": b'{"query": "{ viewer { id } }", "variables": []}',
    "variables a string": b'{"query": "{ viewer { id } }", "variables": "{}"}',
    "variables a number": b'{"query": "{ viewer { id } }", "variables": 0}',
    "operationName a number": b'{"query": "{ viewer { id } }", "operationName": 7}',
    "operationName an object": b'{"query": "{ viewer { id } }", "operationName": {}}',
    "extensions an array": b'{"query": "{ viewer { id } }", "extensions": []}',
    "extensions a string": b'{"query": "{ viewer { id } }", "extensions": "{}"}',
    "a lone surrogate": b'{"query": "{ viewer { id } }", "variables": {"x": "\\ud800"}}',
    "a control character": b'{"query": "{ viewer { id } } # \x00"}',
}


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("accept", [GRAPHQL_RESPONSE, PLAIN_JSON])
def test_a_body_that_is_no_request_is_refused(api: Api, body: str, accept: str) -> None:
    is_failure(api.send(BODIES[body], headers=api.headers(accept)), 400, "BAD_REQUEST")


def test_a_huge_integer_is_refused_by_its_type(api: Api) -> None:
    digits = b"7" * 10_000
    body = b'{"query": "query ($first: Int!) { accounts(first: $first) { edges { cursor } } }", "variables": {"first": '
    answer = api.send(body + digits + b"}}")
    assert (answer.status, answer.codes) in [(400, ["BAD_REQUEST"]), (400, ["BAD_USER_INPUT"])]
    assert digits.decode() not in answer.text


def test_a_body_of_two_mebibytes_is_read_and_one_byte_more_is_not(api: Api) -> None:
    padded = WHO + b" " * (LARGEST_BODY - len(WHO))
    assert api.send(padded).status == 200
    is_failure(api.send(padded + b" "), 413, "PAYLOAD_TOO_LARGE")


def test_a_batch_of_a_thousand_movements_with_long_words_fits_into_a_body() -> None:
    money = {"amount": "1000000000000.00", "currency": "EUR"}
    words = {"reference": "r" * LONGEST_REFERENCE, "description": "d" * LONGEST_NOTE}
    movement = {"fromAccountId": "acct_" + "a" * 26, "toAccountId": "acct_" + "b" * 26, "amount": money, **words}
    items = [{"transfer": {"idempotencyKey": "k" * 255, "input": movement}}] * 1_000
    assert len(orjson.dumps({"query": " " * 10_000, "variables": {"items": items}})) < LARGEST_BODY


@pytest.mark.parametrize("encoding", ["gzip", "br", "identity, gzip"])
def test_a_compressed_body_is_refused(api: Api, encoding: str) -> None:
    answer = api.send(gzip.compress(WHO), headers=api.headers() | {"content-encoding": encoding})
    is_failure(answer, 415, "UNSUPPORTED_MEDIA_TYPE")


def test_members_that_graphql_does_not_know_do_not_matter(api: Api) -> None:
    body = {"query": "{ viewer { id } }", "variables": None, "operationName": None, "extensions": {"x": 1}}
    assert api.send(orjson.dumps(body)).only["id"] == api.caller.api_client_id
    assert api.send(orjson.dumps(body | {"operationName": ""})).status == 200


FAILING: list[tuple[dict[str, Any], str]] = [
    ({"query": ""}, "GRAPHQL_PARSE_FAILED"),
    ({"query": "{ viewer { id }"}, "GRAPHQL_PARSE_FAILED"),
    ({"query": "query { viewer { id } } 7"}, "GRAPHQL_PARSE_FAILED"),
    ({"query": "{" * 5_000 + "}" * 5_000}, "GRAPHQL_PARSE_FAILED"),
    ({"query": "{ viewer { id } }" + " " * 100_000}, "GRAPHQL_PARSE_FAILED"),
    ({"query": "{ viewer {" + " id" * 6_000 + " } }"}, "GRAPHQL_PARSE_FAILED"),
    ({"query": "{ viewer }"}, "GRAPHQL_VALIDATION_FAILED"),
    ({"query": "type Query { a: Int }"}, "GRAPHQL_VALIDATION_FAILED"),
    ({"query": "subscription { viewer { id } }"}, "GRAPHQL_VALIDATION_FAILED"),
    ({"query": "fragment F on Query { ...F } { ...F }"}, "GRAPHQL_VALIDATION_FAILED"),
    ({"query": "query A { viewer { id } } query B { viewer { id } }"}, "OPERATION_RESOLUTION_FAILURE"),
    ({"query": "query A { viewer { id } }", "operationName": "B"}, "OPERATION_RESOLUTION_FAILURE"),
    ({"query": "query ($id: ID!) { account(id: $id) { id } }"}, "BAD_USER_INPUT"),
    ({"query": "query ($id: ID!) { account(id: $id) { id } }", "variables": {"id": {}}}, "BAD_USER_INPUT"),
]


@pytest.mark.parametrize(("body", "code"), FAILING, ids=range(len(FAILING)))
@pytest.mark.parametrize(("accept", "status"), [(GRAPHQL_RESPONSE, 400), (PLAIN_JSON, 200)])
def test_what_cannot_be_executed_is_a_request_error(
    api: Api, body: dict[str, Any], code: str, accept: str, status: int
) -> None:
    answer = api.send(orjson.dumps(body), headers=api.headers(accept))
    assert answer.headers["content-type"].partition(";")[0] == accept
    assert (answer.status, set(answer.codes)) == (status, {code})
    assert "data" not in answer.body
    assert {error["extensions"]["retry"] for error in answer.errors} == {"NEVER"}


@pytest.mark.parametrize("accept", [GRAPHQL_RESPONSE, PLAIN_JSON])
def test_what_was_executed_is_200_also_with_errors(api: Api, accept: str) -> None:
    body = b'{"query": "{ viewer { id } accounts(first: 0) { edges { cursor } } }"}'
    answer = api.send(body, headers=api.headers(accept))
    assert (answer.status, answer.codes) == (200, ["BAD_USER_INPUT"])
    assert answer.data["viewer"]["id"]


def test_one_operation_of_several_is_chosen_by_its_name(api: Api) -> None:
    body = {"query": "query A { viewer { id } } query B { viewer { name } }", "operationName": "B"}
    assert api.send(orjson.dumps(body)).only == {"name": "the admin"}


BY_STATE = "query ($s: AccountState) { accounts(filter: {state: $s}) { edges { cursor } } }"
BY_FILTER = "query ($f: AccountFilter) { accounts(filter: $f) { edges { cursor } } }"
ALMOST = [
    {"query": "{ viewerr { id } }"},
    {"query": "{ viewer { nam } }"},
    {"query": "{ accounts(firs: 1) { edges { cursor } } }"},
    {"query": "{ accounts(filter: {stat: ACTIVE}) { edges { cursor } } }"},
    {"query": "{ accounts(filter: {state: ACTIV}) { edges { cursor } } }"},
    {"query": "{ node(id: 1) { ... on Acount { id } } }"},
    {"query": "query ($s: AccountStat) { viewer { id } }"},
    {"query": "{ viewer @skipp(if: true) { id } }"},
    {"query": BY_STATE, "variables": {"s": "ACTIV"}},
    {"query": BY_FILTER, "variables": {"f": {"stat": 1}}},
]


@pytest.mark.parametrize("body", ALMOST, ids=range(len(ALMOST)))
def test_nothing_is_ever_suggested(api: Api, body: dict[str, Any]) -> None:
    answer = api.send(orjson.dumps(body))
    assert answer.status == 400
    assert "did you mean" not in answer.text.lower()
    names = ("viewer'", "'name'", "'first'", "'state'", "'ACTIVE'", "'Account'")
    assert [name for name in names if name in answer.text] == []


def test_at_most_a_few_errors_are_told(api: Api) -> None:
    answer = api.run("{ " + " ".join(f"poison{number}" for number in range(100)) + " }")
    assert len(answer.errors) <= 6


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("", PLAIN_JSON),
        ("*/*", PLAIN_JSON),
        ("application/json", PLAIN_JSON),
        ("text/html", PLAIN_JSON),
        ("application/graphql-response+json", GRAPHQL_RESPONSE),
        ("application/graphql-response+json; charset=utf-8, application/json; q=0.9", GRAPHQL_RESPONSE),
        ("application/json, Application/GraphQL-Response+JSON", GRAPHQL_RESPONSE),
        ("application/graphql-response+jsonx", PLAIN_JSON),
        ("application/graphql-response+json;q=0", PLAIN_JSON),
        ("application/graphql-response+json; charset=utf-8; Q=0.000 , application/json", PLAIN_JSON),
        ("application/graphql-response+json; q=0; charset=utf-8", PLAIN_JSON),
        ("application/graphql-response+json;q=0, application/graphql-response+json", GRAPHQL_RESPONSE),
        ("application/graphql-response+json;q=0.001", GRAPHQL_RESPONSE),
        ("application/graphql-response+json;q=1.0", GRAPHQL_RESPONSE),
        ("application/graphql-response+json;q=0.1, application/json;q=0.9", PLAIN_JSON),
        ("application/graphql-response+json;q=0.9, application/json;q=0.1", GRAPHQL_RESPONSE),
        ('application/graphql-response+json;q="0"', PLAIN_JSON),
        ("application/graphql-response+json, application/json", GRAPHQL_RESPONSE),
    ],
)
def test_the_media_type_is_the_graphql_one_for_those_who_ask(accept: str, media_type: str) -> None:
    assert negotiated(accept) == media_type


def test_every_line_of_accept_counts(api: Api) -> None:
    headers = [*api.headers("application/json;q=0.5").items(), ("accept", GRAPHQL_RESPONSE)]
    assert api.send(WHO, headers=headers).headers["content-type"].startswith(GRAPHQL_RESPONSE)


@pytest.mark.parametrize("header", ["content-type", "content-encoding"])
def test_a_header_that_says_two_things_is_refused(api: Api, header: str) -> None:
    first = "application/json" if header == "content-type" else "identity"
    said = {**api.headers(), header: first}
    is_failure(api.send(WHO, headers=[*said.items(), (header, "text/plain")]), 400, "BAD_REQUEST")


@pytest.mark.parametrize("body", [WHO, b"{"])
def test_no_answer_is_kept_on_its_way(api: Api, body: bytes) -> None:
    """Proxies keep what is asked by GET, unless the key came as Authorization."""
    answer = api.send(body)
    assert (answer.headers["cache-control"], answer.headers["vary"]) == ("no-store", "Accept")


def test_the_server_says_that_it_lives_and_is_ready(api: Api) -> None:
    assert api.send(b"", method="GET", path="/healthz").body == {"status": "alive"}
    assert api.send(b"", method="GET", path="/readyz").body == {"status": "ready"}


ELSEWHERE = [
    ("POST", "/nowhere", 404, "NOT_FOUND"),
    ("GET", "/graphql/nowhere", 404, "NOT_FOUND"),
    ("POST", "/graphql/", 404, "NOT_FOUND"),
    ("POST", "/healthz", 405, "METHOD_NOT_ALLOWED"),
    ("DELETE", "/readyz", 405, "METHOD_NOT_ALLOWED"),
]


@pytest.mark.parametrize(("method", "path", "status", "code"), ELSEWHERE)
def test_elsewhere_errors_are_json_with_a_code_too(api: Api, method: str, path: str, status: int, code: str) -> None:
    answer = api.send(b"", method=method, path=path)
    is_failure(answer, status, code)
    assert answer.errors[0]["extensions"]["retry"] == "NEVER"
    assert ("GET" in answer.headers.get("allow", "")) is (status == 405)


def test_a_bug_elsewhere_is_masked_as_json_too(api: Api) -> None:
    app = build_app(api.endpoint, lambda: bool(1 // 0), None)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
            return await client.get("/readyz")

    response = asyncio.run(ask())
    is_failure(Answer(response.status_code, response.headers, response.text), 500, "INTERNAL_SERVER_ERROR")


# Bodies that take their time


async def endless(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk
    await asyncio.Event().wait()


@pytest.mark.parametrize("chunks", [(), (WHO,), (b"{", b" ")], ids=["nothing", "a whole request", "a part"])
def test_a_body_that_does_not_end_in_time_is_refused(
    api: Api, monkeypatch: pytest.MonkeyPatch, chunks: tuple[bytes, ...]
) -> None:
    monkeypatch.setattr(calls, "LONGEST_ARRIVAL", 0.001)
    request = httpx.Request("POST", "http://api/graphql", headers=api.headers(), content=endless(*chunks))
    is_failure(asyncio.run(api.exchange(request)), 400, "BAD_REQUEST")
    assert api.endpoint.doorway.in_flight == 0


def test_an_endless_body_is_refused_as_soon_as_it_is_too_large(api: Api) -> None:
    content = endless(b" " * LARGEST_BODY, b" ")
    request = httpx.Request("POST", "http://api/graphql", headers=api.headers(), content=content)
    is_failure(asyncio.run(api.exchange(request)), 413, "PAYLOAD_TOO_LARGE")
