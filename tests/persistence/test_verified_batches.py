"""Batches are proved like everything else: their keys, their salts, and that what they refused was not done."""

# ruff: noqa: S608 - nothing here comes from outside
from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import peewee
import pytest

from domain.services.batches import BatchItem, BatchMode, ExecuteBatch
from domain.services.erasures import EraseText
from domain.services.movements import Deposit, Withdraw
from persistence import verification
from persistence.verification import Verified
from tests.persistence.tampering import Tampering, fault_after, opened_unguarded
from tests.persistence.tamperings import BLANKED
from tests.support.books import TestLedger, euros, migrated

ACCOUNT = "acct_00000000000000000000000001"
OPENED, ITEM, PLAIN_ITEM, DONE, REFUSED = range(1, 6)
"""The audit records: an account, the two items of a batch, the batch; a batch that was refused."""


def fill(ledger: TestLedger) -> None:
    account_id = ledger.opened().id
    worded = BatchItem.of("wages", Deposit(account_id=account_id, amount=euros(5), description="wages"))
    plain = BatchItem.of("cash", Withdraw(account_id=account_id, amount=euros(1)))
    ledger.succeed(ExecuteBatch(mode=BatchMode.INDEPENDENT, items=(worded, plain)), key="done")
    more = BatchItem.of("more", Deposit(account_id=account_id, amount=euros(5), description="more"))
    too_much = BatchItem.of("too-much", Withdraw(account_id=account_id, amount=euros(99)))
    refused = ExecuteBatch(mode=BatchMode.ATOMIC, items=(more, too_much))
    assert not ledger.execute(refused, key="refused").is_success


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[peewee.SqliteDatabase]:
    path: Path = tmp_path_factory.mktemp("batches") / "books.db"
    ledger = TestLedger(migrated(path))
    fill(ledger)
    ledger.database.close()
    yield from opened_unguarded(path)


def test_books_with_batches_are_proved_and_erased_ones_too(tmp_path: Path) -> None:
    with closing(migrated(tmp_path / "books.db")) as books:
        ledger = TestLedger(books)
        fill(ledger)
        assert verification.verify(books) == Verified(records=5, transactions=2, accounts=2)
        assert ledger.succeed(EraseText(account_id=ACCOUNT)).texts == 4
        assert verification.verify(books) == Verified(records=6, transactions=2, accounts=2)


_TEXT = "the text of audit record {} is not the one that was sealed"
_KEY = "the idempotency record of audit record {} is not the one that was decided"
_BLANKED = "the text of audit record {} was blanked by no erasure"
_KEPT = "INSERT INTO idempotency SELECT api_client_id,"

TAMPERINGS = [
    Tampering(change, fault, (statement,))
    for change, fault, statement in (
        ("the salt of a batch blanked", _BLANKED.format(DONE), f"{BLANKED} WHERE sequence = {DONE}"),
        ("the salt of a batch lost", _TEXT.format(DONE), f"DELETE FROM text WHERE sequence = {DONE}"),
        ("the salt of a refused batch lost", _TEXT.format(REFUSED), f"DELETE FROM text WHERE sequence = {REFUSED}"),
        (
            "words given to a batch itself",
            _TEXT.format(DONE),
            f"UPDATE text SET description = 'theft' WHERE sequence = {DONE}",
        ),
        (
            "other words in an item",
            _TEXT.format(ITEM),
            f"UPDATE text SET description = 'theft' WHERE sequence = {ITEM}",
        ),
        (
            "a salt where no item has words",
            "table text has 5 rows, and the log tells of 4",
            f"INSERT INTO text (sequence, salt) VALUES ({PLAIN_ITEM}, '00')",
        ),
        ("the key of a batch given back", _KEY.format(DONE), f"DELETE FROM idempotency WHERE sequence = {DONE}"),
        ("the key of an item given back", _KEY.format(ITEM), f"DELETE FROM idempotency WHERE sequence = {ITEM}"),
        (
            "another batch under its key",
            _KEY.format(REFUSED),
            f"UPDATE idempotency SET fingerprint = 'x' WHERE sequence = {REFUSED}",
        ),
        (
            "the key of an item that was never done",
            _KEY.format(REFUSED),
            f"{_KEPT} 'DEPOSIT', 'more', outcome, fingerprint, form, sequence FROM idempotency WHERE key = 'refused'",
        ),
    )
]


@pytest.mark.parametrize("tampering", TAMPERINGS, ids=str)
def test_a_change_to_what_a_batch_left_is_found(books: peewee.SqliteDatabase, tampering: Tampering) -> None:
    assert fault_after(tampering, books) == tampering.fault
