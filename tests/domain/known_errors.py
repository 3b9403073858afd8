"""The errors that exist, found by themselves."""

from __future__ import annotations

from collections.abc import Iterator

from domain.errors import DomainError


def _below(kind: type[DomainError]) -> Iterator[type[DomainError]]:
    for child in kind.__subclasses__():
        yield child
        yield from _below(child)


CONCRETE = [kind for kind in _below(DomainError) if "code" in vars(kind)]
"""Every error that has a code."""
