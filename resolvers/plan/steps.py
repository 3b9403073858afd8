"""How a field with a resolver is carried out: its arguments, its permissions, the resolver, and what it returned."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from inspect import isawaitable, iscoroutine, iscoroutinefunction
from typing import Any

from graphql import OperationType
from graphql.execution import Executor
from graphql.execution.get_variable_signature import GraphQLVariableSignature
from graphql.pyutils import Path
from strawberry.exceptions import PermissionReturnedNonBooleanError
from strawberry.permission import BasePermission

from resolvers.plan.arguments import Arguments
from resolvers.plan.code import Code, Unsupported
from resolvers.plan.fields import Field, Selections
from resolvers.plan.inputs import Inputs
from resolvers.plan.run import Run, settle
from resolvers.plan.values import Values

Root = Callable[[Run], Coroutine[Any, Any, dict[str, Any]]]

PLAIN = frozenset({str, int, float, bool})
"""What JSON has words for: neither missing, nor raised, nor to be awaited."""

TOLD_LATE: Mapping[str, str] = {
    "path": "path",
    "variable_values": "variables",
    "context": "run.context",
    "operation_extensions": "{}",
}
"""What a resolver is told that is not known before the request. The rest of it is."""


@dataclass(frozen=True)
class Steps:
    """Writes the functions that carry out an operation, for one choice of what @skip and @include look at.

    `template` is an executor that executes nothing: it shows what resolvers are told of a field.
    """

    inputs: Inputs
    selections: Selections
    declared: Sequence[GraphQLVariableSignature]
    template: Executor[Any]

    @cached_property
    def code(self) -> Code:
        # A tuple's own `__new__` makes a path in half the time that its class takes.
        spoken_of = {"new": tuple.__new__, "Path": Path, "PLAIN": PLAIN}
        return Code(**spoken_of, settle=settle, granted=granted, is_granted=is_granted)

    @cached_property
    def arguments(self) -> Arguments:
        declared = {one.name: one.type for one in self.declared}
        return Arguments(self.selections.schema, self.code, self.inputs, declared)

    @cached_property
    def values(self) -> Values:
        return Values(self.code, self.selections, self.step)

    def root(self) -> Root:
        """Return what carries out the operation: a mutation's fields in turn, a query's at the same time."""
        fields = self.selections.at_root()
        resolved = [field for field in fields if not field.is_typename]
        if any(field.attribute is not None for field in resolved):
            raise Unsupported("What has no resolver has no object at the root.")
        if self.selections.operation.operation is OperationType.MUTATION or len(resolved) <= 1:
            told = ", ".join(f"{field.key!r}: {self._awaited(field)}" for field in fields)
            lines = [f"return {{{told}}}"]  # a display is evaluated from left to right
        else:
            together = self.values.fields(fields, "source").source
            lines = [
                "waiting = []",
                f"told = {together}(run, None, None, waiting)",
                "await settle(run, waiting)",
                "return told",
            ]
        return self.code.function(self.code.define("run", lines, "async def"))

    def _awaited(self, field: Field) -> str:
        return repr(field.parent.name) if field.is_typename else f"await {self.step(field)}(run, None, None)"

    def step(self, field: Field) -> str:
        """Define what resolves a field of an object at a path, and return its name."""
        itself = self.code.name(field)
        lines = [
            f"path = new(Path, (path, {field.key!r}, {field.parent.name!r}))",
            "variables = run.variables",
            "try:",
            " given = {}",
            *(f" {line}" for line in self.arguments.lines(field)),
            f"except Exception: return await run.resolved({itself}, source, path)",
            "try:",
            *(f" {line}" for line in self._resolving(field)),
            f"except Exception as error: return run.failed({itself}, error, path)",
            *self._telling(field),
        ]
        return self.code.define("run, source, path", lines, "async def")

    def _resolving(self, field: Field) -> Iterator[str]:
        """Yield the lines that ask the permissions, and then the resolver for the `value`."""
        resolver, (guard,) = field.resolver, field.strawberry.extensions
        parents = (resolver.parent_parameter, resolver.root_parameter)
        yield from (f"given[{name!r}] = source" for name in {one.name for one in parents if one})
        yield f"info = {self._info(field)}"
        word = "if"
        for permission in guard.permissions:  # type: ignore[attr-defined]  # `resolver` has seen to it
            answer, name = self._answer(permission), self.code.name(permission)
            yield f"{word} {answer}: value = {self.code.name(guard)}._on_unauthorized({name})"
            word = "elif"
        told = "info=info, " if resolver.info_parameter else ""
        yield f"else: value = await {self.code.name(resolver.wrapped_func)}({told}**given)"

    def _answer(self, permission: BasePermission) -> str:
        """Return the expression that is true where a permission is refused."""
        name = self.code.name(permission)
        asked = f"{name}.has_permission(source, info, **given)"
        if iscoroutinefunction(permission.has_permission):
            return f"(answer := await {asked}) is not True and not is_granted({name}, answer)"
        return f"(answer := {asked}) is not True and not await granted({name}, answer)"

    def _telling(self, field: Field) -> Iterator[str]:
        """Yield the lines that return what the operation asks of the `value`."""
        told = self.values.told(field.definition.type, field.details, "value", "path")
        if told.waits:
            yield "waiting = []"
        yield f"try: told = {told.source}"
        yield f"except Exception: return await run.completed({self.code.name(field)}, value, path)"
        if told.waits:
            yield "if waiting: await settle(run, waiting)"
        yield "return told"

    def _info(self, field: Field) -> str:
        """Return the expression for what a resolver is told of its field."""
        known = self.template.build_resolve_info(field.definition, field.nodes, field.parent, None)  # type: ignore[arg-type]
        if not isinstance(known.variable_values, dict):
            raise Unsupported("This executor tells resolvers of variables in a way of its own.")
        parts = zip(known._fields, known, strict=True)
        shown = ", ".join(TOLD_LATE.get(name) or self.code.name(value) for name, value in parts)
        info = self.code.name(self.selections.schema.config.info_class)
        return f"{info}(new({self.code.name(type(known))}, ({shown})), {self.code.name(field.strawberry)})"


async def granted(permission: BasePermission, answer: Any) -> bool:
    """Return whether an answer that is not simply True is yes, as Strawberry has it."""
    return is_granted(permission, await answer if isawaitable(answer) else answer)


def is_granted(permission: BasePermission, answer: Any) -> bool:
    """Return whether an awaited answer is yes. Raises if it is neither yes nor no."""
    if not isinstance(answer, bool):
        if iscoroutine(answer):
            answer.close()
        raise PermissionReturnedNonBooleanError(permission, answer)
    return answer
