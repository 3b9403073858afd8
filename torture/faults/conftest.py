from __future__ import annotations

import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from torture.faults.disk import Shim, can_mount
from torture.faults.tellers import Bank

if sys.platform != "linux":
    pytest.skip("harms disks as Linux has them", allow_module_level=True)


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Shim:
    """Give the shim, compiled."""
    if not shutil.which("cc"):
        pytest.skip("needs a C compiler")
    return Shim(tmp_path_factory.mktemp("shim"))


@pytest.fixture
def shim(compiled: Shim, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shim]:
    """Give the shim to every process that is started; nothing fails yet."""
    for name, value in compiled.environment.items():
        monkeypatch.setenv(name, value)
    yield compiled
    compiled.disarm()


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Callable[..., Bank]]:
    """Give a way to start servers of one's own; they are killed in the end."""
    started: list[Bank] = []

    def start(**settings: str) -> Bank:
        started.append(Bank(tmp_path, **settings))
        return started[-1]

    yield start
    for one in started:
        one.stop(signal.SIGKILL)


@pytest.fixture
def mounts() -> None:
    """Skip where no file system can be mounted."""
    if not can_mount():
        pytest.skip("needs to mount a file system")
