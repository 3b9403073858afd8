"""All that is measured, one after the other; or one part of it: `python -m benchmarks compare --rounds 1`."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from benchmarks import batches, compare, flood, growth, overload, statements
from benchmarks.contestants import PYTHON
from persistence.library import sqlite3

PARTS: Mapping[str, click.Command] = {
    "compare": compare.main,
    "batches": batches.main,
    "overload": overload.main,
    "flood": flood.main,
    "growth": growth.main,
    "statements": statements.main,
}
HEADINGS = {
    "compare": "Side by side",
    "batches": "executeBatch",
    "overload": "At 150 % of capacity",
    "flood": "Beside a flood of refusals",
    "growth": "On books that have grown",
    "statements": "Statements",
}
PICTURE = Path("docs") / "performance.png"


@click.group(invoke_without_command=True)
@click.pass_context
def main(context: click.Context) -> None:
    """Measure all, in about 35 minutes, and draw docs/performance.png; or one part."""
    if context.invoked_subcommand is None:
        print(surroundings(), flush=True)
        for name, part in PARTS.items():
            print(f"\n## {HEADINGS[name]}\n", flush=True)
            part.main([], standalone_mode=False)
        draw(PICTURE)


for _name, _part in PARTS.items():
    main.add_command(_part, _name)


@main.command("draw")
@click.argument("picture", type=Path, default=PICTURE)
def draw_command(picture: Path) -> None:
    """Draw what was compared last as a PNG."""
    draw(picture)


def draw(picture: Path) -> None:
    """Draw in the environment of the benchmarks, where Matplotlib is."""
    command = [str(PYTHON), "-m", "benchmarks.plot", str(compare.RAW), str(picture)]
    subprocess.run(command, check=True)  # noqa: S603 - our own module


def surroundings() -> str:
    """Tell the machine and the versions."""
    model = next(line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name"))
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True)  # noqa: S607
    return (
        f"{os.cpu_count()} cores of {model.partition(': ')[2]}, Linux {platform.release()}, Python "
        f"{platform.python_version()}, SQLite {sqlite3.sqlite_version}, Node {node.stdout.strip()}"
    )


if __name__ == "__main__":
    sys.exit(main())
