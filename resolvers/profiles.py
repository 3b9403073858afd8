"""What the server shows of itself: to those who build on it more than to those who only use it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from graphql import ASTValidationRule, NoSchemaIntrospectionCustomRule


@dataclass(frozen=True, slots=True)
class Profile:
    """By which methods it can be asked, and which rules a document must keep on top of GraphQL's own."""

    methods: tuple[str, ...]
    rules: tuple[type[ASTValidationRule], ...]


DEVELOPMENT = Profile(methods=("GET", "POST"), rules=())
PRODUCTION = Profile(methods=("POST",), rules=(NoSchemaIntrospectionCustomRule,))

PROFILES: Mapping[str, Profile] = {"development": DEVELOPMENT, "production": PRODUCTION}
