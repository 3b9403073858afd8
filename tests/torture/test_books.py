"""What is wrong with a file at rest is found by nothing but SQLite and a hash."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.persistence.tampering import fill
from tests.support import raw
from tests.support.books import TestLedger, migrated
from torture.books import faults_in_file


@pytest.fixture
def books(tmp_path: Path) -> Path:
    """Give closed books with rows in every table, and without their walls."""
    ledger = TestLedger(migrated(tmp_path / "books.db"))
    fill(ledger)
    ledger.database.close()
    path = tmp_path / "books.db"
    triggers = [name for kind, name, _ in raw.contents_of(path)["sqlite_schema"] if kind == "trigger"]
    raw.run(path, *(f"DROP TRIGGER {name}" for name in triggers))
    return path


def test_nothing_is_found_in_books_that_are_whole(books: Path) -> None:
    assert list(faults_in_file(books)) == []


@pytest.mark.parametrize(
    ("harm", "fault"),
    [
        ("UPDATE audit SET details = replace(details, '1000', '1001') WHERE sequence = 4", "breaks at record 4"),
        ("DELETE FROM audit WHERE sequence = 4", "breaks at record 5"),
        ("UPDATE entry SET amount = amount + 1 WHERE sequence = 4 AND amount > 0", "transaction 4 do not sum to zero"),
        ("UPDATE account SET posted = posted + 1 WHERE kind = 'HOUSE'", "does not have what its entries add up to"),
        ("UPDATE account SET posted = posted + 1 WHERE kind = 'HOUSE'", "in EUR do not sum to zero"),
        (
            "UPDATE audit SET outcome = 'REFUSED', error_code = 'ACCOUNT_CLOSED' WHERE sequence = 4",
            "no success in the log",
        ),
    ],
)
def test_harm_is_named(harm: str, fault: str, books: Path) -> None:
    raw.run(books, harm)
    assert [one for one in faults_in_file(books) if fault in one]
