from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.instants import LAST_INSTANT, SECOND, CommonClock, Instant, SteadyClock
from tests.support.surroundings import StandingClock


@given(times=st.lists(st.integers(0, LAST_INSTANT), min_size=1))
def test_a_steady_clock_shows_the_latest_time_that_its_source_has_shown(times: list[int]) -> None:
    source = StandingClock()
    steady = SteadyClock(source)
    shown = []
    for time in times:
        source.at = Instant(time)
        shown.append(steady.now())
    assert shown == [max(times[: count + 1]) for count in range(len(times))]


def test_a_steady_clock_follows_its_source_forwards() -> None:
    source = StandingClock()
    steady = SteadyClock(source)
    before = steady.now()
    source.advance(SECOND)
    assert steady.now() == before + SECOND


@pytest.mark.parametrize(("behind", "shown"), [(-1, 0), (0, 0), (1, 1)])
def test_a_steady_clock_starts_no_earlier_than_the_books(behind: int, shown: int) -> None:
    source = StandingClock()
    since = Instant(source.at + behind)
    assert SteadyClock(source, since=since).now() == source.at + shown


@given(times=st.lists(st.tuples(st.integers(0, 2), st.integers(0, LAST_INSTANT)), min_size=1))
def test_a_common_clock_shows_the_latest_time_that_any_process_has_told(times: list[tuple[int, int]]) -> None:
    source, told = StandingClock(), memoryview(bytearray(24)).cast("q")
    clocks = [CommonClock(source, told, place) for place in range(3)]
    shown = []
    for place, time in times:
        source.at = Instant(time)
        shown.append(clocks[place].now())
    assert shown == [max(time for _, time in times[: count + 1]) for count in range(len(times))]


def test_the_last_instant_is_the_last_that_can_be_written() -> None:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    assert epoch + timedelta(microseconds=LAST_INSTANT) == datetime.max.replace(tzinfo=UTC)
