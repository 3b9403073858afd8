"""A running server whose disk has no room left, and then has."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from torture.faults.disk import limit_files, resize, small_disk
from torture.faults.tellers import SAME_KEY, Bank, Tellers

FULL = "database or disk is full"
MEGABYTE = 2**20


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.usefixtures("mounts")
def test_a_full_file_system_is_survived(workers: str, bank: Callable[..., Bank], tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "3m"):
        tellers = Tellers(bank(workers=workers))
        with tellers.working() as told:
            tellers.await_answers(told, until=lambda: SAME_KEY in tellers.answers)
        assert FULL in tellers.bank.log.read_text()
        assert not tellers.bank.has_ended
        resize(tmp_path / "disk", "64m")
        tellers.require_kept()


def test_a_limit_of_the_size_of_files_is_survived(bank: Callable[..., Bank]) -> None:
    tellers = Tellers(bank())
    with tellers.working() as told:
        tellers.await_answers(told)
        limit_files(tellers.bank.process.pid, MEGABYTE)
        tellers.await_answers(told, until=lambda: SAME_KEY in tellers.answers)
    assert "disk I/O error" in tellers.bank.log.read_text()
    assert not tellers.bank.has_ended
    limit_files(tellers.bank.process.pid, 64 * MEGABYTE)
    tellers.require_kept()
