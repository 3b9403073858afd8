"""Who goes next: what waits for the writer, and how much of it makes one turn."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from domain.commands import Rejection
from domain.instants import Instant
from domain.ports import Fault, Outcome, Request
from persistence.batches import MOST_IN_A_BATCH


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request that waits for its turn, since when, and where its answer is expected."""

    request: Request
    since: Instant
    answer: asyncio.Future[Outcome | Fault]

    @property
    def weight(self) -> int:
        """Return how many commands it is made of, itself included."""
        command = self.request.command
        return 1 if isinstance(command, Rejection) else 1 + len(command.parts)


class Turns:
    """Those who wait, in the order in which they came, but the heavy ones apart.

    A turn takes as many as weigh MOST_IN_A_BATCH together. A request that weighs more by itself is heavy: one at most
    goes with a turn, and the turn after it has none while others wait. So whoever fits into the next turn never waits
    for two of them, and no heavy request waits for more than one turn without any.
    """

    def __init__(self) -> None:
        self.weight = 0
        self._light: deque[Waiting] = deque()
        self._heavy: deque[Waiting] = deque()
        self._was_heavy = False

    def __bool__(self) -> bool:
        return bool(self._light or self._heavy)

    @property
    def is_heavy_next(self) -> bool:
        """Tell whether a heavy request would go with the next turn."""
        return bool(self._heavy) and not (self._light and self._was_heavy)

    def add(self, one: Waiting) -> None:
        """Let one more wait."""
        self.weight += one.weight
        (self._light if one.weight <= MOST_IN_A_BATCH else self._heavy).append(one)

    def last(self) -> list[Waiting]:
        """Return those after whom nobody waits yet."""
        return [queue[-1] for queue in (self._light, self._heavy) if queue]

    def next(self) -> list[Waiting]:
        """Take the next turn from those who wait."""
        turn, room, is_heavy = [], MOST_IN_A_BATCH, self.is_heavy_next
        while self._light and self._light[0].weight <= room:
            turn.append(self._light.popleft())
            room -= turn[-1].weight
        if is_heavy:
            turn.append(self._heavy.popleft())
        self._was_heavy = is_heavy
        self.weight -= sum(one.weight for one in turn)
        return turn
