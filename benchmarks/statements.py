"""How long balanceAt and statement take on an account with few entries and on one with many.

Run as `python -m benchmarks.statements`. Books are made once, in .benchmarks; delete it to make them anew.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

import click
import httpx
import orjson

from application import SystemClock, create_app
from benchmarks.books import DAY, DAYS, REFERENCE, make
from domain.access import Role
from domain.instants import Instant
from domain.reading import EntryFilter, PageRequest, TimeRange
from main import provisioner
from persistence.reader import Reader
from persistence.storage import Storage
from resolvers.observe import log_to
from schema.scalars import write_date_time
from settings import Settings

SIZES = (10_000, 1_000_000)
ROUNDS = 200
READ_MILLISECONDS = 5000
FOLDER = Path(".benchmarks")

_ENTRY = "version amount { amount } balanceAfter { amount } createdAt transaction { id kind description }"
_ENTRIES = f"entries {{ edges {{ node {{ {_ENTRY} }} }} pageInfo {{ endCursor }} }}"
_STATEMENT = f"opening {{ amount }} credits {{ amount }} debits {{ amount }} closing {{ amount }} {_ENTRIES}"

QUESTIONS: Mapping[str, Callable[[int], str]] = {
    "balanceAt, half-way": lambda end: f"balanceAt(at: {_at(_half_way(end))}) {{ amount }}",
    "balanceAt, now": lambda end: f"balanceAt(at: {_at(end)}) {{ amount }}",
    "statement, all of it": lambda end: _statement(end - DAYS * DAY, end),
    "statement, its second half": lambda end: _statement(_half_way(end), end),
    "statement, the last day": lambda end: _statement(end - DAY, end),
}
"""What is asked of the account; a statement comes with its first page of 20 entries."""


def _at(instant: int) -> str:
    return f'"{write_date_time(Instant(instant))}"'


def _half_way(end: int) -> Instant:
    return Instant(end - DAYS * DAY // 2)


def _statement(since: int, until: int) -> str:
    return f"statement(since: {_at(since)}, until: {_at(until)}) {{ {_STATEMENT} }}"


Read = Callable[[Reader, str, int], object]

READS: Mapping[str, Read] = {
    "the reader alone: balance half-way": lambda reader, id, end: reader.turnovers([id], _half_way(end)),
    "the reader alone: page half-way": lambda reader, id, end: reader.entry_pages(
        [id], EntryFilter(TimeRange(_half_way(end), Instant(end))), PageRequest(20)
    ),
}
"""What of it is SQLite's, and ours around it."""


@dataclass(frozen=True)
class Served:
    """An application on one of the files, asked in process: everything but the socket."""

    client: httpx.AsyncClient
    reader: Reader
    account_id: str
    end: int

    async def seconds(self, question: str) -> float:
        """Ask once. An answer with errors is no measurement."""
        content = orjson.dumps({"query": f'{{ accountByReference(reference: "{REFERENCE}") {{ {question} }} }}'})
        began = perf_counter()
        response = await self.client.post("/graphql", content=content)
        passed = perf_counter() - began
        if response.status_code != httpx.codes.OK or "errors" in response.json():
            sys.exit(response.text)
        return passed

    def seconds_to_read(self, read: Read) -> float:
        """Read once, behind the endpoint."""
        began = perf_counter()
        read(self.reader, self.account_id, self.end)
        return perf_counter() - began


def stored(size: int) -> Storage:
    """Open the books of that size; make them if there are none."""
    path = FOLDER / f"{size}.db"
    make(path, size)
    return Storage(path, READ_MILLISECONDS)


def served(storage: Storage) -> Served:
    key = provisioner(storage.writing).issue_key(f"benchmark {SystemClock().now()}", Role.VIEWER)
    (end,) = storage.writing.execute_sql("SELECT max(created_at) + 1 FROM entry").fetchone()
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(create_app(Settings(), storage, None)), base_url="http://books", headers=headers
    )
    reader = Reader(storage.reading, SystemClock())
    return Served(client, reader, reader.account_id_with_reference(REFERENCE) or "", end)


async def measure(few: Served, many: Served, rounds: int) -> dict[str, list[float]]:
    """Return the medians of every question, in milliseconds. The two files take turns, so that noise meets both."""
    questions: Mapping[str, Callable[[int], str]] = {"nothing but the account's id": lambda _: "id", **QUESTIONS}
    taken: dict[tuple[str, int], list[float]] = {}
    for _ in range(rounds):
        for number, books in enumerate((few, many)):
            for name, ask in questions.items():
                taken.setdefault((name, number), []).append(await books.seconds(ask(books.end)))
            for name, read in READS.items():
                taken.setdefault((name, number), []).append(books.seconds_to_read(read))
    return {name: [1000 * median(taken[name, number]) for number in (0, 1)] for name in (*questions, *READS)}


@click.command()
def main() -> None:
    """Make what is missing, measure, print a table in Markdown."""
    FOLDER.mkdir(exist_ok=True)
    with Path(os.devnull).open("w") as nowhere, ExitStack() as stack:
        log_to(nowhere)
        few, many = (served(stack.enter_context(closing(stored(size)))) for size in SIZES)
        found = asyncio.run(measure(few, many, ROUNDS))
    print(f"| question | {SIZES[0]:,} entries | {SIZES[1]:,} entries | ratio |\n|---|---|---|---|")
    for name, (less, more) in found.items():
        print(f"| {name} | {less:.2f} ms | {more:.2f} ms | {more / less:.2f} |")


if __name__ == "__main__":
    main()
