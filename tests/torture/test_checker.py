"""The checker finds nothing where all is well, and each thing that may go wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.torture.histories import ADA, BOB, ENDS, FIRST, OLD, active, attempt_at, movement, record_at, told
from torture.checker import faults_in
from torture.history import UNKNOWN, Answer, Evidence, Read, Resolution

DEPOSIT, REFUSAL, TRANSFER, HOLD, REVOCATION, LAST = 7, 8, 9, 10, 12, 13


def test_nothing_is_found_where_all_is_well() -> None:
    assert list(faults_in(told())) == []


def _answered(place: int, **changes: Any) -> Callable[[Evidence], Evidence]:
    return lambda told: attempt_at(told, place, lambda one: replace(one, answer=one.answer._replace(**changes)))


def _sent(place: int, **changes: Any) -> Callable[[Evidence], Evidence]:
    return lambda told: attempt_at(told, place, lambda one: replace(one, **changes))


def _recorded(place: int, **changes: Any) -> Callable[[Evidence], Evidence]:
    return lambda told: record_at(told, place, **changes)


def _again(place: int, **changes: Any) -> Callable[[Evidence], Evidence]:
    """Send what stands at a place once more, much later, and have it answered otherwise."""

    def change(told: Evidence) -> Evidence:
        (first,) = (one for one in told.attempts if one.scope == told.records[place - 1].scope)
        answer = first.answer._replace(**{"replayed": True, **changes})
        return replace(told, attempts=[*told.attempts, replace(first, invoked=500, answered=506, answer=answer)])

    return change


def _unknown(place: int, resolution: Resolution | None) -> Callable[[Evidence], Evidence]:
    """Let no answer come, and ask by the key."""

    def change(told: Evidence) -> Evidence:
        scope = told.records[place - 1].scope
        unknown = attempt_at(told, place, lambda one: replace(one, answer=Answer(UNKNOWN)))
        return replace(unknown, resolutions={scope: resolution} if resolution else {})

    return change


def _without(place: int) -> Callable[[Evidence], Evidence]:
    """Leave a record out, and number the others without a gap."""

    def change(told: Evidence) -> Evidence:
        left = [record for record in told.records if record.sequence != place]
        return replace(told, records=[replace(one, sequence=n) for n, one in enumerate(left, start=1)])

    return change


def _swapped(told: Evidence) -> Evidence:
    """Have the last deposit come before the transfer, which was acknowledged long before it was sent."""
    records = list(told.records)
    records.insert(TRANSFER - 1, replace(records.pop(LAST - 1), api_key=OLD))
    return replace(told, records=[replace(one, sequence=n) for n, one in enumerate(records, start=1)])


def _twice(told: Evidence) -> Evidence:
    again = replace(told.records[LAST - 1], sequence=LAST + 1)
    return replace(told, records=[*told.records, again])


def _shown(*read: Any) -> Callable[[Evidence], Evidence]:
    return lambda told: replace(told, reads=[Read(*read)])


FAULTS: dict[str, tuple[Callable[[Evidence], Evidence], str]] = {
    "an acknowledged deposit is lost": (_without(LAST), "is not in the books"),
    "a deposit was done twice": (_twice, "was decided twice"),
    "an answer that is no replay comes twice": (_again(DEPOSIT, replayed=False), "was done twice"),
    "a retry is answered otherwise": (_again(REFUSAL, code="ACCOUNT_CLOSED"), "was answered in two ways"),
    "a retry shows other balances": (_again(DEPOSIT, standings=((ADA, active(99, 1)),)), "was answered in two ways"),
    "a balance is wrong": (_answered(DEPOSIT, standings=((ADA, active(101, 1)),)), "ought to be"),
    "a transaction is another": (_answered(DEPOSIT, made="txn_2"), "does not name"),
    "a time is another": (_answered(DEPOSIT, decided_at=1), "at another time"),
    "an answer is none that there is": (_answered(REFUSAL, code="INTERNAL_SERVER_ERROR"), "was answered INTERNAL"),
    "more was paid than there was": (
        _recorded(REFUSAL, outcome="SUCCEEDED", code=None),
        "ought to be INSUFFICIENT_FUNDS",
    ),
    "a refusal has no reason": (_recorded(DEPOSIT, outcome="REFUSED", code="ACCOUNT_CLOSED"), "ought to be OK"),
    "somebody acts by a key that was revoked": (_recorded(LAST, api_key=OLD), "one who may not"),
    "somebody is served by a key that was revoked": (_sent(LAST, api_key=OLD), "which was revoked before"),
    "an old answer is given by a key that was revoked": (_again(DEPOSIT), "which was revoked before"),
    "somebody is denied what he may": (_recorded(LAST, outcome="DENIED", code="FORBIDDEN"), "denied to one who may"),
    "what was acknowledged first comes last": (_swapped, "was sent after"),
    "nobody asked for it": (lambda told: replace(told, attempts=told.attempts[:-1]), "never asked for"),
    "a record is missing": (lambda told: replace(told, records=told.records[1:]), "is at place 1"),
    "an unknown is never resolved": (_unknown(DEPOSIT, None), "was never resolved"),
    "an unknown is resolved as never done": (_unknown(DEPOSIT, Resolution(None, None)), "and the log says"),
    "an unknown is resolved as refused": (_unknown(DEPOSIT, Resolution("REFUSED", DEPOSIT)), "and the log says"),
    "a hold ran out before its time": (
        lambda told: replace(told, records=[*told.records, _expiry(told, 200)]),
        "before its time",
    ),
    "a balance is left over": (
        lambda told: replace(told, standings={**told.standings, BOB: active(36, 2)}),
        "is left with",
    ),
    "an account is not shown": (
        lambda told: replace(told, standings={ADA: told.standings[ADA]}),
        "not shown at the end",
    ),
    "a stale balance is shown": (_shown(ADA, 200, 201, active(100, 1)), "at no moment"),
    "a balance is shown too soon": (_shown(ADA, 70, 71, active(70, 2)), "at no moment"),
    "a hold that has run out is shown": (_shown(ADA, ENDS + 1, ENDS + 2, active(70, 2, held=50)), "at no moment"),
    "a hold that has not run out is not shown": (_shown(ADA, ENDS - 9, ENDS - 1, active(70, 2)), "at no moment"),
    "a key is said to be reused that was not": (_answered(DEPOSIT, code="IDEMPOTENCY_KEY_REUSED"), "never sent"),
    "a valid input is refused as invalid": (
        _recorded(HOLD, outcome="REFUSED", code="INVALID_INPUT"),
        "input was valid",
    ),
}


def _expiry(told: Evidence, at: int) -> Any:
    scope = told.records[0].scope._replace(operation="EXPIRE_HOLD")
    return replace(told.records[0], sequence=LAST + 1, at=at, scope=scope, targets=(ADA, "hold_1"))


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found(fault: str) -> None:
    change, found = FAULTS[fault]
    assert [one for one in faults_in(change(told())) if found in one]


def test_a_read_may_show_any_moment_while_it_was_asked() -> None:
    evidence = replace(told(), reads=[Read(ADA, 60, 95, standing) for standing in (active(100, 1), active(70, 2))])
    assert list(faults_in(evidence)) == []


def test_a_lost_answer_that_is_resolved_as_the_log_has_it_is_no_fault() -> None:
    evidence = _unknown(LAST, Resolution("SUCCEEDED", LAST))(told())
    assert list(faults_in(evidence)) == []


def test_another_input_under_a_key_may_be_refused() -> None:
    evidence = told()
    (first,) = (one for one in evidence.attempts if one.scope == evidence.records[LAST - 1].scope)
    other = replace(first, input=movement(6, account=BOB), invoked=500, answered=506)
    other = replace(other, answer=Answer("IDEMPOTENCY_KEY_REUSED", 503))
    assert list(faults_in(replace(evidence, attempts=[*evidence.attempts, other]))) == []
    assert FIRST not in {attempt.api_key for attempt in evidence.attempts if attempt.scope.client != "cli_admin"}
