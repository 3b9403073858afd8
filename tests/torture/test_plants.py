"""Every bug can still be planted: where the source has changed, what plants it must follow."""

from __future__ import annotations

from pathlib import Path

import pytest

from torture.plants import PLANTS, Plant, planted


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.bug.replace(" ", "-"))
def test_a_bug_can_be_planted(plant: Plant, tmp_path: Path) -> None:
    copy = planted(plant, tmp_path)
    source = (copy / plant.path).read_text()
    compile(source, plant.path, "exec")
    assert all(bad in source for bad in plant.edits.values())
