"""What is done to the server while the crowd is at it: by chance, but by chances of the seed."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from random import Random

from torture.process import NotServingError, Server

POINTS = ("before-begin", "after-write", "before-commit", "after-commit")
"""Where a batch can die: with nothing begun; with some of it written; with all; with all durable and unanswered."""

LONGEST_LIFE_S = 5.0
MOST_BATCHES = 60
TRIES = 50
Torment = Callable[[Server, Random], Awaitable[str]]


async def kill(server: Server, random: Random) -> str:
    """Kill it at any moment."""
    await begin(server)
    await asyncio.sleep(random.uniform(0, LONGEST_LIFE_S / 2))
    await server.kill()
    return "killed at random"


async def _die(server: Server, random: Random, *, point: str) -> str:
    """Have it kill itself at a point of a batch; one that gets no further is killed."""
    await begin(server, point, random.randrange(3, MOST_BATCHES))
    if await server.died(LONGEST_LIFE_S):
        return f"killed {point}"
    await server.kill()
    return "killed at random"


async def stop(server: Server, random: Random) -> str:
    """Stop it in good order."""
    await begin(server)
    await asyncio.sleep(random.uniform(0, LONGEST_LIFE_S / 2))
    await server.stop()
    return "stopped"


async def hold_up(server: Server, random: Random) -> str:
    """Hold it up for longer than some are patient, then kill it."""
    await begin(server)
    await asyncio.sleep(random.uniform(0, LONGEST_LIFE_S / 4))
    await server.hold_up(random.uniform(0.1, 1))
    await server.kill()
    return "held up, then killed"


async def kill_writer(server: Server, random: Random) -> str:
    """Kill the process that writes; the others end by themselves."""
    await begin(server)
    await asyncio.sleep(random.uniform(0, LONGEST_LIFE_S / 2))
    server.kill_child(0)
    if not await server.died(LONGEST_LIFE_S):
        await server.kill()
        raise NotServingError("the server goes on without its writer")
    return "writer killed"


async def kill_worker(server: Server, random: Random) -> str:
    """Kill a process that serves, which is replaced; then all of it."""
    await begin(server)
    await asyncio.sleep(random.uniform(0, LONGEST_LIFE_S / 4))
    server.kill_child(random.randrange(1, len(server.children)))
    await asyncio.sleep(random.uniform(0, LONGEST_LIFE_S / 4))
    await server.kill()
    return "worker killed, then all"


DEATHS: Sequence[Torment] = [partial(_die, point=point) for point in POINTS]
ALONE: Sequence[Torment] = (kill, kill, kill, hold_up, stop)
TOGETHER: Sequence[Torment] = (kill, kill, hold_up, stop, kill_writer, kill_worker)


async def begin(server: Server, point: str | None = None, at: int = 0) -> None:
    """Start it, as soon as the one before it has let go of the books."""
    for _ in range(TRIES):
        with suppress(BooksInUseError):
            return await start(server, point, at)
        await asyncio.sleep(0.1)
    raise NotServingError("the books stay in use")


class BooksInUseError(Exception):
    """A process of the last server has not ended yet."""


async def start(server: Server, point: str | None, at: int) -> None:
    """Start it. Raises BooksInUseError, NotServingError."""
    try:
        await server.start(point, at)
    except NotServingError as refused:
        if "another server has this database open" in server.last_words:
            raise BooksInUseError from refused
        raise


async def torment(
    server: Server, random: Random, torments: Sequence[Torment], until: Callable[[], bool]
) -> Counter[str]:
    """Do one thing after another to it; return how often each was done. It is left ended.

    Each round has every point of death, then all of the torments, in an order of chance: none is left out for long.
    """
    done: Counter[str] = Counter()
    while True:
        for one in (*random.sample(DEATHS, len(DEATHS)), *random.sample(torments, len(torments))):
            if until():
                return done
            done[await one(server, random)] += 1
