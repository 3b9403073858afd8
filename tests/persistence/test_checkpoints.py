"""The file of checkpoints: begun once, added to, torn, lost, and tampered with."""

from __future__ import annotations

import json
import os
import stat
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NoReturn

import pytest
from structlog.testing import capture_logs

from domain import checkpoints
from domain.audit import Head
from domain.checkpoints import CheckpointKind, RolledBackError
from domain.ids import Prefix
from domain.instants import Instant
from domain.ports import Fault
from domain.services.accounts import OpenAccount
from domain.services.rollbacks import AcceptRollback
from persistence import anchor as anchoring
from persistence import keeper as keeping_module
from persistence import verification
from persistence.anchor import Anchor, prove
from persistence.books import read_head
from persistence.checkpoints import CheckpointFile, CheckpointsRefusedError
from persistence.keeper import Keeper
from persistence.signing import KeyRefusedError, make_key, read_private_key, read_public_key
from persistence.system import SystemLedger
from tests.persistence.tampering import DEPOSITED, LAST, SWEPT, Tampering, fill, opened_unguarded, reseal
from tests.persistence.tamperings import UNPROVABLE
from tests.support import raw
from tests.support.books import EUR, TestLedger, migrated


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[TestLedger]:
    with closing(migrated(tmp_path / "books.db")) as books:
        ledger = TestLedger(books)
        ledger.opened()
        yield ledger


@pytest.fixture
def anchor(tmp_path: Path, ledger: TestLedger) -> Anchor:
    """Give a file of checkpoints that begins with the first record of the books."""
    make_key(tmp_path / "key")
    anchor = Anchor(CheckpointFile(tmp_path / "checkpoints"), read_private_key(tmp_path / "key"))
    anchor.begin(ledger.database)
    return anchor


def lost(reason: str) -> None:
    pytest.fail(reason)


def keep(anchor: Anchor, ledger: TestLedger, *, records: int = 1) -> None:
    """Have the books go on, and add a checkpoint."""
    for _ in range(records):
        ledger.opened()
    keeper(anchor).keep()


def keeper(anchor: Anchor) -> Keeper:
    return Keeper(anchor, anchor.file.path.with_name("books.db"), 60, lost)


def proved(anchor: Anchor, ledger: TestLedger) -> int:
    return prove(ledger.database, anchor.file, anchor.key.public)


# Keys


def test_a_key_is_its_owners_alone_and_never_made_twice(tmp_path: Path) -> None:
    public = make_key(tmp_path / "key")
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert str(read_private_key(tmp_path / "key").public) == str(public)
    with pytest.raises(KeyRefusedError, match=r"no key can be made in .*: File exists"):
        make_key(tmp_path / "key")


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    make_key(tmp_path / "key")
    (tmp_path / "key").chmod(0o640)
    with pytest.raises(KeyRefusedError, match="can be read by others: give it the mode 600"):
        read_private_key(tmp_path / "key")


