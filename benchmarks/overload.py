"""Half as much again as the server can do: what it still does, what it refuses, how fast, and in how much memory.

Run as `python -m benchmarks.overload`.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterator
from math import ceil

import click

from benchmarks import open_loop, wrk
from benchmarks.arena import MEDIA, Arena, arena
from benchmarks.contestants import CONTESTANTS, OWN, Contestant
from benchmarks.dialects import Dialect
from benchmarks.prepared import Prepared
from benchmarks.wrk import Load

CAPACITY = Load("capacity", ["deposit"], 256)
SHARE = 1.5


def requests(dialect: Dialect, books: Prepared, number: int) -> Iterator[bytes]:
    """Yield deposits, each under a key of its own, on accounts drawn by chance."""
    template = list(wrk.pieces(wrk.wire(wrk.message_of("deposit", dialect, books), wrk.lengths_of(books))))
    token = secrets.token_hex(4)
    for index in range(number):
        holes = {1: f"{token}-{index:011}", 2: random.choice(books.account_ids)}  # noqa: S311 - chance, no secret
        yield "".join(piece if isinstance(piece, str) else holes[piece] for piece in template).encode()


def overload(arena: Arena, contestant: Contestant, seconds: int) -> list[str]:
    """Measure the capacity, then load the same server with more; return the cells of a row."""
    with arena.fresh(contestant) as books, contestant.running(books.folder) as server:
        wrk.run(CAPACITY, contestant.dialect, books, server.address, 2)
        capacity = wrk.run(CAPACITY, contestant.dialect, books, server.address, seconds).throughput
        before = server.peak_bytes()
        rate = SHARE * capacity
        written = list(requests(contestant.dialect, books, ceil(rate * seconds) + 1))  # before the clock starts
        found = open_loop.run(server.address, iter(written), rate, seconds)
        after = server.peak_bytes()
    if found.failures:
        raise wrk.VoidError(found.failures[0])
    p50, p99, longest = open_loop.percentiles(found.refused)
    return [
        f"{capacity:,.0f}",
        f"{found.due / found.seconds:,.0f}",
        f"{found.goodput:,.0f} ({found.goodput / capacity:.2f})",
        f"{100 * found.refused_share:.0f} %",
        f"{1000 * p50:.1f} / {1000 * p99:.1f} / {1000 * longest:.1f} ms",
        f"{1000 * open_loop.percentiles(found.succeeded)[1]:.0f} ms",
        str(found.unanswered),
        f"{before / 2**20:.0f} / {after / 2**20:.0f} MiB",
    ]


HEAD = (
    "on",
    "server",
    "capacity/s",
    "due/s",
    "goodput/s (of capacity)",
    "refused",
    "refused within: p50 / p99 / max",
    "done within: p99",
    "unanswered",
    "peak memory before / after",
)


@click.command()
@click.option("--contestants", default=OWN, show_default=True, help="Names, with commas between them.")
@click.option("--seconds", default=8, show_default=True, help="How long the load takes.")
def main(contestants: str, seconds: int) -> None:
    """Print a table in Markdown."""
    chosen = [CONTESTANTS[name] for name in contestants.split(",")]
    print(f"| {' | '.join(HEAD)} |\n|{'---|' * len(HEAD)}")
    for medium in MEDIA:
        with arena(medium, chosen) as prepared:
            for contestant in chosen:
                print(
                    f"| {' | '.join([medium, contestant.name, *overload(prepared, contestant, seconds)])} |", flush=True
                )


if __name__ == "__main__":
    main()
