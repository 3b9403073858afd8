"""Too many at once, too many refusals: the bounds themselves, and what those beyond them are told."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from domain.access import Caller, Operation, Role
from domain.commands import Rejection
from domain.errors import DomainError, Forbidden, Overloaded, Unavailable
from domain.instants import SECOND
from domain.ports import Fault, Outcome
from resolvers.admission import BEGINNINGS, AdmissionLimits, Doorway, Refusals
from tests.support.api import Answer, Api, Kit
from tests.support.surroundings import StandingClock

WHO = "{ viewer { id } }"
TELLER, OTHER = Caller("cli_1", "key_1", Role.TELLER), Caller("cli_2", "key_2", Role.TELLER)
OWED = (TELLER, Rejection(Operation.DEPOSIT, Forbidden(), repeats=7))
LIMITS = AdmissionLimits(in_flight=2, refusal_burst=3, refusals_per_second=2)


# The doorway


def test_the_doorway_is_full_at_its_capacity_and_not_after() -> None:
    doorway = Doorway(LIMITS)
    assert [doorway.enter() for _ in range(3)] == [True, True, False]
    doorway.leave()
    assert [doorway.enter() for _ in range(2)] == [True, False]
    assert doorway.in_flight == 2


def test_those_inside_begin_in_their_order_and_a_few_in_each_turn() -> None:
    async def begin() -> list[list[int]]:
        doorway, begun, turns = Doorway(LIMITS), list[int](), []
        for number in range(2 * BEGINNINGS + 1):
            doorway.begin(partial(begun.append, number))
        for _ in range(4):
            await asyncio.sleep(0)
            turns.append(begun.copy())
            begun.clear()
        doorway.begin(partial(begun.append, -1))
        await asyncio.sleep(0)
        return [*turns, begun]

    first, second, third, none, again = asyncio.run(begin())
    assert [len(first), len(second), len(third)] == [BEGINNINGS, BEGINNINGS, 1]
    assert [*first, *second, *third] == list(range(2 * BEGINNINGS + 1))
    assert (none, again) == ([], [-1])


def test_workers_are_full_together_however_unevenly_they_are_asked() -> None:
    counts = memoryview(bytearray(24)).cast("q")
    one, other, _ = (Doorway(LIMITS, counts, place) for place in range(3))
    assert [one.enter(), one.enter(), one.enter(), other.enter()] == [True, True, False, False]
    one.leave()
    assert [other.enter(), one.enter()] == [True, False]
    assert (one.in_flight, other.in_flight) == (1, 1)


def test_a_worker_in_the_place_of_a_lost_one_begins_with_nothing_in_flight() -> None:
    counts = memoryview(bytearray(16)).cast("q")
    lost, other = (Doorway(LIMITS, counts, place) for place in range(2))
    assert [lost.enter(), lost.enter(), other.enter()] == [True, True, False]
    assert Doorway(LIMITS, counts, 0).in_flight == 0
    assert other.enter()


# The buckets


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def refusals(clock: StandingClock) -> Refusals:
    return Refusals(LIMITS, clock)


def charged(refusals: Refusals, times: int, caller: Caller = TELLER) -> None:
    for _ in range(times):
        refusals.charge(caller, Operation.DEPOSIT)


def test_a_client_is_let_in_until_its_burst_is_spent(refusals: Refusals) -> None:
    for _ in range(LIMITS.refusal_burst):
        assert not refusals.turns_away(TELLER)
        charged(refusals, 1)
    assert refusals.turns_away(TELLER)


def test_the_bucket_of_one_client_is_not_that_of_another(refusals: Refusals) -> None:
    charged(refusals, 3)
    assert not refusals.turns_away(OTHER)


def test_workers_share_the_bucket_of_a_client(clock: StandingClock) -> None:
    here = Refusals(LIMITS, clock, tell=lambda charge: elsewhere.take(*charge))
    elsewhere = Refusals(LIMITS, clock, tell=lambda charge: here.take(*charge))
    charged(here, 2)
    assert not elsewhere.turns_away(TELLER)
    charged(elsewhere, 1)
    assert here.turns_away(TELLER)
    assert elsewhere.turns_away(TELLER)
    assert [owed for one in (here, elsewhere) for owed in one.all_owed()] == [(TELLER, replace(OWED[1], repeats=1))] * 2


def test_two_keys_of_one_client_share_its_bucket(refusals: Refusals) -> None:
    charged(refusals, 3)
    assert refusals.turns_away(Caller("cli_1", "key_9", Role.TELLER))


def test_tokens_grow_back_at_their_rate_and_no_earlier(refusals: Refusals, clock: StandingClock) -> None:
    charged(refusals, 3)
    clock.advance(SECOND // 2 - 1)
    assert refusals.turns_away(TELLER)
    clock.advance(1)
    assert not refusals.turns_away(TELLER)


def test_tokens_never_grow_beyond_the_burst(refusals: Refusals, clock: StandingClock) -> None:
    charged(refusals, 1)
    clock.advance(3600 * SECOND)
    charged(refusals, 3)
    assert refusals.turns_away(TELLER)


def test_what_is_owed_is_told_once_with_its_number(refusals: Refusals, clock: StandingClock) -> None:
    charged(refusals, 3)
    assert [refusals.turns_away(TELLER) for _ in range(7)] == [True] * 7
    clock.advance(SECOND // 2)
    assert not refusals.turns_away(TELLER)
    assert (refusals.owed(TELLER), refusals.owed(TELLER)) == (OWED, None)
    assert refusals.owed(OTHER) is None


def test_nothing_is_told_before_a_token_is_back(refusals: Refusals, clock: StandingClock) -> None:
    charged(refusals, 3)
    assert refusals.turns_away(TELLER)
    assert refusals.owed(TELLER) is None
    clock.advance(SECOND // 2 - 1)
    assert refusals.turns_away(TELLER)
    assert refusals.owed(TELLER) is None


def test_what_could_not_be_written_is_owed_again_with_what_came_after(refusals: Refusals) -> None:
    charged(refusals, 3)
    assert [refusals.turns_away(TELLER) for _ in range(5)] == [True] * 5
    ((_, rejection),) = refusals.all_owed()
    assert [refusals.turns_away(TELLER) for _ in range(2)] == [True] * 2
    refusals.owe_again(TELLER, rejection)
    assert refusals.all_owed() == [OWED]


WAITS = [
    (0, 0, 0),
    (2, 0, 0),
    (3, 0, 1),
    (4, 0, 1),
    (5, 0, 2),
    (8, 0, 3),
    (9, 0, 4),
    (9, SECOND, 3),
    (9, 9 * SECOND, 0),
]


@pytest.mark.parametrize(("times", "passed", "seconds"), WAITS)
def test_the_wait_is_until_a_whole_token_is_back_rounded_up(
    refusals: Refusals, clock: StandingClock, times: int, passed: int, seconds: int
) -> None:
    charged(refusals, times)
    clock.advance(passed)
    assert refusals.seconds_to_wait(TELLER) == seconds
    clock.advance(seconds * SECOND)
    assert not refusals.turns_away(TELLER)


def test_at_the_end_all_that_is_owed_is_told_once(refusals: Refusals) -> None:
    for caller, times in ((TELLER, 2), (OTHER, 1)):
        charged(refusals, 3, caller)
        assert [refusals.turns_away(caller) for _ in range(times)] == [True] * times
    assert [(caller, owed.repeats) for caller, owed in refusals.all_owed()] == [(TELLER, 2), (OTHER, 1)]
    assert refusals.all_owed() == []


# Over HTTP


@pytest.fixture
def tight(kit: Kit, tmp_path: Path) -> Iterator[Api]:
    """Return an application that lets two in at a time, and three refusals through at once."""
    opened = Api(kit.copied(tmp_path / "books.db"), LIMITS)
    yield opened
    opened.close()


def denied(api: Api) -> Answer:
    return api.as_role(Role.VIEWER).mutate("openAccount", {"currency": "EUR", "name": "Ada"})


def is_turned_away(answer: Answer, status: int, code: str) -> None:
    assert (answer.status, answer.codes) == (status, [code])
    assert "data" not in answer.body
    assert answer.headers["retry-after"] == "1"
    assert answer.errors[0]["extensions"]["retry"] == "SAME_KEY"


def test_a_full_server_turns_away_before_it_reads(tight: Api) -> None:
    tight.endpoint.doorway.in_flight = 2
    is_turned_away(tight.send(b"{", headers={}), 503, "OVERLOADED")
    tight.endpoint.doorway.in_flight = 0
    assert tight.run(WHO).status == 200
    assert tight.endpoint.doorway.in_flight == 0


def test_a_flood_of_denials_ends_in_429_for_whatever_is_asked(tight: Api) -> None:
    assert [denied(tight).verdict for _ in range(3)] == ["FORBIDDEN"] * 3
    last = tight.last_sequence()
    is_turned_away(denied(tight), 429, "RATE_LIMITED")
    is_turned_away(tight.as_role(Role.VIEWER).run(WHO), 429, "RATE_LIMITED")
    is_turned_away(tight.as_role(Role.VIEWER).send(b"{"), 429, "RATE_LIMITED")
    assert tight.last_sequence() == last
    assert tight.run(WHO).status == 200


@pytest.mark.parametrize("given", [{"name": ""}, {"overdraftLimit": "5"}], ids=["bad input", "refusal"])
def test_every_recorded_refusal_counts(tight: Api, given: dict[str, str]) -> None:
    teller = tight.as_role(Role.TELLER)
    asked = {"currency": "EUR", "name": "Ada"} | given
    for _ in range(3):
        assert teller.mutate("openAccount", asked).status == 200
    assert teller.mutate("openAccount", asked).codes == ["RATE_LIMITED"]


def test_successes_replays_and_denied_reads_do_not_count(tight: Api) -> None:
    teller = tight.as_role(Role.TELLER)
    refused = {"currency": "EUR", "name": "Ada", "overdraftLimit": "5"}
    for number in range(5):
        assert teller.mutate("openAccount", {"currency": "EUR", "name": "Ada"}).status == 200
        assert teller.mutate("openAccount", refused, key="once").only["replayed"] is (number > 0)
        assert teller.run("{ auditLog { edges { cursor } } }").codes == ["FORBIDDEN"]
    assert teller.run(WHO).status == 200


@pytest.mark.parametrize(("times", "passed", "seconds"), [row for row in WAITS if row[2]])
def test_a_flood_is_told_how_long_to_wait(tight: Api, times: int, passed: int, seconds: int) -> None:
    for _ in range(times):
        tight.endpoint.refusals.charge(tight.caller, Operation.DEPOSIT)
    tight.clock.advance(passed)
    answer = tight.run(WHO)
    assert (answer.status, answer.headers["retry-after"]) == (429, str(seconds))
    assert answer.errors[0]["extensions"]["retryAfterSeconds"] == seconds


def many(more: str) -> str:
    """Write a document that opens an account five times."""
    given = f'input: {{currency: "EUR", name: "Ada"{more}}}'
    deeds = (f'm{number}: openAccount(idempotencyKey: "{number}", {given}) {{ __typename }}' for number in range(5))
    return f"mutation {{ {' '.join(deeds)} }}"


FLOODS = [
    (Role.VIEWER, "", None, ["FORBIDDEN"] * 3 + ["RATE_LIMITED"] * 2),
    (Role.TELLER, ', overdraftLimit: "5"', {"__typename": "NotPermitted"}, ["RATE_LIMITED"] * 2),
    (Role.ADMIN, ', reference: ""', {"__typename": "InvalidInput"}, ["RATE_LIMITED"] * 2),
]


@pytest.mark.parametrize(("role", "more", "told", "codes"), FLOODS, ids=["denials", "refusals", "bad input"])
def test_a_flood_in_one_document_is_turned_away_field_by_field(
    tight: Api, role: Role, more: str, told: dict[str, str] | None, codes: list[str]
) -> None:
    last = tight.last_sequence()
    answer = tight.as_role(role).run(many(more))
    assert (answer.status, answer.codes) == (200, codes)
    assert list(answer.data.values()) == [told] * 3 + [None] * 2
    assert [error["path"] for error in answer.errors[-2:]] == [["m3"], ["m4"]]
    limited = {"code": "RATE_LIMITED", "retry": "SAME_KEY", "retryAfterSeconds": 1}
    assert [error["extensions"] for error in answer.errors[-2:]] == [limited] * 2
    assert len(tight.audit(after=last)) == 3


class Failing:
    """A ledger that decides nothing."""

    def __init__(self, clock: StandingClock, error: DomainError | None) -> None:
        self._clock = clock
        self._error = error

    async def execute(self, *_: object) -> Outcome:
        if self._error is None:
            raise Fault("KeyError while deciding something")
        return Outcome(self._error, self._clock.now())


FAILURES = [None, Overloaded(1000), Unavailable()]


@pytest.mark.parametrize("error", FAILURES, ids=["a fault", "overloaded", "unavailable"])
def test_what_is_owed_is_owed_until_it_is_written_and_holds_nobody_up(tight: Api, error: DomainError | None) -> None:
    assert [denied(tight).status for _ in range(8)] == [200] * 3 + [429] * 5
    last = tight.last_sequence()
    tight.clock.advance(60 * SECOND)
    viewer = tight.as_role(Role.VIEWER)
    failing = viewer.made_of(ledger=Failing(tight.clock, error))
    assert [failing.run(WHO).status for _ in range(2)] == [200] * 2
    assert tight.audit(after=last) == []
    assert [viewer.run(WHO).status for _ in range(2)] == [200] * 2
    assert [record["repeats"] for record in tight.audit(after=last)] == [5]


def test_after_the_flood_one_record_tells_how_many_were_turned_away(tight: Api) -> None:
    answers = [denied(tight).status for _ in range(8)]
    assert answers == [200] * 3 + [429] * 5
    last = tight.last_sequence()
    tight.clock.advance(60 * SECOND)
    viewer = tight.as_role(Role.VIEWER)
    assert [viewer.run(WHO).status for _ in range(3)] == [200] * 3
    (record,) = tight.audit(after=last)
    assert (record["outcome"], record["errorCode"], record["repeats"]) == ("DENIED", "FORBIDDEN", 5)
    assert (record["operation"], record["idempotencyKey"]) == ("OPEN_ACCOUNT", None)
    assert record["apiClientId"] == viewer.caller.api_client_id