@pytest.mark.parametrize("content", ["", "secret", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_what_is_no_private_key_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "key").write_text(content)
    (tmp_path / "key").chmod(0o600)
    with pytest.raises(KeyRefusedError, match="holds no private key"):
        read_private_key(tmp_path / "key")
    with pytest.raises(KeyRefusedError, match="cannot be read"):
        read_private_key(tmp_path / "none")


@pytest.mark.parametrize("text", ["", "00", "x" * 64, "x" * 5000])
def test_what_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(KeyRefusedError, match="a public key is 64 hexadecimal digits"):
        read_public_key(text)


def test_a_public_key_is_read_from_its_digits_or_from_a_file(tmp_path: Path) -> None:
    public = str(make_key(tmp_path / "key"))
    (tmp_path / "public").write_text(f"{public}\n")
    for given in (public, str(tmp_path / "public")):
        assert str(read_public_key(given)) == public


# The file


def test_a_checkpoint_is_added_when_the_books_have_moved(anchor: Anchor, ledger: TestLedger) -> None:
    keep(anchor, ledger, records=3)
    keep(anchor, ledger, records=0)
    head = read_head(ledger.database)
    begun, made = anchor.file.lines()
    assert (begun.checkpoint.kind, begun.checkpoint.sequence) == (CheckpointKind.BEGIN, 1)
    assert (made.checkpoint.sequence, made.checkpoint.hash, made.checkpoint.at) == (head.sequence, head.hash, head.at)
    assert anchor.require_not_rolled_back(ledger.database) == made
    assert proved(anchor, ledger) == 2


def test_a_file_is_begun_once(anchor: Anchor, ledger: TestLedger) -> None:
    with pytest.raises(CheckpointsRefusedError, match="has been begun already"):
        anchor.begin(ledger.database)


@pytest.mark.parametrize("torn", [b"", b'{"at"'])
def test_a_file_that_was_never_quite_begun_may_be_begun_again(anchor: Anchor, ledger: TestLedger, torn: bytes) -> None:
    anchor.file.path.write_bytes(torn)
    with pytest.raises(CheckpointsRefusedError, match=r"run `python main.py checkpoints begin`"):
        anchor.require_not_rolled_back(ledger.database)
    anchor.begin(ledger.database)
    assert proved(anchor, ledger) == 1


def test_a_file_that_is_gone_is_not_made_anew_by_itself(anchor: Anchor, ledger: TestLedger) -> None:
    anchor.file.path.unlink()
    anchor.begin_with_the_books(ledger.database)
    with pytest.raises(CheckpointsRefusedError, match="there are no checkpoints in"):
        anchor.require_not_rolled_back(ledger.database)


def test_what_a_crash_left_is_no_checkpoint_and_is_cut_off(anchor: Anchor, ledger: TestLedger) -> None:
    keep(anchor, ledger)
    whole = anchor.file.path.read_bytes()
    anchor.file.path.write_bytes(whole + whole.splitlines()[-1][:50])
    anchor.require_not_rolled_back(ledger.database)
    assert proved(anchor, ledger) == 2
    with capture_logs() as logs:
        keep(anchor, ledger)
    assert [(entry["event"], entry["bytes"]) for entry in logs] == [("checkpoint_torn", 50)]
    assert anchor.file.path.read_bytes().startswith(whole)
    assert proved(anchor, ledger) == 3


def test_a_file_that_ends_in_something_else_is_never_cut(anchor: Anchor, ledger: TestLedger) -> None:
    keep(anchor, ledger)
    content = anchor.file.path.read_bytes() + b"x" * 5000
    anchor.file.path.write_bytes(content)
    with pytest.raises(CheckpointsRefusedError, match="does not end in checkpoints"):
        anchor.file.add(b"{}")
    with pytest.raises(CheckpointsRefusedError):
        anchor.require_not_rolled_back(ledger.database)
    with pytest.raises(CheckpointsRefusedError):
        anchor.begin(ledger.database)
    assert anchor.file.path.read_bytes() == content


@pytest.mark.parametrize(
    ("number", "change", "fault"),
    [
        (2, (b'"sequence":2', b'"sequence":3'), "line 2 of the checkpoints is not signed with this key"),
        (2, (b'{"at"', b'{ "at"'), "line 2 of the checkpoints is not as a checkpoint is written"),
        (2, (b"{", b""), "line 2 of the checkpoints is no checkpoint"),
        (1, (b'"kind":"BEGIN"', b'"kind":"HEAD"'), "line 1 of the checkpoints is not signed with this key"),
    ],
)
def test_an_altered_line_is_named(
    anchor: Anchor, ledger: TestLedger, number: int, change: tuple[bytes, bytes], fault: str
) -> None:
    for _ in range(3):
        keep(anchor, ledger)
    lines = anchor.file.path.read_bytes().splitlines(keepends=True)
    lines[number - 1] = lines[number - 1].replace(*change)
    anchor.file.path.write_bytes(b"".join(lines))
    with pytest.raises(CheckpointsRefusedError, match=rf"^{fault}$"):
        proved(anchor, ledger)


@pytest.mark.parametrize(("order", "fault"), [([0, 2, 3], 2), ([0, 2, 1, 3], 2), ([1, 2, 3], 1), ([0, 1, 1, 2, 3], 3)])
def test_lines_deleted_swapped_or_repeated_are_named(
    anchor: Anchor, ledger: TestLedger, order: list[int], fault: int
) -> None:
    for _ in range(3):
        keep(anchor, ledger)
    lines = anchor.file.path.read_bytes().splitlines(keepends=True)
    anchor.file.path.write_bytes(b"".join(lines[number] for number in order))
    with pytest.raises(CheckpointsRefusedError, match=rf"^line {fault} of the checkpoints is not linked"):
        proved(anchor, ledger)


def test_the_last_line_of_another_key_is_refused_at_the_start(
    anchor: Anchor, ledger: TestLedger, tmp_path: Path
) -> None:
    make_key(tmp_path / "other")
    other = Anchor(anchor.file, read_private_key(tmp_path / "other"))
    with pytest.raises(CheckpointsRefusedError, match="is not signed with this key"):
        other.require_not_rolled_back(ledger.database)


# The books


@pytest.fixture
def older(anchor: Anchor, ledger: TestLedger, tmp_path: Path) -> Iterator[TestLedger]:
    """Give a copy of the books with two records, when they and their checkpoints have gone on to five."""
    keep(anchor, ledger)
    ledger.database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    copy = raw.copied(tmp_path / "books.db", tmp_path / "older.db")
    keep(anchor, ledger, records=3)
    with closing(migrated(copy)) as books:
        yield TestLedger(books)


def accept(anchor: Anchor, ledger: TestLedger) -> tuple[int, int]:
    system = SystemLedger(ledger.database, clock=ledger.clock, ids=ledger.ids, entropy=ledger.entropy)
    return anchor.accept_rollback(ledger.database, system, "the disk failed")


def test_an_older_copy_of_the_books_is_refused(anchor: Anchor, older: TestLedger) -> None:
    with pytest.raises(
        RolledBackError, match=r"end with record 2, .* newest checkpoint is of record 5: .*accept-rollback"
    ):
        anchor.require_not_rolled_back(older.database)
    with pytest.raises(CheckpointsRefusedError, match=r"^line 3 of the checkpoints: the books have no record 5$"):
        proved(anchor, older)


def test_a_rollback_that_was_accepted_is_in_the_books_and_in_the_file(anchor: Anchor, older: TestLedger) -> None:
    assert accept(anchor, older) == (5, 2)
    newest = anchor.require_not_rolled_back(older.database).checkpoint
    assert (newest.kind, newest.sequence, newest.kept) == (CheckpointKind.ROLLBACK, 3, 2)
    assert proved(anchor, older) == 3
    operation, details = raw.query(older_path(older), "SELECT operation, details FROM audit WHERE sequence = 3")[0]
    assert operation == "ACCEPT_ROLLBACK"
    assert json.loads(details)["input"] == {
        "lostSequence": 5,
        "lostHash": list(anchor.file.lines())[2].checkpoint.hash,
        "keptSequence": 2,
        "keptHash": list(anchor.file.lines())[1].checkpoint.hash,
        "reason": "the disk failed",
    }
    verification.verify(older.database)


def older_path(ledger: TestLedger) -> Path:
    return Path(ledger.database.database)


def test_a_rollback_that_was_recorded_and_did_not_reach_the_file_is_accepted_again(
    anchor: Anchor, older: TestLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(CheckpointFile, "add", failing)
        with pytest.raises(OSError, match="the disk is gone"):
            accept(anchor, older)
    with pytest.raises(RolledBackError):
        anchor.require_not_rolled_back(older.database)
    assert accept(anchor, older) == (5, 3)
    assert proved(anchor, older) == 3


def failing(*_: object) -> NoReturn:
    raise OSError("the disk is gone")


def test_a_rollback_to_somewhere_else_than_the_books_are_is_never_recorded(ledger: TestLedger) -> None:
    head = read_head(ledger.database)
    for kept in (head.sequence - 1, head.sequence + 1):
        elsewhere = AcceptRollback(
            lost_sequence=9, lost_hash="f" * 64, kept_sequence=kept, kept_hash=head.hash, reason="the disk failed"
        )
        with pytest.raises(Fault, match="ValueError while deciding ACCEPT_ROLLBACK"):
            ledger.execute(elsewhere)
    assert read_head(ledger.database) == head


def test_there_is_nothing_to_accept_where_the_books_hold_their_newest_checkpoint(
    anchor: Anchor, ledger: TestLedger
) -> None:
    keep(anchor, ledger)
    ledger.opened()
    with pytest.raises(CheckpointsRefusedError, match="nothing to accept"):
        accept(anchor, ledger)
    assert read_head(ledger.database).sequence == 3


def test_books_that_went_on_without_checkpoints_and_elsewhere_are_refused(anchor: Anchor, older: TestLedger) -> None:
    older.ids.counts[Prefix.ACCOUNT] = 50
    for number in range(5):
        older.succeed(OpenAccount(currency=EUR, name="Eve"), key=f"elsewhere-{number}")
    with pytest.raises(RolledBackError, match=r"record 5 is not the one .* the books go on to record 7: "):
        anchor.require_not_rolled_back(older.database)
    assert accept(anchor, older) == (5, 7)
    assert proved(anchor, older) == 3


def test_a_rollback_line_without_its_record_is_named(anchor: Anchor, ledger: TestLedger) -> None:
    keep(anchor, ledger)
    line = checkpoints.rollback(anchor.newest(), read_head(ledger.database), kept=1)
    anchor.file.add(checkpoints.written(line, anchor.key))
    with pytest.raises(
        CheckpointsRefusedError, match="line 3 of the checkpoints: record 2 of the books accepts no rollback"
    ):
        proved(anchor, ledger)


# What the books by themselves cannot show


@pytest.mark.parametrize("chunk", [1, 2, 500])
@pytest.mark.parametrize(("tampering", "line"), [(UNPROVABLE[1], 4), (UNPROVABLE[2], 2)], ids=str)
def test_books_that_verify_by_themselves_are_found_out_at_the_first_checkpoint_that_they_lack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tampering: Tampering, line: int, chunk: int
) -> None:
    monkeypatch.setattr(anchoring, "CHUNK", chunk)
    anchor = anchored(tmp_path, 1, DEPOSITED, SWEPT, LAST)
    for books in opened_unguarded(tmp_path / "books.db"):
        assert prove(books, anchor.file, anchor.key.public) == 4
        for statement in tampering.statements:
            books.execute_sql(statement)
        if tampering.resealed:
            reseal(books)
        verification.verify(books)
        with pytest.raises(CheckpointsRefusedError, match=rf"^line {line} of the checkpoints: "):
            prove(books, anchor.file, anchor.key.public)


def anchored(folder: Path, *sequences: int) -> Anchor:
    """Make the books of the tamperings, and checkpoints of some of their records."""
    with closing(migrated(folder / "books.db")) as books:
        fill(TestLedger(books))
        made = books.execute_sql("SELECT sequence, at, hash FROM audit ORDER BY sequence").fetchall()
    heads = {sequence: Head(0, sequence, Instant(at), digest) for sequence, at, digest in made}
    make_key(folder / "key")
    anchor = Anchor(CheckpointFile(folder / "checkpoints"), read_private_key(folder / "key"))
    first, *others = sequences
    anchor.file.begin(checkpoints.written(checkpoints.first(heads[first]), anchor.key))
    for sequence in others:
        following = checkpoints.following(anchor.newest(), heads[sequence])
        assert following
        anchor.file.add(checkpoints.written(following, anchor.key))
    return anchor


# While the books are served


def test_a_checkpoint_of_somebody_else_ousts_the_keeper(anchor: Anchor, ledger: TestLedger) -> None:
    ours, theirs = keeper(anchor), keeper(anchor)
    ledger.opened()
    theirs.keep()
    with pytest.raises(RolledBackError, match="somebody else has added a checkpoint, of record 2"):
        ours.keep()


def test_books_put_back_under_the_keeper_oust_it(anchor: Anchor, older: TestLedger, tmp_path: Path) -> None:
    putting_back = Keeper(anchor, tmp_path / "older.db", 60, lost)
    with pytest.raises(RolledBackError, match="the books end with record 2"):
        putting_back.keep()


def test_a_place_that_fails_is_tried_again(anchor: Anchor, ledger: TestLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    keeping = keeper(anchor)
    ledger.opened()
    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", failing)
        with pytest.raises(OSError, match="the disk is gone"):
            keeping.keep()
    ledger.opened()
    keeping.keep()
    assert proved(anchor, ledger) == 3


def test_books_that_are_gone_are_not_made_anew(anchor: Anchor, ledger: TestLedger, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Keeper(anchor, tmp_path / "gone.db", 60, lost).keep()
    assert not (tmp_path / "gone.db").exists()


def test_a_stop_adds_the_last_checkpoint(anchor: Anchor, ledger: TestLedger) -> None:
    with closing(keeper(anchor)) as keeping:
        keeping.start()
        ledger.opened()
    assert anchor.newest().checkpoint.sequence == 2


def test_a_place_that_does_not_answer_is_not_waited_for_for_ever(
    anchor: Anchor, ledger: TestLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = threading.Event()
    keeping = keeper(anchor)
    monkeypatch.setattr(keeping_module, "PATIENCE_S", 0)
    monkeypatch.setattr(Keeper, "keep", lambda _: answers.wait())
    with capture_logs() as logs:
        keeping.start()
        keeping.close()
        answers.set()
    assert [entry["event"] for entry in logs] == ["checkpoint_failed"]


def test_a_failure_is_logged_and_an_ousting_told(anchor: Anchor, ledger: TestLedger, tmp_path: Path) -> None:
    told: list[str] = []
    ousted = Keeper(anchor, tmp_path / "books.db", 60, told.append)
    keep(anchor, ledger)
    with closing(ousted):
        ousted.start()
    assert told == ["somebody else has added a checkpoint, of record 2"]
    failed = keeper(anchor)
    anchor.file.path.unlink()
    with capture_logs() as logs, closing(failed):
        failed.start()
    assert [entry["event"] for entry in logs] == ["checkpoint_failed"]
