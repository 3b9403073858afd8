"""Documents, parsed and validated once for each text, and their execution. What is invalid is not remembered."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    OperationDefinitionNode,
    execute,
    get_operation_ast,
    parse,
    specified_rules,
    validate,
)
from strawberry import Schema
from strawberry.execution import optimized_is_awaitable

from resolvers.budget import Budget

MOST_ERRORS = 5
MOST_TOKENS = 5_000
LONGEST_DOCUMENT = 100_000


@dataclass(frozen=True, slots=True)
class Document:
    """A text that was read: executable, or the errors that make it not."""

    node: DocumentNode | None
    errors: tuple[GraphQLError, ...] = ()

    def operation(self, name: str | None) -> OperationDefinitionNode | None:
        """Return the operation of that name, or the only one; None if that is not one operation."""
        return get_operation_ast(self.node, name) if self.node else None


class Documents:
    """Reads documents and remembers them by their text, up to a bound in number and in characters."""

    def __init__(self, schema: Schema, *, most: int = 1_000, most_characters: int = 500_000) -> None:
        self._schema = schema
        self._most = most
        self._most_characters = most_characters
        self._characters = 0
        self._known: OrderedDict[str, Document] = OrderedDict()

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
        """Execute a valid document as Strawberry would, without preparing it again."""
        result = execute(
            self._schema._schema,  # noqa: SLF001 - Strawberry's own name for the schema it built
            document,
            context_value=context,
            variable_values=variables,
            operation_name=operation_name,
            executor_class=self._schema.execution_context_class,
            is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type]
            max_coercion_errors=MOST_ERRORS,
            hide_suggestions=True,
            **self._schema._get_custom_context_kwargs({}),  # noqa: SLF001 - what its executor must be given
        )
        return await result if isawaitable(result) else result

    def _parse(self, text: str) -> Document:
        try:
            node = parse(text, max_lexical_tokens=MOST_TOKENS, max_source_length=LONGEST_DOCUMENT)
        except GraphQLError as error:
            return Document(None, (error,))
        # The budget first: the other rules take longer than a document beyond it is worth.
        for rules in ((Budget,), specified_rules):
            errors = validate(
                self._schema._schema,  # noqa: SLF001 - Strawberry's own name for the schema it built
                node,
                rules,
                max_errors=MOST_ERRORS,
                hide_suggestions=True,
            )
            if errors:
                return Document(node, tuple(errors))
        return Document(node)

    def _remember(self, text: str, document: Document) -> None:
        self._known[text] = document
        self._characters += len(text)
        while len(self._known) > self._most or self._characters > self._most_characters:
            forgotten, _ = self._known.popitem(last=False)
            self._characters -= len(forgotten)
