"""Figures of measurements: medians over the rounds, and medians of the ratios within each round."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

Measured = Mapping[str, Mapping[str, Sequence["Figures"]]]


@dataclass(frozen=True)
class Figures:
    """What one measurement gave. Times in seconds, memory in bytes."""

    throughput: float
    p50: float
    p99: float
    cpu_per_request: float
    peak_memory: float

    def __str__(self) -> str:
        return ", ".join(f"{column.name} {column.written(column.of(self))}" for column in COLUMNS)


@dataclass(frozen=True)
class Column:
    """A figure as it is told."""

    name: str
    of: Callable[[Figures], float]
    written: Callable[[float], str]


COLUMNS = (
    Column("requests/s", lambda one: one.throughput, lambda value: f"{value:,.0f}"),
    Column("p50", lambda one: one.p50, lambda value: f"{1000 * value:.2f} ms"),
    Column("p99", lambda one: one.p99, lambda value: f"{1000 * value:.2f} ms"),
    Column("CPU a request", lambda one: one.cpu_per_request, lambda value: f"{1e6 * value:.0f} us"),
    Column("peak memory", lambda one: one.peak_memory, lambda value: f"{value / 2**20:.0f} MiB"),
)


def median_ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Return the median, over the rounds, of one's figure divided by the other's in the same round."""
    return median(mine / other for mine, other in zip(ours, theirs, strict=True))


def table(measured: Measured, own: str) -> str:
    """Write medians in Markdown, each with our ratio to it in brackets: above 1 we have more."""
    head = ["load", "server", *(column.name for column in COLUMNS)]
    lines = [_row(head), _row(["---"] * len(head))]
    for load, by_name in measured.items():
        for name, rounds in by_name.items():
            lines.append(_row([load, name, *(_cell(column, rounds, by_name.get(own, [])) for column in COLUMNS)]))
    return "\n".join(lines)


def _cell(column: Column, rounds: Sequence[Figures], ours: Sequence[Figures]) -> str:
    values = [column.of(one) for one in rounds]
    told = column.written(median(values))
    if not ours or ours is rounds:
        return told
    return f"{told} ({median_ratio([column.of(one) for one in ours], values):.2f})"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
