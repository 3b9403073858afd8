"""Who goes next: light requests in their order, a heavy one now and then, and nobody waits for two of those."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from domain.access import SYSTEM
from domain.commands import Rejection
from domain.errors import InvalidInput, Unavailable
from domain.instants import SECOND
from domain.ports import Fault, Outcome, Request
from domain.services.batches import MOST_ITEMS, BatchItem, BatchMode, ExecuteBatch
from domain.services.movements import Deposit
from persistence.batches import MOST_IN_A_BATCH
from persistence.turns import Turns, Waiting
from persistence.writer import QueuedLedger
from tests.persistence.test_writer import DEPOSIT, Desk, run
from tests.support.books import euros
from tests.support.surroundings import NOON

NOBODY = cast("asyncio.Future[Outcome | Fault]", None)
"""Who asks does not matter for whose turn it is."""

HEAVIEST = MOST_ITEMS
LIGHTEST_HEAVY = MOST_IN_A_BATCH


def batch(items: int) -> ExecuteBatch:
    part = Deposit(account_id="acct_1", amount=euros(1))
    return ExecuteBatch(mode=BatchMode.ATOMIC, items=tuple(BatchItem.of(f"i{number}", part) for number in range(items)))


def waiting(name: str, items: int = 0) -> Waiting:
    """Return a request under that key: a batch of so many items, or a single one."""
    command = batch(items) if items else DEPOSIT
    return Waiting(Request(SYSTEM, name, command), NOON, NOBODY)


def turns(*waiting: Waiting) -> list[str]:
    """Let them all wait, and return the turns in which they go, each as one word."""
    those = Turns()
    for one in waiting:
        those.add(one)
    taken = []
    while those:
        taken.append("".join(one.request.key for one in those.next()))
    assert those.weight == 0
    return taken


@pytest.mark.parametrize(
    ("queue", "expected"),
    [
        ("abc", ["abc"]),
        ("H", ["H"]),
        ("HI", ["H", "I"]),
        ("aH", ["aH"]),
        ("Ha", ["aH"]),
        ("HIJabc", ["abcH", "I", "J"]),
    ],
)
def test_a_heavy_request_goes_with_a_turn_of_light_ones(queue: str, expected: list[str]) -> None:
    assert turns(*(waiting(name, HEAVIEST if name.isupper() else 0) for name in queue)) == expected


def test_whoever_comes_during_a_heavy_turn_goes_before_the_next_heavy_request() -> None:
    those, names = Turns(), []
    for name in "HIJK":
        those.add(waiting(name, HEAVIEST))
    for newcomer in "abc":
        names.append("".join(one.request.key for one in those.next()))
        those.add(waiting(newcomer))
    while those:
        names.append("".join(one.request.key for one in those.next()))
    assert names == ["H", "a", "bI", "c", "J", "K"]


def test_heavy_requests_are_not_put_off_for_ever() -> None:
    those, taken = Turns(), 0
    for _ in range(5):
        those.add(waiting("H", HEAVIEST))
    for turn in range(10):
        those.add(waiting("a"))
        taken += sum(one.request.key == "H" for one in those.next())
        assert taken == turn // 2 + 1


@pytest.mark.parametrize(("items", "together"), [(100, 2), (127, 2), (128, 1), (255, 1)])
def test_a_turn_is_measured_by_what_requests_are_made_of(items: int, together: int) -> None:
    assert len(turns(*(waiting("b", items) for _ in range(2)))) == (1 if together == 2 else 2)


def test_a_request_is_heavy_when_it_is_more_than_a_turn_by_itself() -> None:
    light, heavy = waiting("l", LIGHTEST_HEAVY - 1), waiting("H", LIGHTEST_HEAVY)
    assert (light.weight, heavy.weight) == (MOST_IN_A_BATCH, MOST_IN_A_BATCH + 1)
    assert turns(light, heavy) == ["lH"]


def test_light_requests_keep_their_order() -> None:
    queue = [waiting("a"), waiting("b", LIGHTEST_HEAVY - 1), waiting("c")]
    assert turns(*queue) == ["a", "b", "c"]


def test_a_rejection_is_light() -> None:
    rejection = Rejection(ExecuteBatch.operation, InvalidInput())
    assert Waiting(Request(SYSTEM, "k", rejection), NOON, NOBODY).weight == 1


# On the queue of the ledger


async def _asked(ledger: QueuedLedger, name: str, items: int) -> str:
    outcome = await ledger.execute(SYSTEM, name, batch(items))
    return str(outcome.result)


def test_whoever_arrives_while_a_heavy_turn_is_answered_goes_before_the_next() -> None:
    async def scene() -> None:
        desk = Desk()
        first, second = (asyncio.ensure_future(_asked(desk.ledger, name, HEAVIEST)) for name in "HI")
        await first
        for _ in range(3):  # as many rounds as a request needs to be read
            await asyncio.sleep(0)
        await asyncio.gather(second, *desk.asked("late"))
        assert desk.writer.batches == [["H"], ["late"], ["I"]]

    run(scene)


def test_settled_waits_for_light_and_heavy_alike() -> None:
    async def scene() -> None:
        desk = Desk()
        asked = [asyncio.ensure_future(_asked(desk.ledger, name, HEAVIEST)) for name in "HI"]
        asked += desk.asked("a")
        await asyncio.sleep(0)
        await desk.ledger.settled()
        assert desk.writer.batches == [["a", "H"], ["I"]]
        await asyncio.gather(*asked)

    run(scene)


def test_settled_waits_also_for_what_its_caller_no_longer_does() -> None:
    async def scene() -> None:
        desk = Desk()
        (leaving,) = desk.asked("a")
        await asyncio.sleep(0)
        leaving.cancel()
        await desk.ledger.settled()
        assert desk.writer.batches == [["a"]]

    run(scene)


def test_the_items_of_a_batch_take_up_room_in_the_queue() -> None:
    async def scene() -> None:
        desk = Desk(capacity=1000)
        whole = asyncio.ensure_future(_asked(desk.ledger, "H", HEAVIEST))
        await asyncio.sleep(0)
        (refused,) = await asyncio.gather(*desk.asked("a"))
        assert refused.retry_after_ms == 1000
        assert await whole == "H"
        assert await asyncio.gather(*desk.asked("b")) == ["b"]

    run(scene)


def test_a_heavy_request_that_waited_too_long_is_sent_away_too() -> None:
    async def scene() -> None:
        desk = Desk(patience=SECOND)
        asked = asyncio.ensure_future(desk.ledger.execute(SYSTEM, "H", batch(HEAVIEST)))
        asyncio.get_running_loop().call_soon(desk.clock.advance, SECOND + 1)
        assert (await asked).result == Unavailable()
        assert desk.writer.batches == []

    run(scene)
