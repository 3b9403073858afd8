from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.endtoend.server import Server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Give a server of one's own, to be stopped and started at will."""
    started = Server(tmp_path)
    yield started
    started.stop()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Give a server that the tests of a file share; they leave it running."""
    started = Server(tmp_path_factory.mktemp("running"))
    yield started
    started.stop()
