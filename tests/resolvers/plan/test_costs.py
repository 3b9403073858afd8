"""What the happy path does without: graphql-core's executor, tasks, and all but a known number of calls."""

from __future__ import annotations

import asyncio
import sys
from random import Random
from types import FrameType, SimpleNamespace
from typing import Any

import pytest
from graphql import ExecutionResult, parse, validate

from domain.access import Caller, Role
from resolvers.plan.plan import Plan, Planner
from tests.resolvers.plan.nouns import World

CONTEXT = SimpleNamespace(caller=Caller("cli_1", "key_1", Role.ADMIN))
DEPOSIT = """mutation Deposit($key: IdempotencyKey!, $input: DepositInput!) {
    deposit(idempotencyKey: $key, input: $input) {
        __typename
        ... on DepositSuccess {
            replayed
            transaction { id amount { amount currency } }
            account { id posted { amount currency } version }
        }
        ... on UserError { code message retry }
    }
}"""
INPUT = {"accountId": "acct_1", "amount": {"amount": "1.00", "currency": "EUR"}, "reference": "r"}
ACCOUNT = """query Account($id: ID!, $first: Int! = 20) {
    account(id: $id) {
        id
        posted { amount }
        entries(first: $first) {
            edges { cursor node { version amount { amount } balanceAfter { amount } createdAt } }
            pageInfo { hasNextPage endCursor }
        }
    }
}"""


def answer(planner: Planner, patch: pytest.MonkeyPatch, kind: str, name: str, value: Any) -> None:
    """Let a resolver return the same each time."""

    async def resolve(**_: Any) -> Any:
        return value

    field = planner.core.type_map[kind].fields[name].extensions["strawberry-definition"]  # type: ignore[attr-defined]
    patch.setitem(vars(field.base_resolver), "wrapped_func", resolve)


def noun(planner: Planner, kind: str, **fields: Any) -> Any:
    made = World(planner.core, 0, 0)._noun(planner.core.type_map[kind], Random(0), 9)  # type: ignore[arg-type]  # noqa: S311
    vars(made).update(fields)
    return made


def page_of(planner: Planner, length: int) -> Any:
    edges = [noun(planner, "EntryEdge") for _ in range(length)]
    return noun(planner, "EntryConnection", edges=edges)


def planned(planner: Planner, document: str) -> Plan:
    node = parse(document)
    assert not validate(planner.core, node)
    return planner.plan(node, None)


@pytest.fixture(autouse=True)
def _no_executor(planner: Planner, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing be left to graphql-core."""
    monkeypatch.setattr(planner.schema.execution_context_class, "build", None)


async def executed(plan: Plan, variables: dict[str, Any]) -> ExecutionResult:
    begun = plan.begin(variables, CONTEXT)
    assert begun
    return await begun


def calls_of(plan: Plan, variables: dict[str, Any]) -> list[str]:
    """Execute twice, and return what was called the second time, in Python, in the one task that there is."""
    calls: list[str] = []

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            calls.append(f"{frame.f_code.co_filename.rpartition('/')[2]}:{frame.f_code.co_name}")

    async def twice() -> None:
        loop = asyncio.get_running_loop()
        await executed(plan, variables)
        loop.set_task_factory(no_task)
        sys.setprofile(note)
        try:
            result = await executed(plan, variables)
        finally:
            sys.setprofile(None)
            loop.set_task_factory(None)
        assert not result.errors

    asyncio.run(twice())
    return calls


def no_task(*_: Any, **__: Any) -> asyncio.Task[Any]:
    raise AssertionError("A task was made.")


def test_a_deposit_costs_so_many_calls(planner: Planner, monkeypatch: pytest.MonkeyPatch) -> None:
    """15 for the variables, 4 for the input, 4 for the role, and one each for what is left, the resolver included."""
    answer(planner, monkeypatch, "Mutation", "deposit", noun(planner, "DepositSuccess"))
    calls = calls_of(planned(planner, DEPOSIT), {"key": "k", "input": INPUT})
    assert len(calls) <= 30, calls


def test_an_entry_costs_one_call(planner: Planner, monkeypatch: pytest.MonkeyPatch) -> None:
    """That which writes its instant. All else is in line, however long the page."""
    answer(planner, monkeypatch, "Query", "account", noun(planner, "Account"))
    counts = []
    for length in (0, 20, 100):
        answer(planner, monkeypatch, "Account", "entries", page_of(planner, length))
        counts.append(len(calls_of(planned(planner, ACCOUNT), {"id": "acct_1"})))
    assert counts == [counts[0], counts[0] + 20, counts[0] + 100]
    assert counts[0] <= 30
