"""The benchmark measures what it says: honest books, answers without errors. How fast is for `make bench` to say."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from benchmarks.books import DAY, DAYS, make
from benchmarks.statements import QUESTIONS, Served, measure, served
from persistence import verification
from persistence.storage import Storage

ENTRIES = 430


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Storage]:
    make(tmp_path / "books.db", ENTRIES)
    with closing(Storage(tmp_path / "books.db", 5000)) as storage:
        yield storage


def test_the_books_are_proved_and_made_once(books: Storage, tmp_path: Path) -> None:
    proved = verification.verify(books.reading)
    assert (proved.transactions, proved.accounts) == (ENTRIES, 2)
    made = (tmp_path / "books.db").stat().st_ino
    make(tmp_path / "books.db", ENTRIES)
    assert (tmp_path / "books.db").stat().st_ino == made


def test_the_history_is_spread_over_its_days(books: Storage) -> None:
    ((first, last),) = books.reading.execute_sql("SELECT min(created_at), max(created_at) FROM entry").fetchall()
    assert (DAYS - 1) * DAY < last - first < DAYS * DAY


def test_every_question_is_answered(books: Storage) -> None:
    one: Served = served(books)
    found = asyncio.run(measure(one, one, 2))
    assert set(QUESTIONS) < set(found)
    assert all(len(medians) == 2 for medians in found.values())
