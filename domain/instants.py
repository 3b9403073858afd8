"""Time in the books: integral, UTC, and never running backwards."""

from typing import NewType, Protocol

Instant = NewType("Instant", int)
"""Microseconds since 1970-01-01T00:00:00Z, leap seconds ignored as POSIX does."""

SECOND = 1_000_000
"""One second, in the unit of `Instant`."""

LAST_INSTANT = Instant(253_402_300_799_999_999)
"""9999-12-31T23:59:59.999999Z: the last instant that RFC 3339 can write."""


class Clock(Protocol):
    """Where the time comes from. Injected, so that no rule ever asks the machine."""

    def now(self) -> Instant:
        """Return the present instant."""
        ...


class CommonClock:
    """A clock of several processes: none of them tells a time before one that another has told.

    `told` is memory that they share, of 64-bit integers, one for each: nobody writes in another's place.
    """

    def __init__(self, source: Clock, told: memoryview, place: int) -> None:
        self._source = source
        self._told = told
        self._place = place

    def now(self) -> Instant:
        """Return the source's time, or the latest time told anywhere if that is later."""
        now = Instant(max(self._source.now(), *self._told))
        self._told[self._place] = now
        return now


class SteadyClock:
    """A clock that stands still where its source steps back.

    What a reader has seen expire must stay expired, so reads and writes of one process share one of these. It starts
    no earlier than the books: their last batch carries the promise across restarts, as far as it reached.
    """

    def __init__(self, source: Clock, since: Instant = Instant(0)) -> None:
        self._source = source
        self._latest = since

    def now(self) -> Instant:
        """Return the source's time, or the latest time already told if that is later."""
        self._latest = max(self._latest, self._source.now())
        return self._latest
