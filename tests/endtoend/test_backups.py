"""Backups of a server that is busy, and what a server makes of them somewhere else."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from tests.endtoend.deposits import Depositors
from tests.endtoend.server import Server, command

KEPT = "kept.backup"
BEFORE = 20


def back_up(server: Server) -> None:
    done = command(server.folder, "backup", KEPT)
    assert (done.returncode, done.stderr) == (0, "")


def test_what_was_answered_before_a_backup_of_a_busy_server_began_is_in_it(server: Server, tmp_path: Path) -> None:
    depositors = Depositors(server)
    before = [f"before-{number}" for number in range(BEFORE)]
    assert {depositors.deposit(key)["__typename"] for key in before} == {"DepositSuccess"}
    depositors.deposit_while(lambda: back_up(server))
    assert server.stop() == 0
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = command(elsewhere, "restore", str(server.folder / KEPT))
    assert (done.returncode, done.stderr) == (0, "")
    shutil.copy(server.folder / "countinghouse.admin-key", elsewhere)
    depositors.server = Server(elsewhere)
    try:
        replayed = {key for key, answer in depositors.retry().items() if answer["replayed"]}
    finally:
        assert depositors.server.stop() == 0
    assert set(before) < replayed < set(depositors.sent)  # made in the midst of it
    proved = command(elsewhere, "verify")
    assert proved.returncode == 0
    assert re.search(rf" {len(depositors.sent)} transactions, 2 accounts", proved.stdout)
