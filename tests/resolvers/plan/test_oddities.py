"""A plan answers as graphql-core does, whatever stands where in what a resolver returned."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest

from resolvers.plan.plan import Planner
from tests.resolvers.plan.nouns import ODD, World
from tests.resolvers.plan.test_equality import same

ACCOUNT = """{
    account(id: "i") { ...A freezes { edges { cursor } } entries { edges { cursor } } }
    account(id: "i") { id name openedAt freezes { pageInfo { hasNextPage } } }
}
fragment A on Account { id version state posted { amount currency } metadata { key value } closedAt reference }
"""
BATCH = """mutation {
    executeBatch(idempotencyKey: "k", input: {mode: ATOMIC, items: []}) {
        ... on ExecuteBatchSuccess { succeeded replayed results { __typename ... on UserError { code path } } }
        ... on BatchRefused { index cause { __typename ... on AccountNotFound { accountId } } }
    }
}"""
NODE = '{ node(id: "i") { id ... on Account { name } ... on Transaction { amount { amount } reverses { id } } } }'

IN_ACCOUNT = """id version state posted metadata opened_at closed_at reference
    posted.amount posted.currency metadata.0 metadata.0.key"""
PLACES = {
    "Account": (ACCOUNT, IN_ACCOUNT),
    "ExecuteBatchSuccess": (
        BATCH,
        "succeeded replayed results results.0 results.0.code results.0.path results.0.path.0",
    ),
    "BatchRefused": (BATCH, "index cause cause.account_id"),
    "Transaction": (NODE, "id amount amount.amount"),
}
"""Which noun is answered to which document, and where in it something odd stands instead."""


@dataclass
class Answers(World):
    """Answers with one noun at the root, in which something odd stands; beneath it, as it should be."""

    kind: str = ""
    place: str = ""
    spoil: Callable[[Any], Any] = lambda value: value

    async def _answer(self, type_: Any, path: list[str | int]) -> Any:
        if len(path) > 1:
            return await super()._answer(type_, path)
        made: Any = self.schema.type_map[self.kind]
        nouns = (self._noun(made, Random(seed), 5) for seed in itertools.count())  # noqa: S311 - the same for both
        if not self.place:
            return self.spoil(next(nouns))
        return next(noun for noun in nouns if is_spoilt(noun, self.place.split("."), self.spoil))


def is_spoilt(noun: Any, place: list[str], spoil: Callable[[Any], Any]) -> bool:
    """Put something odd in a place of a noun. Tell whether it has such a place."""
    *above, last = place
    for step in above:
        noun = part_of(noun, step)
    value = part_of(noun, last)
    if value is None:
        return False
    if isinstance(noun, list):
        noun[int(last)] = spoil(value)
    else:
        setattr(noun, last, spoil(value))
    return True


def part_of(value: Any, step: str) -> Any:
    if isinstance(value, list):
        return value[int(step)] if len(value) > int(step) else None
    return getattr(value, step, None)


@pytest.mark.parametrize("odd", range(len(ODD)))
@pytest.mark.parametrize("kind", PLACES)
def test_something_odd_in_a_noun(planner: Planner, kind: str, odd: int) -> None:
    document, places = PLACES[kind]
    for place in ("", *places.split()):
        asyncio.run(same(planner, document, None, Answers(planner.core, 4, 0, kind=kind, place=place, spoil=ODD[odd])))
