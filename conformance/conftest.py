from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.endtoend.server import Server

HERE = Path(__file__).parent
GENERATED = HERE / "generated"
LONGEST_RUN_S = 300

Run = Callable[..., str]
Figures = dict[str, float]

_FIGURES: Figures = {}
"""What was measured on the way. Told at the end; nothing passes or fails by it."""


@pytest.fixture(scope="session")
def figures() -> Figures:
    """Give a place for what is measured."""
    return _FIGURES


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _FIGURES:
        terminalreporter.section("measured")
    for name, figure in _FIGURES.items():
        terminalreporter.write_line(f"{figure:>10} {name}")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Give a real server in the default profile, to which no amount of refusals is too much."""
    started = Server(tmp_path_factory.mktemp("server"), refusal_burst="1000000")
    yield started
    started.stop()


@pytest.fixture(scope="session")
def run() -> Run:
    """Give a way to run a tool in this folder: what it says, if it succeeds; else the test fails with what it said."""

    def run(*command: str, cwd: Path = HERE, **environment: str) -> str:
        done = attempt(*command, cwd=cwd, **environment)
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    return run


def attempt(*command: str, cwd: Path = HERE, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a tool to its end, whatever that is."""
    surroundings = {**os.environ, **environment}
    return subprocess.run(
        command, cwd=cwd, env=surroundings, capture_output=True, text=True, check=False, timeout=LONGEST_RUN_S
    )


@pytest.fixture(scope="session")
def fresh() -> None:
    """Throw away what was generated before."""
    shutil.rmtree(GENERATED, ignore_errors=True)
