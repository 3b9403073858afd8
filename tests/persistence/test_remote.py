from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Self

import pytest

from domain.access import SYSTEM
from domain.commands import Command
from domain.errors import Unavailable
from domain.ports import Fault, Outcome, Request
from domain.services.movements import Deposit
from persistence.batches import BatchWriter
from persistence.remote import RemoteLedger, attend
from persistence.wire import LENGTH, Frames
from persistence.writer import QueuedLedger, WriterLimits
from tests.support.books import TestLedger, euros
from tests.support.surroundings import NOON, StandingClock

DEPOSIT = Deposit(account_id="acct_1", amount=euros(1))


class RecordingWriter(BatchWriter):
    """Answers every request with its key, and remembers its batches."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.faulty: set[str] = set()

    def run(self, requests: Sequence[Request]) -> list[Outcome | Fault]:
        keys = [request.key for request in requests]
        self.batches.append(keys)
        return [Fault(key) if key in self.faulty else Outcome(key, NOON) for key in keys]


class Worker(RemoteLedger):
    """A remote ledger that remembers what it hears."""

    def __init__(self) -> None:
        self.notes: list[Any] = []
        self.cuts = 0
        super().__init__(StandingClock(), on_cut=self._count, on_note=self.notes.append)

    def _count(self) -> None:
        self.cuts += 1

    def asked(self, *keys: str, command: Command = DEPOSIT) -> list[asyncio.Task[Outcome]]:
        """Ask for a deposit under each key, and let the asking begin."""
        return [asyncio.ensure_future(self.execute(SYSTEM, key, command)) for key in keys]


class Office:
    """A writer that attends to two workers, all in one event loop."""

    def __init__(self, writer: BatchWriter) -> None:
        self.ledger = QueuedLedger(writer, StandingClock(), WriterLimits(), lambda _: None)
        self.ended = asyncio.Event()
        self.control, self._controlled = socket.socketpair()
        self.workers = (Worker(), Worker())

    async def __aenter__(self) -> Self:
        self.attending = asyncio.ensure_future(attend(self._controlled, self.ledger, self.ended))
        for worker in self.workers:
            ours, theirs = socket.socketpair()
            socket.send_fds(self.control, [b"+"], [theirs.fileno()])
            theirs.close()
            await worker.connect(ours)
            await worker.settled()
        return self

    async def __aexit__(self, *_: object) -> None:
        for worker in self.workers:
            worker.close()
        self.control.close()
        await self.attending
        self._controlled.close()


Scene = Callable[[Office, RecordingWriter, Worker, Worker], Awaitable[None]]


def play(scene: Scene) -> None:
    """Play a scene in an office with two workers; one that hangs fails."""

    async def playing() -> None:
        writer = RecordingWriter()
        async with Office(writer) as office:
            await scene(office, writer, *office.workers)

    asyncio.run(asyncio.wait_for(playing(), timeout=10))


def results(outcomes: Sequence[Outcome]) -> list[Any]:
    return [outcome.result for outcome in outcomes]


def test_what_a_worker_asks_in_one_turn_shares_a_batch() -> None:
    async def scene(_: Office, writer: RecordingWriter, worker: Worker, __: Worker) -> None:
        assert results(await asyncio.gather(*worker.asked("a", "b", "c"))) == ["a", "b", "c"]
        assert results(await asyncio.gather(*worker.asked("d"))) == ["d"]
        assert writer.batches == [["a", "b", "c"], ["d"]]

    play(scene)


def test_what_follows_in_the_next_turn_goes_in_the_same_frame() -> None:
    async def scene() -> None:
        worker, (ours, theirs) = Worker(), socket.socketpair()
        await worker.connect(ours)
        asked = worker.asked("a", "b")
        await asyncio.sleep(0)
        asked += worker.asked("c")
        sent = await asyncio.to_thread(theirs.recv, 65_536)
        assert len(sent) == LENGTH + int.from_bytes(sent[:LENGTH])
        assert [request.key for _, request in Frames().messages(sent)] == ["a", "b", "c"]
        theirs.close()
        await asyncio.gather(*asked)

    asyncio.run(asyncio.wait_for(scene(), timeout=10))


def test_each_worker_gets_its_own_answers() -> None:
    async def scene(_: Office, __: RecordingWriter, one: Worker, two: Worker) -> None:
        answers = await asyncio.gather(*one.asked("a", "b"), *two.asked("c", "d"))
        assert results(answers) == ["a", "b", "c", "d"]

    play(scene)


def test_a_fault_reaches_its_caller_alone() -> None:
    async def scene(_: Office, writer: RecordingWriter, worker: Worker, __: Worker) -> None:
        writer.faulty.add("b")
        first, second = await asyncio.gather(*worker.asked("a", "b"), return_exceptions=True)
        assert isinstance(first, Outcome)
        assert isinstance(second, Fault)

    play(scene)


def test_a_caller_who_leaves_is_not_missed_and_the_command_executes() -> None:
    async def scene(_: Office, writer: RecordingWriter, worker: Worker, __: Worker) -> None:
        leaving, staying = worker.asked("a", "b")
        await asyncio.sleep(0)
        leaving.cancel()
        assert (await staying).result == "b"
        assert writer.batches == [["a", "b"]]

    play(scene)


def test_what_was_queued_executes_although_its_worker_is_gone() -> None:
    async def scene(_: Office, writer: RecordingWriter, dying: Worker, other: Worker) -> None:
        asked = dying.asked("a")
        await asyncio.sleep(0)
        dying.close()
        assert results(await asyncio.gather(*asked)) == [Unavailable()]
        await other.settled()
        assert writer.batches == [["a"]]
        assert results(await asyncio.gather(*other.asked("b"))) == ["b"]

    play(scene)


def test_settled_waits_for_what_other_workers_asked_before() -> None:
    async def scene(_: Office, writer: RecordingWriter, one: Worker, two: Worker) -> None:
        asked = one.asked("a")
        await asyncio.sleep(0)
        one.flush()
        await two.settled()
        assert writer.batches == [["a"]]
        await asyncio.gather(*asked)

    play(scene)


def test_a_note_reaches_all_other_workers() -> None:
    async def scene(_: Office, __: RecordingWriter, one: Worker, two: Worker) -> None:
        one.tell((SYSTEM, 3))
        await one.settled()
        await two.settled()
        assert (one.notes, two.notes) == ([], [(SYSTEM, 3)])

    play(scene)


def test_a_writer_that_ends_finishes_what_waits_and_hangs_up() -> None:
    async def scene(office: Office, writer: RecordingWriter, worker: Worker, __: Worker) -> None:
        asked = worker.asked("a")
        await asyncio.sleep(0)
        worker.flush()
        await asyncio.sleep(0)
        office.ended.set()
        assert results(await asyncio.gather(*asked)) == ["a"]
        await worker.lost.wait()
        assert (worker.is_cut, worker.cuts) == (True, 1)
        assert results(await asyncio.gather(*worker.asked("b"))) == [Unavailable()]
        await worker.settled()
        assert writer.batches == [["a"]]

    play(scene)


def test_without_a_writer_nobody_waits() -> None:
    async def scene() -> None:
        worker, (ours, theirs) = Worker(), socket.socketpair()
        await worker.connect(ours)
        asked, settling = worker.asked("a"), asyncio.ensure_future(worker.settled())
        await asyncio.sleep(0)
        theirs.close()
        assert results(await asyncio.gather(*asked)) == [Unavailable()]
        await settling
        assert worker.cuts == 1

    asyncio.run(asyncio.wait_for(scene(), timeout=10))


def test_a_worker_that_hangs_up_was_not_cut_off() -> None:
    async def scene(_: Office, __: RecordingWriter, worker: Worker, ___: Worker) -> None:
        worker.close()
        await worker.lost.wait()
        assert (worker.is_cut, worker.cuts) == (False, 0)

    play(scene)


def test_what_cannot_be_said_keeps_nobody_waiting() -> None:
    async def scene(_: Office, __: RecordingWriter, worker: Worker, other: Worker) -> None:
        unheard: list[Any] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: unheard.append(context["exception"]))
        asked = worker.asked("a")
        await asyncio.sleep(0)
        worker.tell(lambda: "a function has no fields")
        assert results(await asyncio.gather(*asked)) == [Unavailable()]
        assert len(unheard) == 1
        assert results(await asyncio.gather(*other.asked("b"))) == ["b"]

    play(scene)


@pytest.mark.parametrize("rounds", [1, 2])
def test_the_same_key_from_two_workers_executes_once(ledger: TestLedger, rounds: int) -> None:
    deposit = Deposit(account_id=ledger.opened().id, amount=euros(5))

    async def scene() -> None:
        async with Office(ledger.writer) as office:
            for _ in range(rounds):
                asked = [task for worker in office.workers for task in worker.asked("twice", command=deposit)]
                outcomes = await asyncio.gather(*asked)
            assert outcomes[0].result == outcomes[1].result

    asyncio.run(asyncio.wait_for(scene(), timeout=10))
    assert ledger.database.execute_sql('SELECT count(*) FROM "transaction"').fetchone() == (1,)
