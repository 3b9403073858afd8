from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from domain.access import SYSTEM
from domain.commands import Command
from domain.errors import Overloaded, Unavailable
from domain.instants import SECOND, Instant
from domain.ports import (
    Fault,
    Outcome,
    Request,
    StorageError,
)
from domain.services.movements import Deposit
from persistence.batches import MOST_IN_A_BATCH, BatchWriter
from persistence.writer import QueuedLedger, WriterLimits
from tests.support.books import TestLedger, euros
from tests.support.surroundings import NOON, StandingClock

DEPOSIT = Deposit(account_id="acct_1", amount=euros(1))
Said = list[Any]


class RecordingWriter(BatchWriter):
    """Answers every request with its key, says what it did, and fails as it is told."""

    def __init__(self, said: Said) -> None:
        self.batches: list[list[str]] = []
        self.failures: list[StorageError] = []
        self.faulty: set[str] = set()
        self._said = said

    def run(self, requests: Sequence[Request]) -> list[Outcome | Fault]:
        keys = [request.key for request in requests]
        if self.failures:
            raise self.failures.pop()
        self.batches.append(keys)
        self._said.append(("committed", keys))
        return [Fault(key) if key in self.faulty else Outcome(key, NOON) for key in keys]


class Desk:
    """A queued ledger over a recording writer, and everything that was said in order."""

    def __init__(self, **limits: int) -> None:
        self.said: Said = []
        self.clock = StandingClock()
        self.writer = RecordingWriter(self.said)
        self.ledger = QueuedLedger(self.writer, self.clock, WriterLimits(**limits), self.said.append)

    def asked(self, *keys: str) -> list[asyncio.Task[Any]]:
        """Ask for a deposit under each key, and let the asking begin."""
        return [asyncio.ensure_future(self._ask(key)) for key in keys]

    async def _ask(self, key: str) -> Any:
        outcome = await self.ledger.execute(SYSTEM, key, DEPOSIT)
        self.said.append(("answered", key))
        return outcome.result


def run(scene: Callable[[], Awaitable[None]]) -> None:
    """Play a scene on an event loop of its own; one that hangs fails."""
    asyncio.run(asyncio.wait_for(scene(), timeout=10))


def test_nobody_is_answered_before_the_commit() -> None:
    async def scene() -> None:
        desk = Desk()
        assert await asyncio.gather(*desk.asked("a", "b")) == ["a", "b"]
        assert desk.said == [("committed", ["a", "b"]), ("answered", "a"), ("answered", "b")]

    run(scene)


def test_what_arrives_together_shares_a_batch_and_what_arrives_later_has_its_own() -> None:
    async def scene() -> None:
        desk = Desk()
        await asyncio.gather(*desk.asked("a", "b", "c"))
        await asyncio.gather(*desk.asked("d"))
        assert desk.writer.batches == [["a", "b", "c"], ["d"]]

    run(scene)


def test_a_batch_begins_when_a_turn_has_brought_nobody_new() -> None:
    async def scene() -> None:
        desk = Desk()
        asked = desk.asked("a", "b")
        await asyncio.sleep(0)
        await asyncio.gather(*asked, *desk.asked("c"))
        assert desk.writer.batches == [["a", "b", "c"]]

    run(scene)


def test_a_batch_has_its_limit_and_the_rest_follows_in_order() -> None:
    async def scene() -> None:
        desk, keys = Desk(), [f"{number}" for number in range(2 * MOST_IN_A_BATCH + 1)]
        assert await asyncio.gather(*desk.asked(*keys)) == keys
        assert [len(batch) for batch in desk.writer.batches] == [MOST_IN_A_BATCH, MOST_IN_A_BATCH, 1]
        assert [key for batch in desk.writer.batches for key in batch] == keys

    run(scene)


