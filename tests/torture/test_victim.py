"""A batch comes by every point at which the server can be told to die, and dies there and not before."""

from __future__ import annotations

import os
import signal
from multiprocessing import get_context
from pathlib import Path

import pytest

from tests.support import raw
from tests.support.books import TestLedger, migrated
from torture.torments import POINTS
from torture.victim import DyingDatabase, connect_dying

THE_SECOND = 2


def open_two(books: Path, point: str) -> None:
    """Open an account in a batch that lives, and another in one that dies."""
    ledger = TestLedger(connect_dying(books, point=point, at=THE_SECOND))
    ledger.opened()
    ledger.opened()
    os._exit(0)


@pytest.mark.parametrize(("point", "left"), [*zip(POINTS, (1, 1, 1, 2), strict=True)])
def test_a_batch_dies_at_its_point_and_leaves_what_was_durable(point: str, left: int, tmp_path: Path) -> None:
    books = tmp_path / "books.db"
    migrated(books).close()
    process = get_context("spawn").Process(target=open_two, args=(books, point))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert raw.query(books, "SELECT count(*) FROM account") == [(left,)]


def test_a_batch_comes_by_the_points_in_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reached: list[str] = []
    monkeypatch.setattr(DyingDatabase, "_reach", lambda _, point: reached.append(point))
    migrated(tmp_path / "books.db").close()
    TestLedger(connect_dying(tmp_path / "books.db", point="", at=0)).opened()
    assert tuple(dict.fromkeys(reached)) == POINTS
