"""Documents, parsed and validated once for each text, and their execution. What is invalid is not remembered."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from inspect import isawaitable
from typing import Any

from graphql import (
    ASTValidationRule,
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    OverlappingFieldsCanBeMergedRule,
    execute,
    parse,
    specified_rules,
    validate,
)
from strawberry import Schema
from strawberry.execution import optimized_is_awaitable

from resolvers.budget import Budget
from resolvers.introspection import StandardIntrospection
from resolvers.limits import DocumentLimits
from resolvers.merging import Merging
from resolvers.plan.plan import Planner
from resolvers.plan.plans import Plans

MOST_ERRORS = 5


@dataclass(frozen=True, slots=True)
class Document:
    """A text that was read: executable, or the errors that make it not."""

    node: DocumentNode | None
    errors: tuple[GraphQLError, ...] = ()


class Documents:
    """Reads documents and remembers them by their text, up to a bound in number, in bytes and in what was compiled.

    The bytes are those of the texts; what a text was parsed into takes about a hundred times as many. What was compiled
    is counted in characters, each of which takes 5 to 9 bytes: 4 million are at most 36 MB, or some 600 deposits.
    """

    def __init__(
        self,
        schema: Schema,
        limits: DocumentLimits,
        rules: Sequence[type[ASTValidationRule]] = (),
        *,
        most: int = 1_000,
        most_bytes: int = 500_000,
        most_compiled: int = 4_000_000,
    ) -> None:
        self._schema = schema
        self._limits = limits
        usual = [rule for rule in specified_rules if rule is not OverlappingFieldsCanBeMergedRule]
        # The budget first: the other rules take longer than a document beyond it is worth.
        self._rounds = (
            (partial(Budget, limits), StandardIntrospection),
            (partial(Merging, limits.comparisons), *usual, *rules),
        )
        self._most = most
        self._most_bytes = most_bytes
        self._most_compiled = most_compiled
        self._bytes = 0
        self._known: OrderedDict[str, Document] = OrderedDict()
        self._options = {
            "is_awaitable": optimized_is_awaitable,
            "hide_suggestions": True,
            **schema._get_custom_context_kwargs({}),  # noqa: SLF001 - what Strawberry's executor must be given
        }
        self._planner = Planner(schema, self._options)
        self._plans: dict[int, Plans] = {}

    def read(self, text: str) -> Document:
        """Parse and validate a text, or remember that it was."""
        if (known := self._known.get(text)) is not None:
            self._known.move_to_end(text)
            return known
        document = self._parse(text)
        if not document.errors:
            self._remember(text, document)
        return document

    async def execute(
        self, document: DocumentNode, variables: dict[str, Any] | None, operation_name: str | None, context: object
    ) -> ExecutionResult:
        """Execute a valid document as Strawberry would, without preparing it again.

        By a plan, if the document is remembered and this operation of it was executed before: compiling takes as long
        as parsing and validating did. Else, and where the plan leaves it to that, by graphql-core.
        """
        plans = self._plans.get(id(document))
        plan = plans and plans.used(operation_name)
        if plan and (begun := plan.begin(variables, context)):
            self._forget_oldest()
            return await begun
        result = execute(
            self._schema._schema,  # noqa: SLF001 - Strawberry's own name for the schema it built
            document,
            context_value=context,
            variable_values=variables,
            operation_name=operation_name,
            executor_class=self._schema.execution_context_class,
            max_coercion_errors=MOST_ERRORS,
            **self._options,
        )
        return await result if isawaitable(result) else result

    def _parse(self, text: str) -> Document:
        limits = self._limits
        if len(text) > limits.length:
            return _unreadable(f"A document has at most {limits.length} characters.")
        try:
            node = parse(text, max_lexical_tokens=limits.tokens, allow_empty_selection_sets=False)
        except GraphQLError as error:
            return _unreadable(_said_of(error, limits), error)
        for rules in self._rounds:
            errors = validate(
                self._schema._schema,  # noqa: SLF001 - Strawberry's own name for the schema it built
                node,
                rules,  # type: ignore[arg-type]  # made by a call, be it a class or not
                max_errors=MOST_ERRORS,
                hide_suggestions=True,
                allow_empty_selection_sets=False,
            )
            if errors:
                return Document(node, tuple(errors))
        return Document(node)

    def _remember(self, text: str, document: Document) -> None:
        self._known[text] = document
        if document.node:
            self._plans[id(document.node)] = Plans(self._planner, document.node)
        self._bytes += _size(text)
        self._forget_oldest()

    def _forget_oldest(self) -> None:
        """Forget documents, the latest used last, until what is left is within bounds."""
        while self._known and (
            len(self._known) > self._most
            or self._bytes > self._most_bytes
            or self._planner.length > self._most_compiled
        ):
            text, document = self._known.popitem(last=False)
            self._bytes -= _size(text)
            self._plans.pop(id(document.node)).forget()


def _said_of(error: GraphQLError, limits: DocumentLimits) -> str:
    """Say what keeps a text from being read, without a word of it: the parser quotes what it stumbles over."""
    if "tokens" in error.message:
        return f"A document has at most {limits.tokens} tokens."
    if "nested too deeply" in error.message:  # the parser's own bound, which lies far beyond ours
        return f"A document may ask for at most {limits.nesting} selections in one another, or as many values."
    return "The document is not GraphQL from here on."


def _unreadable(why: str, where: GraphQLError | None = None) -> Document:
    source, positions = (where.source, where.positions) if where else (None, None)
    return Document(None, (GraphQLError(why, source=source, positions=positions),))


def _size(text: str) -> int:
    return len(text.encode())