def test_beyond_its_capacity_the_queue_takes_nobody() -> None:
    async def scene() -> None:
        desk = Desk(capacity=2)
        answers = await asyncio.gather(*desk.asked("a", "b", "c"))
        assert answers == ["a", "b", Overloaded(retry_after_ms=1000)]
        assert desk.said[0] == ("answered", "c")
        assert desk.writer.batches == [["a", "b"]]
        assert await asyncio.gather(*desk.asked("d")) == ["d"]

    run(scene)


@pytest.mark.parametrize(("waited", "answer"), [(SECOND, "a"), (SECOND + 1, Unavailable())])
def test_who_waited_too_long_is_sent_away_undecided(waited: int, answer: object) -> None:
    async def scene() -> None:
        desk = Desk(patience=SECOND)
        asked = desk.asked("a")
        asyncio.get_running_loop().call_soon(desk.clock.advance, waited)
        assert await asyncio.gather(*asked) == [answer]
        assert desk.writer.batches == ([["a"]] if answer == "a" else [])

    run(scene)


def test_only_those_who_waited_too_long_are_sent_away() -> None:
    async def scene() -> None:
        desk = Desk(patience=SECOND)
        early = desk.asked("early")
        asyncio.get_running_loop().call_soon(desk.clock.advance, SECOND + 1)
        late = desk.asked("late")
        assert await asyncio.gather(*early, *late) == [Unavailable(), "late"]
        assert desk.writer.batches == [["late"]]

    run(scene)


def test_a_failure_of_storage_is_told_to_everyone_in_the_batch_and_once_to_the_owner() -> None:
    async def scene() -> None:
        desk = Desk()
        failure = StorageError("the disk is full")
        desk.writer.failures.append(failure)
        assert await asyncio.gather(*desk.asked("a", "b")) == [Unavailable(), Unavailable()]
        assert desk.said.count(failure) == 1
        assert await asyncio.gather(*desk.asked("a")) == ["a"]

    run(scene)


def test_the_owner_hears_of_a_failure_before_the_next_batch_begins() -> None:
    async def scene() -> None:
        desk = Desk()
        desk.writer.failures.append(StorageError("the disk is full"))
        keys = [f"{number}" for number in range(MOST_IN_A_BATCH + 1)]
        answers = await asyncio.gather(*desk.asked(*keys))
        assert answers == [Unavailable()] * MOST_IN_A_BATCH + keys[-1:]
        spoken = [word for word in desk.said if isinstance(word, StorageError) or word[0] == "committed"]
        assert [type(word) for word in spoken] == [StorageError, tuple]

    run(scene)


def test_an_owner_who_fails_too_keeps_nobody_waiting() -> None:
    async def scene() -> None:
        desk, unheard = Desk(), list[Any]()
        asyncio.get_running_loop().set_exception_handler(lambda _, context: unheard.append(context["exception"]))
        failure, panic = StorageError("the disk is full"), OSError("and the log with it")
        desk.writer.failures.append(failure)

        def fail(failure: StorageError) -> None:
            raise panic from failure

        desk.ledger = QueuedLedger(desk.writer, desk.clock, WriterLimits(), fail)
        keys = [f"{number}" for number in range(MOST_IN_A_BATCH + 1)]
        answers = await asyncio.gather(*desk.asked(*keys))
        assert answers == [Unavailable()] * MOST_IN_A_BATCH + keys[-1:]
        assert await asyncio.gather(*desk.asked("later")) == ["later"]
        assert unheard == [panic]

    run(scene)


def test_a_fault_reaches_its_caller_alone() -> None:
    async def scene() -> None:
        desk = Desk()
        desk.writer.faulty.add("b")
        first, second, third = await asyncio.gather(*desk.asked("a", "b", "c"), return_exceptions=True)
        assert (first, third) == ("a", "c")
        assert isinstance(second, Fault)

    run(scene)


def test_a_caller_who_leaves_is_not_missed_and_the_command_executes() -> None:
    async def scene() -> None:
        desk = Desk()
        first, leaving, third = desk.asked("a", "b", "c")
        await asyncio.sleep(0)
        leaving.cancel()
        assert [await first, await third] == ["a", "c"]
        assert leaving.cancelled()
        assert desk.writer.batches == [["a", "b", "c"]]

    run(scene)


