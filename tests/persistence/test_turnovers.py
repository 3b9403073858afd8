"""What went through an account is added up with every entry, also for entries that were there before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import peewee
import pytest

from domain.access import SYSTEM
from domain.instants import SECOND, Instant
from domain.money import LARGEST_BALANCE
from domain.ports import Request
from domain.services.movements import Deposit, Transfer, Withdraw
from domain.turnovers import Turnover
from persistence import database, migrations, verification
from persistence.reader import Reader
from tests.support import raw
from tests.support.books import TestLedger, euros, migrated
from tests.support.surroundings import NOON

ADA, BOB, NOBODY = "acct_00000000000000000000000001", "acct_00000000000000000000000002", "acct_none"
LARGEST = euros(LARGEST_BALANCE - 60)


def fill(ledger: TestLedger) -> None:
    """Pay in and out, a second apart, until what came to Ada is more than 64 bits hold."""
    assert (ledger.opened().id, ledger.opened().id) == (ADA, BOB)
    for deed in [
        Deposit(account_id=ADA, amount=euros(100)),
        Transfer(from_account_id=ADA, to_account_id=BOB, amount=euros(40)),
        Withdraw(account_id=ADA, amount=euros(60)),
        *[Deposit(account_id=ADA, amount=LARGEST), Withdraw(account_id=ADA, amount=LARGEST)] * 3,
    ]:
        ledger.clock.advance(SECOND)
        ledger.succeed(deed)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[TestLedger]:
    ledger = TestLedger(migrated(tmp_path / "books.db"))
    fill(ledger)
    yield ledger
    ledger.database.close()


def turnovers(ledger: TestLedger, at: int) -> list[tuple[int, int] | None]:
    """Return credits and balance of Ada, of Bob, and of nobody."""
    reader = Reader(ledger.database, ledger.clock)
    found = reader.turnovers([ADA, BOB, NOBODY], Instant(at))
    of_each = [found.get(account_id) for account_id in (ADA, BOB, NOBODY)]
    return [(one.credits.minor, one.balance.minor) if one else None for one in of_each]


def test_a_turnover_counts_what_was_made_before_the_instant_and_not_at_it(ledger: TestLedger) -> None:
    made = NOON + SECOND
    assert turnovers(ledger, made) == [(0, 0), (0, 0), None]
    assert turnovers(ledger, made + 1) == turnovers(ledger, made + SECOND) == [(100, 100), (0, 0), None]
    assert turnovers(ledger, made + SECOND + 1) == [(100, 60), (40, 40), None]
    assert turnovers(ledger, made + 2 * SECOND + 1) == [(100, 0), (40, 40), None]


def test_what_came_to_an_account_can_outgrow_64_bits(ledger: TestLedger) -> None:
    came = 3 * LARGEST.minor + 100
    assert came > 2**63
    assert turnovers(ledger, ledger.clock.at + 1) == [(came, 0), (40, 40), None]
    verification.verify(ledger.database)


def test_two_entries_of_one_batch_are_both_before_what_follows(ledger: TestLedger) -> None:
    deposit = Deposit(account_id=BOB, amount=euros(1))
    ledger.clock.advance(SECOND)
    ledger.run(Request(SYSTEM, "one", deposit), Request(SYSTEM, "two", deposit))
    assert turnovers(ledger, ledger.clock.at)[1] == (40, 40)
    assert turnovers(ledger, ledger.clock.at + 1)[1] == (42, 42)


def test_the_house_has_turnovers_too(ledger: TestLedger) -> None:
    found = Reader(ledger.database, ledger.clock).turnovers(["house_EUR"], Instant(NOON + 4 * SECOND))
    assert found == {"house_EUR": Turnover(euros(60), euros(-40))}


def test_books_made_before_there_were_turnovers_are_added_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ledger: TestLedger
) -> None:
    every = migrations.all_migrations()
    with monkeypatch.context() as earlier:
        earlier.setattr(migrations, "all_migrations", lambda: [one for one in every if one.name != "reads"])
        old = TestLedger(migrated(tmp_path / "old.db"))
        fill(old)
    assert "turnover" not in old.database.get_tables()
    assert database.migrate(old.database) == ["0004 reads"]
    verification.verify(old.database)
    old.database.close()
    assert raw.contents_of(tmp_path / "old.db")["turnover"] == raw.contents_of(tmp_path / "books.db")["turnover"]


def present(connection: peewee.SqliteDatabase, ledger: TestLedger) -> int:
    return Reader(connection, ledger.clock).present()


def test_the_present_is_the_earliest_instant_that_the_next_batch_can_have(ledger: TestLedger, tmp_path: Path) -> None:
    (head,) = ledger.database.execute_sql("SELECT max(at) FROM batch").fetchone()
    ledger.clock.at = Instant(head - SECOND)
    assert present(ledger.database, ledger) == head + 1
    ledger.succeed(Deposit(account_id=BOB, amount=euros(1)))
    assert ledger.database.execute_sql("SELECT max(at) FROM batch").fetchone() == (head + 1,)
    ledger.clock.at = Instant(head + SECOND)
    assert present(ledger.database, ledger) == head + SECOND
    empty = migrated(tmp_path / "empty.db")
    assert present(empty, ledger) == head + SECOND
    empty.close()
