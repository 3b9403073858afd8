"""Erasing: which words go, which stay, and what is left of them in the files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import peewee
import pytest

from domain.access import SYSTEM
from domain.errors import AccountNotFound
from domain.freezes import FreezeReason
from domain.ports import Request
from domain.services.accounts import RenameAccount
from domain.services.batches import BatchItem, BatchMode, ExecuteBatch
from domain.services.captures import CaptureHold
from domain.services.erasures import EraseText
from domain.services.freezes import FreezeAccount, UnfreezeAccount
from domain.services.holds import PlaceHold, ReleaseHold
from domain.services.movements import Deposit, Transfer
from domain.services.reversals import ReverseTransaction
from persistence import verification
from persistence.retelling import FaultFoundError
from tests.persistence.tampering import opened_unguarded
from tests.support import raw
from tests.support.books import EUR, TestLedger, euros, migrated

ADA, BOB = (f"acct_{number:026}" for number in (1, 2))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[TestLedger]:
    """Give books with two accounts."""
    with closing(migrated(tmp_path / "books.db")) as books:
        ledger = TestLedger(books)
        assert [ledger.opened(EUR, metadata=(("branch", "7"),)).id for _ in range(2)] == [ADA, BOB]
        yield ledger


def words(ledger: TestLedger) -> list[int]:
    """Return the numbers of the records that have words still, or the salt of some."""
    rows = ledger.database.execute_sql("SELECT sequence FROM text WHERE salt IS NOT NULL ORDER BY 1").fetchall()
    return [sequence for (sequence,) in rows]


def deposit(account_id: str, minor: int = 100) -> Deposit:
    return Deposit(account_id=account_id, amount=euros(minor), description="Wages")


def rename(ledger: TestLedger) -> None:
    ledger.succeed(RenameAccount(account_id=ADA, name="Ada L."))


def move(ledger: TestLedger) -> None:
    ledger.succeed(deposit(ADA))
    ledger.succeed(Transfer(from_account_id=ADA, to_account_id=BOB, amount=euros(5), description="Rent"))


def freeze(ledger: TestLedger) -> None:
    ledger.succeed(FreezeAccount(account_id=ADA, reason=FreezeReason.OPERATIONS, note="A letter came"))
    ledger.succeed(UnfreezeAccount(account_id=ADA, note="It was answered"))


def hold(ledger: TestLedger) -> None:
    ledger.succeed(Deposit(account_id=ADA, amount=euros(100)))
    held = PlaceHold(account_id=ADA, amount=euros(5), description="Hotel")
    captured, released = (ledger.succeed(held).hold.id for _ in range(2))
    ledger.succeed(CaptureHold(hold_id=captured, note="No breakfast"))
    ledger.succeed(ReleaseHold(hold_id=released, note="Cancelled"))


def refuse_what_names_only_its_hold_or_transaction(ledger: TestLedger) -> None:
    moved = ledger.succeed(Deposit(account_id=ADA, amount=euros(100))).transaction.id
    held = ledger.succeed(PlaceHold(account_id=ADA, amount=euros(5))).hold.id
    ledger.succeed(ReleaseHold(hold_id=held))
    assert not ledger.execute(ReleaseHold(hold_id=held, note="Once more")).is_success
    more = ReverseTransaction(transaction_id=moved, amount=euros(101), description="Too much")
    assert not ledger.execute(more).is_success


def move_together(ledger: TestLedger) -> None:
    for mode in BatchMode:
        items = (BatchItem.of(f"{mode} {n}".replace(" ", "-"), deposit(id_)) for n, id_ in enumerate((ADA, ADA)))
        ledger.succeed(ExecuteBatch(mode=mode, items=tuple(items)))


DEEDS = (rename, move, freeze, hold, refuse_what_names_only_its_hold_or_transaction, move_together)


@pytest.mark.parametrize("act", DEEDS)
def test_every_word_about_the_account_goes_and_the_others_keep_theirs(
    ledger: TestLedger, act: Callable[[TestLedger], None]
) -> None:
    bobs = words(ledger)[1:]
    act(ledger)
    before = words(ledger)
    assert len(before) > 2
    ledger.succeed(deposit(BOB))
    kept = [*bobs, max(words(ledger))]
    assert ledger.succeed(EraseText(account_id=ADA)).texts == len(before) - 1
    assert words(ledger) == kept
    verification.verify(ledger.database)


def test_a_batch_for_two_loses_the_words_of_one_and_the_salt_of_both(ledger: TestLedger) -> None:
    items = tuple(BatchItem.of(id_, deposit(id_)) for id_ in (ADA, BOB))
    batch = ExecuteBatch(mode=BatchMode.ATOMIC, items=items)
    ledger.succeed(batch, key="both")
    *_, adas, bobs, both = words(ledger)
    ledger.succeed(EraseText(account_id=ADA))
    assert (adas in words(ledger), bobs in words(ledger), both in words(ledger)) == (False, True, False)
    assert ledger.execute(batch, key="both").replayed
    verification.verify(ledger.database)


def test_words_put_back_after_their_erasure_are_found(tmp_path: Path) -> None:
    path = tmp_path / "books.db"
    with closing(migrated(path)) as books:
        ledger = TestLedger(books)
        ada = ledger.opened(EUR).id
        ((sequence, *words),) = books.execute_sql("SELECT sequence, salt, name FROM text").fetchall()
        ledger.succeed(EraseText(account_id=ada))
    for unguarded in opened_unguarded(path):
        unguarded.execute_sql("UPDATE text SET salt = ?, name = ?", words)
        with pytest.raises(FaultFoundError, match=f"the text of audit record {sequence} is there again after"):
            verification.verify(unguarded)


def test_later_words_are_new_and_can_be_erased_again(ledger: TestLedger) -> None:
    ledger.succeed(EraseText(account_id=ADA))
    rename(ledger)
    verification.verify(ledger.database)
    assert ledger.succeed(EraseText(account_id=ADA)).texts == 1
    assert ledger.succeed(EraseText(account_id=ADA)).texts == 0
    verification.verify(ledger.database)


@pytest.mark.parametrize("account_id", ["acct_none", "house_EUR"])
def test_an_account_that_no_customer_has_has_no_words(ledger: TestLedger, account_id: str) -> None:
    ledger.succeed(deposit(ADA))
    assert isinstance(ledger.execute(EraseText(account_id=account_id)).result, AccountNotFound)
    assert len(words(ledger)) == 3


def test_nothing_of_the_words_stays_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "books.db"
    books = migrated(path)
    ledger = TestLedger(books)
    ada = ledger.opened(EUR).id
    for first in range(0, 1000, 250):
        made = [deposit_in_words(ada, number) for number in range(first, first + 250)]
        ledger.run(*(Request(SYSTEM, str(first + number), one) for number, one in enumerate(made)))
    assert b"Wilhelmina" in everything_in(books, tmp_path)
    ledger.succeed(EraseText(account_id=ada))
    assert b"Wilhelmina" not in everything_in(books, tmp_path)
    books.close()


def deposit_in_words(account_id: str, number: int) -> Deposit:
    """Make descriptions of every length, so that their rows fill pages unevenly."""
    return Deposit(account_id=account_id, amount=euros(1), description="Wilhelmina" + "x" * (number * 7 % 480))


def everything_in(books: peewee.SqliteDatabase, folder: Path) -> bytes:
    """Return the bytes of every file, once the log is in the database."""
    books.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return b"".join(path.read_bytes() for path in folder.iterdir())


def _steps(tmp_path: Path, records: int) -> int:
    with closing(migrated(tmp_path / f"{records}.db")) as books:
        ledger = TestLedger(books)
        ada = ledger.opened(EUR).id
        ledger.run(*(Request(SYSTEM, str(n), deposit_in_words(ada, n)) for n in range(records)))
        with raw.counted(books) as steps:
            ledger.succeed(EraseText(account_id=ada))
        return len(steps)


def test_what_an_erasure_takes_grows_with_the_words_and_not_with_their_square(tmp_path: Path) -> None:
    few, many = _steps(tmp_path, 100), _steps(tmp_path, 800)
    assert many < few * 10
