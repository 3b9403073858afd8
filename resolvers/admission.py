"""Who gets in: a bounded number of requests at a time, and a bounded rate of refusals for each API client."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from domain.access import Caller, Operation
from domain.commands import Rejection
from domain.errors import Forbidden
from domain.instants import SECOND, Clock, Instant


@dataclass(frozen=True)
class AdmissionLimits:
    """How many requests may be in flight; how many refusals a client may have in a burst, and per second after it."""

    in_flight: int = 512
    refusal_burst: int = 500
    refusals_per_second: int = 5


BEGINNINGS = 64
"""Requests that begin in one turn of the event loop: enough to fill it for 20 to 30 milliseconds."""


class Doorway:
    """Counts the requests in flight. Full means full: nobody waits outside, they are told to come back.

    Those who are inside begin a few at a time. What arrives is looked at between two turns of the event loop, so that
    only short turns let the others be told soon.

    `counts` is memory that workers share, of 64-bit integers, one for each: they are full together. A worker that takes
    the place of another begins with nothing in flight.
    """

    def __init__(self, limits: AdmissionLimits, counts: memoryview | None = None, place: int = 0) -> None:
        self._capacity = limits.in_flight
        self._beginning: deque[Callable[[], object]] = deque()
        self._counts = memoryview(bytearray(8)).cast("q") if counts is None else counts
        self._place = place
        self.in_flight = 0

    @property
    def in_flight(self) -> int:
        """Return how many are in flight here."""
        return int(self._counts[self._place])

    @in_flight.setter
    def in_flight(self, count: int) -> None:
        self._counts[self._place] = count

    def enter(self) -> bool:
        """Count one more in, if there is room; tell whether there was."""
        has_room = sum(self._counts) < self._capacity
        self.in_flight += has_room
        return has_room

    def begin(self, start: Callable[[], object]) -> None:
        """Have a request started, in the order in which they came."""
        self._beginning.append(start)
        if len(self._beginning) == 1:
            asyncio.get_running_loop().call_soon(self._start_some)

    def leave(self) -> None:
        """Count one out."""
        self.in_flight -= 1

    def _start_some(self) -> None:
        try:
            for _ in range(min(BEGINNINGS, len(self._beginning))):
                self._beginning.popleft()()
        finally:
            if self._beginning:
                asyncio.get_running_loop().call_soon(self._start_some)


@dataclass(slots=True)
class _Bucket:
    """A client's refusals: tokens left, as of when; who was turned away since they ran out, and from what."""

    tokens: float
    as_of: Instant
    caller: Caller
    operation: Operation
    turned_away: int = 0


Charge = tuple[Caller, Operation, int]
"""Whose refusals were recorded, from what, and how many."""


class Refusals:
    """A token bucket for each API client: every recorded refusal or denial takes a token.

    Without a token a client is turned away before its document is read, so that no one can fill the disk with
    records; once it has tokens again, one record tells how often that was. Workers tell each other of every charge,
    so that each has the whole account of a client.
    """

    def __init__(self, limits: AdmissionLimits, clock: Clock, tell: Callable[[Charge], None] = lambda _: None) -> None:
        self._limits = limits
        self._clock = clock
        self._tell = tell
        self._buckets: dict[str, _Bucket] = {}

    def charge(self, caller: Caller, operation: Operation, refusals: int = 1) -> None:
        """Take a token for each refusal that was recorded, here and in every other worker."""
        self.take(caller, operation, refusals)
        self._tell((caller, operation, refusals))

    def take(self, caller: Caller, operation: Operation, refusals: int) -> None:
        """Take tokens here."""
        bucket = self._refilled(caller.api_client_id) or self._fresh(caller, operation)
        bucket.tokens -= refusals
        bucket.caller, bucket.operation = caller, operation

    def turns_away(self, caller: Caller) -> bool:
        """Tell whether the client has no token left, and count it if so."""
        bucket = self._refilled(caller.api_client_id)
        if bucket is None or bucket.tokens >= 1:
            return False
        bucket.turned_away += 1
        return True

    def seconds_to_wait(self, caller: Caller) -> int:
        """Return in how many seconds the client will have a token again, rounded up."""
        bucket = self._refilled(caller.api_client_id)
        missing = 1 - bucket.tokens if bucket else 0
        return max(0, math.ceil(missing / self._limits.refusals_per_second))

    def owed(self, caller: Caller) -> tuple[Caller, Rejection] | None:
        """Return the one record that stands for all the times the client was turned away, once."""
        bucket = self._buckets.get(caller.api_client_id)
        return self._settle(bucket) if bucket and bucket.tokens >= 1 else None

    def owe_again(self, caller: Caller, rejection: Rejection) -> None:
        """Take back a record that could not be written."""
        self._buckets[caller.api_client_id].turned_away += rejection.repeats

    def all_owed(self) -> list[tuple[Caller, Rejection]]:
        """Return what is owed for every client, for the end of the server."""
        return [owed for bucket in self._buckets.values() if (owed := self._settle(bucket))]

    def _settle(self, bucket: _Bucket) -> tuple[Caller, Rejection] | None:
        if not bucket.turned_away:
            return None
        repeats, bucket.turned_away = bucket.turned_away, 0
        return bucket.caller, Rejection(bucket.operation, Forbidden(), repeats=repeats)

    def _fresh(self, caller: Caller, operation: Operation) -> _Bucket:
        bucket = _Bucket(float(self._limits.refusal_burst), self._clock.now(), caller, operation)
        self._buckets[caller.api_client_id] = bucket
        return bucket

    def _refilled(self, api_client_id: str) -> _Bucket | None:
        bucket = self._buckets.get(api_client_id)
        if bucket is not None:
            now = self._clock.now()
            gained = (now - bucket.as_of) / SECOND * self._limits.refusals_per_second
            bucket.tokens = min(float(self._limits.refusal_burst), bucket.tokens + gained)
            bucket.as_of = now
        return bucket