def test_closing_finishes_what_waits_and_takes_nothing_more() -> None:
    async def scene() -> None:
        desk = Desk()
        keys = [f"{number}" for number in range(MOST_IN_A_BATCH + 1)]
        waiting = desk.asked(*keys)
        await asyncio.sleep(0)
        desk.ledger.close()
        assert [len(batch) for batch in desk.writer.batches] == [MOST_IN_A_BATCH, 1]
        assert await asyncio.gather(*waiting, *desk.asked("late")) == [*keys, Unavailable()]
        assert [len(batch) for batch in desk.writer.batches] == [MOST_IN_A_BATCH, 1]

    run(scene)


def test_settled_waits_for_everything_that_was_queued_before() -> None:
    async def scene() -> None:
        desk = Desk()
        asked = desk.asked(*(f"{number}" for number in range(MOST_IN_A_BATCH + 7)))
        await asyncio.sleep(0)
        await desk.ledger.settled()
        assert sum(len(batch) for batch in desk.writer.batches) == len(asked)
        await asyncio.gather(*asked)

    run(scene)


@pytest.mark.parametrize("state", ["idle", "closed", "failing"])
def test_settled_always_returns(state: str) -> None:
    async def scene() -> None:
        desk = Desk()
        if state == "closed":
            desk.ledger.close()
        if state == "failing":
            desk.writer.failures.append(StorageError("the disk is full"))
        asked = desk.asked(*(["a"] if state == "failing" else []))
        await asyncio.sleep(0)
        await desk.ledger.settled()
        assert await asyncio.gather(*asked) == [Unavailable()] * len(asked)
        assert desk.writer.batches == []

    run(scene)


def test_a_settled_that_was_given_up_disturbs_nobody() -> None:
    async def scene() -> None:
        desk = Desk()
        asking = asyncio.ensure_future(desk.ledger.settled())
        asked = desk.asked("a")
        await asyncio.sleep(0)
        asking.cancel()
        assert await asyncio.gather(*asked) == ["a"]

    run(scene)


# On the real books.


def queued(ledger: TestLedger) -> QueuedLedger:
    def never(failure: StorageError) -> None:
        raise failure

    return QueuedLedger(ledger.writer, ledger.clock, WriterLimits(), never)


def test_the_same_key_twice_at_the_same_moment_executes_once(ledger: TestLedger) -> None:
    deposit = Deposit(account_id=ledger.opened().id, amount=euros(5))

    async def scene() -> None:
        books = queued(ledger)
        outcomes = await asyncio.gather(*(books.execute(SYSTEM, "twice", deposit) for _ in range(2)))
        assert [outcome.replayed for outcome in outcomes] == [False, True]
        assert outcomes[0].result == outcomes[1].result

    run(scene)
    assert ledger.database.execute_sql('SELECT count(*) FROM "transaction"').fetchone() == (1,)


def test_an_answer_is_in_the_file_before_it_is_given(ledger: TestLedger) -> None:
    deposit: Command = Deposit(account_id=ledger.opened().id, amount=euros(5))
    count = 'SELECT count(*) FROM "transaction"'

    async def scene() -> None:
        books = queued(ledger)
        for number in range(1, 4):
            await books.execute(SYSTEM, f"key {number}", deposit)
            assert not ledger.database.in_transaction()
            assert ledger.database.execute_sql(count).fetchone() == (number,)

    run(scene)


def test_a_clock_that_steps_back_sends_nobody_away() -> None:
    async def scene() -> None:
        desk = Desk(patience=0)
        asked = desk.asked("a")
        asyncio.get_running_loop().call_soon(setattr, desk.clock, "at", Instant(NOON - SECOND))
        assert await asyncio.gather(*asked) == ["a"]

    run(scene)
