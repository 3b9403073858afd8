"""What a batch costs: as many statements for a thousand items as for two, done or replayed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from domain.services.batches import MOST_ITEMS, BatchItem, BatchMode, ExecuteBatch
from domain.services.movements import Deposit, Transfer
from tests.support import raw
from tests.support.books import TestLedger, euros, migrated

Ask = Callable[[TestLedger, int], list[str]]


def batch(ledger: TestLedger, items: int) -> ExecuteBatch:
    """Return a batch of deposits and transfers among accounts of its own, with words."""
    accounts = [ledger.opened().id for _ in range(min(items, 50))]
    moves = [
        Deposit(account_id=id_, amount=euros(5), description="wages")
        if index % 2
        else Transfer(from_account_id=ledger.funded(9).id, to_account_id=id_, amount=euros(1))
        for index, id_ in enumerate(accounts[number % len(accounts)] for number in range(items))
    ]
    return ExecuteBatch(
        mode=BatchMode.ATOMIC,
        items=tuple(BatchItem.of(f"{items}-{number}", move) for number, move in enumerate(moves)),
    )


def done(ledger: TestLedger, items: int) -> list[str]:
    command = batch(ledger, items)
    return raw.statements_of(ledger.database, lambda: ledger.succeed(command))


def replayed(ledger: TestLedger, items: int) -> list[str]:
    command = batch(ledger, items)
    ledger.succeed(command, key="again")
    return raw.statements_of(ledger.database, lambda: ledger.succeed(command, key="again"))


@pytest.mark.parametrize("ask", [done, replayed])
def test_statements_do_not_grow_with_items(tmp_path_factory: pytest.TempPathFactory, ask: Ask) -> None:
    counts = []
    for items in (2, 200):
        ledger = TestLedger(migrated(tmp_path_factory.mktemp("books") / "books.db"))
        ledger.funded(1)  # the house has its account already
        counts.append(len(ask(ledger, items)))
        ledger.database.close()
    assert counts[0] == counts[1]


def test_a_batch_is_all_in_one_commit(ledger: TestLedger) -> None:
    statements = done(ledger, 2)
    assert (statements[0], statements[-1], statements.count("BEGIN")) == ("BEGIN", "COMMIT", 1)


def test_the_largest_batch_is_written(ledger: TestLedger) -> None:
    part = Deposit(account_id=ledger.opened().id, amount=euros(1))
    items = tuple(BatchItem.of(f"{number}", part) for number in range(MOST_ITEMS))
    assert ledger.succeed(ExecuteBatch(mode=BatchMode.INDEPENDENT, items=items)).succeeded == MOST_ITEMS
    assert ledger.database.execute_sql("SELECT posted FROM account WHERE kind = 'CUSTOMER'").fetchone() == (MOST_ITEMS,)
