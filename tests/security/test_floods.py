"""What a flood leaves behind is bounded by the allowance of its client, and not by its length."""

from __future__ import annotations

import pytest

from domain.access import Role
from domain.instants import SECOND
from resolvers.http import HELD_BACK_S
from tests.security.floods import ALLOWED, FLOODS, forbidden, from_one_key, without_a_key_that_works
from tests.support.api import Api

WHO = "{ viewer { id } }"
ONE_MORE = 1
"""The record that tells how often a client was turned away."""


def kept(api: Api) -> tuple[int, int]:
    """Return how many denials are in the log, and how many bytes tell of them."""
    sql = "SELECT count(*), coalesce(sum(length(details)), 0) FROM audit WHERE outcome = 'DENIED'"
    records, size = api.books.database.execute_sql(sql).fetchone()
    return int(records), int(size)


@pytest.mark.parametrize("flood", FLOODS)
@pytest.mark.parametrize("times", [40, 400])
def test_a_flood_of_denials_leaves_what_its_client_is_allowed_and_one_record(flood: str, times: int, api: Api) -> None:
    FLOODS[flood](api, times)
    assert kept(api)[0] == ALLOWED.refusal_burst
    api.clock.advance(60 * SECOND)
    assert api.as_role(Role.VIEWER).run(WHO).status == 200
    records, size = kept(api)
    assert records == ALLOWED.refusal_burst + (flood != "in few requests" or times > 2 * ALLOWED.refusal_burst)
    assert size < 1000 * records


def test_a_flood_that_lasts_leaves_a_record_for_each_refusal_that_grows_back(api: Api) -> None:
    seconds = 50
    for _ in range(seconds):
        from_one_key(api, 20)
        api.clock.advance(SECOND)
    grown = seconds * ALLOWED.refusals_per_second
    assert kept(api)[0] <= ALLOWED.refusal_burst + 2 * grown


def test_a_flood_without_a_key_that_works_leaves_nothing(api: Api) -> None:
    before = api.books.database.execute_sql("SELECT count(*), max(sequence) FROM audit").fetchone()
    size = api.kit.path.stat().st_size
    without_a_key_that_works(api, 200)
    assert api.books.database.execute_sql("SELECT count(*), max(sequence) FROM audit").fetchone() == before
    assert api.kit.path.stat().st_size == size
    assert api.books.database.connection().total_changes == 0


def test_who_is_refused_too_often_is_kept_waiting_outside_the_door_and_nobody_else(api: Api) -> None:
    from_one_key(api, ALLOWED.refusal_burst)
    assert api.pauses == []
    assert api.as_role(Role.VIEWER).run(forbidden(0)).status == 429
    assert api.pauses == [(HELD_BACK_S, 0)]
    assert api.run(WHO).status == 200
    assert len(api.pauses) == 1
