"""Checkpoints and erasure beside the real server: books put back, a second server on a copy, words in the log."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain import checkpoints
from domain.audit import Head
from domain.instants import Instant
from persistence.anchor import Anchor
from persistence.checkpoints import CheckpointFile
from persistence.signing import make_key, read_private_key
from tests.endtoend.deposits import Depositors
from tests.endtoend.server import SHUTDOWN_S, Server, command

OPEN = """mutation ($key: IdempotencyKey!, $reference: String!) {
  openAccount(idempotencyKey: $key, input: {currency: "EUR", name: "Wilhelmina", reference: $reference}) { __typename }
}"""
BOOKS = "countinghouse.db"


@pytest.fixture(params=["1", "2"], ids="{}-workers".format)
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """Give a server that keeps checkpoints, as one process and as three."""
    place = tmp_path / "second-place"
    place.mkdir()
    (place / "public").write_text(str(make_key(place / "key")))
    paths = {"checkpoint_path": str(place / "checkpoints"), "checkpoint_key_path": str(place / "key")}
    folder = tmp_path / "books"
    folder.mkdir()
    started = Server(folder, workers=request.param, checkpoint_seconds="1", **paths)
    yield started
    started.stop()


def anchor(server: Server) -> Anchor:
    return Anchor(
        CheckpointFile(Path(server.settings["checkpoint_path"])),
        read_private_key(Path(server.settings["checkpoint_key_path"])),
    )


def opened(server: Server, *keys: str) -> None:
    for key in keys:
        answer = server.ask(OPEN, variables={"key": key, "reference": key})
        assert answer == {"data": {"openAccount": {"__typename": "OpenAccountSuccess"}}}


def verified(server: Server) -> tuple[int, str]:
    """Verify as an auditor would, who has no settings and only the public key."""
    path = Path(server.settings["checkpoint_path"])
    ended = command(server.folder, "verify", "--checkpoints", str(path), "--public-key", str(path.with_name("public")))
    return ended.returncode, ended.stdout + ended.stderr


def test_books_that_were_put_back_are_served_again_once_that_is_accepted(server: Server) -> None:
    opened(server, "one")
    assert server.stop() == 0
    older = shutil.copy(server.folder / BOOKS, server.folder / "older")
    server.start()
    opened(server, "two", "three")
    assert server.stop() == 0
    assert verified(server)[0] == 0
    shutil.copy(older, server.folder / BOOKS)
    _refused(server, "the books end with record 3, and the newest checkpoint is of record 5: ")
    assert verified(server)[0] == 1
    accepted = command(server.folder, "accept-rollback", "--reason", "the disk failed", **server.settings)
    assert (accepted.returncode, accepted.stderr) == (0, "")
    server.start()
    opened(server, "two")
    assert server.stop() == 0
    assert verified(server)[0] == 0


def _refused(server: Server, line: str) -> None:
    ended = command(server.folder, "serve", **server.settings)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith(f"Error: {line}")


def test_no_kill_leaves_a_checkpoint_of_what_was_not_committed(server: Server) -> None:
    depositors = Depositors(server)
    for answers in (20, 60):
        assert depositors.deposit_until(signal.SIGKILL, answers) == -signal.SIGKILL
        server.start()
    assert server.stop() == 0
    assert verified(server)[0] == 0


def test_a_server_ends_when_somebody_else_adds_a_checkpoint(server: Server) -> None:
    opened(server, "one")
    newest = anchor(server).newest()
    further = Head(0, newest.checkpoint.sequence + 100, Instant(newest.checkpoint.at + 1), "f" * 64)
    following = checkpoints.following(newest, further)
    assert following
    anchor(server).file.add(checkpoints.written(following, anchor(server).key))
    assert server.process.wait(SHUTDOWN_S) == 1
    assert '"reason": "somebody else has added a checkpoint, of record 10' in server.log.read_text().replace(
        '":"', '": "'
    )


def test_words_erased_beside_a_server_leave_its_log_with_its_next_write(server: Server) -> None:
    opened(server, "first", "one")
    log = server.folder / f"{BOOKS}-wal"
    assert b"Wilhelmina" in log.read_bytes()
    for reference in ("first", "one"):
        erased = command(server.folder, "erase", "--reference", reference, **server.settings)
        assert (erased.returncode, erased.stderr) == (0, "")
        assert "until the server writes again" in erased.stdout
    server.ask('mutation { openAccount(idempotencyKey: "k", input: {currency: "JPY", name: "Ada"}) { __typename } }')
    assert b"Wilhelmina" not in b"".join(path.read_bytes() for path in server.folder.iterdir())
    assert server.ask('{ accountByReference(reference: "one") { name } }') == {
        "data": {"accountByReference": {"name": ""}}
    }
    assert verified(server)[0] == 0
