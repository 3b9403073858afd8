"""Bugs, planted in a copy of the program: a check that cannot fail proves nothing.

    python -m torture.plants

Each is a few lines of the real source put otherwise. The copy is tortured with a fixed seed, and the checker, which
knows nothing of it, must find what it does.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from torture.process import ROOT, NotServingError
from torture.run import Plan, Run
from torture.torments import ALONE

SEEDS, SECONDS = (1, 2, 3), 20.0
"""A crash shows a bug only where it falls between two steps of it, so each has several chances."""

PROGRAM = (
    "main.py",
    "copies.py",
    "refusing.py",
    "application.py",
    "settings.py",
    "domain",
    "persistence",
    "resolvers",
    "schema",
    "torture",
)


@dataclass(frozen=True, slots=True)
class Plant:
    """A bug: in which file, and what stands there instead of what."""

    bug: str
    path: str
    edits: Mapping[str, str]


_COMMITTED_LATE = """
import asyncio
import contextlib


@contextlib.contextmanager
def committed_late(database):
    if database.connection().in_transaction:
        database.commit()
    database.begin("IMMEDIATE")
    try:
        yield
    except BaseException:
        database.rollback()
        raise
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        database.commit()
    else:
        loop.call_later(0.005, lambda: database.connection().in_transaction and database.commit())


class BatchWriter:
"""


PLANTS = (
    Plant(
        "answers before the commit",
        "persistence/batches.py",
        {
            'with self._database.atomic("IMMEDIATE"):': "with committed_late(self._database):",
            "class BatchWriter:\n": _COMMITTED_LATE,
        },
    ),
    Plant(
        "does not check the caller again when it decides",
        "domain/decisions.py",
        {"    caller = _present_caller(work, request.caller)\n": "    caller = request.caller\n"},
    ),
    Plant(
        "has no overlay: what a refused batch has staged stays",
        "domain/decisions.py",
        {
            "        _require_declared(command, error)\n        facts": (
                "        batch.staged.absorb(work.parts)\n        batch.staged.absorb(work.staged)\n        facts"
            )
        },
    ),
    Plant(
        "has no overlay: it shows as held what has run out",
        "persistence/queries.py",
        {"    return Account.held - run_out\n": "    return Account.held + 0\n"},
    ),
    Plant(
        "forgets a key whose deed was refused",
        "domain/decisions.py",
        {"        if isinstance(error, Refusal):\n": "        if not isinstance(error, Refusal):\n"},
    ),
)


def planted(plant: Plant, folder: Path) -> Path:
    """Copy the program, with the bug in it. Raises ValueError where the source no longer reads as it did."""
    for name in PROGRAM:
        source = ROOT / name
        copied = shutil.copytree if source.is_dir() else shutil.copy
        copied(source, folder / name)
    path = folder / plant.path
    text = path.read_text()
    for good, bad in plant.edits.items():
        if text.count(good) != 1:
            raise ValueError(f"{plant.path} has changed: plant anew what {plant.bug}")
        text = text.replace(good, bad)
    path.write_text(text)
    return folder


def first_fault(root: Path, seconds: float) -> str | None:
    """Torture a program until something is found, or its chances are used up; return the first thing found."""
    for seed in SEEDS:
        with tempfile.TemporaryDirectory() as folder:
            if fault := asyncio.run(_fault_of(Plan(seed, seconds, root=root), Path(folder))):
                return fault
    return None


async def _fault_of(plan: Plan, folder: Path) -> str | None:
    run = Run(plan, folder)
    await run.prepare()
    try:
        await run.torture(ALONE)
        outcome = await run.judge()
    except NotServingError as ended:
        return str(ended)
    return next(iter(outcome.faults), None)


@click.command()
@click.option("--seconds", default=SECONDS, show_default=True, help="How long each copy is tormented.")
def prove(seconds: float) -> None:
    """Plant each bug and find it; fail if one is not found."""
    missed = 0
    for plant in PLANTS:
        with tempfile.TemporaryDirectory() as copy:
            fault = first_fault(planted(plant, Path(copy)), seconds)
        missed += fault is None
        click.echo(f"{'found ' if fault else 'MISSED'}  it {plant.bug}\n        {(fault or 'nothing')[:300]}")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    prove()
