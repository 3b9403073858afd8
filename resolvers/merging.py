"""GraphQL's rule that fields of one name must be mergeable, within a bound: it compares each with each."""

from __future__ import annotations

from typing import Any

from graphql import OverlappingFieldsCanBeMergedRule, SelectionSetNode, ValidationContext
from graphql.validation.validate import ValidationAbortedError


class Merging(OverlappingFieldsCanBeMergedRule):
    """graphql-core's own rule. It gives up where it would compare too much, and names the limit."""

    def __init__(self, comparisons: int, context: ValidationContext) -> None:
        super().__init__(context)
        self._comparisons = comparisons
        self.rule_context.remaining_complexity_budget = comparisons

    def enter_selection_set(self, selection_set: SelectionSetNode, *arguments: Any) -> None:
        try:
            super().enter_selection_set(selection_set, *arguments)
        except ValidationAbortedError:
            message = f"A document may ask for at most {self._comparisons} comparisons of fields of one name."
            raise ValidationAbortedError(message) from None
