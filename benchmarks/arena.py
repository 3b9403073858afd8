"""Where contestants are measured: a folder on a medium, with a file prepared for each, copied for every measurement."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import wrk
from benchmarks.check import check
from benchmarks.contestants import Contestant
from benchmarks.figures import Figures
from benchmarks.prepared import Prepared
from benchmarks.wrk import Load
from persistence.library import sqlite3

MEDIA: Mapping[str, Path] = {"disk": Path(".benchmarks"), "tmpfs": Path("/dev/shm")}  # noqa: S108 - tmpfs is the point


@dataclass(frozen=True)
class Arena:
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
            with contestant.running(books.folder) as server:
                warm = wrk.run(load, contestant.dialect, books, server.address, warm_up)
                cpu = server.cpu_seconds()
                found = wrk.run(load, contestant.dialect, books, server.address, seconds)
                cpu = server.cpu_seconds() - cpu
                peak = server.peak_bytes()
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
def arena(medium: str, contestants: Sequence[Contestant]) -> Iterator[Arena]:
    """Prepare a file for each contestant, check each on a copy, and remove all at the end. Raises UnfairError."""
    MEDIA["disk"].mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=MEDIA[medium]))
    try:
        made: dict[object, Prepared] = {}
        for contestant in contestants:
            if contestant.prepare not in made:
                made[contestant.prepare] = contestant.prepare(folder / f"prepared-{len(made)}")
        prepared = Arena(folder, {one.name: made[one.prepare] for one in contestants})
        for contestant in contestants:
            with prepared.fresh(contestant) as books, contestant.running(books.folder) as server:
                check(server.address, contestant.dialect, books)
        yield prepared
    finally:
        shutil.rmtree(folder)
