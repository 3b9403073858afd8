"""Books that have grown are asked for what they hold: every question is answered by a real server on them."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from benchmarks import growth
from benchmarks.prepared import FILE
from persistence import database


@pytest.fixture
def books(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(growth, "FOLDER", tmp_path)
    monkeypatch.setattr(growth, "ACCOUNTS_OF", {200: 2})
    return growth.made(200)


def test_the_transactions_are_spread_over_the_accounts(books: Path) -> None:
    with closing(database.connect_reader(books / FILE)) as connection:
        spread = connection.execute_sql("SELECT version FROM account WHERE kind = 'CUSTOMER'").fetchall()
    assert spread == [(100,), (100,)]


def test_every_question_is_answered(books: Path) -> None:
    assert growth.medians({200: books}, asked=2).keys() == growth.QUESTIONS.keys()


def test_a_page_in_the_middle_is_full_and_not_the_first(books: Path) -> None:
    with growth.served(books) as served:
        first, middle = (
            served.answer(served.page(after))["data"]["account"]["entries"]["edges"] for after in (None, served.middle)
        )
    assert (len(middle), first[0]["node"]["version"], middle[0]["node"]["version"]) == (20, "1", "61")


def test_a_start_is_timed_on_books_without_anything(books: Path) -> None:
    with growth.empty() as nothing:
        assert growth.starts({"nothing": nothing, "some": books}, times=1).keys() == {"nothing", "some"}
    assert not nothing.exists()
