"""Books that are copied beside a server that is busy, and what a server makes of them somewhere else."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.endtoend.deposits import Depositors
from tests.endtoend.server import Server, command

BEFORE = 20


def done(folder: Path, *arguments: str) -> str:
    ended = command(folder, *arguments)
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


def back_up(server: Server) -> None:
    done(server.folder, "backup", "kept")


def export(server: Server) -> None:
    done(server.folder, "export", "--output", "kept")


@pytest.mark.parametrize(("copy", "way_back"), [(back_up, "restore"), (export, "import")])
def test_what_was_answered_before_a_busy_server_was_copied_is_there_elsewhere(
    copy: Callable[[Server], None], way_back: str, server: Server, tmp_path: Path
) -> None:
    depositors = Depositors(server)
    before = [f"before-{number}" for number in range(BEFORE)]
    assert {depositors.deposit(key)["__typename"] for key in before} == {"DepositSuccess"}
    depositors.deposit_while(lambda: copy(server))
    assert server.stop() == 0
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done(elsewhere, way_back, str(server.folder / "kept"))
    shutil.copy(server.folder / "countinghouse.admin-key", elsewhere)
    depositors.server = Server(elsewhere)
    try:
        replayed = {key for key, answer in depositors.retry().items() if answer["replayed"]}
    finally:
        assert depositors.server.stop() == 0
    assert set(before) < replayed < set(depositors.sent)  # it was made in the midst of it
    assert re.search(rf" {len(depositors.sent)} transactions, 2 accounts", done(elsewhere, "verify"))
