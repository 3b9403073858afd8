"""Movements of money: transactions of entries that sum to zero."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from domain.instants import Instant
from domain.money import Money
from domain.records import FREE_TEXT
from domain.text import Metadata


class TransactionKind(StrEnum):
    """Why money moved."""

    DEPOSIT = "DEPOSIT"
    WITHDRAWAL = "WITHDRAWAL"
    TRANSFER = "TRANSFER"
    CAPTURE = "CAPTURE"
    REVERSAL = "REVERSAL"
    SWEEP = "SWEEP"


@dataclass(frozen=True, slots=True)
class Entry:
    """What one transaction did to one account: signed amount, the account's new version, the balance after."""

    account_id: str
    version: int
    amount: Money
    balance_after: Money


@dataclass(frozen=True, slots=True)
class Transaction:
    """One movement. Never changed, never deleted; its entries sum to zero.

    `sequence` is the number of its audit record, so transactions are ordered as they were committed. `amount` is
    positive: what left one side and reached the other. `reverses` is the id of the transaction that a reversal takes
    back.
    """

    id: str
    sequence: int
    kind: TransactionKind
    amount: Money
    entries: tuple[Entry, ...]
    reference: str | None
    description: str | None = field(metadata=FREE_TEXT)
    metadata: Metadata = field(metadata=FREE_TEXT)
    created_at: Instant
    reverses: str | None = None

    def __post_init__(self) -> None:
        if len(self.entries) < 2 or sum(entry.amount.minor for entry in self.entries) != 0:  # noqa: PLR2004
            raise ValueError("the entries of a transaction sum to zero and are at least two")


@dataclass(frozen=True, slots=True)
class Reversal:
    """How far a transaction is taken back by the n-th reversal of it: `cumulative`, never more than its amount.

    `original` and `sequence` are the sequence numbers of the two transactions.
    """

    original_id: str
    original: int
    n: int
    sequence: int
    cumulative: Money
