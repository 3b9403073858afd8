"""One execution of a plan, and graphql-core's executor for what turns out to be out of the ordinary."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import cached_property
from typing import Any, TypeAlias

from graphql import GraphQLError
from graphql.execution import Executor
from graphql.pyutils import Path, gather_with_cancel

from resolvers.plan.fields import Field

Step: TypeAlias = Callable[["Run", Any, "Path | None"], Coroutine[Any, Any, Any]]
Waiting: TypeAlias = list[tuple[dict[str, Any], str, Step, Any, "Path | None"]]
"""Fields whose resolvers are to be run: where they are told, how, for which object, and its path."""


class Run:
    """What a request gave. The executor comes into being with the first thing that is left to it."""

    def __init__(self, variables: dict[str, Any], context: object, build: Callable[[], Executor[Any]]) -> None:
        self.variables = variables
        self.context = context
        self._build = build

    @cached_property
    def executor(self) -> Executor[Any]:
        return self._build()

    @property
    def errors(self) -> list[GraphQLError] | None:
        executor = self.__dict__.get("executor")
        return (executor.collected_errors.errors or None) if executor else None

    def failed(self, field: Field, error: Exception, path: Path) -> None:
        """Collect what a resolver raised. Its field can be null, so that this is all."""
        self.executor.handle_field_error(error, field.definition.type, field.details, path)

    async def completed(self, field: Field, value: Any, path: Path) -> Any:
        """Leave what a resolver returned to graphql-core."""
        executor, type_ = self.executor, field.definition.type
        info = executor.build_resolve_info(field.definition, field.nodes, field.parent, path)
        try:
            told = executor.complete_value(type_, field.details, info, path, value, None)
            return await told if executor.is_awaitable(told) else told
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the field's
            return self.failed(field, error, path)

    async def resolved(self, field: Field, source: Any, path: Path) -> Any:
        """Leave a whole field to graphql-core: its resolver has not run."""
        told = self.executor.execute_field(field.parent, source, field.details, path, None)
        return await told if self.executor.is_awaitable(told) else told


async def settle(run: Run, waiting: Waiting) -> None:
    """Run resolvers at the same time, so that what they load is loaded together."""
    if len(waiting) == 1:
        ((told, key, step, source, path),) = waiting
        told[key] = await step(run, source, path)
        return
    values = await gather_with_cancel(*(step(run, source, path) for _, _, step, source, path in waiting))
    for (told, key, *_), value in zip(waiting, values, strict=True):
        told[key] = value
