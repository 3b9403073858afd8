"""A running server whose disk fails: nothing acknowledged is lost, nothing is done twice, and no answer is wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from torture.faults.disk import Shim
from torture.faults.matrix import ENDS, GOES_ON, RUNNING, Row
from torture.faults.tellers import SUCCESS, Bank, Tellers


@pytest.mark.parametrize("fault", RUNNING)
def test_a_server_survives(fault: str, shim: Shim, bank: Callable[..., Bank]) -> None:
    row = RUNNING[fault]
    tellers = Tellers(bank(workers=str(row.workers)))
    with tellers.working() as told:
        tellers.await_answers(told)
        shim.arm(*row.orders)
        tellers.await_answers(told, until=lambda: shim.are_met(row.orders))
    shim.disarm()
    require_outcome(row, tellers)
    tellers.bank.start_again()
    tellers.require_kept()


def require_outcome(row: Row, tellers: Tellers) -> None:
    """Demand of the server that it did as the matrix says, and that its log tells why."""
    assert (set(tellers.answers) == {SUCCESS}) == (row.outcome == GOES_ON)
    assert row.says in tellers.bank.log.read_text()
    if row.outcome == ENDS:
        assert tellers.bank.ended() == 1
        assert tellers.bank.last_words.startswith("Error: ")
    else:
        assert not tellers.bank.has_ended
