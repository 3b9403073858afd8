"""Draw what benchmarks/compare.py has measured: requests a second and CPU time a request, by load and server.

Run in the environment of the benchmarks, where Matplotlib is: `python -m benchmarks.plot FIGURES.json PICTURE.png`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from statistics import median
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import pyplot as plt

ROWS = (("throughput", 1.0, "requests / s"), ("cpu_per_request", 1e6, "CPU time a request (us)"))
COLOURS = ("#d1495b", "#edae49", "#9aa5b1", "#5f6c7b", "#8fb996", "#3f7d58")
WIDTH = 0.8
"""Of all bars of one load together."""


def draw(raw: dict[str, Any], picture: Path) -> None:
    """Draw a column for each medium, a row for each figure."""
    figure, axes = plt.subplots(len(ROWS), len(raw), figsize=(8 * len(raw), 8), squeeze=False, sharey="row")
    for column, (medium, measured) in enumerate(raw.items()):
        for row, (name, scale, label) in enumerate(ROWS):
            _bars(axes[row][column], measured, name, scale)
            axes[row][column].set_title(f"{label}, file on {medium}")
    axes[0][0].legend(frameon=False)
    figure.tight_layout()
    figure.savefig(picture, dpi=110)


def _bars(axis: Any, measured: dict[str, Any], name: str, scale: float) -> None:
    loads = list(measured)
    contestants = list(measured[loads[0]])
    width = WIDTH / len(contestants)
    for number, contestant in enumerate(contestants):
        heights = [scale * median(one[name] for one in measured[load][contestant]) for load in loads]
        places = [place + number * width - WIDTH / 2 for place in range(len(loads))]
        axis.bar(places, heights, width, align="edge", label=contestant, color=COLOURS[number % len(COLOURS)])
    axis.set_xticks(range(len(loads)), loads, rotation=20)
    axis.spines[["top", "right"]].set_visible(False)


if __name__ == "__main__":
    draw(json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2]))
