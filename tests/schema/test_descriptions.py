"""Everything in the contract is described, for people who have nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from graphql import specified_directives, specified_scalar_types

from domain.access import Role
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
