"""Accepting that the books were put back to an earlier state, and that what came after it is given up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from domain import text
from domain.access import Operation
from domain.commands import Command
from domain.errors import DomainError, InvalidInput
from domain.unit_of_work import UnitOfWork

REASON = ("input", "reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptRollback(Command):
    """Go on from an earlier head than the newest checkpoint tells of. From the command line alone.

    The reason is no free text: why records were given up stays for ever, like a reference.
    """

    operation: ClassVar[Operation] = Operation.ACCEPT_ROLLBACK
    refusals: ClassVar[frozenset[type[DomainError]]] = frozenset({InvalidInput})

    lost_sequence: int
    lost_hash: str
    kept_sequence: int
    kept_hash: str
    reason: str

    def __post_init__(self) -> None:
        text.require_reason(self.reason, REASON)


@dataclass(frozen=True, slots=True)
class AcceptRollbackSuccess:
    """The number of the record that says so."""

    sequence: int


def accept_rollback(work: UnitOfWork, command: AcceptRollback) -> AcceptRollbackSuccess:
    """Record what is given up, right after the head that is gone on from."""
    if work.sequence != command.kept_sequence + 1:
        raise ValueError("the books went on meanwhile")
    return AcceptRollbackSuccess(work.sequence)
