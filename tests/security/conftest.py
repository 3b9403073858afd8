from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.security.floods import ALLOWED
from tests.support.api import Api, Kit, prepared


@pytest.fixture(scope="session")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Kit:
    """Give books with a client of every role, which tests work on copies of."""
    return prepared(tmp_path_factory.mktemp("kit") / "books.db")


@pytest.fixture
def api(kit: Kit, tmp_path: Path) -> Iterator[Api]:
    """Give an application in which a client may be refused a few times only."""
    opened = Api(kit.copied(tmp_path / "books.db"), ALLOWED)
    yield opened
    opened.close()
