"""Who is measured: each a server as its user would start it, one process on loopback, on a file of its own.

What each does for a request, and what it leaves out, is told where it is written: benchmarks/rest/server.py and
benchmarks/node/server.mjs. All sync every commit to the disk before they answer (WAL, synchronous=FULL), keep
connections alive, and answer with JSON of the same fields.

This server runs in its production profile with its settings otherwise as they come, and so it also logs each request
as a line of JSON, to a file; the others log nothing. Its books cost more as well: hash-chained records, and the walls
of triggers that check what the program wrote.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.dialects import Dialect, GraphQL, Rest
from benchmarks.prepared import FILE, MAIN, Prepared, prepare_opponent, prepare_own
from benchmarks.processes import Server

HERE = Path(__file__).parent
PYTHON = HERE / ".venv" / "bin" / "python"
NODE_MODULES = HERE / "node" / "node_modules"


@dataclass(frozen=True)
class Contestant:
    """A server to measure."""

    name: str
    dialect: Dialect
    command: Sequence[str]
    prepare: Callable[[Path], Prepared]

    @contextmanager
    def running(self, folder: Path) -> Iterator[Server]:
        """Run it for a while on the file in a folder. Raises NotStartedError."""
        server = Server.start(self.command, folder, environment())
        try:
            yield server
        finally:
            server.stop()


def environment() -> Mapping[str, str]:
    """Return this process's environment, with the settings that a measurement needs and no others."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("COUNTINGHOUSE_")}
    return {
        **others,
        "COUNTINGHOUSE_PORT": "0",
        "COUNTINGHOUSE_PROFILE": "production",
        "COUNTINGHOUSE_DATABASE_URL": f"sqlite:///{FILE}",
        "PYTHONPATH": str(HERE.parent),
    }


def own(name: str, *options: str) -> Contestant:
    """Return this server, started with options."""
    return Contestant(name, GraphQL(), [sys.executable, str(MAIN), "serve", *options], prepare_own)


def rest(name: str, way: str) -> Contestant:
    command = [str(PYTHON), "-m", "benchmarks.rest.server", FILE, way]
    return Contestant(name, Rest(), command, prepare_opponent)


def node(name: str, way: str) -> Contestant:
    return Contestant(name, GraphQL(), ["node", str(HERE / "node" / "server.mjs"), FILE, way], prepare_opponent)


OWN = "countinghouse"

CONTESTANTS: Mapping[str, Contestant] = {
    one.name: one
    for one in (
        own(OWN),
        own("countinghouse-2", "--workers", "2"),
        rest("rest", "alone"),
        rest("rest-grouped", "grouped"),
        node("node", "alone"),
        node("node-grouped", "grouped"),
    )
}


def knows_workers() -> bool:
    """Tell whether `serve` has the option `--workers`."""
    told = subprocess.run(  # noqa: S603 - our own command line
        [sys.executable, str(MAIN), "serve", "--help"], capture_output=True, text=True, check=True
    )
    return "--workers" in told.stdout


def available() -> list[str]:
    """Return the names of those that can be started here."""
    missing = set() if knows_workers() else {"countinghouse-2"}
    return [name for name in CONTESTANTS if name not in missing]
