"""What every command has in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from domain.access import Operation
from domain.errors import DomainError, IdempotencyKeyAbandoned, IdempotencyKeyReused
from domain.money import Money


class Command:
    """A deed asked for, valid in itself: its constructor raises InputError for anything that could never be right.

    Subclasses are frozen dataclasses named after the mutation, and stand above the service function that performs
    them.
    """

    __slots__ = ()

    operation: ClassVar[Operation]
    refusals: ClassVar[frozenset[type[DomainError]]]

    @property
    def account_ids(self) -> tuple[str, ...]:
        """Return the customer accounts that the command names."""
        return ()

    @property
    def hold_ids(self) -> tuple[str, ...]:
        """Return the holds that the command names; it touches their accounts too."""
        return ()

    @property
    def moved_ids(self) -> tuple[str, ...]:
        """Return all accounts that the command will load, so that a batch can fetch them at once."""
        return self.account_ids

    @property
    def transaction_ids(self) -> tuple[str, ...]:
        """Return the earlier transactions that the command names; their accounts are touched too."""
        return ()

    @property
    def target_ids(self) -> tuple[str, ...]:
        """Return what an auditor would look the deed up by."""
        return (*self.transaction_ids, *self.account_ids)

    @property
    def bounded_amount(self) -> Money | None:
        """Return what the command moves or sets aside of its own, which the operator bounds."""
        return None

    @property
    def parts(self) -> tuple[tuple[str, Command | Rejection], ...]:
        """Return the commands that this one is made of, each with its own idempotency key."""
        return ()


COMMON_REFUSALS: frozenset[type[DomainError]] = frozenset({IdempotencyKeyReused, IdempotencyKeyAbandoned})
"""What any command may meet before its service is asked."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """A request that did not become a command: its input was wrong, or its caller's role too low.

    It goes to the ledger all the same, so that the audit log knows of it and of whom it was about. `repeats` says how
    many more like it were turned away unrecorded, when a flood was cut short.
    """

    operation: Operation
    error: DomainError
    target_ids: tuple[str, ...] = ()
    repeats: int = 0
