"""Giving up an idempotency key whose fate is unknown."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from domain import text
from domain.access import Operation
from domain.commands import Command
from domain.errors import DomainError, InvalidInput
from domain.idempotency import Decision, IdempotencyOutcome, IdempotencyRecord, IdempotencyScope
from domain.records import named
from domain.unit_of_work import UnitOfWork

KEYLESS = frozenset(
    {
        Operation.ABANDON_IDEMPOTENCY_KEY,
        Operation.EXPIRE_HOLD,
        Operation.EXPIRE_FREEZE,
        Operation.ERASE_TEXT,
        Operation.ACCEPT_ROLLBACK,
    }
)
"""Operations whose keys cannot be given up: giving up itself, and what only the system does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AbandonIdempotencyKey(Command):
    """Find out what became of one's own key, and make sure that nothing more can."""

    operation: ClassVar[Operation] = Operation.ABANDON_IDEMPOTENCY_KEY
    refusals: ClassVar[frozenset[type[DomainError]]] = frozenset({InvalidInput})

    of_operation: Operation = field(metadata=named("operation"))
    key: str

    def __post_init__(self) -> None:
        if not text.is_idempotency_key(self.key):
            raise InvalidInput(text.IDEMPOTENCY_KEY_RULE, path=("input", "key"))
        if self.of_operation in KEYLESS:
            raise InvalidInput("Keys of this operation cannot be abandoned.", path=("input", "operation"))


@dataclass(frozen=True, slots=True)
class AbandonIdempotencyKeySuccess:
    """What is known of the key, and will be for ever."""

    record: IdempotencyRecord


def abandon_idempotency_key(work: UnitOfWork, command: AbandonIdempotencyKey) -> AbandonIdempotencyKeySuccess:
    """Return what was decided under the key, or pin it as ABANDONED so that a late arrival cannot execute."""
    scope = IdempotencyScope(work.caller.api_client_id, command.of_operation, command.key)
    decision = work.decision(scope)
    if decision is None:
        record = IdempotencyRecord(scope, IdempotencyOutcome.ABANDONED, work.sequence, work.now)
        decision = Decision(record)
        work.stage_decision(decision)
    return AbandonIdempotencyKeySuccess(decision.record)
