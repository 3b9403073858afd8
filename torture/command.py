"""The command line of it."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import sys
import tempfile
from pathlib import Path

import click

from torture.report import told
from torture.run import Outcome, Plan, Run
from torture.torments import ALONE, TOGETHER


@click.command()
@click.option(
    "--minutes", default=2.0, type=click.FloatRange(min=0.05), show_default=True, help="How long it is tormented."
)
@click.option("--seed", type=int, help="The chances to take; by default others each time.")
@click.option("--workers", default=1, type=click.IntRange(min=1), show_default=True, help="How many processes serve.")
def torture(minutes: float, seed: int | None, workers: int) -> None:
    """Kill a server of its own again and again while many use it, and check that nothing was lost or done twice."""
    plan = Plan(secrets.randbits(32) if seed is None else seed, minutes * 60, workers=workers)
    folder = Path(tempfile.mkdtemp(prefix="countinghouse-torture-"))
    click.echo(f"seed {plan.seed}, in {folder}")
    outcome = asyncio.run(carried_out(plan, folder))
    click.echo(told(outcome))
    if outcome.faults:
        sys.exit(1)  # and leave the folder to whoever looks into it
    shutil.rmtree(folder)


async def carried_out(plan: Plan, folder: Path) -> Outcome:
    """Carry a plan out."""
    run = Run(plan, folder)
    await run.prepare()
    torments = await run.torture(ALONE if plan.workers == 1 else TOGETHER)
    outcome = await run.judge()
    outcome.torments = torments
    return outcome
