"""Functions under construction: their source, and the objects that it speaks of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

MOST_NAMES = 2_000
LONGEST_SOURCE = 60_000
"""Characters, compiled in some 25 ms. What would be longer is left to graphql-core."""


class Unsupported(Exception):
    """Raised while compiling: what is asked for is left to graphql-core as a whole."""


class Unplanned(Exception):
    """Raised by a plan before a resolver has run: what it was given is left to graphql-core, which says why."""


def unplanned() -> NoReturn:
    """Leave a value to graphql-core. An expression cannot raise, but it can call."""
    raise Unplanned


class Code:
    """Generated functions in one namespace. Nothing of a document is written into source but names, as `repr` does."""

    def __init__(self, **objects: object) -> None:
        self._namespace: dict[str, Any] = {"unplanned": unplanned, **objects}
        self._names: dict[int, str] = {}
        self._count = 0
        self.length = 0

    def fresh(self) -> str:
        """Return a name that means nothing yet. Raises Unsupported where there are too many."""
        self._count += 1
        if self._count > MOST_NAMES:
            raise Unsupported("The document asks for too much.")
        return f"_{self._count}"

    def name(self, value: object) -> str:
        """Return the name under which the source speaks of an object."""
        if id(value) not in self._names:
            self._names[id(value)] = name = self.fresh()
            self._namespace[name] = value
        return self._names[id(value)]

    def define(self, parameters: str, lines: Sequence[str], kind: str = "def") -> str:
        """Define a function, and return its name. Raises Unsupported for more than can be compiled."""
        name = self.fresh()
        source = f"{kind} {name}({parameters}):\n" + "\n".join(f" {line}" for line in lines)
        self.length += len(source)
        if self.length > LONGEST_SOURCE:
            raise Unsupported("The document asks for too much.")
        try:
            exec(compile(source, "<plan>", "exec"), self._namespace)  # noqa: S102 - see the class
        except (MemoryError, RecursionError, SyntaxError) as beyond:
            raise Unsupported("The document is nested too deeply.") from beyond
        return name

    def function(self, name: str) -> Callable[..., Any]:
        """Return a function that was defined."""
        function: Callable[..., Any] = self._namespace[name]
        return function
