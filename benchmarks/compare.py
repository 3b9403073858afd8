"""The contestants side by side: each load in several rounds, in which all take turns, each on a fresh file.

Run as `python -m benchmarks.compare --contestants countinghouse,rest,node --loads deposits-32 --rounds 1 --seconds 5`.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from benchmarks import figures, wrk
from benchmarks.check import check
from benchmarks.contestants import CONTESTANTS, OWN, Contestant, available
from benchmarks.figures import Figures
from benchmarks.prepared import Prepared
from benchmarks.wrk import Load
from persistence.library import sqlite3

LOADS: Mapping[str, Load] = {
    load.name: load
    for load in (
        Load("deposits-1", ["deposit"], 1),
        Load("deposits-32", ["deposit"], 32),
        Load("deposits-256", ["deposit"], 256),
        Load("transfers-1", ["transfer"], 1),
        Load("transfers-32", ["transfer"], 32),
        Load("transfers-256", ["transfer"], 256),
        Load("hot-32", ["deposit"], 32, is_hot=True),
        Load("mixed-32", ["read", "read", "read", "read", "deposit"], 32),
        Load("reads-32", ["read"], 32),
    )
}
RAW = Path(".benchmarks") / "compare.json"
MEDIA: Mapping[str, Path] = {"disk": Path(".benchmarks"), "tmpfs": Path("/dev/shm")}  # noqa: S108 - tmpfs is the point


@dataclass(frozen=True)
class Bench:
    """Prepared files in a folder, one for each contestant."""

    folder: Path
    prepared: Mapping[str, Prepared]

    @contextmanager
    def fresh(self, contestant: Contestant) -> Iterator[Prepared]:
        """Give the contestant a copy of its file, for once."""
        books = self.prepared[contestant.name].copied_to(self.folder / "fresh")
        try:
            yield books
        finally:
            shutil.rmtree(books.folder)

    def measure(self, contestant: Contestant, load: Load, seconds: int, warm_up: int) -> Figures:
        """Start the contestant, warm it up, load it. Raises VoidError unless all went well, and all was written."""
        with self.fresh(contestant) as books:
            before = transactions_in(books.path)
            server = contestant.start(books.folder)
            try:
                warm = wrk.run(load, contestant.dialect, books, server.address, warm_up)
                cpu = server.cpu_seconds()
                found = wrk.run(load, contestant.dialect, books, server.address, seconds)
                cpu = server.cpu_seconds() - cpu
                peak = server.peak_bytes()
            finally:
                server.stop()
            written = transactions_in(books.path) - before
            _require_written(load, warm.requests + found.requests, written)
        return Figures(found.throughput, found.p50, found.p99, cpu / found.requests, peak)


def _require_written(load: Load, requests: int, written: int) -> None:
    """Raise VoidError if less was written than answered."""
    writes = requests * sum(kind != "read" for kind in load.kinds) // len(load.kinds)
    if written < writes - len(load.kinds):
        raise wrk.VoidError(f"{writes} writes were answered, {written} were written")


def transactions_in(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        (count,) = connection.execute('SELECT count(*) FROM "transaction"').fetchone()
    return int(count)


@contextmanager
def bench(medium: str, contestants: Sequence[Contestant]) -> Iterator[Bench]:
    """Prepare a file for each contestant, check each on a copy, and remove all at the end. Raises UnfairError."""
    MEDIA["disk"].mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=MEDIA[medium]))
    try:
        made: dict[object, Prepared] = {}
        for contestant in contestants:
            if contestant.prepare not in made:
                made[contestant.prepare] = contestant.prepare(folder / f"prepared-{len(made)}")
        prepared = Bench(folder, {one.name: made[one.prepare] for one in contestants})
        for contestant in contestants:
            with prepared.fresh(contestant) as books, closing_server(contestant, books) as address:
                check(address, contestant.dialect, books)
        yield prepared
    finally:
        shutil.rmtree(folder)


@contextmanager
def closing_server(contestant: Contestant, books: Prepared) -> Iterator[str]:
    """Run a server for a while; give its address."""
    server = contestant.start(books.folder)
    try:
        yield server.address
    finally:
        server.stop()


Measured = dict[str, dict[str, list[Figures]]]
"""By load and contestant, one for each round."""


def compare(
    prepared: Bench, contestants: Sequence[Contestant], loads: Sequence[Load], rounds: int, seconds: int
) -> Measured:
    """Measure all, in turns: whatever else the machine does meets everybody."""
    measured: Measured = {load.name: {one.name: [] for one in contestants} for load in loads}
    for load in loads:
        for number in range(rounds):
            for contestant in _turned(contestants, number):
                figures_found = prepared.measure(contestant, load, seconds, warm_up=min(2, seconds))
                measured[load.name][contestant.name].append(figures_found)
                print(f"{load.name} {contestant.name}: {figures_found}", file=sys.stderr, flush=True)
    return measured


def _turned(contestants: Sequence[Contestant], number: int) -> list[Contestant]:
    """Let another one begin in every round."""
    first = number % len(contestants)
    return [*contestants[first:], *contestants[:first]]


def names(known: Mapping[str, object], given: str) -> list[str]:
    """Read a list of names. Raises BadParameter for one that is unknown."""
    listed = [name for name in given.split(",") if name]
    if unknown := [name for name in listed if name not in known]:
        raise click.BadParameter(f"{', '.join(unknown)}; known are {', '.join(known)}")
    return listed


@click.command()
@click.option("--contestants", default="", help="Names, with commas between them; all that can be started if left out.")
@click.option("--loads", default="", help="Names, with commas between them; all if left out.")
@click.option("--media", default="disk,tmpfs", show_default=True, help="Where the files lie.")
@click.option("--rounds", default=3, show_default=True, help="How often everybody is measured under each load.")
@click.option("--seconds", default=4, show_default=True, help="How long each measurement takes.")
def main(contestants: str, loads: str, media: str, rounds: int, seconds: int) -> None:
    """Measure, and print a table of medians and ratios for each medium."""
    chosen = [CONTESTANTS[name] for name in names(CONTESTANTS, contestants) or available()]
    under = [LOADS[name] for name in names(LOADS, loads) or LOADS]
    raw = {}
    for medium in names(MEDIA, media):
        with bench(medium, chosen) as prepared:
            measured = compare(prepared, chosen, under, rounds, seconds)
        print(f"\n### On {medium}\n\n{figures.table(measured, OWN)}")
        raw[medium] = measured
    RAW.write_text(json.dumps(_plain(raw), indent=1))


def _plain(raw: Mapping[str, Measured]) -> dict[str, dict[str, dict[str, list[dict[str, float]]]]]:
    return {
        medium: {
            load: {name: [asdict(one) for one in rounds] for name, rounds in by_name.items()}
            for load, by_name in measured.items()
        }
        for medium, measured in raw.items()
    }


if __name__ == "__main__":
    main()
