from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.books import TestLedger, migrated


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[TestLedger]:
    connection = migrated(tmp_path / "books.db")
    yield TestLedger(connection)
    connection.close()
