"""What the explorer's tabs begin with: the operations of examples/operations, and nothing that is written twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
from graphql import OperationType, get_operation_ast, parse

FIRST = ("Viewer", "Accounts", "OpenAccount", "Deposit", "Withdraw", "Transfer")
"""In the order in which somebody new would try them. The other mutations follow, then the other queries."""


def read_operations(folder: Path) -> list[dict[str, Any]]:
    """Return the operations in the order of their tabs, each with its variables, if it has any."""
    return sorted((_read(path) for path in folder.glob("*.graphql")), key=_place)


def _read(path: Path) -> dict[str, Any]:
    query = path.read_text()
    operation = get_operation_ast(parse(query))
    variables = path.with_suffix(".json")
    return {
        "name": path.stem,
        "isMutation": operation is not None and operation.operation is OperationType.MUTATION,
        "query": query,
        "variables": orjson.loads(variables.read_bytes()) if variables.exists() else {},
    }


def _place(operation: dict[str, Any]) -> tuple[int, bool, str]:
    name = operation["name"]
    place = FIRST.index(name) if name in FIRST else len(FIRST)
    return place, not operation["isMutation"], name
