"""A plan answers as graphql-core does, in the corners of the language: by itself, unless the table says otherwise."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, NamedTuple

import pytest

from resolvers.plan.plan import Planner
from tests.resolvers.plan.nouns import World
from tests.resolvers.plan.test_equality import ODDITIES, same

MONEY = {"amount": "1.00", "currency": "EUR"}
DEPOSIT = {"accountId": "acct_1", "amount": MONEY}
DEPOSITS = "mutation ($key: IdempotencyKey!, $input: DepositInput!) { deposit(idempotencyKey: $key, input: $input) %s }"
BATCH = (
    "mutation ($items: [BatchItemInput!]!)"
    ' { executeBatch(idempotencyKey: "k", input: {mode: ATOMIC, items: $items}) { __typename } }'
)
ONE = {"deposit": {"idempotencyKey": "k", "input": DEPOSIT}}
TWO_OPERATIONS = "query A { viewer { id } } query B { viewer { name ...N } } fragment N on Node { id }"
LEFT = "left to graphql-core"


class Corner(NamedTuple):
    document: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    left: bool = False


def deposits(input: Any, selection: str = "{ __typename }", *, left: bool = False) -> Corner:
    return Corner(DEPOSITS % selection, {"key": "k", "input": input}, left=left)


CORNERS: Mapping[str, Corner] = {
    # Selections
    "one key from several fragments": Corner(
        '{ account(id: "i") { id ...F ... on Node { id } ... { posted { currency } } posted { amount } } }'
        " fragment F on Account { name posted { amount ...G } } fragment G on Money { currency }"
    ),
    "one field with arguments, twice": Corner(
        '{ account(id: "i") { entries(first: 2) { edges { cursor } } entries(first: 2) { pageInfo { endCursor } } } }'
    ),
    "aliases": Corner('{ a: account(id: "i") { x: name y: name name } b: account(id: "j") { x: state } }'),
    "typename at every level": Corner(
        '{ __typename t: __typename account(id: "i") { __typename posted { __typename } entries { __typename edges'
        " { __typename node { __typename t: __typename } } pageInfo { __typename } } } }"
    ),
    "nothing but typename": Corner("{ __typename t: __typename }"),
    "nothing but typename, mutating": Corner("mutation { __typename }"),
    "a union by its members": deposits(
        DEPOSIT, "{ ... on DepositSuccess { account { id } } ... on UserError { code } ... on AccountFrozen { until } }"
    ),
    "a union by an interface only": deposits(DEPOSIT, "{ ... on UserError { message path retry } }"),
    "an interface by types with edges": Corner(
        '{ node(id: "i") { id ... on Account { entries { edges { cursor } } } ... on Freeze { placedBy { id } } } }'
    ),
    "edges within lists within edges": Corner(
        "{ accounts { edges { node { id entries { edges { node { transaction { id entries { account { id } } } } } }"
        " } } } viewer { id } }"
    ),
    "lists of lists of nouns": Corner('{ transaction(id: "t") { metadata { key } entries { amount { amount } } } }'),
    # @skip and @include
    "skipped by literals": Corner(
        "{ viewer @skip(if: true) { id }"
        ' account(id: "i") @include(if: true) { id @skip(if: false) name @include(if: false) } }'
    ),
    "all skipped": Corner("{ viewer @skip(if: true) { id } }"),
    "skipped and included": Corner(
        "query ($s: Boolean!, $i: Boolean!) { viewer @skip(if: $s) @include(if: $i) { id } __typename }",
        {"s": False, "i": True},
    ),
    "a fragment that is skipped here and included there": Corner(
        "query ($s: Boolean = true) { viewer { ...F @skip(if: $s) ...F @include(if: $s) } }"
        " fragment F on ApiClient { id }"
    ),
    "a condition that is null": Corner(
        "query ($s: Boolean = true) { viewer @skip(if: $s) { id } }", {"s": None}, left=True
    ),
    "a condition that is missing": Corner("query ($s: Boolean!) { viewer @skip(if: $s) { id } }", left=True),
    # Variables
    "no variables at all": Corner("query ($id: ID!) { account(id: $id) { id } }", None, left=True),
    "a variable too many": Corner("query ($id: ID!) { account(id: $id) { id } }", {"id": "i", "more": {}}),
    "null for a variable that must be": Corner("query ($id: ID!) { account(id: $id) { id } }", {"id": None}, left=True),
    "null for an argument with a default": Corner(
        "query ($n: Int = 3) { accounts(first: $n) { edges { cursor } } viewer { id } }", {"n": None}
    ),
    "a default of a variable": Corner("query ($n: Int! = 3) { accounts(first: $n) { edges { cursor } } }"),
    "a variable left out, and so the argument's default": Corner(
        "query ($n: Int, $a: String) { accounts(first: $n, after: $a) { edges { cursor } } }"
    ),
    "null for what may be null": Corner("query ($a: String) { accounts(after: $a) { edges { cursor } } }", {"a": None}),
    "one variable in two places": Corner(
        "query ($id: ID!) { a: account(id: $id) { id } node(id: $id) { id } }", {"id": 7}
    ),
    "a whole number as a float": Corner("query ($n: Int!) { accounts(first: $n) { edges { cursor } } }", {"n": 3.0}),
    "true for an integer": Corner(
        "query ($n: Int!) { accounts(first: $n) { edges { cursor } } }", {"n": True}, left=True
    ),
    "an integer too large": Corner(
        "query ($n: Int!) { accounts(first: $n) { edges { cursor } } }", {"n": 2**31}, left=True
    ),
    "a text for an integer": Corner(
        "query ($n: Int!) { accounts(first: $n) { edges { cursor } } }", {"n": "3"}, left=True
    ),
    "an id that is a number": Corner("query ($id: ID!) { account(id: $id) { id } }", {"id": 5}),
    "an enum by its name": Corner(
        "query ($s: AccountState) { accounts(filter: {state: $s}) { edges { cursor } } }", {"s": "FROZEN"}
    ),
    "an enum that there is not": Corner(
        "query ($s: AccountState) { accounts(filter: {state: $s}) { edges { cursor } } }", {"s": "MELTED"}, left=True
    ),
    "an enum by a number": Corner(
        "query ($s: AccountState) { accounts(filter: {state: $s}) { edges { cursor } } }", {"s": 1}, left=True
    ),
    "an enum by a list": Corner(
        "query ($s: AccountState) { accounts(filter: {state: $s}) { edges { cursor } } }", {"s": ["FROZEN"]}, left=True
    ),
    "variables within literals": Corner(
        "query ($s: AccountState, $c: CurrencyCode, $t: DateTime)"
        " { accounts(filter: {state: $s, currency: $c, openedAt: {since: $t}}) { edges { cursor } } }",
        {"s": None, "t": "2027-01-01T00:00:00Z"},
    ),
    "a variable within a list": Corner(
        'mutation ($m: MetadataEntryInput!) { openAccount(idempotencyKey: "k", input:'
        ' {currency: "EUR", name: "n", metadata: [$m, {key: "k", value: "v"}]}) { __typename } }',
        {"m": {"key": "a", "value": "b"}},
    ),
    "text that cannot be in the books": Corner('{ accountByReference(reference: "a\\u0000") { id } }'),
    # Inputs
    "an input": deposits(DEPOSIT | {"reference": None, "metadata": [{"key": "k", "value": "v"}]}),
    "an input without a field": deposits({"accountId": "a"}, left=True),
    "an input with a field too many": deposits(DEPOSIT | {"more": 1}, left=True),
    "an input with null for a field that must be": deposits(DEPOSIT | {"amount": None}, left=True),
    "an input that is none": deposits("deposit", left=True),
    "an input that is a list": deposits([DEPOSIT], left=True),
    "an item for a list": deposits(DEPOSIT | {"metadata": {"key": "k", "value": "v"}}, left=True),
    "null in a list": deposits(DEPOSIT | {"metadata": [None]}, left=True),
    "a number for an amount": deposits(DEPOSIT | {"amount": MONEY | {"amount": 1}}, left=True),
    "an input with a default": Corner(
        'mutation ($i: FreezeAccountInput!) { freezeAccount(idempotencyKey: "k", input: $i) { __typename } }',
        {"i": {"accountId": "a", "reason": "OPERATIONS"}},
    ),
    "null for what has a default": Corner(
        'mutation ($i: FreezeAccountInput!) { freezeAccount(idempotencyKey: "k", input: $i) { __typename } }',
        {"i": {"accountId": "a", "reason": "OPERATIONS", "scope": None}},
        left=True,
    ),
    "one of several": Corner(
        BATCH,
        {
            "items": [
                ONE,
                {
                    "transfer": {
                        "idempotencyKey": "l",
                        "input": {"fromAccountId": "a", "toAccountId": "b", "amount": MONEY},
                    }
                },
            ]
        },
    ),
    "none of several": Corner(BATCH, {"items": [{}]}, left=True),
    "two of several": Corner(BATCH, {"items": [ONE | {"withdraw": ONE["deposit"]}]}, left=True),
    "null of several": Corner(BATCH, {"items": [{"deposit": None}]}, left=True),
    "no item": Corner(BATCH, {"items": []}),
    # Operations
    "one of two operations": Corner(TWO_OPERATIONS, None, "B"),
    "an operation by its name": Corner("query A { viewer { id } }", None, "A"),
    "two mutations": Corner(
        'mutation ($i: DepositInput!) { a: deposit(idempotencyKey: "a", input: $i) { __typename } __typename'
        ' b: deposit(idempotencyKey: "b", input: $i) { ... on DepositSuccess { account { entries { pageInfo'
        ' { endCursor } } } } } c: closeAccount(idempotencyKey: "c", input: {accountId: "i"}) { __typename } }',
        {"i": DEPOSIT},
    ),
}


@pytest.mark.parametrize("name", CORNERS)
def test_a_corner(planner: Planner, name: str) -> None:
    document, variables, operation_name, left = CORNERS[name]
    for seed in range(5):
        for odd in ODDITIES:
            went = asyncio.run(same(planner, document, variables, World(planner.core, seed, odd), operation_name))
            assert (went == LEFT) == left


# Permissions that answer neither yes nor no


async def later(answer: Any) -> Any:
    return answer


async def generated(*_: Any, **__: Any) -> AsyncIterator[bool]:
    yield True


async def refusing(*_: Any, **__: Any) -> Any:
    raise KeyError("no")


async def delaying(*_: Any, **__: Any) -> Any:
    return 1


PERMISSIONS: Mapping[str, Callable[..., Any]] = {
    "yes": lambda *_, **__: True,
    "no": lambda *_, **__: False,
    "a number": lambda *_, **__: 1,
    "nothing": lambda *_, **__: None,
    "yes, later": lambda *_, **__: later(True),
    "no, later": lambda *_, **__: later(False),
    "a text, later": lambda *_, **__: later("yes"),
    "later, later": lambda *_, **__: later(later(True)),
    "a number, in time": delaying,
    "a generator": generated,
    "an error": refusing,
    "an error at once": lambda *_, **__: 1 / 0,
}


@pytest.mark.parametrize("name", PERMISSIONS)
def test_a_permission_is_asked_as_strawberry_asks(planner: Planner, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    field = planner.core.query_type.fields["account"].extensions["strawberry-definition"]  # type: ignore[union-attr]
    monkeypatch.setattr(field.extensions[0].permissions[0], "has_permission", PERMISSIONS[name])
    world = World(planner.core, 1, 0)
    went = asyncio.run(same(planner, '{ account(id: "i") { id } }', None, world))
    assert went == ("no errors" if name in {"yes", "yes, later"} else "errors")
