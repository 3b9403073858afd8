"""Figures are medians, and ratios are taken within a round."""

from __future__ import annotations

import pytest

from benchmarks.figures import Figures, median_ratio, table


def figures(throughput: float) -> Figures:
    return Figures(throughput, 0.001, 0.002, 0.0001, 2**20)


def test_a_ratio_is_taken_within_each_round() -> None:
    assert median_ratio([100, 10, 1000], [50, 5, 250]) == 2


def test_rounds_that_do_not_match_have_no_ratio() -> None:
    with pytest.raises(ValueError, match="shorter"):
        median_ratio([1, 2], [1])


def test_the_table_tells_medians_and_ratios_to_us() -> None:
    measured = {"deposits": {"us": [figures(200), figures(400)], "them": [figures(100), figures(100)]}}
    *_, ours, theirs = table(measured, "us").splitlines()
    assert ours == "| deposits | us | 300 | 1.00 ms | 2.00 ms | 100 us | 1 MiB |"
    assert theirs.startswith("| deposits | them | 100 (3.00) | 1.00 ms (1.00) |")


def test_without_us_there_are_no_ratios() -> None:
    assert "(" not in table({"deposits": {"them": [figures(100)]}}, "us")
