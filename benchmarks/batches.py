"""executeBatch of 1,000 deposits against the same deposits one by one, and against the floor of raw sqlite3.

Run as `python -m benchmarks.batches`. What the floor is, see benchmarks/floor.py.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from time import perf_counter

import click

from benchmarks import floor, wrk
from benchmarks.arena import MEDIA, Arena, arena
from benchmarks.contestants import CONTESTANTS, OWN
from benchmarks.dialects import AMOUNT, CURRENCY, GraphQL, Message
from benchmarks.figures import median_ratio
from benchmarks.prepared import Prepared
from benchmarks.wrk import Load

ITEMS = 1_000
BATCHES = 8
FLOOR_OF_ONE = 500
"""Deposits that are written again in a transaction each."""

ANSWER_S = 60
DOCUMENT = """mutation Batch($key: IdempotencyKey!, $input: ExecuteBatchInput!) {
  executeBatch(idempotencyKey: $key, input: $input) {
    __typename
    ... on ExecuteBatchSuccess { succeeded refused }
    ... on UserError { code message }
  }
}"""

BATCH, SINGLES, RAW, RAW_ONE = "executeBatch", "single deposits, 32 connections", "floor, by 1,000", "floor, one by one"
RATES = (BATCH, SINGLES, RAW, RAW_ONE)


def messages(books: Prepared, count: int) -> Iterator[Message]:
    """Yield batches of deposits, each under keys of its own."""
    for _ in range(count):
        key = secrets.token_hex(8)
        items = [
            {"deposit": {"idempotencyKey": f"{key}-{number}", "input": {"accountId": id_, "amount": _MONEY}}}
            for number, id_ in enumerate(_chosen(books.account_ids))
        ]
        yield GraphQL().ask(books.manager_key, DOCUMENT, {"key": key, "input": {"mode": "INDEPENDENT", "items": items}})


_MONEY = {"amount": AMOUNT, "currency": CURRENCY}


def _chosen(account_ids: Sequence[str]) -> list[str]:
    return [account_ids[number % len(account_ids)] for number in range(ITEMS)]


def batch_rate(address: str, books: Prepared, count: int) -> float:
    """Send batches one after another; return the deposits a second. Raises VoidError if any is refused."""
    written = list(messages(books, count))
    connection = HTTPConnection(address, timeout=ANSWER_S)
    began = perf_counter()
    for message in written:
        connection.request(message.method, message.path, message.body, dict(message.headers))
        response = connection.getresponse()
        answer = response.read()
        if response.status != HTTPStatus.OK or json.loads(answer)["data"]["executeBatch"].get("succeeded") != ITEMS:
            raise wrk.VoidError(answer.decode())
    passed = perf_counter() - began
    connection.close()
    return count * ITEMS / passed


def floor_rate(books: Prepared, folder: Path, batches: int, items: int) -> float:
    """Let the writer fill one copy, write its rows again into another; return the deposits a second."""
    filled, empty = books.copied_to(folder / "filled"), books.copied_to(folder / "empty")
    floor.deposit(filled.path, books.account_ids, batches, items)
    written = floor.read_back(filled.path, floor.last_batch(empty.path))
    return batches * items / floor.replay(empty.path, written)


def measure(prepared: Arena, seconds: int) -> Mapping[str, float]:
    """Measure each rate once, next to one another in time."""
    own = CONTESTANTS[OWN]
    with prepared.fresh(own) as books, own.running(books.folder) as server:
        batch_rate(server.address, books, 2)
        batch = batch_rate(server.address, books, BATCHES)
    singles = prepared.measure(own, Load("singles", ["deposit"], 32), seconds, 2).throughput
    with prepared.fresh(own) as books:
        raw = floor_rate(books, books.folder / "thousands", BATCHES, ITEMS)
        one = floor_rate(books, books.folder / "ones", FLOOR_OF_ONE, 1)
    return dict(zip(RATES, (batch, singles, raw, one), strict=True))


def table(medium: str, rounds: Sequence[Mapping[str, float]]) -> str:
    """Write the medians in Markdown, and what executeBatch is of each."""
    rates = {name: [one[name] for one in rounds] for name in RATES}
    return "\n".join(
        f"| {medium} | {name} | {median(rates[name]):,.0f} | {median_ratio(rates[BATCH], rates[name]):.2f} |"
        for name in RATES
    )


@click.command()
@click.option("--rounds", default=3, show_default=True, help="How often each is measured.")
@click.option("--seconds", default=4, show_default=True, help="How long single deposits are measured.")
def main(rounds: int, seconds: int) -> None:
    """Print a table in Markdown."""
    print("| on | what | deposits/s | executeBatch to it |\n|---|---|---|---|")
    for medium in MEDIA:
        with arena(medium, [CONTESTANTS[OWN]]) as prepared:
            print(table(medium, [measure(prepared, seconds) for _ in range(rounds)]), flush=True)


if __name__ == "__main__":
    main()
