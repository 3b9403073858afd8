"""The floor writes the very books that the writer wrote."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from benchmarks import floor
from benchmarks.prepared import prepare_own
from persistence import database, verification


@pytest.mark.parametrize(("batches", "items"), [(2, 7), (3, 1)])
def test_books_written_again_are_proved(batches: int, items: int, tmp_path: Path) -> None:
    prepared = prepare_own(tmp_path / "prepared", accounts=3, entries=1)
    filled, empty = (prepared.copied_to(tmp_path / name) for name in ("filled", "empty"))
    floor.deposit(filled.path, filled.account_ids, batches, items)
    floor.replay(empty.path, floor.read_back(filled.path, floor.last_batch(empty.path)))
    proved = []
    for books in (filled, empty):
        with closing(database.connect_reader(books.path)) as connection:
            proved.append(verification.verify(connection))
    assert proved[0] == proved[1]
    assert proved[0].transactions == 3 + batches * items
