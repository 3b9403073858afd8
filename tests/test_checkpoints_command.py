"""Checkpoints, rollbacks and erasure from the command line: what is done, and what is refused in one line."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import structlog
import uvicorn
from click.testing import CliRunner, Result

import main
from domain.services.accounts import RenameAccount
from domain.services.movements import Deposit
from persistence import database
from settings import Settings
from tests.support import raw
from tests.support.books import EUR, TestLedger, euros

NAME = "countinghouse.db"
ANCHORED = {"CHECKPOINT_PATH": "checkpoints", "CHECKPOINT_KEY_PATH": "key"}
ISSUE = ("keys", "issue", "--client", "till", "--role", "TELLER")
ACCEPT = ("accept-rollback", "--reason", "the disk failed")
BEHIND = (
    "the books end with record 2, and the newest checkpoint is of record 4: "
    "if that was meant, run `python main.py accept-rollback --reason TEXT`"
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Work in a folder with fresh books, where nothing is ever really served."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(uvicorn.Server, "run", close_all)
    mask = os.umask(0o022)
    done("migrate")
    yield tmp_path
    os.umask(mask)
    structlog.reset_defaults()


def close_all(_: uvicorn.Server, sockets: list[socket.socket]) -> None:
    for one in sockets:
        one.close()


@pytest.fixture
def public(folder: Path) -> str:
    """Make the key of the checkpoints; return its public half."""
    return done("checkpoints", "key", "--file", "key").strip()


@pytest.fixture
def rolled_back(public: str) -> str:
    """Have the books go on with checkpoints, and put an older copy of them back; return the public key."""
    done("serve", **ANCHORED)
    raw.copied(Path(NAME), Path("older.db"))
    done(*ISSUE, **ANCHORED)
    done("serve", **ANCHORED)
    put_back()
    return public


def put_back() -> None:
    for name in (f"{NAME}-wal", f"{NAME}-shm"):
        Path(name).unlink(missing_ok=True)
    Path("older.db").replace(NAME)


def run(*arguments: str, **settings: str) -> Result:
    unset = {f"COUNTINGHOUSE_{name.upper()}": None for name in Settings.model_fields}
    given = {f"COUNTINGHOUSE_{name}": value for name, value in {"PORT": "0", **settings}.items()}
    return CliRunner().invoke(main.cli, arguments, env={**unset, **given})


def done(*arguments: str, **settings: str) -> str:
    """Run a command that must succeed; return what it prints."""
    result = run(*arguments, **settings)
    assert result.exit_code == 0, result.output
    return result.stdout


def refused(*arguments: str, **settings: str) -> str:
    """Run a command that must be refused; return the one line that it is refused with."""
    result = run(*arguments, **settings)
    assert result.exit_code != 0, result.output
    return result.stderr.splitlines()[-1].removeprefix("Error: ")


def verified(public: str) -> tuple[str, ...]:
    return ("verify", "--checkpoints", "checkpoints", "--public-key", public)


# Checkpoints


def test_new_books_begin_their_checkpoints_by_themselves(public: str) -> None:
    done("serve", **ANCHORED)
    assert done(*verified(public)).splitlines()[-1] == "the books hold 2 checkpoints"


def test_books_in_use_begin_theirs_by_a_command(public: str) -> None:
    done("serve")
    missing = "there are no checkpoints in checkpoints: if there never were, run `python main.py checkpoints begin`"
    for arguments in (("serve",), ISSUE, ACCEPT):
        assert refused(*arguments, **ANCHORED) == missing
    assert not Path("checkpoints").exists()
    assert done("checkpoints", "begin", **ANCHORED) == "checkpoints begin with record 2\n"
    assert refused("checkpoints", "begin", **ANCHORED) == "checkpoints has been begun already"
    done("serve", **ANCHORED)
    assert done(*verified(public)).splitlines()[-1] == "the books hold 1 checkpoints"


@pytest.mark.parametrize("arguments", [("checkpoints", "begin"), ACCEPT], ids=" ".join)
def test_what_is_about_checkpoints_needs_to_know_where_they_are(arguments: tuple[str, ...]) -> None:
    assert refused(*arguments) == "COUNTINGHOUSE_CHECKPOINT_PATH and COUNTINGHOUSE_CHECKPOINT_KEY_PATH are not set"


@pytest.mark.parametrize("name", ANCHORED)
def test_one_path_without_the_other_is_refused(name: str) -> None:
    assert refused("serve", **{name: "somewhere"}).startswith("COUNTINGHOUSE_CHECKPOINT_PATH: ")


def test_a_key_that_is_not_there_ends_the_start_in_one_line(folder: Path) -> None:
    assert refused("serve", **ANCHORED) == "the key key cannot be read: No such file or directory"
    assert not Path("countinghouse.admin-key").exists()


def test_a_second_place_that_is_not_there_ends_the_start_in_one_line(public: str) -> None:
    line = refused("serve", **ANCHORED | {"CHECKPOINT_PATH": "nowhere/checkpoints"})
    assert line == "[Errno 2] No such file or directory: 'nowhere/checkpoints'"


# Rollbacks


@pytest.mark.parametrize("arguments", [("serve",), ("serve", "--workers", "2"), ISSUE, ("erase", "--reference", "ada")])
def test_nothing_is_written_to_books_that_were_put_back(rolled_back: str, arguments: tuple[str, ...]) -> None:
    before = raw.contents_of(Path(NAME))
    assert refused(*arguments, **ANCHORED) == BEHIND
    assert raw.contents_of(Path(NAME)) == before


def test_an_auditor_with_the_public_key_alone_finds_books_that_were_put_back(rolled_back: str) -> None:
    assert refused(*verified(rolled_back)) == "line 3 of the checkpoints: the books have no record 4"
    Path("public").write_text(rolled_back)
    assert refused(*verified("public")) == "line 3 of the checkpoints: the books have no record 4"


def test_an_accepted_rollback_is_the_way_out(rolled_back: str) -> None:
    assert done(*ACCEPT, **ANCHORED) == "the books go on from record 2; the checkpoint of record 4 is given up\n"
    done("serve", **ANCHORED)
    assert done(*verified(rolled_back)).splitlines()[-1] == "the books hold 3 checkpoints"
    assert refused(*ACCEPT, **ANCHORED) == "there is nothing to accept: the books hold the newest checkpoint"


def test_no_rollback_is_accepted_while_a_server_has_the_books(rolled_back: str) -> None:
    with database.ServerLock(Path(NAME)):
        assert refused(*ACCEPT, **ANCHORED) == "another server has this database open"


@pytest.mark.parametrize(("reason", "fault"), [(" ", "must not be blank"), ("x" * 501, "at most 500 characters")])
def test_a_rollback_needs_a_reason(rolled_back: str, reason: str, fault: str) -> None:
    assert fault in refused("accept-rollback", "--reason", reason, **ANCHORED)
    assert refused("serve", **ANCHORED) == BEHIND


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (("--checkpoints", "checkpoints"), "--checkpoints and --public-key go together"),
        (("--public-key", "00"), "--checkpoints and --public-key go together"),
        (("--checkpoints", "checkpoints", "--public-key", "00"), "a public key is 64 hexadecimal digits, or a file"),
        (("--checkpoints", "nowhere", "--public-key", "00"), "File 'nowhere' does not exist."),
    ],
)
def test_checkpoints_are_verified_by_their_file_and_a_key(
    rolled_back: str, arguments: tuple[str, ...], fault: str
) -> None:
    assert fault in refused("verify", *arguments)


# Erasure

WORDS = (b"Wilhelmina", b"Dirndl", b"7 Schwabing")


@pytest.fixture
def account() -> str:
    """Open an account, about which there are words; return its id."""
    with closing(database.connect_writer(Path(NAME))) as books:
        ledger = TestLedger(books)
        opened = ledger.opened(EUR, reference="mina", metadata=(("street", WORDS[2].decode()),))
        account_id: str = opened.id
        ledger.succeed(Deposit(account_id=account_id, amount=euros(5), description=WORDS[1].decode()))
        ledger.succeed(RenameAccount(account_id=account_id, name=WORDS[0].decode()))
    return account_id


def files(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


@pytest.mark.parametrize("by", ["--account", "--reference"])
def test_nothing_of_the_words_is_left_beside_the_books(folder: Path, account: str, by: str) -> None:
    assert all(word in files(folder) for word in WORDS)
    assert done("erase", by, account if by == "--account" else "mina") == "erased the words of 3 records\n"
    assert not any(word in files(folder) for word in WORDS)
    assert re.fullmatch(r"verified 4 records, 1 transactions, 2 accounts\n", done("verify"))


def test_nothing_of_the_words_is_left_though_somebody_has_the_books_open(folder: Path, account: str) -> None:
    with closing(database.connect_reader(Path(NAME))) as reading:
        assert reading.execute_sql("SELECT count(*) FROM audit").fetchone() == (3,)
        assert done("erase", "--account", account) == "erased the words of 3 records\n"
        assert not any(word in files(folder) for word in WORDS)


def test_beside_a_server_it_is_told_how_long_the_words_stay_in_its_log(account: str) -> None:
    with database.ServerLock(Path(NAME)):
        erased, stay = done("erase", "--account", account).splitlines()
    assert erased == "erased the words of 3 records"
    assert (
        stay == "others have the books open: SQLite's log (-wal) has the words until the server writes again, or ends"
    )


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (("--account", "acct_none"), "There is no such account."),
        (("--account", "x" * 65), "The text has at most 64 characters."),
        (("--account", "house_EUR"), "There is no such account."),
        (("--account", "\udcff"), "The text must not contain NUL or lone surrogates."),
        (("--reference", "nobody"), "there is no account with that reference"),
        (("--reference", "\udcff"), "The text must not contain NUL or lone surrogates."),
        (("--reference", ""), "A reference must not be blank."),
        ((), "name an account by --account or by --reference"),
        (("--account", "a", "--reference", "b"), "name an account by --account or by --reference"),
    ],
)
def test_an_account_that_there_is_not_loses_no_words(arguments: tuple[str, ...], fault: str, account: str) -> None:
    before = raw.contents_of(Path(NAME))["text"]
    assert refused("erase", *arguments) == fault
    assert raw.contents_of(Path(NAME))["text"] == before


def test_a_second_erasure_is_refused_and_leaves_no_record(account: str) -> None:
    done("erase", "--account", account)
    assert refused("erase", "--account", account) == "there are no words about that account, or none any more"
    assert done("verify").startswith("verified 4 records")
