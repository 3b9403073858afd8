"""Hours of an even load, to see whether the server stays as it was, and that everything is right at the end.

    python -m torture.soak --minutes 60

First the crowd asks as fast as it can, to learn how much that is; then it asks at a share of it.
"""

from __future__ import annotations

import asyncio
import gc
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

import click

from torture.crowd import now
from torture.report import told
from torture.run import Outcome, Pace, Plan, Run

CAPACITY_S, INTERVAL_S = 30.0, 60.0
SEED = 20_260_102


@dataclass(frozen=True, slots=True)
class Minute:
    """How it went for a while: requests, milliseconds, and bytes that the server has resident."""

    requests: int
    p50: float
    p99: float
    memory: int


def paced(rate: float) -> Pace:
    """Return what lets so many through in a second, evenly, whoever asks."""
    slot = asyncio.get_running_loop().time()

    async def wait() -> None:
        nonlocal slot
        time = asyncio.get_running_loop().time()
        slot = max(slot + 1 / rate, time - 1)
        await asyncio.sleep(slot - time)

    return wait


class Soak:
    """A run without torments."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self._plan = plan
        self._run = Run(plan, folder)

    async def carry_out(self, share: float) -> tuple[list[Minute], Outcome]:
        """Load the server for the time of the plan with a share of what it can do; return how each minute went."""
        await self._run.prepare()
        capacity = await self._capacity()
        click.echo(f"{capacity:.0f} wishes a second at the most; from here on {capacity * share:.0f}")
        minutes = await self._minutes(paced(capacity * share))
        await self._run.server.stop()
        return minutes, await self._run.judge()

    async def _capacity(self) -> float:
        """Return how many wishes a second are pursued when nobody waits."""
        wishes = 0

        async def counted() -> None:
            nonlocal wishes
            wishes += 1

        async with asyncio.TaskGroup() as tasks:
            self._run.loose(tasks, "hurried", counted)
            await asyncio.sleep(CAPACITY_S)
            self._run.calm()
        self._run.stage.is_over = False
        return wishes / CAPACITY_S

    async def _minutes(self, pace: Pace) -> list[Minute]:
        minutes: list[Minute] = []
        async with asyncio.TaskGroup() as tasks:
            self._run.loose(tasks, "steady", pace)
            ends = now() + int(self._plan.seconds * 1_000_000)
            while now() < ends:
                since = now()
                await asyncio.sleep(INTERVAL_S)
                minutes.append(self._minute(since))
                click.echo(row(len(minutes), minutes[-1]))
            self._run.calm()
        return minutes

    def _minute(self, since: int) -> Minute:
        took = [waited / 1000 for waited in self._waited(since)]
        cuts = quantiles(took, n=100)
        return Minute(len(took), cuts[49], cuts[98], self._run.server.memory)

    def _waited(self, since: int) -> Iterator[int]:
        """Yield how long each patient request took, the newest first."""
        for attempt in reversed(self._run.stage.journal.attempts):
            if attempt.answered < since:
                return
            if attempt.answer.code != "UNKNOWN":
                yield attempt.answered - attempt.invoked


def row(number: int, minute: Minute) -> str:
    """Return a line of the table."""
    memory = minute.memory / 1024 / 1024
    return f"| {number} | {minute.requests:,} | {minute.p50:.1f} | {minute.p99:.1f} | {memory:.1f} |"


@click.command()
@click.option("--minutes", default=60.0, show_default=True, help="How long.")
@click.option("--share", default=0.8, show_default=True, help="Of what the server can do.")
@click.option("--seed", default=SEED, show_default=True, help="The chances to take.")
def soak(minutes: float, share: float, seed: int) -> None:
    """Load a server of its own evenly, for long, and check everything at the end."""
    gc.disable()  # millions of notes, none of which goes away: walking them would show as latency of the server
    folder = Path(tempfile.mkdtemp(prefix="countinghouse-soak-"))
    click.echo(f"in {folder}\n| minute | requests | p50 ms | p99 ms | MiB |\n|---|---|---|---|---|")
    _, outcome = asyncio.run(Soak(Plan(seed, minutes * 60), folder).carry_out(share))
    click.echo(told(outcome))
    if outcome.faults:
        sys.exit(1)  # and leave the folder to whoever looks into it
    shutil.rmtree(folder)


if __name__ == "__main__":
    soak()
