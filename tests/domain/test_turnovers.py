from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from domain.money import LARGEST_BALANCE
from domain.turnovers import Turnover, statement
from tests.support.books import euros

amounts = st.integers(-LARGEST_BALANCE, LARGEST_BALANCE)


def turnover_of(moved: list[int]) -> Turnover:
    return Turnover(euros(sum(amount for amount in moved if amount > 0)), euros(sum(moved)))


@given(st.lists(amounts), st.lists(amounts))
def test_opening_and_credits_less_debits_are_the_closing(before: list[int], during: list[int]) -> None:
    told = statement(turnover_of(before), turnover_of(before + during))
    assert told.opening + told.credits - told.debits == told.closing
    assert told.opening == euros(sum(before))
    assert told.credits == euros(sum(amount for amount in during if amount > 0))
    assert told.debits == euros(-sum(amount for amount in during if amount < 0))
