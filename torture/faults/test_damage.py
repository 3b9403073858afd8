"""Damaged files: what is lost is the end and nothing else, or the damage is named, or it changed nothing."""

from __future__ import annotations

import random
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.persistence.tampering import fill
from tests.support.books import TestLedger, migrated
from torture.faults.damage import (
    CLEAN,
    FRAME,
    batches,
    commits,
    copied,
    cut,
    flip,
    log_of,
    log_records,
    rows_of,
    verdict,
    written_bytes,
)
from torture.faults.disk import Order, Shim
from torture.faults.tellers import Bank, Tellers

SEED = 20_260_101
DEPOSITS, PLACES, PLACES_ON_A_PAGE = 40, 60, 6
PAGE = 4096


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the files of a server that was killed with its deposits in its log; the account is in the main file."""
    bank = Bank(tmp_path_factory.mktemp("killed"))
    Tellers(bank).deposit(DEPOSITS)
    bank.stop(signal.SIGKILL)
    return bank.books


@pytest.fixture
def chance() -> random.Random:
    return random.Random(SEED)


def places(length: int, chance: random.Random) -> list[int]:
    """Return places in a log: in its head, around frames, and anywhere."""
    frames = range(32, length, FRAME)
    near = [chance.choice(frames) + chance.randrange(24) for _ in range(PLACES // 3)]
    return sorted({0, 8, 16, 31, *near, *(chance.randrange(length) for _ in range(PLACES // 2))})


def require_beginning(damaged: Path, whole: Path, survived: int) -> None:
    """Demand that so many batches are there, as they were, and that all the books follow from them."""
    assert verdict(damaged) == CLEAN
    assert batches(damaged) == survived
    kept = log_records(damaged)
    assert kept == log_records(whole)[: len(kept)]


def test_a_log_that_is_damaged_is_followed_up_to_there(killed: Path, chance: random.Random, tmp_path: Path) -> None:
    whole, alone = copied(killed, tmp_path / "whole"), copied(killed, tmp_path / "alone")
    log_of(alone).unlink()
    before, ends = batches(alone), commits(log_of(killed))
    assert batches(whole) == before + len(ends) == before + DEPOSITS
    for harm in (cut, lambda path, offset: flip(path, offset, chance.randrange(8))):
        for offset in places(log_of(killed).stat().st_size, chance):
            damaged = copied(killed, tmp_path / "damaged")
            harm(log_of(damaged), offset)
            require_beginning(damaged, whole, before + sum(end <= offset for end in ends))


@pytest.fixture
def amid_a_checkpoint(shim: Shim, bank: Callable[..., Bank]) -> Tellers:
    """Give tellers whose server was killed when a part of its log was in the main file."""
    tellers = Tellers(bank())
    with tellers.working() as told:
        shim.arm(Order("write", ".db", 0, times=1, skip=30, manner="die"))
        tellers.await_answers(told, until=lambda: tellers.bank.has_ended)
    shim.disarm()
    return tellers


def test_a_log_that_is_cut_off_amid_a_checkpoint_is_named_or_changes_nothing(
    amid_a_checkpoint: Tellers, chance: random.Random, tmp_path: Path
) -> None:
    killed = amid_a_checkpoint.bank.books
    whole = copied(killed, tmp_path / "whole")
    assert verdict(whole) == CLEAN
    ends, verdicts = commits(log_of(killed)), []
    for offset in (ends[0] - 1, *ends[:10], *chance.sample(ends, 10)):
        damaged = copied(killed, tmp_path / "damaged")
        cut(log_of(damaged), offset)
        verdicts.append(verdict(damaged))
        if verdicts[-1] == CLEAN:
            kept = log_records(damaged)
            assert kept == log_records(whole)[: len(kept)]
    assert set(verdicts) != {CLEAN}
    amid_a_checkpoint.bank.start_again()
    amid_a_checkpoint.require_kept()


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """Give closed books with rows in every table."""
    ledger = TestLedger(migrated(tmp_path / "filled.db"))
    fill(ledger)
    ledger.database.close()
    return tmp_path / "filled.db"


def flips(books: Path, chance: random.Random) -> Iterator[tuple[int, int]]:
    """Yield flips on every page: in its head, and where something is."""
    content = books.read_bytes()
    for start in range(0, len(content), PAGE):
        written = list(written_bytes(content[start : start + PAGE])) or [0]
        for offset in (chance.randrange(12), *chance.choices(written, k=PLACES_ON_A_PAGE)):
            yield start + offset, chance.randrange(8)


def test_a_flip_in_the_main_file_is_named_or_changes_nothing(
    filled: Path, chance: random.Random, tmp_path: Path
) -> None:
    whole, verdicts = rows_of(filled), []
    for offset, bit in flips(filled, chance):
        damaged = copied(filled, tmp_path / "damaged")
        flip(damaged, offset, bit)
        verdicts.append(verdict(damaged))
        if verdicts[-1] == CLEAN:
            assert rows_of(damaged) == whole, (offset, bit)
    assert set(verdicts) != {CLEAN}


@pytest.mark.parametrize("has_log", [True, False])
def test_a_main_file_that_is_cut_off_is_refused_or_named(
    has_log: bool, killed: Path, chance: random.Random, tmp_path: Path
) -> None:
    length = killed.stat().st_size
    for offset in (1, 100, PAGE, length - PAGE, length - 1, *chance.sample(range(length), 20)):
        damaged = copied(killed, tmp_path / "damaged")
        if not has_log:
            log_of(damaged).unlink()
        cut(damaged, offset)
        assert verdict(damaged) != CLEAN, offset
