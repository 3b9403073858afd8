"""Tellers at a moderate rate, alone and beside a VIEWER who sends forbidden mutations as fast as they are answered.

Run as `python -m benchmarks flood`.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from statistics import median

import click

from benchmarks import open_loop, wrk
from benchmarks.arena import Arena, arena, transactions_in
from benchmarks.contestants import CONTESTANTS, OWN, Contestant
from benchmarks.open_loop import Reckoning
from benchmarks.overload import requests
from benchmarks.prepared import Prepared
from persistence.library import sqlite3

FLOOD = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer {key}"
wrk.body = [[{body}]]
"""
HEAD_START_S = 2
"""Seconds in which the flood has used up what it may be refused in a burst, and has settled."""

BODY = (
    r'{"query":"mutation { deposit(idempotencyKey: \"f\", input: {accountId: \"%s\", '
    r'amount: {amount: \"1.00\", currency: \"EUR\"}}) { __typename } }"}'
)


@dataclass(frozen=True)
class Tellers:
    """What the tellers got, what all of it cost, and how many records there are beside theirs."""

    found: Reckoning
    cpu_seconds: float
    other_records: int

    @property
    def percentiles(self) -> tuple[float, float, float]:
        return open_loop.percentiles(self.found.succeeded)


def tellers(arena: Arena, contestant: Contestant, *, rate: float, seconds: int, flooding: int) -> Tellers:
    """Load a fresh server with deposits, and with so many flooding connections of a VIEWER. Raises VoidError."""
    with arena.fresh(contestant) as books, contestant.running(books.folder) as server:
        written = list(requests(contestant.dialect, books, ceil(rate * seconds) + ceil(rate) + 2))
        open_loop.run(server.address, iter(written[: ceil(rate)]), rate, 0.9)
        before = transactions_in(books.path), records_in(books)
        with flood(server.address, books, flooding, seconds + HEAD_START_S):
            cpu = server.cpu_seconds()
            found = open_loop.run(server.address, iter(written[ceil(rate) :]), rate, seconds)
            cpu = server.cpu_seconds() - cpu
        deposits, records = transactions_in(books.path) - before[0], records_in(books) - before[1]
    if found.failures:
        raise wrk.VoidError(found.failures[0])
    return Tellers(found, cpu, records - deposits)


@contextmanager
def flood(address: str, books: Prepared, connections: int, seconds: int) -> Iterator[None]:
    """Send what a VIEWER may not, from so many connections, each as soon as the last was answered."""
    if not connections:
        yield
        return
    script = books.folder / "flood.lua"
    script.write_text(FLOOD.format(key=books.viewer_key, body=BODY % books.account_ids[0]))
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(script), f"http://{address}/graphql"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as flooding:  # noqa: S603 - wrk, with our script
        time.sleep(HEAD_START_S)
        yield
        told = flooding.communicate()[0]
    print("\n".join(line.strip() for line in told.splitlines() if "Requests/sec" in line or "Non-2xx" in line))


def records_in(books: Prepared) -> int:
    connection = sqlite3.connect(books.path)
    (count,) = connection.execute("SELECT count(*) FROM audit").fetchone()
    connection.close()
    return int(count)


HEAD = ("on", "server", "flooding connections", "tellers: due/s", "done/s", "p50", "p99", "CPU", "records of the flood")


def row(rate: float, connections: int, rounds: list[Tellers]) -> list[str]:
    """Return the cells of a row but for the first two: medians of all rounds."""
    return [
        str(connections),
        f"{rate:,.0f}",
        f"{median(one.found.goodput for one in rounds):,.1f}",
        *(f"{1000 * median(one.percentiles[place] for one in rounds):.1f} ms" for place in (0, 1)),
        f"{100 * median(one.cpu_seconds / one.found.seconds for one in rounds):.0f} %",
        str(max(one.other_records for one in rounds)),
    ]


@click.command()
@click.option("--contestants", default=OWN, show_default=True, help="Names, with commas between them.")
@click.option("--media", default="disk", show_default=True, help="Where the books are: disk, tmpfs, or both.")
@click.option("--rate", default=150.0, show_default=True, help="Deposits a second.")
@click.option("--connections", default="0,1,4,16", show_default=True, help="From how many the flood comes, in turns.")
@click.option("--seconds", default=8, show_default=True, help="How long each load takes.")
@click.option("--rounds", default=3, show_default=True, help="How often each is measured.")
def main(*, contestants: str, media: str, rate: float, connections: str, seconds: int, rounds: int) -> None:
    """Print a table in Markdown."""
    chosen, floods = (
        [CONTESTANTS[name] for name in contestants.split(",")],
        [int(one) for one in connections.split(",")],
    )
    print(f"| {' | '.join(HEAD)} |\n|{'---|' * len(HEAD)}")
    for medium in media.split(","):
        with arena(medium, chosen) as prepared:
            for contestant in chosen:
                found: dict[int, list[Tellers]] = {number: [] for number in floods}
                for _ in range(rounds):
                    for number in floods:
                        found[number].append(tellers(prepared, contestant, rate=rate, seconds=seconds, flooding=number))
                for number in floods:
                    print(f"| {' | '.join([medium, contestant.name, *row(rate, number, found[number])])} |", flush=True)


if __name__ == "__main__":
    main()
