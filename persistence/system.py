"""Deeds of the system, asked for on the machine itself: written through the same batches as everything else."""

from __future__ import annotations

from typing import Any

import peewee

from domain.access import SYSTEM
from domain.commands import Command
from domain.errors import DomainError
from domain.ids import Entropy, Ids
from domain.instants import Clock
from domain.ports import Fault, Request
from persistence.batches import BatchWriter


class SystemLedger:
    """Decides and writes one deed of the system at a time."""

    def __init__(self, connection: peewee.SqliteDatabase, *, clock: Clock, ids: Ids, entropy: Entropy) -> None:
        self._writer = BatchWriter(connection, clock=clock, ids=ids, entropy=entropy)
        self._entropy = entropy

    def perform(self, command: Command) -> Any:
        """Return the success, once it is durable. Raises DomainError where the deed is refused, Fault, StorageError."""
        (outcome,) = self._writer.run([Request(SYSTEM, self._entropy.bytes(16).hex(), command)])
        if isinstance(outcome, Fault):
            raise outcome
        if isinstance(outcome.result, DomainError):
            raise outcome.result
        return outcome.result
