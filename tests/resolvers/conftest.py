from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from resolvers.documents import Documents
from resolvers.limits import DocumentLimits
from tests.support import api as support
from tests.support.api import Api, Kit, prepared
from tests.support.both_ways import execute_both_ways

BOUNDLESS = DocumentLimits(tokens=10**12, fields=10**12, depth=10**12, comparisons=10**12, cost=10**12)


@pytest.fixture(scope="session")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Kit:
    return prepared(tmp_path_factory.mktemp("kit") / "books.db")


@pytest.fixture
def api(kit: Kit, tmp_path: Path) -> Iterator[Api]:
    opened = Api(kit.copied(tmp_path / "books.db"))
    yield opened
    opened.close()


@pytest.fixture
def boundless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let documents ask for everything that there is."""
    monkeypatch.setattr(support, "documents", lambda: Documents(support.schema(), BOUNDLESS))


@pytest.fixture(autouse=True)
def both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compare every answer with graphql-core's."""
    monkeypatch.setattr(Documents, "execute", execute_both_ways)
