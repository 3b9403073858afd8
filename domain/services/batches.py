"""Batches: many movements in one request, each under a key of its own, all or nothing or each for itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import chain, islice
from typing import ClassVar

from domain import text
from domain.access import PERMISSIONS, Operation
from domain.commands import Command, Rejection
from domain.errors import BatchRefused, DomainError, Forbidden, InputPath, InvalidInput, ItemOutcome, NotPermitted
from domain.ports import Outcome
from domain.services.movements import Deposit, Transfer, Withdraw
from domain.unit_of_work import UnitOfWork

MOST_ITEMS = 1000
ITEMS = ("input", "items")

MOST_TARGETS = 100
"""Accounts that the record of a whole batch is found by: the record of each item is found by its own."""


class BatchMode(StrEnum):
    """What the refusal of one item means for the others."""

    ATOMIC = "ATOMIC"
    INDEPENDENT = "INDEPENDENT"


@dataclass(frozen=True, slots=True)
class BatchItem:
    """One movement, or what is wrong with its input; and the key under which it could also be sent alone."""

    idempotency_key: str
    deposit: Deposit | None = None
    withdraw: Withdraw | None = None
    transfer: Transfer | None = None
    rejected: Rejection | None = None

    @classmethod
    def of(cls, key: str, command: Command | Rejection) -> BatchItem:
        """Return the item of a command."""
        name = "rejected" if isinstance(command, Rejection) else command.operation.lower()
        return cls(key, **{name: command})  # type: ignore[arg-type]

    @property
    def command(self) -> Command | Rejection:
        """Return the one there is. Raises ValueError if there is not exactly one."""
        members = (self.deposit, self.withdraw, self.transfer, self.rejected)
        (command,) = (member for member in members if member is not None)
        return command

    @property
    def target_ids(self) -> tuple[str, ...]:
        """Return what an auditor would look the item up by."""
        return self.command.target_ids


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecuteBatch(Command):
    """Carry out many movements, in their order."""

    operation: ClassVar[Operation] = Operation.EXECUTE_BATCH
    refusals: ClassVar[frozenset[type[DomainError]]] = frozenset({InvalidInput, BatchRefused})

    mode: BatchMode
    items: tuple[BatchItem, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.items) <= MOST_ITEMS:
            raise InvalidInput(f"A batch has 1 to {MOST_ITEMS} items.", path=ITEMS)
        for index, item in enumerate(self.items):
            if not text.is_idempotency_key(item.idempotency_key):
                path = item_path(index, item.command.operation)
                raise InvalidInput(text.IDEMPOTENCY_KEY_RULE, path=(*path, "idempotencyKey"))

    @property
    def parts(self) -> tuple[tuple[str, Command | Rejection], ...]:
        return tuple((item.idempotency_key, item.command) for item in self.items)

    @property
    def target_ids(self) -> tuple[str, ...]:
        named = chain.from_iterable(item.target_ids for item in self.items)
        return tuple(islice(dict.fromkeys(named), MOST_TARGETS))


@dataclass(frozen=True, slots=True)
class ExecuteBatchSuccess:
    """What became of each item, in the order of the items."""

    results: tuple[ItemOutcome, ...]
    succeeded: int
    refused: int


def execute_batch(work: UnitOfWork, command: ExecuteBatch) -> ExecuteBatchSuccess:
    """Decide every item as if it were sent alone; if it is all or nothing, raise BatchRefused at the first refusal."""
    results = tuple(_decided(work, command))
    refused = sum(isinstance(item.result, DomainError) for item in results)
    return ExecuteBatchSuccess(results, len(results) - refused, refused)


def _decided(work: UnitOfWork, command: ExecuteBatch) -> Iterator[ItemOutcome]:
    for index, (key, part) in enumerate(command.parts):
        item = _told(work.decide(key, part), key, part.operation, index)
        if command.mode is BatchMode.ATOMIC and isinstance(item.result, DomainError):
            raise BatchRefused(index, item, path=(*ITEMS, str(index)))
        yield item


def _told(outcome: Outcome, key: str, operation: Operation, index: int) -> ItemOutcome:
    """Tell an outcome as that of an item: where it has an error, the path begins at the batch."""
    result = outcome.result
    if isinstance(result, Forbidden):
        result = NotPermitted(tuple(sorted(PERMISSIONS[operation])))
    if isinstance(result, DomainError):
        result = replace(result, path=(*item_path(index, operation), *result.path))
    return ItemOutcome(operation, key, outcome.decided_at, result, outcome.replayed)


def item_path(index: int, operation: Operation) -> InputPath:
    """Return where in the arguments of a batch an item stands."""
    return (*ITEMS, str(index), operation.lower())
