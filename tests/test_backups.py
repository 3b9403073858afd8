"""Backup and restore as an operator meets them: a finished copy or none, and a way back into an empty place."""

from __future__ import annotations

import json
import os
import resource
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import structlog

from persistence import migrations
from tests.endtoend.server import MAIN, environment
from tests.persistence.populated import populate
from tests.support import raw
from tests.test_main import NAME, contents, done, refusal, run

FILE, MANIFEST = "kept.backup", "kept.backup.manifest.json"
TAMPERED = "UPDATE \"transaction\" SET reference = 'forged' WHERE sequence = 18"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make books with something in every table, once."""
    path = tmp_path_factory.mktemp("made") / NAME
    populate(path)
    return path


@pytest.fixture(autouse=True)
def folder(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Work in a folder of one's own, with books in it."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    raw.copied(made, here / NAME)
    mask = os.umask(0o022)
    yield here
    os.umask(mask)
    structlog.reset_defaults()


def elsewhere() -> Path:
    """Give another place for books, an empty one."""
    place = Path("..") / "elsewhere"
    place.mkdir(exist_ok=True)
    return place / NAME


def restored(file: str = FILE) -> str:
    result = run("restore", file, DATABASE_URL=f"sqlite:///{elsewhere()}")
    assert (result.exit_code, result.stderr) == (0, ""), result.exception
    return result.stdout


def unrestored(file: str = FILE) -> str:
    """Return why a backup was not restored; nothing of it may be left."""
    fault = refusal(run("restore", file, DATABASE_URL=f"sqlite:///{elsewhere()}"))
    assert contents(elsewhere().parent) == {}
    return fault


# Backups


def test_a_backup_is_one_private_file_and_its_manifest(folder: Path) -> None:
    assert done("backup", FILE) == "backed up 38 records, 9 transactions, 9 accounts\n"
    assert contents(folder).keys() == {NAME, FILE, MANIFEST}
    assert {stat.S_IMODE((folder / name).stat().st_mode) for name in (FILE, MANIFEST)} == {0o600}
    assert raw.contents_of(folder / FILE) == raw.contents_of(folder / NAME)


def test_a_manifest_tells_which_books_and_which_bytes_and_no_more(folder: Path) -> None:
    done("backup", FILE)
    told = json.loads((folder / MANIFEST).read_text())
    ((sequence, head),) = raw.query(folder / NAME, "SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1")
    latest = migrations.all_migrations()[-1].number
    books = {"migration": latest, "sequence": sequence, "hash": head, "transactions": 9, "accounts": 9}
    assert told.keys() == {"form", "books", "bytes", "sha256", "madeAt"}
    assert (told["form"], told["books"], told["bytes"]) == (1, books, (folder / FILE).stat().st_size)
    said = subprocess.run(["sha256sum", FILE], capture_output=True, text=True, check=True)  # noqa: S607
    assert said.stdout.split()[0] == told["sha256"]


@pytest.mark.parametrize("name", [FILE, MANIFEST])
def test_a_backup_overwrites_nothing(name: str, folder: Path) -> None:
    (folder / name).write_text("kept")
    before = contents(folder)
    assert refusal(run("backup", FILE)) == f"{name} exists"
    assert contents(folder) == before


def test_a_backup_is_not_made_over_the_books_nor_of_none(folder: Path) -> None:
    assert refusal(run("backup", NAME)) == f"{NAME} exists"
    assert refusal(run("backup", "nowhere/file")) == "there is no folder nowhere"
    (folder / NAME).unlink()
    assert "there is no database" in refusal(run("backup", FILE))
    assert contents(folder) == {}


def test_faulty_books_are_not_backed_up_and_their_bad_row_is_named(folder: Path) -> None:
    triggers = [(name, sql) for kind, name, sql in raw.contents_of(folder / NAME)["sqlite_schema"] if kind == "trigger"]
    put_back = [sql for _, sql in triggers]
    raw.run(folder / NAME, *(f"DROP TRIGGER {name}" for name, _ in triggers), TAMPERED, *put_back)
    assert refusal(run("backup", FILE)) == "the transaction of audit record 18 is not the one that was recorded"
    assert contents(folder).keys() == {NAME}


def test_books_with_a_damaged_index_are_not_backed_up(folder: Path) -> None:
    query = "SELECT rootpage, page_size FROM sqlite_schema, pragma_page_size WHERE name = 'transaction_by_kind'"
    ((page, size),) = raw.query(folder / NAME, query)
    content = bytearray((folder / NAME).read_bytes())
    content[page * size - 1] -= 1  # the row that the first entry of the index leads to
    (folder / NAME).write_bytes(content)
    assert refusal(run("backup", FILE)) == "the file is damaged: row 1 missing from index transaction_by_kind"
    assert contents(folder).keys() == {NAME}


def test_a_backup_for_which_there_is_no_room_leaves_nothing(folder: Path) -> None:
    before = contents(folder)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        fault = refusal(run("backup", FILE))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert fault in {"disk I/O error", "database or disk is full"}
    assert contents(folder) == before


# The way back


def test_a_backup_comes_back_as_it_was(folder: Path) -> None:
    done("backup", FILE)
    made_at = json.loads((folder / MANIFEST).read_text())["madeAt"]
    assert restored().splitlines() == [
        f"restored 38 records, 9 transactions, 9 accounts, as they were at {made_at}",
        "Nothing after record 38 is in these books, whatever clients were answered since",
    ]
    assert elsewhere().read_bytes() == (folder / FILE).read_bytes()
    assert stat.S_IMODE(elsewhere().stat().st_mode) == 0o600
    assert contents(elsewhere().parent).keys() == {NAME}


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm", "-journal"])
def test_a_backup_comes_back_into_an_empty_place_only(suffix: str, folder: Path) -> None:
    done("backup", FILE)
    occupied = Path(f"{elsewhere()}{suffix}")
    occupied.write_text("kept")
    result = run("restore", FILE, DATABASE_URL=f"sqlite:///{elsewhere()}")
    assert refusal(result) == f"{occupied} exists"
    assert contents(elsewhere().parent) == {occupied.name: b"kept"}


def test_a_backup_without_its_manifest_does_not_come_back(folder: Path) -> None:
    done("backup", FILE)
    (folder / MANIFEST).unlink()
    assert unrestored() == f"there is no manifest {MANIFEST}: a backup without one was not finished"


def test_a_backup_of_which_one_bit_was_turned_does_not_come_back(folder: Path) -> None:
    done("backup", FILE)
    content = bytearray((folder / FILE).read_bytes())
    content[-1] ^= 1
    (folder / FILE).write_bytes(content)
    assert unrestored() == f"{FILE} is not the file that its manifest is of: the SHA-256 differs"


WRONG_MANIFESTS: Mapping[str, tuple[str, str]] = {
    "not JSON": ("backup", f"{MANIFEST} is no manifest of a backup"),
    "JSON of something else": ("[1]", f"{MANIFEST} is no manifest of a backup"),
    "without its books": ('{"form": 1}', f"{MANIFEST} is no manifest of a backup"),
    "nested too deeply": ("[" * 100_000, f"{MANIFEST} is no manifest of a backup"),
}


@pytest.mark.parametrize("wrong", WRONG_MANIFESTS)
def test_a_wrong_manifest_is_refused_in_one_line(wrong: str, folder: Path) -> None:
    done("backup", FILE)
    text, fault = WRONG_MANIFESTS[wrong]
    (folder / MANIFEST).write_text(text)
    assert unrestored() == fault


OTHERS: Mapping[str, tuple[Mapping[str, object], str]] = {
    "of another form": ({"form": 2}, f"{MANIFEST} has form 2, and this program reads form 1"),
    "of other records": (
        {"books": {"migration": 5, "sequence": 35, "hash": "", "transactions": 9, "accounts": 9}},
        "the manifest tells of other books than the file holds",
    ),
}


@pytest.mark.parametrize("other", OTHERS)
def test_a_manifest_of_something_else_is_refused(other: str, folder: Path) -> None:
    done("backup", FILE)
    changes, fault = OTHERS[other]
    told = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps({**told, **changes}))
    assert unrestored() == fault


def test_a_backup_newer_than_the_program_does_not_come_back(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done("backup", FILE)
    older = migrations.all_migrations()[:-1]
    monkeypatch.setattr(migrations, "all_migrations", lambda: older)
    assert unrestored() == "the database is newer than this program"


def test_a_backup_behind_the_program_comes_back_and_says_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done("backup", FILE)
    newer = [*migrations.all_migrations(), migrations.Migration(9999, "later", "CREATE TABLE later (id INTEGER);")]
    monkeypatch.setattr(migrations, "all_migrations", lambda: newer)
    assert "The schema is 1 migration(s) behind: run `python main.py migrate`, then `verify`" in restored()
    assert refusal(run("backup", "another")).startswith("the schema is 1 migration(s) behind")


def test_a_backup_of_another_history_does_not_come_back(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done("backup", FILE)
    first, *others = migrations.all_migrations()
    later = migrations.Migration(9999, "later", "CREATE TABLE later (id INTEGER);")
    altered = [replace(first, sql=f"{first.sql}-- altered"), *others, later]
    monkeypatch.setattr(migrations, "all_migrations", lambda: altered)
    assert unrestored() == "migration 1 is not the one that was applied"


# Killed on the way

KILL = "os.kill(os.getpid(), signal.SIGKILL)"
STEPS: Mapping[str, tuple[str, str]] = {
    "a backup before it was proved": ("backup", f"backups.prove = lambda _: {KILL}"),
    "a backup before its manifest was written": ("backup", f"manifests.written = lambda _: {KILL}"),
    "a backup before it appears": ("backup", f"pathlib.Path.rename = lambda *_: {KILL}"),
    "a restore before it was proved": ("restore", f"backups.prove = lambda _: {KILL}"),
    "a restore before it appears": ("restore", f"pathlib.Path.rename = lambda *_: {KILL}"),
}


def killed(step: str, *arguments: str, **settings: str) -> None:
    """Run a command in a process of its own that is killed at a step."""
    script = "\n".join(
        (
            "import os, pathlib, signal, sys",
            f"sys.path.insert(0, {str(MAIN.parent)!r})",
            "import main",
            "from persistence import backups, manifests",
            step,
            f"main.cli({arguments!r})",
        )
    )
    ended = subprocess.run([sys.executable, "-c", script], env=environment(**settings), check=False)
    assert ended.returncode == -signal.SIGKILL


@pytest.mark.parametrize("when", STEPS)
def test_what_was_killed_leaves_nothing_that_looks_finished(when: str, folder: Path) -> None:
    command, step = STEPS[when]
    if command == "restore":
        done("backup", FILE)
    before = contents(folder).keys()
    killed(step, command, FILE, database_url=f"sqlite:///{NAME if command == 'backup' else elsewhere()}")
    left = {*contents(folder), *contents(elsewhere().parent)} - before
    assert left
    assert all(".new" in name for name in left)
    done("verify")
    if command == "backup":
        done("backup", FILE)
    restored()


def test_a_backup_killed_before_its_manifest_appears_is_not_taken_for_one(folder: Path) -> None:
    rename = "rename = pathlib.Path.rename"
    step = f"{rename}\npathlib.Path.rename = lambda *a: {KILL} if a[1].suffix == '.json' else rename(*a)"
    killed(step, "backup", FILE)
    assert (folder / FILE).exists()
    assert "was not finished" in unrestored()
