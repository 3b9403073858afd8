"""A server that is started on files that something has happened to: refused in one line, or right."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.endtoend.deposits import STANDING
from tests.endtoend.server import command
from torture.faults.damage import copied, cut, log_of, verdict
from torture.faults.disk import fill, read_only, resize, small_disk
from torture.faults.tellers import SAME_KEY, Bank, Tellers

DEPOSITS = 20


@pytest.fixture
def killed(bank: Callable[..., Bank]) -> Tellers:
    """Give tellers whose server was killed with all their deposits in its log; the account is in the main file."""
    return killed_after(bank())


def killed_after(bank: Bank) -> Tellers:
    tellers = Tellers(bank)
    tellers.deposit(DEPOSITS)
    bank.stop(signal.SIGKILL)
    return tellers


def refusal(bank: Bank) -> str:
    """Return the one line with which a start is refused."""
    refused = command(bank.folder, "serve", port="0")
    assert (refused.returncode, refused.stdout) == (1, "")
    (line,) = refused.stderr.splitlines()
    return line.removeprefix("Error: ")


READ_ONLY: Mapping[str, tuple[Callable[[Path], AbstractContextManager[None]], str]] = {
    "the file is read-only": (read_only, "the database cannot be written: attempt to write a readonly database"),
    "the folder is read-only": (lambda books: read_only(books.parent), "[Errno 30] Read-only file system"),
}


@pytest.mark.parametrize("fault", READ_ONLY)
@pytest.mark.usefixtures("mounts")
def test_what_cannot_be_written_is_refused_and_left_as_it_is(fault: str, killed: Tellers) -> None:
    harm, says = READ_ONLY[fault]
    with harm(killed.bank.books):
        assert refusal(killed.bank).startswith(says)
    killed.bank.start()
    killed.require_kept()


@pytest.mark.usefixtures("mounts")
def test_a_start_on_a_full_disk_serves_what_can_be_read(bank: Callable[..., Bank], tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "64m"):
        tellers = killed_after(bank())
        resize(tmp_path / "disk", "3m")
        with fill(tmp_path / "disk"):
            tellers.bank.start()
            with tellers.working() as told:
                tellers.await_answers(told, until=lambda: SAME_KEY in tellers.answers)
        resize(tmp_path / "disk", "64m")
        tellers.require_kept()


@pytest.mark.parametrize("command_line", ["serve", "migrate"])
@pytest.mark.parametrize("is_missing", [True, False])
def test_a_log_without_its_file_is_refused_and_kept(command_line: str, is_missing: bool, killed: Tellers) -> None:
    books = killed.bank.books
    kept = copied(books, killed.bank.folder / "kept")
    if is_missing:
        books.unlink()
    else:
        cut(books, 0)
    refused = command(killed.bank.folder, command_line, port="0")
    assert (refused.returncode, len(refused.stderr.splitlines())) == (1, 1)
    assert log_of(books).read_bytes() == log_of(kept).read_bytes()
    shutil.copy(kept, books)
    killed.bank.start()
    killed.require_settled()


def test_another_server_of_the_same_file_is_refused(bank: Callable[..., Bank]) -> None:
    tellers = Tellers(bank())
    tellers.deposit(DEPOSITS)
    assert refusal(tellers.bank) == "another server has this database open"
    tellers.require_settled()


def test_an_older_copy_is_served_as_the_older_books_that_it_is(bank: Callable[..., Bank], tmp_path: Path) -> None:
    tellers = Tellers(bank())
    tellers.deposit(DEPOSITS)
    tellers.bank.stop()
    older = copied(tellers.bank.books, tmp_path / "older")
    tellers.bank.start()
    tellers.deposit(DEPOSITS)
    tellers.bank.stop()
    shutil.copy(older, tellers.bank.books)
    tellers.bank.start()
    assert tellers.standing() == DEPOSITS
    tellers.bank.stop()
    assert tellers.bank.transactions() == DEPOSITS


def test_a_file_that_was_copied_without_its_log_is_the_books_of_its_last_checkpoint(killed: Tellers) -> None:
    log_of(killed.bank.books).unlink()
    killed.bank.start()
    opened = {"version": "0", "posted": {"amount": "0.00"}}
    assert killed.bank.ask(STANDING) == {"data": {"accountByReference": opened}}
    killed.bank.stop()
    assert killed.bank.transactions() == 0


def test_an_older_copy_with_a_newer_log_is_refused_or_named(bank: Callable[..., Bank], tmp_path: Path) -> None:
    tellers = Tellers(bank())
    tellers.deposit(DEPOSITS)
    tellers.bank.stop()
    mixed = copied(tellers.bank.books, tmp_path / "mixed")
    for _ in range(2):
        tellers.bank.start()
        tellers.deposit(DEPOSITS)
        tellers.bank.stop()
    tellers.bank.start()
    tellers.deposit(2)  # the first batch does not stay in the log
    tellers.bank.stop(signal.SIGKILL)
    shutil.copy(log_of(tellers.bank.books), log_of(mixed))
    assert verdict(mixed).startswith(("refused", "found"))
