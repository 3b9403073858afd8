from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.access import Role
from domain.freezes import Freeze, FreezeReason, FreezeScope
from domain.instants import Instant


def _freeze(expires_at: int | None, released_at: int | None) -> Freeze:
    return Freeze(
        id="frz_1",
        account_id="acct_1",
        scope=FreezeScope.ALL,
        reason=FreezeReason.OPERATIONS,
        note=None,
        placed_at=Instant(1),
        placed_by="cli_1",
        placed_role=Role.MANAGER,
        expires_at=None if expires_at is None else Instant(expires_at),
        released_at=None if released_at is None else Instant(released_at),
    )


@pytest.mark.parametrize(
    ("expires_at", "released_at", "due", "live"),
    [
        (None, None, False, True),
        (11, None, False, True),
        (10, None, True, False),
        (9, None, True, False),
        (None, 5, False, False),
        (11, 5, False, False),
        (9, 5, False, False),
    ],
)
def test_a_freeze_is_live_until_it_is_released_or_expires(
    expires_at: int | None, released_at: int | None, *, due: bool, live: bool
) -> None:
    freeze = _freeze(expires_at, released_at)
    assert (freeze.is_due(Instant(10)), freeze.is_live(Instant(10))) == (due, live)


@given(expires_at=st.integers(2, 100), now=st.integers(1, 200), later=st.integers(0, 100))
def test_a_freeze_that_has_expired_stays_expired(expires_at: int, now: int, later: int) -> None:
    freeze = _freeze(expires_at, None)
    if not freeze.is_live(Instant(now)):
        assert not freeze.is_live(Instant(now + later))
