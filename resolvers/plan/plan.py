"""A compiled plan of an operation: equal to graphql-core's `execute`, to which it leaves what is unusual."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

import strawberry
from graphql import (
    DirectiveNode,
    DocumentNode,
    ExecutionResult,
    OperationDefinitionNode,
    OperationType,
    Undefined,
    Visitor,
    default_field_resolver,
    default_type_resolver,
    get_operation_ast,
    is_non_null_type,
    visit,
)
from graphql.execution import Executor
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource
from graphql.utilities.coerce_input_value import coerce_default_value

from resolvers.failures import log_bug
from resolvers.plan.arguments import variables_in
from resolvers.plan.code import Code, Unsupported
from resolvers.plan.fields import Selections, fragments_of
from resolvers.plan.inputs import Inputs, Reading
from resolvers.plan.run import Run
from resolvers.plan.steps import Root, Steps

Compiled = TypeVar("Compiled")

MOST_VARIANTS = 8
"""For how many choices of what @skip and @include look at an operation is compiled."""


class Planner:
    """Makes plans for a schema. The options are those with which graphql-core's executor is made."""

    def __init__(self, schema: strawberry.Schema, options: Mapping[str, Any]) -> None:
        self.schema = schema
        self.core = schema._schema  # noqa: SLF001 - Strawberry's own name for the schema it built
        self.options = options
        self.inputs = Inputs(schema)
        self.length = 0
        """Characters of all that it compiled, less what was forgotten. One takes 5 to 9 bytes of memory."""

    def plan(self, document: DocumentNode, operation_name: str | None) -> Plan:
        """Return the plan of an operation. Raises Unsupported for one that graphql-core has to execute."""
        operation = get_operation_ast(document, operation_name)
        if operation is None or operation.operation is OperationType.SUBSCRIPTION or operation.directives:
            raise Unsupported("This is nothing that a plan executes.")
        if self.schema.exception_handlers:
            raise Unsupported("This schema makes results of exceptions.")
        signatures = [get_variable_signature(self.core, node) for node in operation.variable_definitions or ()]
        declared = [one for one in signatures if isinstance(one, GraphQLVariableSignature)]
        return Plan(self, document, operation, declared)


class Plan:
    """What executes one operation of a document."""

    def __init__(
        self,
        planner: Planner,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        declared: list[GraphQLVariableSignature],
    ) -> None:
        self._planner = planner
        self._operation = operation
        self._fragments = fragments_of(document)
        self._declared = declared
        self._conditions = tuple(sorted(conditions_in(document) & {one.name for one in declared}))
        self._read = reading(declared, self._conditions, planner.inputs)
        self._variants: dict[tuple[bool, ...], Root | None] = {}
        self.length = 0

    def begin(self, variables: dict[str, Any] | None, context: object) -> Coroutine[Any, Any, ExecutionResult] | None:
        """Return the execution. None leaves it to graphql-core, which knows what is wrong with the variables."""
        given = variables or {}
        try:
            read, choice = self._read(given)
        except Exception:  # noqa: BLE001 - whatever it is, nothing has been done yet
            return None
        variant = self._variants.get(choice) or self._variant(choice)
        return variant and self._execute(variant, Run(read, context, partial(self._executor, given, read, context)))

    async def _execute(self, variant: Root, run: Run) -> ExecutionResult:
        data = await variant(run)
        return ExecutionResult(data, run.errors)

    def _variant(self, choice: tuple[bool, ...]) -> Root | None:
        if choice not in self._variants:
            if len(self._variants) == MOST_VARIANTS or None in choice:
                return None
            self._variants[choice] = attempted(lambda: self._compiled(choice))
        return self._variants[choice]

    def _compiled(self, choice: tuple[bool, ...]) -> Root:
        conditions = dict(zip(self._conditions, choice, strict=True))
        selections = Selections(self._planner.schema, self._fragments, self._operation, conditions)
        steps = Steps(self._planner.inputs, selections, self._declared, self._executor({}, {}, None))
        root = steps.root()
        self.length += steps.code.length
        self._planner.length += steps.code.length
        return root

    def _executor(self, given: dict[str, Any], read: dict[str, Any], context: object) -> Executor[Any]:
        """Make graphql-core's executor as its `build` would, with the variables that are already read."""
        sources = {one.name: VariableValueSource(one, given.get(one.name, Undefined)) for one in self._declared}
        return self._planner.schema.execution_context_class(
            self._planner.core,
            {name: one.definition for name, one in self._fragments.items()},
            self._fragments,
            None,
            context,
            self._operation,
            VariableValues(sources, read),
            default_field_resolver,
            default_type_resolver,
            default_field_resolver,
            **self._planner.options,
        )


def attempted(compile_: Callable[[], Compiled]) -> Compiled | None:
    """Return what was compiled. What was not is left to graphql-core; if that is our fault, the log says so."""
    try:
        return compile_()
    except Unsupported:
        return None
    except Exception as bug:  # noqa: BLE001 - it keeps nobody from an answer
        log_bug(bug)
        return None


def reading(declared: list[GraphQLVariableSignature], conditions: Sequence[str], inputs: Inputs) -> Reading:
    """Return what reads the variables of an operation, and those of them that @skip and @include look at.

    It raises, no matter what, where there is any doubt.
    """
    code, lines = Code(), ["read = {}"]
    for one in declared:
        key, read = repr(one.name), code.name(inputs.coercion(one.type))
        lines.append(f"if {key} in given: read[{key}] = {read}(given[{key}])")
        if (default := coerce_default_value(one)) is not Undefined:
            lines.append(f"else: read[{key}] = {code.name(default)}")
        elif is_non_null_type(one.type):
            lines.append("else: unplanned()")
    choice = "".join(f"read[{name!r}], " for name in conditions)
    return code.function(code.define("given", [*lines, f"return read, ({choice})"]))


def conditions_in(document: DocumentNode) -> set[str]:
    """Return the variables that @skip and @include look at. Raises Unsupported for any other directive."""
    names: set[str] = set()

    class Finder(Visitor):
        def enter_directive(self, directive: DirectiveNode, *_: Any) -> None:
            if directive.name.value not in {"skip", "include"}:
                raise Unsupported(f"@{directive.name.value} is not known here.")
            names.update(variables_in(directive))

    visit(document, Finder())
    return names
