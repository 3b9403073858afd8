"""What the server shows of itself: to those who build on it more than to those who only use it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from graphql import ASTValidationRule, NoSchemaIntrospectionCustomRule

from resolvers.explorer.sources import Mode


@dataclass(frozen=True, slots=True)
class Profile:
    """By which methods it can be asked, which rules a document must keep on top of GraphQL's own, what `auto` means."""

    methods: tuple[str, ...]
    rules: tuple[type[ASTValidationRule], ...]
    explorer: Mode


DEVELOPMENT = Profile(methods=("GET", "POST"), rules=(), explorer=Mode.AUTO)
PRODUCTION = Profile(methods=("POST",), rules=(NoSchemaIntrospectionCustomRule,), explorer=Mode.OFF)

PROFILES: Mapping[str, Profile] = {"development": DEVELOPMENT, "production": PRODUCTION}
