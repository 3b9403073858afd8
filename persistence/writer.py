"""The ledger's queue: what waits while a batch commits is the next batch.

Batches run inline on the event loop. A thread beside a busy loop starves (docs/decisions/0002), and the loop has
nothing better to do: every answer in flight waits for this commit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from domain.access import Caller
from domain.commands import Command, Rejection
from domain.errors import Overloaded, Unavailable
from domain.instants import SECOND, Clock, Instant
from domain.ports import Fault, Outcome, Request, StorageError
from persistence.batches import MOST_IN_A_BATCH, BatchWriter
from persistence.turns import Turns, Waiting

ROUNDS_BEFORE_A_HEAVY_TURN = 10
"""Of the event loop: enough to send the answers of the last turn, and to let in who has arrived during it."""


@dataclass(frozen=True, slots=True)
class WriterLimits:
    """How many writes may wait, and for how long (microseconds) one may before it is given up undecided.

    Every item of a batch is a write. Where there is room for one there is room for a whole batch.
    """

    capacity: int = 4096
    patience: int = 5 * SECOND


class QueuedLedger:
    """The ledger of `domain.ports`: gathers what arrives into batches, and answers only after their commit.

    `on_storage_error` is told of every failure of the database, after all who waited for it were; it reopens the
    connection or ends the process.
    """

    def __init__(
        self,
        writer: BatchWriter,
        clock: Clock,
        limits: WriterLimits,
        on_storage_error: Callable[[StorageError], None],
    ) -> None:
        self._writer = writer
        self._clock = clock
        self._limits = limits
        self._on_storage_error = on_storage_error
        self._turns = Turns()
        self._scheduled = False
        self._closed = False

    async def execute(self, caller: Caller, key: str, command: Command | Rejection) -> Outcome:
        """Queue a command and await its durable outcome."""
        # Shielded: it executes although its caller may leave, and others wait for it.
        outcome = await asyncio.shield(self.submit(Request(caller, key, command)))
        if isinstance(outcome, Fault):
            raise outcome
        return outcome

    def submit(self, request: Request) -> asyncio.Future[Outcome | Fault]:
        """Queue a request, and return where its durable outcome will be."""
        loop = asyncio.get_running_loop()
        waiting = Waiting(request, self._clock.now(), loop.create_future())
        if self._closed:
            waiting.answer.set_result(Outcome(Unavailable(), waiting.since))
        elif self._turns.weight >= self._limits.capacity:
            waiting.answer.set_result(Outcome(Overloaded(retry_after_ms=1000), waiting.since))
        else:
            self._turns.add(waiting)
            self._schedule(loop)
        return waiting.answer

    async def settled(self) -> None:
        """Return once everything queued so far has been decided."""
        if last := self._turns.last():
            await asyncio.wait([one.answer for one in last])

    def close(self) -> None:
        """Take nothing more, and finish what waits."""
        self._closed = True
        while self._turns:
            self._run_batch()

    def _schedule(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let every request that is ready be queued before the batch begins."""
        if not self._scheduled:
            self._scheduled = True
            loop.call_soon(self._tick, loop, self._turns.weight, ROUNDS_BEFORE_A_HEAVY_TURN)

    def _tick(self, loop: asyncio.AbstractEventLoop, seen: int, rounds: int) -> None:
        """Begin when a round of the loop has brought nothing new, or enough."""
        weight = self._turns.weight
        if seen < weight < MOST_IN_A_BATCH:
            loop.call_soon(self._tick, loop, weight, rounds)
            return
        if rounds and self._turns.is_heavy_next:
            loop.call_soon(self._tick, loop, weight, rounds - 1)
            return
        self._scheduled = False
        try:
            self._run_batch()
        finally:
            if self._turns:
                self._schedule(loop)

    def _run_batch(self) -> None:
        waiting, now = self._turns.next(), self._clock.now()
        live = [one for one in waiting if now - one.since <= self._limits.patience]
        try:
            outcomes = self._writer.run([one.request for one in live]) if live else []
        except StorageError as failure:
            _answer(waiting, {}, now)
            self._on_storage_error(failure)
        else:
            _answer(waiting, {id(one): outcome for one, outcome in zip(live, outcomes, strict=True)}, now)


def _answer(waiting: list[Waiting], outcomes: dict[int, Outcome | Fault], now: Instant) -> None:
    """Wake everyone: with their outcome, or with Unavailable where none is known."""
    for one in waiting:
        if not one.answer.done():
            one.answer.set_result(outcomes.get(id(one)) or Outcome(Unavailable(), now))
