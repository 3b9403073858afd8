"""A plan answers as graphql-core does: documents that nobody wrote, on resolvers that answer anything."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any

from graphql import parse, validate
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resolvers.plan.plan import Planner
from tests.resolvers.plan.documents import Writer
from tests.resolvers.plan.nouns import World
from tests.support.both_ways import by_core, seen

ODDITIES = (0, 0.05, 0.25, 0.6)


async def same(planner: Planner, text: str, variables: Any, world: World, name: str | None = None) -> str:
    """Execute both ways and compare; say how it went."""
    document = parse(text)
    planned, other = world.again(), world.again()
    plan = planner.plan(document, name)
    begun = plan.begin(variables, planned)
    assert None not in plan._variants.values()  # whatever the schema allows can be compiled
    if begun is None:
        return "left to graphql-core"
    result = await begun
    expected = await by_core(planner, document, variables, name, other)
    for _ in range(30):
        await asyncio.sleep(0)  # what lost its place in the answer is run to its end
    assert seen(result) == seen(expected)
    assert planned.asked == other.asked
    assert planned.turns == other.turns
    return "errors" if result.errors else "no errors"


def check(planner: Planner, seed: int) -> list[str]:
    writer = Writer(Random(seed), planner.core)  # noqa: S311 - the document of a seed
    text = writer.document()
    if validate(planner.core, parse(text)):
        return ["invalid"]
    worlds = [World(planner.core, seed, odd) for odd in ODDITIES]
    return [asyncio.run(same(planner, text, writer.variables, world)) for world in worlds]


@settings(
    derandomize=True, deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32))
def test_a_document_that_nobody_wrote(planner: Planner, seed: int) -> None:
    check(planner, seed)
