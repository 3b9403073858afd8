from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contracts.ledgers import AnyLedger, RemoteSqliteLedger, SqliteLedger
from tests.support.books import migrated
from tests.support.memory import MemoryLedger


@pytest.fixture(params=["memory", "sqlite", "remote"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AnyLedger]:
    if request.param == "memory":
        yield MemoryLedger()
        return
    connection = migrated(tmp_path / "books.db")
    yield SqliteLedger(connection) if request.param == "sqlite" else RemoteSqliteLedger(connection)
    connection.close()
