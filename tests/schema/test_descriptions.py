"""Everything in the contract is described, for people who have nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from graphql import GraphQLEnumType, parse, specified_directives, specified_scalar_types

from domain import errors
from domain.access import Role
from domain.services.table import SERVICES
from tests.support.api import core, schema

BUILT_IN = {*specified_scalar_types, *(directive.name for directive in specified_directives)}


def described() -> Iterator[tuple[str, str | None]]:
    """Yield every place of the schema with its description."""
    for name, kind in core().type_map.items():
        if name.startswith("__") or name in BUILT_IN:
            continue
        yield name, kind.description
        for value, definition in getattr(kind, "values", {}).items():
            yield f"{name}.{value}", definition.description
        for field, definition in getattr(kind, "fields", {}).items():
            yield f"{name}.{field}", definition.description
            yield from (
                (f"{name}.{field}({one}:)", it.description) for one, it in getattr(definition, "args", {}).items()
            )


def test_everything_is_described() -> None:
    places = dict(described())
    assert [place for place, text in places.items() if not (text or "").strip()] == []
    assert len(places) > 400


def test_descriptions_are_sentences() -> None:
    assert [place for place, text in described() if text and not text.rstrip().endswith((".", ".)"))] == []


def test_descriptions_speak_only_of_what_callers_know() -> None:
    words = ("peewee", "sqlite", "strawberry", "python", "todo", "resolver")
    assert [place for place, text in described() if any(word in (text or "").lower() for word in words)] == []


def test_every_role_of_the_domain_is_one_of_the_api() -> None:
    assert [*core().type_map["Role"].values] == [role.value for role in Role]  # type: ignore[attr-defined]


def test_scalars_with_a_standard_name_it() -> None:
    assert schema().as_str().count("@specifiedBy(url:") == 2


def guarded() -> Iterator[tuple[str, list[str]]]:
    """Yield what is said of every field with @requiresRole, and its roles."""
    kinds: list[Any] = [*parse(schema().as_str()).definitions]
    for field in (field for kind in kinds for field in getattr(kind, "fields", None) or ()):
        for directive in field.directives or ():
            if directive.name.value == "requiresRole":
                yield field.description.value, [role.value for role in directive.arguments[0].value.values]


def test_a_field_says_to_which_roles_it_is_open() -> None:
    """Introspection does not show where directives stand, and so neither does an explorer."""
    fields = list(guarded())
    assert len(fields) > 30
    for text, (*others, last) in fields:
        open_to = (
            "every role" if len(others) + 1 == len(Role) else f"{', '.join(others)} and {last}".removeprefix(" and ")
        )
        assert f"Open to {open_to}" in text


PRESENT: dict[str, set[str]] = {
    "Operation": {command.operation for command in SERVICES},
    "ErrorCode": {
        vars(kind)["code"] for kind in vars(errors).values() if isinstance(kind, type) and "code" in vars(kind)
    },
    "TransactionKind": {"DEPOSIT", "WITHDRAWAL", "TRANSFER", "CAPTURE", "REVERSAL", "SWEEP"},
}


@pytest.mark.parametrize("name", PRESENT)
def test_a_value_that_does_not_occur_yet_says_so(name: str) -> None:
    enum = core().type_map[name]
    assert isinstance(enum, GraphQLEnumType)
    later = {value for value, it in enum.values.items() if "later capability" in (it.description or "")}
    assert set(enum.values) - later == PRESENT[name]
