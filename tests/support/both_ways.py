"""Executes each document twice, by its plan and by graphql-core, and compares all that a caller can see."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field, replace
from inspect import isawaitable
from typing import Any

import orjson
from graphql import DocumentNode, ExecutionResult, GraphQLError, OperationType, execute, get_operation_ast

from domain.access import Caller
from domain.commands import Command, Rejection
from domain.ports import Ledger, Outcome
from resolvers.context import RequestContext
from resolvers.documents import MOST_ERRORS, Documents
from resolvers.loaders import LoadedEdges
from resolvers.plan.plan import Planner


def seen(result: ExecutionResult) -> tuple[bytes, list[Any]]:
    """Return what a result tells: the data with the order of its keys, and the errors by where they are."""
    return orjson.dumps(result.data), sorted(map(told, result.errors or ()), key=repr)


def told(error: GraphQLError) -> tuple[Any, ...]:
    cause = error.original_error
    places = [(location.line, location.column) for location in error.locations or ()]
    return error.message, error.path, places, error.extensions, type(cause), str(cause)


async def by_core(
    planner: Planner, document: DocumentNode, variables: Any, name: str | None, context: Any
) -> ExecutionResult:
    """Execute as the server does where there is no plan."""
    result = execute(
        planner.core,
        document,
        context_value=context,
        variable_values=variables,
        operation_name=name,
        executor_class=planner.schema.execution_context_class,
        max_coercion_errors=MOST_ERRORS,
        **planner.options,
    )
    return await result if isawaitable(result) else result


# Requests to a real ledger, which may be asked once only


@dataclass
class RecordingLedger:
    """Keeps what a ledger answered, so that it can be answered again."""

    ledger: Ledger
    record: list[tuple[tuple[Any, ...], Outcome | Exception]] = field(default_factory=list)

    async def execute(self, *given: Any) -> Outcome:
        try:
            outcome = await self.ledger.execute(*given)
        except Exception as error:
            self.record.append((given, error))
            raise
        self.record.append((given, outcome))
        return outcome

    async def settled(self) -> None:
        await self.ledger.settled()


@dataclass
class ReplayingLedger:
    """Answers as was recorded, to those who ask the same in the same order."""

    recorded: RecordingLedger

    async def execute(self, caller: Caller, key: str, command: Command | Rejection) -> Outcome:
        given, outcome = self.recorded.record.pop(0)
        assert given == (caller, key, command)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def settled(self) -> None:
        await self.recorded.ledger.settled()


class WatchedReader:
    """Knows whether it was asked anything."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader
        self.was_asked = False

    def __getattr__(self, name: str) -> Any:
        self.was_asked = True
        return getattr(self._reader, name)


async def execute_both_ways(
    self: Documents,
    document: DocumentNode,
    variables: dict[str, Any] | None,
    operation_name: str | None,
    context: RequestContext,
) -> ExecutionResult:
    """Stand in for `Documents.execute`: answer by a plan, and compare it with what graphql-core would have answered."""
    plans = self._plans[id(document)]
    plan = plans.used(operation_name) or plans.used(operation_name)
    ledger, reader = RecordingLedger(context.ledger), WatchedReader(context.reader)
    first = _asking(context, ledger, reader)
    second = replace(_asking(context, ReplayingLedger(ledger), context.reader), refusals=deepcopy(context.refusals))
    if plan is None or (begun := plan.begin(variables, first)) is None:
        return await by_core(self._planner, document, variables, operation_name, context)
    result: ExecutionResult = await begun
    operation = get_operation_ast(document, operation_name)
    assert operation
    sees_itself = operation.operation is OperationType.MUTATION and len(operation.selection_set.selections) > 1
    if not (sees_itself and reader.was_asked):
        other = await by_core(self._planner, document, variables, operation_name, second)
        assert seen(result) == seen(other)
        assert ledger.record == []
    return result


def _asking(context: RequestContext, ledger: Any, reader: Any) -> RequestContext:
    """Return a context that has loaded nothing."""
    return replace(context, ledger=ledger, reader=reader, edges=LoadedEdges(reader, context.catalogue))
