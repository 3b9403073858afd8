from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contracts.ledgers import AnyLedger, SqliteLedger
from tests.support.books import migrated
from tests.support.memory import MemoryLedger


@pytest.fixture(params=["memory", "sqlite"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AnyLedger]:
    if request.param == "memory":
        yield MemoryLedger()
        return
    connection = migrated(tmp_path / "books.db")
    yield SqliteLedger(connection)
    connection.close()
