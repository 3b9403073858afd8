"""The contestants side by side: each load in several rounds, in which all take turns, each on a fresh file.

Run as `python -m benchmarks.compare --contestants countinghouse,rest,node --loads deposits-32 --rounds 1 --seconds 5`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import click

from benchmarks import figures
from benchmarks.arena import MEDIA, Arena, arena
from benchmarks.contestants import CONTESTANTS, OWN, Contestant, available
from benchmarks.figures import Figures
from benchmarks.wrk import Load

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
WARM_UP_S = 1
RAW = Path(".benchmarks") / "compare.json"


Measured = dict[str, dict[str, list[Figures]]]
"""By load and contestant, one for each round."""


def compare(
    prepared: Arena, contestants: Sequence[Contestant], loads: Sequence[Load], rounds: int, seconds: int
) -> Measured:
    """Measure all, in turns: whatever else the machine does meets everybody."""
    measured: Measured = {load.name: {one.name: [] for one in contestants} for load in loads}
    for load in loads:
        for number in range(rounds):
            for contestant in _turned(contestants, number):
                figures_found = prepared.measure(contestant, load, seconds, warm_up=WARM_UP_S)
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
@click.option("--seconds", default=3, show_default=True, help="How long each measurement takes.")
def main(contestants: str, loads: str, media: str, rounds: int, seconds: int) -> None:
    """Measure, and print a table of medians and ratios for each medium."""
    chosen = [CONTESTANTS[name] for name in names(CONTESTANTS, contestants) or available()]
    under = [LOADS[name] for name in names(LOADS, loads) or LOADS]
    raw = {}
    for medium in names(MEDIA, media):
        with arena(medium, chosen) as prepared:
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
