from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.instants import Instant
from domain.transactions import Entry, Transaction, TransactionKind
from tests.support.books import euros


def _transaction(*amounts: int) -> Transaction:
    entries = tuple(Entry("acct_1", 1, euros(amount), euros(0)) for amount in amounts)
    return Transaction("txn_1", 1, TransactionKind.TRANSFER, euros(1), entries, None, None, (), Instant(0))


@given(amounts=st.lists(st.integers(), min_size=1, max_size=5))
def test_entries_that_sum_to_zero_make_a_transaction(amounts: list[int]) -> None:
    assert len(_transaction(*amounts, -sum(amounts)).entries) == len(amounts) + 1


@pytest.mark.parametrize("amounts", [(), (0,), (1,), (5, -4), (1, 1, -1)])
def test_entries_that_do_not_balance_make_none(amounts: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="sum to zero"):
        _transaction(*amounts)
