from __future__ import annotations

from pathlib import Path

import pytest

from tests.persistence.populated import populate
from tests.support import raw


@pytest.fixture(scope="session")
def populated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Books with something in every table, made once; tests work on copies."""
    path = tmp_path_factory.mktemp("populated") / "books.db"
    populate(path)
    return path


@pytest.fixture
def books(populated: Path, tmp_path: Path) -> Path:
    return raw.copied(populated, tmp_path / "books.db")
