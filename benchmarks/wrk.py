"""One closed-loop load by wrk: what it sends, written for benchmarks/load.lua, and what it found."""

from __future__ import annotations

import re
import secrets
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.dialects import Dialect, Message
from benchmarks.prepared import Prepared

SCRIPT = Path(__file__).parent / "load.lua"
KEY, ACCOUNT, OTHER = "@key@", "@account@", "@other@"
HOLES = (KEY, ACCOUNT, OTHER)
KEY_LENGTH = 20
THREADS = 1
_FOUND = re.compile(r"^measured (.*)$", re.MULTILINE)
_EXAMPLE = re.compile(r"^example (.*)$", re.MULTILINE)


class VoidError(Exception):
    """The measurement is void: not everything was answered with a success."""


@dataclass(frozen=True)
class Load:
    """What is asked, by how many at once."""

    name: str
    kinds: Sequence[str]
    """Which take turns: deposit, transfer, read."""

    connections: int
    is_hot: bool = False
    """Whether all is about one account."""


@dataclass(frozen=True)
class Found:
    """What wrk saw, in seconds."""

    requests: int
    seconds: float
    p50: float
    p99: float
    longest: float

    @property
    def throughput(self) -> float:
        return self.requests / self.seconds


def run(load: Load, dialect: Dialect, books: Prepared, address: str, seconds: int) -> Found:
    """Load a server for so long. Raises VoidError if anything but a success was answered, or nothing at all."""
    plan = books.folder / "plan.lua"
    plan.write_text(plan_of(load, dialect, books))
    token = secrets.token_hex(3)
    command = ["wrk", "-t", str(THREADS), "-c", str(load.connections), "-d", f"{seconds}s", "--timeout", "10s"]
    ran = subprocess.run(  # noqa: S603 - wrk, with our own script
        [*command, "-s", str(SCRIPT), f"http://{address}/", "--", str(plan), token, str(int(token, 16))],
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        raise VoidError(ran.stderr or ran.stdout)
    return found_in(ran.stdout)


def found_in(printed: str) -> Found:
    """Read what load.lua prints at its end. Raises VoidError where there were failures, or no answers."""
    line = _FOUND.search(printed)
    if not line:
        raise VoidError(printed)
    told = {name: int(value) for name, value in (pair.split("=") for pair in line[1].split())}
    if told["failures"] or told["lost"] or not told["requests"]:
        example = _EXAMPLE.search(printed)
        raise VoidError(f"{line[1]} {example[1] if example else ''}")
    p50, p99, longest = (told[name] / 1e6 for name in ("p50", "p99", "max"))
    return Found(told["requests"], told["microseconds"] / 1e6, p50, p99, longest)


def plan_of(load: Load, dialect: Dialect, books: Prepared) -> str:
    """Write what load.lua sends as the Lua table that it reads."""
    accounts = books.account_ids[:1] if load.is_hot else books.account_ids
    requests = (pieces(wire(message_of(kind, dialect, books), lengths_of(books))) for kind in load.kinds)
    written = ",\n".join("{" + ", ".join(_lua(piece) for piece in request) + "}" for request in requests)
    return (
        f"return {{\nrequests = {{{written}}},\naccounts = {{{', '.join(map(_lua, accounts))}}},\n"
        f"successes = {{{', '.join(map(_lua, dialect.successes))}}},\n}}\n"
    )


def lengths_of(books: Prepared) -> dict[str, int]:
    """Return how long what fills the holes is: keys are of one length, and so are the ids of a contestant."""
    length = len(books.account_ids[0])
    return {KEY: KEY_LENGTH, ACCOUNT: length, OTHER: length}


def message_of(kind: str, dialect: Dialect, books: Prepared) -> Message:
    """Return a request with holes in it."""
    if kind == "deposit":
        return dialect.deposit(books.manager_key, KEY, ACCOUNT)
    if kind == "transfer":
        return dialect.transfer(books.manager_key, KEY, ACCOUNT, OTHER)
    return dialect.read(books.manager_key, ACCOUNT)


def wire(message: Message, lengths: dict[str, int]) -> str:
    """Write a request as it goes over the wire, holes and all; its length is told as if they were filled."""
    length = len(message.body) + sum(message.body.count(hole) * (lengths[hole] - len(hole)) for hole in HOLES)
    headers = {"Host": "127.0.0.1", **message.headers, "Content-Length": str(length)}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{message.method} {message.path} HTTP/1.1\r\n{head}\r\n{message.body}"


def pieces(text: str) -> Iterator[str | int]:
    """Yield text and, in their places, the numbers of the holes."""
    for piece in re.split(f"({'|'.join(HOLES)})", text):
        yield HOLES.index(piece) + 1 if piece in HOLES else piece


def _lua(piece: str | int) -> str:
    """Write a value as Lua does. JSON and HTTP hold nothing but ASCII here."""
    if isinstance(piece, int):
        return str(piece)
    escaped = piece.replace("\\", "\\\\").replace('"', '\\"').replace("\r", "\\r").replace("\n", "\\n")
    return f'"{escaped}"'
