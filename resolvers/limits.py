"""What a request may ask for. Each of these limits is a setting, and its refusal names it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DocumentLimits:
    """How large a document may be, and how much it may ask for. What fragments hold counts at every spread."""

    length: int = 100_000
    """Characters of its text."""

    tokens: int = 5_000
    """Words and signs of its text, comments left out."""

    fragments: int = 50
    """Fragments that it defines."""

    fields: int = 500
    """Fields that it names."""

    aliases: int = 100
    """Fields that it gives another name."""

    directives: int = 50
    """Directives that it applies."""

    depth: int = 20
    """Levels of fields in one another."""

    nesting: int = 60
    """Levels of selections in one another: those of fields, and of fragments without a field between them."""

    comparisons: int = 10_000
    """Pairs of fields of one name, which have to be compared: a field that stands a hundred times in one selection."""

    mutations: int = 20
    """Mutations of one operation."""

    cost: int = 10_000
    """Fields that an answer may hold, each counted as often as the pages around it are long; one that reads as ten."""


@dataclass(frozen=True)
class RequestLimits:
    """How large a request may be, and how long reading may take."""

    body_bytes: int = 2 * 1024 * 1024
    """Enough for a batch of 1,000 movements with the longest keys, references and descriptions that ASCII can write."""

    values: int = 20_000
    """Values in the variables, shared out among the mutations that may read them."""

    read_milliseconds: int = 5_000
    """How long a query may take. A mutation is never cut off: its own deadline ends when it is decided."""
