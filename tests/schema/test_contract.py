"""The API is the one that was agreed, and schema.graphql is the one that is served."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLUnionType, parse, print_ast

import schema as package
from tests.support.api import core, schema

Shape = dict[str, str]


def shapes(sdl: str) -> dict[str, Shape]:
    """Say everything of every type but its descriptions, by the place where it stands."""
    return {node.name.value: dict(_said(node)) for node in parse(sdl).definitions if hasattr(node, "name")}


def _said(node: Any) -> Iterator[tuple[str, str]]:
    yield "", node.kind
    yield from ((print_ast(one), "") for one in getattr(node, "directives", None) or () if one.name.value == "oneOf")
    yield from ((f"implements {print_ast(one)}", "") for one in getattr(node, "interfaces", None) or ())
    yield from ((print_ast(one), "member") for one in getattr(node, "types", None) or ())
    yield from ((one.name.value, "value") for one in getattr(node, "values", None) or ())
    yield from ((f"on {one.value}", "") for one in getattr(node, "locations", None) or ())
    yield from _typed(getattr(node, "arguments", None), "({}:)")
    for field in getattr(node, "fields", None) or ():
        yield from _typed([field], "{}")
        yield from _typed(getattr(field, "arguments", None), f"{field.name.value}({{}}:)")


def _typed(nodes: Any, place: str) -> Iterator[tuple[str, str]]:
    for node in nodes or ():
        default = getattr(node, "default_value", None)  # null is the same as none
        written = f" = {print_ast(default)}" if default else ""
        yield (
            place.format(node.name.value),
            print_ast(node.type) + written.removesuffix(" = null"),
        )


AGREED = shapes((Path(__file__).parent / "contract_core.graphql").read_text())
OURS = shapes(schema().as_str())
GENERATED = Path(next(iter(package.__path__))) / "schema.graphql"
UNIONS = sorted(name for name in AGREED if name.endswith("Result"))

ADDED = {
    "DepositInput.expectedVersion",
    "WithdrawInput.expectedVersion",
    "WithdrawInput.minAvailableAfter",
    "TransferInput.expectedVersion",
    "TransferInput.minAvailableAfter",
    "BalanceExplanation.openHoldCount",  # docs/decisions/0015
    *(f"{name}.InvalidInput" for name in UNIONS if "InvalidInput" not in AGREED[name]),  # docs/decisions/0004
}
"""What our contract has beyond the agreed one, on purpose."""


def test_the_generated_contract_is_what_is_served() -> None:
    assert GENERATED.read_text() == schema().as_str() + "\n", "run `make schema`"


@pytest.mark.parametrize("name", AGREED)
def test_everything_agreed_is_there_as_agreed(name: str) -> None:
    assert {place: OURS[name].get(place) for place in AGREED[name]} == AGREED[name]


def test_nothing_was_added_but_what_is_known() -> None:
    assert set(OURS) == set(AGREED)
    assert {f"{name}.{place}" for name in OURS for place in OURS[name] if place not in AGREED[name]} == ADDED


def test_what_was_added_to_an_input_may_be_left_out() -> None:
    for place in ADDED:
        name, _, field = place.partition(".")
        assert not (name.endswith("Input") and OURS[name][field].endswith("!"))


@pytest.mark.parametrize("name", [name for name in AGREED if AGREED[name][""] == "enum_type_definition"])
def test_the_values_of_an_enum_stand_in_the_agreed_order(name: str) -> None:
    assert list(OURS[name]) == list(AGREED[name])


OF_PARTS = {"BatchItemResult": "DepositSuccess", "PreviewResult": "MovementPreview"}
"""What unions that no mutation answers with begin with."""


@pytest.mark.parametrize("name", UNIONS)
def test_a_union_begins_with_its_success(name: str) -> None:
    union = core().type_map[name]
    assert isinstance(union, GraphQLUnionType)
    assert union.types[0].name == OF_PARTS.get(name, name.removesuffix("Result") + "Success")


def test_roles_show_in_the_contract() -> None:
    printed = schema().as_str()
    assert "): Account @requiresRole(anyOf: [VIEWER, AUDITOR, TELLER, MANAGER, ADMIN])" in printed
    assert "): DepositResult @requiresRole(anyOf: [TELLER, MANAGER, ADMIN])" in printed
    assert "apiKeys: [ApiKey!] @requiresRole(anyOf: [ADMIN])" in printed
