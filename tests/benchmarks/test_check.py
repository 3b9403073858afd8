"""Contestants are checked before they are measured: this server passes, and who does wrong is found out."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from benchmarks.check import UnfairError, check
from benchmarks.contestants import CONTESTANTS, OWN
from benchmarks.dialects import GraphQL, Outcome
from benchmarks.prepared import Prepared, prepare_own
from benchmarks.processes import NotStartedError, Server, cpu_ticks


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return prepare_own(tmp_path_factory.mktemp("prepared") / "own", accounts=2, entries=1)


@pytest.fixture
def server(books: Prepared, tmp_path: Path) -> Iterator[Server]:
    copied = books.copied_to(tmp_path / "books")
    with CONTESTANTS[OWN].running(copied.folder) as server:
        yield server


class Forgetful(GraphQL):
    """Answers every retry with another transaction."""

    def __init__(self) -> None:
        self._made = count()

    def outcome(self, status: int, body: str) -> Outcome:
        return replace(super().outcome(status, body), transaction_id=str(next(self._made)))


class Lenient(GraphQL):
    """Refuses nobody."""

    def outcome(self, status: int, body: str) -> Outcome:
        return replace(super().outcome(status, body), code=None)


def test_this_server_does_what_it_is_measured_for(server: Server, books: Prepared) -> None:
    check(server.address, GraphQL(), books)
    assert server.cpu_seconds() > 0
    assert server.peak_bytes() > 2**20


@pytest.mark.parametrize(("wrong", "promise"), [(Forgetful, "retry"), (Lenient, "not used twice")])
def test_who_does_wrong_is_not_measured(wrong: type[GraphQL], promise: str, server: Server, books: Prepared) -> None:
    with pytest.raises(UnfairError, match=promise):
        check(server.address, wrong(), books)


def test_a_server_that_does_not_start_is_told_with_its_log(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import sys; sys.exit('no file')"]
    with pytest.raises(NotStartedError, match="no file"):
        Server.start(command, tmp_path, {})


def test_processor_time_is_that_of_a_process_and_its_dead_children() -> None:
    assert cpu_ticks("7 (a (b) c) S 1 7 7 0 -1 4194304 100 0 0 0 10 20 3 4 20 0 1 0") == 37
