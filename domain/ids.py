"""Identifiers: prefixed, time-sortable text (the TypeID form), made by the application."""

from enum import StrEnum
from typing import Protocol

LONGEST_ID = 64
"""Characters. Longer than any id that exists, short enough to be recorded."""


class Prefix(StrEnum):
    """What an id names, readable from its first letters."""

    ACCOUNT = "acct"
    TRANSACTION = "txn"
    HOLD = "hold"
    FREEZE = "frz"
    API_CLIENT = "cli"
    API_KEY = "key"
    AUDIT_RECORD = "aud"


class Ids(Protocol):
    """Where fresh ids come from."""

    def fresh(self, prefix: Prefix) -> str:
        """Return an id never returned before."""
        ...


class Entropy(Protocol):
    """Where secrets and salts come from."""

    def bytes(self, count: int) -> bytes:
        """Return that many unpredictable bytes."""
        ...
