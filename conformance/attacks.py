"""What attackers send to GraphQL servers, and what this one is to answer: a table.

The attacks are those of the OWASP cheat sheet, of graphql-cop and of graphql-armor, and those that hang or crash the
usual Python stack. Every one is sent with a key of full rights: those without one do not get this far.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote


@dataclass(frozen=True)
class Attack:
    """A request, and its answer: the status, the code, and what the message must name."""

    body: bytes
    status: int
    code: str | None
    names: str = ""
    method: str = "POST"
    path: str = "/graphql"
    headers: Mapping[str, str] = field(default_factory=dict)


def document(text: str, code: str | None = "GRAPHQL_VALIDATION_FAILED", names: str = "", **variables: object) -> Attack:
    """Send a document that is refused, or None for a code if it is harmless here."""
    body = json.dumps({"query": text, "variables": variables}).encode()
    return Attack(body, 400 if code else 200, code, names)


def malformed(body: bytes) -> Attack:
    return Attack(body, 400, "BAD_REQUEST")


def typed(media_type: str, body: bytes = b'{"query": "{ viewer { id } }"}', **headers: str) -> Attack:
    return Attack(body, 415, "UNSUPPORTED_MEDIA_TYPE", headers={"Content-Type": media_type, **headers})


def doubling(fragments: int) -> str:
    """Spread each fragment twice in the one before it: a kilobyte that means a billion fields."""
    chain = " ".join(f"fragment F{n} on ApiClient {{ ...F{n + 1} ...F{n + 1} }}" for n in range(fragments))
    return f"{{ viewer {{ ...F0 }} }} {chain} fragment F{fragments} on ApiClient {{ id }}"


def aliased(number: int, what: str) -> str:
    return "{ " + " ".join(f"a{n}:{what}" for n in range(number)) + " }"


def deposits(number: int) -> str:
    amount = '{accountId: "acct_1", amount: {amount: "1", currency: "EUR"}}'
    one = f'deposit(idempotencyKey: "k", input: {amount}) {{ __typename }}'
    return "mutation { " + " ".join(f"d{n}: {one}" for n in range(number)) + " }"


def paged(declared: str, size: str) -> str:
    entries = f"entries(first: {size}) {{ edges {{ cursor }} }}"
    return f"query {declared} {{ accounts(first: {size}) {{ edges {{ node {{ {entries} }} }} }} }}"


CIRCLE = "entries { transaction { "
INJECTION = "' OR 1=1; DROP TABLE account; --"
ADA = {"currency": "EUR", "name": "Ada"}
OPENING = 'mutation ($input: OpenAccountInput!) { openAccount(idempotencyKey: "k", input: $input) { __typename } }'
BY_SIZE = "query ($n: Int!) { accounts(first: $n) { edges { cursor } } }"
BY_REFERENCE = "query ($reference: String!) { accountByReference(reference: $reference) { id } }"

ATTACKS: Mapping[str, Attack] = {
    # Documents that mean more than they say
    "30 fragments that double": document(doubling(30), names="500 fields"),
    "10,000 fragments in a chain": document(doubling(10_000), "GRAPHQL_PARSE_FAILED", "characters"),
    "100 fragments": document(doubling(99), names="50 fragments"),
    "fragments in a circle": document("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }"),
    "10,000 aliases": document(aliased(10_000, "a"), "GRAPHQL_PARSE_FAILED", "5000 tokens"),
    "1,000 aliases": document(aliased(1_000, "a"), names="100 aliases"),
    "1,000 nested levels": document("{ a " * 1_000 + "}" * 1_000, "GRAPHQL_PARSE_FAILED", "60 selections"),
    "30 nested levels": document("{ transaction(id: 1) { " + CIRCLE * 14 + "id" + "} }" * 15, names="20 levels"),
    "values in 1,000 lists": document(
        "{ a(b: " + "[" * 1_000 + "]" * 1_000 + ") }", "GRAPHQL_PARSE_FAILED", "60 selections"
    ),
    "a field 2,000 times": document("{ viewer { " + "id " * 2_000 + "} }", names="500 fields"),
    "700 directives": document("{ viewer { id " + "@skip(if: false) " * 700 + "} }", names="50 directives"),
    "ten directives unknown": document("{ viewer { id " + "@a " * 10 + "} }"),
    "10,000 tokens": document("{ viewer { " + "id " * 10_000 + "} }", "GRAPHQL_PARSE_FAILED", "5000 tokens"),
    "a megabyte of comments": document("#" * 1_000_000 + "\n{ viewer { id } }", "GRAPHQL_PARSE_FAILED", "characters"),
    "pages within pages": document(paged("", "100"), names="pages multiplied"),
    "pages by a variable": document(paged("($n: Int!)", "$n"), names="pages multiplied", n=1),
    "the schema 100 times": document(aliased(100, "__schema { types { name } }"), names="10000 fields"),
    "every value of the schema, 90 times": document(
        "{ __schema { types { " + " ".join(f"e{n}: enumValues {{ name }}" for n in range(90)) + " } } }",
        names="without aliases",
    ),
    "a schema without end": document("{ __schema { types { " + "fields { type { " * 9 + "name" + "} }" * 9 + "} } }"),
    "fields to compare, each with each": document("{" + " viewer { id }" * 240 + " }", names="10000 comparisons"),
    "200 fragments in one another": document("{ viewer {" + "... {" * 100 + " id " + "}" * 102, names="60 selections"),
    "30 filters in one page": document(
        "{ accounts(first: 100) { edges { node { "
        + " ".join(f"e{n}: entries(first: {n + 1}) {{ edges {{ cursor }} }}" for n in range(30))
        + " } } } }",
        names="pages multiplied",
    ),
    "50,000 pairs of metadata": document(
        OPENING, "BAD_USER_INPUT", "20000 values", input={**ADA, "metadata": [{"key": "k", "value": ""}] * 50_000}
    ),
    "a secret in a document": document('{ viewer { id "ch_secret" } }', "GRAPHQL_PARSE_FAILED", "not GraphQL"),
    "21 mutations": document(deposits(21), names="20 mutations"),
    "500 unknown fields": document("{ " + " ".join(f"p{n}" for n in range(400)) + " }"),
    "a subscription": document("subscription { viewer { id } }"),
    "a schema of one's own": document("type Query { a: Int } extend type Account { b: Int }"),
    # Bodies
    "10 MB of spaces": Attack(b" " * 10_000_000, 413, "PAYLOAD_TOO_LARGE", "2097152"),
    "100,000 nested arrays": malformed(b"[" * 100_000 + b"]" * 100_000),
    "100,000 nested objects": malformed(b'{"query":' * 100_000),
    "an array of requests": malformed(b'[{"query": "{ viewer { id } }"}, {"query": "{ viewer { id } }"}]'),
    "a million digits": malformed(b'{"query": 1' + b"0" * 1_000_000 + b"}"),
    "NaN": malformed(b'{"query": "{ viewer { id } }", "variables": {"x": NaN}}'),
    "a null for a body": malformed(b"null"),
    "UTF-16": malformed('{"query": "{ viewer { id } }"}'.encode("utf-16")),
    "invalid UTF-8": malformed(b'{"query": "{ viewer { id } } #\xff"}'),
    "a lone surrogate": malformed(b'{"query": "{ viewer { id } }", "variables": {"x": "\\ud800"}}'),
    "a raw NUL": malformed(b'{"query": "{ viewer { id } } #\x00"}'),
    # What a browser sends across sites without asking
    "text/plain": typed("text/plain"),
    "a form": typed("application/x-www-form-urlencoded", b"query=%7Bviewer%7Bid%7D%7D"),
    "an upload": typed("multipart/form-data; boundary=x", b"--x--"),
    "a type that begins like JSON": typed("application/jsonx"),
    "another charset": typed("application/json; charset=utf-7"),
    "a compressed bomb": typed("application/json", gzip.compress(b" " * 10_000_000), **{"Content-Encoding": "gzip"}),
    "a mutation by GET": Attack(
        b"", 405, "METHOD_NOT_ALLOWED", method="GET", path="/graphql?query=" + quote(deposits(1))
    ),
    "TRACE": Attack(b"", 405, "METHOD_NOT_ALLOWED", method="TRACE"),
    "a method of another": Attack(
        b'{"query": "{ viewer { id } }"}', 200, None, headers={"X-HTTP-Method-Override": "DELETE"}
    ),
    # Values
    "SQL": document(BY_REFERENCE, None, reference=INJECTION),
    "100,000 characters": document(BY_REFERENCE, None, reference="x" * 100_000),
    "an integer beyond 64 bits": document(BY_SIZE, "BAD_USER_INPUT", n=2**63),
    "__proto__": document(BY_REFERENCE, None, reference="__proto__", __proto__={"admin": True}),
}
"""By name. What is harmless is answered; all else is refused."""
