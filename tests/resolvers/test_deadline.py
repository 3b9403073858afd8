"""The deadline for reads: a query that takes too long is given up; what changes something never is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from domain.ports import ReadingTookTooLongError
from resolvers.limits import RequestLimits
from resolvers.responses import GRAPHQL_RESPONSE, PLAIN_JSON
from tests.resolvers.broken import Breaking
from tests.support.api import Answer, Api

AT_ONCE = RequestLimits(read_milliseconds=1)
RECORD = '{ idempotencyRecord(operation: DEPOSIT, key: "k") { key } }'


class SlowLedger:
    """A ledger that decides nothing before it is told to, or is given up."""

    def __init__(self, ledger: Any) -> None:
        self._ledger = ledger
        self.was_given_up = False

    async def settled(self) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.was_given_up = True
            raise

    async def execute(self, *given: Any) -> Any:
        outcome = await self._ledger.execute(*given)
        for _ in range(10):  # each more than a deadline that has passed would wait
            await asyncio.to_thread(lambda: None)
        return outcome


def test_a_query_that_takes_too_long_is_given_up(api: Api) -> None:
    ledger = SlowLedger(api.endpoint.ledger)
    slow = api.made_of(ledger=ledger, limits=AT_ONCE)
    for accept in (GRAPHQL_RESPONSE, PLAIN_JSON):
        answer = slow.send(b'{"query": "%s"}' % RECORD.replace('"', '\\"').encode(), headers=slow.headers(accept))
        assert (answer.status, answer.codes, "data" in answer.body) == (503, ["DEADLINE_EXCEEDED"], False)
        assert (answer.headers["retry-after"], answer.errors[0]["extensions"]["retry"]) == ("1", "SAME_KEY")
    assert ledger.was_given_up
    assert slow.endpoint.doorway.in_flight == 0


def test_a_mutation_is_never_given_up(api: Api) -> None:
    slow = api.made_of(ledger=SlowLedger(api.endpoint.ledger), limits=RequestLimits(read_milliseconds=0))
    assert slow.mutate("openAccount", {"currency": "EUR", "name": "Ada"}).verdict == "OpenAccountSuccess"


NESTED: list[tuple[str, Callable[[Api], Answer]]] = [
    ("account_page", lambda api: api.run("{ viewer { id } accounts { edges { cursor } } }")),
    ("entry_pages", lambda api: api.mutate("openAccount", {"currency": "EUR", "name": "Ada"}, edges=1)),
]


@pytest.mark.parametrize(("method", "ask"), NESTED, ids=[method for method, _ in NESTED])
def test_a_statement_that_takes_too_long_spoils_its_own_field_alone(
    api: Api, method: str, ask: Callable[[Api], Answer]
) -> None:
    error = ReadingTookTooLongError("interrupted")
    answer = ask(api.made_of(reader=Breaking(api.endpoint.reader, method, error)))
    assert (answer.status, set(answer.codes)) == (200, {"DEADLINE_EXCEEDED"})
    assert answer.data
    assert any(answer.data.values())
    assert {error["extensions"]["retry"] for error in answer.errors} == {"SAME_KEY"}
