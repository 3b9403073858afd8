"""The plans of a document: each is made when its operation is executed the second time."""

from __future__ import annotations

from graphql import DocumentNode, get_operation_ast

from resolvers.plan.plan import Plan, Planner, attempted


class Plans:
    """Knows which operations of a document were executed, and what they compiled to. Lives as long as the document."""

    def __init__(self, planner: Planner, document: DocumentNode) -> None:
        self._planner = planner
        self._document = document
        self._once: set[str | None] = set()
        self._made: dict[str | None, Plan | None] = {}

    def used(self, operation_name: str | None) -> Plan | None:
        """Return the plan of an operation that is now executed: None the first time, and where there can be none."""
        if operation_name in self._made:
            return self._made[operation_name]
        if operation_name in self._once:
            self._made[operation_name] = self._plan(operation_name)
        elif get_operation_ast(self._document, operation_name):
            self._once.add(operation_name)
        return self._made.get(operation_name)

    def forget(self) -> None:
        """Give back what the plans weighed, for they are not used again."""
        self._planner.length -= sum(plan.length for plan in self._made.values() if plan)
        self._made.clear()

    def _plan(self, operation_name: str | None) -> Plan | None:
        return attempted(lambda: self._planner.plan(self._document, operation_name))
