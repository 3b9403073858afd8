"""The processes of a server, as far as one can be played without another."""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NoReturn

import pytest

from application import Processes
from domain.access import SYSTEM
from domain.errors import Unavailable
from domain.ports import StorageError
from domain.services.accounts import OpenAccount
from persistence.batches import BatchWriter
from persistence.remote import RemoteLedger
from settings import Settings
from tests.support.books import EUR, migrated
from tests.support.surroundings import StandingClock


def test_a_writer_that_cannot_open_the_books_again_tells_its_workers_and_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    books = tmp_path / "books.db"
    migrated(books).close()

    def lose_the_books(*_: object) -> NoReturn:
        books.rename(tmp_path / "lost.db")
        books.mkdir()
        raise StorageError("the disk is gone")

    monkeypatch.setattr(BatchWriter, "run", lose_the_books)
    control, controlled = socket.socketpair()
    ours, theirs = socket.socketpair()
    socket.send_fds(control, [b"+"], [theirs.fileno()])
    theirs.close()

    async def ask() -> object:
        ledger = RemoteLedger(StandingClock(), on_cut=lambda: None, on_note=lambda _: None)
        await ledger.connect(ours)
        outcome = await ledger.execute(SYSTEM, "key", OpenAccount(currency=EUR, name="Ada"))
        await ledger.lost.wait()
        assert ledger.is_cut
        return outcome.result

    with control, controlled, ThreadPoolExecutor(1) as thread:
        writing = thread.submit(Processes(Settings(database_url=f"sqlite:///{books}"), None).write, controlled)
        assert asyncio.run(asyncio.wait_for(ask(), timeout=10)) == Unavailable()
        assert str(writing.exception(timeout=10)).startswith("the database could not be opened again: ")
