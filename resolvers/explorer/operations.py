"""What the explorer's tabs begin with: the operations of examples/operations, and nothing that is written twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
from graphql import OperationType, build_schema, get_operation_ast, parse

FIRST = ("Viewer", "Accounts", "OpenAccount", "Deposit", "Withdraw", "Transfer")
"""In the order in which somebody new would try them. After them comes every mutation that is not named here."""

LAST = (
    "CloseAccount",
    "CreateApiClient",
    "IssueApiKey",
    "ChangeApiClientRole",
    "DisableApiClient",
    "EnableApiClient",
    "RevokeApiKey",
    "AbandonIdempotencyKey",
)
"""What leaves no account to go on with, and then who may call, from the beginning to the end. The queries follow."""


def read_operations(folder: Path, contract: str) -> list[dict[str, Any]]:
    """Return the operations in the order of their tabs, each with its variables, if it has any."""
    order = _order(contract)
    return sorted((_read(path) for path in folder.glob("*.graphql")), key=lambda operation: _place(operation, order))


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


def _order(contract: str) -> list[str]:
    """Return the names of the tabs: between the tables the other mutations, in the order of their declaration."""
    mutations = build_schema(contract).mutation_type
    declared = [name[0].upper() + name[1:] for name in (mutations.fields if mutations else ())]
    return [*FIRST, *(name for name in declared if name not in FIRST + LAST), *LAST]


def _place(operation: dict[str, Any], order: list[str]) -> tuple[int, str]:
    name = operation["name"]
    return order.index(name) if name in order else len(order), name
