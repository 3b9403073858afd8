"""What exists only while a request lives."""

from __future__ import annotations

from dataclasses import dataclass

import strawberry

from domain.access import Caller, Operation
from domain.catalogue import Catalogue
from domain.commands import Command, Rejection
from domain.errors import DomainError, Forbidden, InputError, Refusal
from domain.instants import Clock
from domain.ports import Ledger, Outcome
from domain.reading import Reader
from domain.services.batches import ExecuteBatchSuccess
from resolvers.admission import Refusals
from resolvers.failures import rate_limited
from resolvers.loaders import LoadedEdges


@dataclass(frozen=True, slots=True)
class RequestContext:
    """Who calls, and what a resolver may use to answer. A closed list."""

    caller: Caller
    ledger: Ledger
    reader: Reader
    edges: LoadedEdges
    catalogue: Catalogue
    refusals: Refusals
    clock: Clock

    async def execute(self, key: str, command: Command | Rejection) -> Outcome:
        """Run a command for the caller. Each refusal that is recorded counts against its API client.

        Raises RATE_LIMITED for a client that was refused too often: a document may hold many mutations.
        """
        if self.refusals.turns_away(self.caller):
            raise rate_limited(self.refusals.seconds_to_wait(self.caller))
        outcome = await self.ledger.execute(self.caller, key, command)
        if refusals := _recorded_refusals(outcome):
            self.refusals.charge(self.caller, command.operation, refusals)
        return outcome

    async def deny(self, operation: Operation, key: str, target_ids: tuple[str, ...]) -> None:
        """Record that the caller asked for something its role does not allow."""
        await self.execute(key, Rejection(operation, Forbidden(), target_ids))


def _recorded_refusals(outcome: Outcome) -> int:
    """Return how many refusals and denials an outcome put into the audit log: each item of a batch has its own."""
    if outcome.replayed:
        return 0
    if isinstance(outcome.result, ExecuteBatchSuccess):
        return sum(isinstance(one.result, DomainError) and not one.replayed for one in outcome.result.results)
    return int(isinstance(outcome.result, InputError | Refusal | Forbidden))


Info = strawberry.Info[RequestContext, None]
