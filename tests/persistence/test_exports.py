"""What an export holds: every table, in order, from one snapshot, in little memory; and what becomes of it."""

from __future__ import annotations

import io
import json
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import peewee
import pytest

from domain.access import SYSTEM
from domain.ports import Request
from domain.services.api_clients import RevokeApiKey
from domain.services.movements import Deposit
from persistence import database, exports, imports, migrations
from persistence.books import read_head
from persistence.exports import DERIVED, EXPORTED, LEDGER, columns_of, name_of
from persistence.tables import TABLES
from persistence.verification import verify
from tests.persistence.tampering import ADA, KEY, fill
from tests.persistence.test_verified_books import everything
from tests.support import raw
from tests.support.books import TestLedger, euros, migrated

__all__ = ["everything"]


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[TestLedger]:
    """Give books to go on with."""
    filled = TestLedger(migrated(tmp_path / "books.db"))
    fill(filled)
    yield filled
    filled.database.close()


def imported(lines: bytes, place: Path) -> peewee.SqliteDatabase:
    imports.import_books(io.BytesIO(lines), place)
    return database.connect_writer(place)


def test_every_table_is_exported_or_follows_from_the_others() -> None:
    assert Counter([*EXPORTED, *DERIVED]) == Counter(TABLES)


def test_no_column_of_an_exported_table_is_left_out(books: Path) -> None:
    reading = database.connect_reader(books)
    kept: dict[str, Counter[str]] = {}
    for line in exports.exported(reading):
        ((name, content),) = json.loads(line).items()
        kept.setdefault(name, Counter()).update(content.keys())
    for table in EXPORTED:
        columns = [name for _, name, *_ in reading.execute_sql(f'PRAGMA table_info("{name_of(table)}")').fetchall()]
        assert set(columns) == columns_of(table).keys() == kept[name_of(table)].keys()
    reading.close()


def test_the_rows_that_are_not_exported_are_made_again(books: Path, tmp_path: Path) -> None:
    reading = database.connect_reader(books)
    lines = b"".join(exports.exported(reading))
    reading.close()
    imported(lines, tmp_path / "again.db").close()
    before, after = raw.contents_of(books), raw.contents_of(tmp_path / "again.db")
    assert {name: sorted(rows, key=repr) for name, rows in before.items()} == {
        name: sorted(rows, key=repr) for name, rows in after.items()
    }


def test_books_that_used_everything_come_back_to_the_same_bytes(everything: TestLedger, tmp_path: Path) -> None:
    lines = b"".join(exports.exported(everything.database))
    again = imported(lines, tmp_path / "again.db")
    assert b"".join(exports.exported(again)) == lines
    assert migrations.missing_walls(again) == []
    assert verify(again) == verify(everything.database)
    again.close()


def test_imported_books_are_used_on_as_if_they_were_the_same(ledger: TestLedger, tmp_path: Path) -> None:
    deposit = Deposit(account_id=ADA, amount=euros(5))
    before = ledger.execute(deposit, key="mine")
    head = read_head(ledger.database)
    place = imported(b"".join(exports.exported(ledger.database)), tmp_path / "again.db")
    again = TestLedger(place, clock=ledger.clock, ids=ledger.ids, entropy=ledger.entropy)
    replayed = again.execute(deposit, key="mine")
    assert (replayed.replayed, replayed.result, read_head(place)) == (True, before.result, head)
    again.succeed(RevokeApiKey(api_key_id=KEY), key="another")
    assert read_head(place).sequence == head.sequence + 1
    assert verify(place).records == head.sequence + 1
    place.close()


def test_an_export_is_in_the_order_of_the_ledger(books: Path) -> None:
    reading = database.connect_reader(books)
    lines = [json.loads(line) for line in exports.exported(reading)]
    reading.close()
    names = [name for line in lines for name in line]
    ledger = [name_of(table) for table, *_ in LEDGER]
    assert (names[0], names[-1]) == ("export", "end")
    standing = [name for name in names[1:-1] if name not in ledger]
    assert names[1:-1] == [*(name for name in names if name in ledger), *standing]
    assert list(dict.fromkeys(standing)) == ["currency", "api_client", "api_key", "account", "hold", "freeze"]
    open_records: list[int] = []
    for line in lines:
        ((name, content),) = line.items()
        if name == "audit":
            open_records.append(content["sequence"])
        elif name == "batch":
            assert open_records == list(range(content["first_sequence"], content["last_sequence"] + 1))
            open_records = []
        elif name in ledger:
            assert content["sequence"] == open_records[-1]
    assert open_records == []


def test_no_order_takes_more_than_an_index(books: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reading = database.connect_reader(books)
    texts: list[str] = []
    run: Any = reading.execute_sql

    def noted(text: str, *parameters: Any) -> Any:
        texts.append(text)
        return run(text, *parameters)

    with monkeypatch.context() as watched:
        watched.setattr(reading, "execute_sql", noted)
        assert list(exports.exported(reading))
    orders = [text for text in texts if 'ORDER BY "t1"' in text]
    assert len(orders) == len(EXPORTED)
    plans = [reading.execute_sql(f"EXPLAIN QUERY PLAN {text}").fetchall() for text in orders]
    reading.close()
    assert [plan for plan in plans if "TEMP B-TREE" in str(plan)] == []


def test_an_export_is_of_one_moment(ledger: TestLedger, tmp_path: Path) -> None:
    reading = database.connect_reader(tmp_path / "books.db")
    before = b"".join(exports.exported(reading))
    lines = exports.exported(reading)
    begun = next(lines)
    ledger.succeed(Deposit(account_id=ADA, amount=euros(5)))
    assert begun + b"".join(lines) == before
    assert b"".join(exports.exported(reading)) != before
    reading.close()


def test_memory_does_not_grow_with_the_books(ledger: TestLedger) -> None:
    peaks: list[int] = []
    for _ in range(2):
        deposits = (Deposit(account_id=ADA, amount=euros(1), description="wages") for _ in range(1000))
        ledger.run(*(Request(SYSTEM, f"{len(peaks)}-{n}", deposit) for n, deposit in enumerate(deposits)))
        tracemalloc.start()
        assert sum(1 for _ in exports.exported(ledger.database)) > 1000
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.2
