"""The matrix is told in docs/reliability.md, row by row."""

from __future__ import annotations

from pathlib import Path

from torture.faults.matrix import MATRIX

DOCUMENT = Path(__file__).parents[2] / "docs" / "reliability.md"


def test_the_guide_has_the_same_matrix() -> None:
    lines = DOCUMENT.read_text().splitlines()
    begin = lines.index("| fault | what the server does |")
    assert lines[begin + 2 : begin + 2 + len(MATRIX) + 1] == [f"| {row} | {does} |" for row, does in MATRIX.items()] + [
        ""
    ]
