"""Export and import as an operator meets them: what goes out comes back to the byte, or not at all."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from persistence import database, exports
from tests.persistence.populated import populate
from tests.support import raw
from tests.test_backups import KILL, killed
from tests.test_main import NAME, contents, done, refusal, run

KEPT = "kept.jsonl"
Line = dict[str, Any]


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """Export books with something in every table, once."""
    path = tmp_path_factory.mktemp("made") / NAME
    populate(path)
    reading = database.connect_reader(path)
    told = list(exports.exported(reading))
    reading.close()
    return told


@pytest.fixture(autouse=True)
def folder(lines: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder of one's own, with an export in it and no books."""
    monkeypatch.chdir(tmp_path)
    Path(KEPT).write_bytes(b"".join(lines))
    return tmp_path


def refused(told: list[bytes]) -> str:
    """Return why an export was not imported; nothing of it may be left."""
    Path(KEPT).write_bytes(b"".join(told))
    fault = refusal(run("import", KEPT))
    assert contents(Path()).keys() == {KEPT}
    return fault


def closed(told: list[bytes]) -> list[bytes]:
    """Close changed lines as if they had been exported so, which anybody can do."""
    counts = Counter(next(iter(json.loads(line))) for line in told[:-1])
    return [*told[:-1], exports.last_line(counts, hashlib.sha256(b"".join(told[:-1])).hexdigest())]


def test_what_was_exported_and_imported_is_exported_to_the_same_bytes(folder: Path) -> None:
    assert done("import", KEPT) == "imported 38 records, 9 transactions, 9 accounts\n"
    assert contents(folder).keys() == {KEPT, NAME}
    assert done("export") == (folder / KEPT).read_text()
    done("export", "--output", "again.jsonl")
    assert (folder / "again.jsonl").read_bytes() == (folder / KEPT).read_bytes()
    assert done("verify") == "verified 38 records, 9 transactions, 9 accounts\n"


def test_an_export_overwrites_nothing(folder: Path) -> None:
    done("import", KEPT)
    before = (folder / KEPT).read_bytes()
    assert refusal(run("export", "--output", KEPT)) == f"{KEPT} exists"
    assert (folder / KEPT).read_bytes() == before
    assert contents(folder).keys() == {KEPT, NAME}


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm", "-journal"])
def test_an_import_is_into_an_empty_place_only(suffix: str, folder: Path) -> None:
    (folder / f"{NAME}{suffix}").write_text("kept")
    before = contents(folder)
    assert refusal(run("import", KEPT)).endswith(f"{NAME}{suffix} exists")
    assert contents(folder) == before


def test_an_export_of_which_a_row_cannot_be_read_leaves_no_file(folder: Path) -> None:
    done("import", KEPT)
    triggers = [(name, sql) for kind, name, sql in raw.contents_of(folder / NAME)["sqlite_schema"] if kind == "trigger"]
    spoilt = "UPDATE audit SET details = CAST(x'ff' AS TEXT) WHERE sequence = 5"
    raw.run(folder / NAME, *(f"DROP TRIGGER {name}" for name, _ in triggers), spoilt, *(sql for _, sql in triggers))
    assert "Could not decode to UTF-8" in refusal(run("export", "--output", "again.jsonl"))
    assert contents(folder).keys() == {KEPT, NAME}


# Lines that are not those of an export

BROKEN: Mapping[str, tuple[bytes, str]] = {
    "no JSON": (b"{\n", "this is no line of an export"),
    "no object": (b"[1]\n", "this is no line of an export"),
    "of two tables": (b'{"audit":{},"text":{}}\n', "this is no line of an export"),
    "with spaces": (b'{"currency": {"code":"EUR","exponent":2}}\n', "this is no line of an export"),
    "with a key twice": (b'{"currency":{"code":"CHF","code":"EUR"}}\n', "this is no line of an export"),
    "too large a number": (
        b'{"currency":{"code":"EUR","exponent":18446744073709551616}}\n',
        "this is no line of an export",
    ),
    "half a character": (b'{"currency":{"code":"\\ud800","exponent":2}}\n', "this is no line of an export"),
    "nested too deeply": (b"[" * 100_000 + b"\n", "this is no line of an export"),
    "empty": (b"\n", "this is no line of an export"),
    "of no table": (b'{"secret":{}}\n', "there is no table of that name"),
    "of what follows from the rest": (b'{"permission":{}}\n', "there is no table of that name"),
    "without a column": (b'{"currency":{"code":"EUR"}}\n', "a row of currency has the columns code, exponent"),
    "no row": (b'{"currency":[1]}\n', "a row of currency has the columns code, exponent"),
    "a truth for a number": (
        b'{"currency":{"code":"EUR","exponent":true}}\n',
        "exponent of currency is not of its type",
    ),
    "a text for a number": (b'{"currency":{"code":"EUR","exponent":"2"}}\n', "exponent of currency is not of its type"),
    "a fraction": (b'{"currency":{"code":"EUR","exponent":2.5}}\n', "exponent of currency is not of its type"),
    "nothing": (b'{"currency":{"code":null,"exponent":2}}\n', "code of currency is not of its type"),
    "out of bounds": (
        b'{"currency":{"code":"EUR","exponent":19}}\n',
        "CHECK constraint failed: exponent BETWEEN 0 AND 18",
    ),
    "another beginning": (
        b'{"export":{"form":1,"migration":5}}\n',
        "an export begins with the line that says what it is, and has no other such line",
    ),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_a_malformed_line_is_named_by_its_number(broken: str, lines: list[bytes]) -> None:
    line, fault = BROKEN[broken]
    assert refused([*lines[:6], line, *lines[7:]]) == f"line 7: {fault}"


@pytest.mark.parametrize("first", [b'{"export":{"form":2,"migration":5}}\n', b'{"export":{"form":1,"migration":4}}\n'])
def test_an_export_of_another_form_or_schema_is_told_as_such(first: bytes, lines: list[bytes]) -> None:
    content = json.loads(first)["export"]
    ours = json.loads(lines[0])["export"]
    assert refused([first, *lines[1:]]) == (
        f"line 1: the export is of form {content['form']} and migration {content['migration']}, and this program takes "
        f"form 1 and migration {ours['migration']}: import it with the program that wrote it, and migrate then"
    )


Change = Callable[[list[bytes]], list[bytes]]


def repeated(told: list[bytes]) -> list[bytes]:
    return [*told[:2], *told[1:]]


def swapped(told: list[bytes]) -> list[bytes]:
    """Swap two currencies, which is the same books in another order."""
    first = next(number for number, line in enumerate(told) if line.startswith(b'{"currency"'))
    return [*told[:first], told[first + 1], told[first], *told[first + 2 :]]


def without(start: bytes) -> Change:
    return lambda told: [line for line in told if not line.startswith(start)]


def replaced(old: bytes, new: bytes) -> Change:
    return lambda told: [line.replace(old, new) for line in told]


CHANGED: Mapping[str, tuple[Change, str]] = {
    "nothing": (lambda told: [], "the export is cut off after line 0: the line that closes it is missing"),
    "cut off": (lambda told: told[:40], "the export is cut off after line 40: the line that closes it is missing"),
    "cut within a line": (lambda told: [*told[:40], told[40][:9]], "line 41: this is no line of an export"),
    "more than all": (lambda told: [*told, told[1]], "line {more}: nothing comes after the last line of an export"),
    "without its beginning": (
        lambda told: told[1:],
        "line 1: an export begins with the line that says what it is, and has no other such line",
    ),
    "a row less": (
        lambda told: [*told[:40], *told[41:]],
        "line {less}: the lines before are not those that were exported: their number or their SHA-256 differs",
    ),
    "a row twice": (repeated, "line 3: UNIQUE constraint failed: audit.sequence"),
}
FORGED: Mapping[str, tuple[Change, str]] = {
    "another order": (swapped, "the rows are not in the order of an export"),
    "no accounts": (without(b'{"account"'), "a row of hold refers to one of account that the export does not have"),
    "no freezes": (without(b'{"freeze"'), "account acct_00000000000000000000000004 does not agree with its freezes"),
    "no words": (without(b'{"text"'), "the text of audit record 8 is not the one that was sealed"),
    "more money": (
        replaced(b'"balance_after":820', b'"balance_after":821'),
        "the transaction of audit record 30 is not the one that was recorded",
    ),
}


@pytest.mark.parametrize("changed", CHANGED)
def test_an_export_that_is_not_whole_is_not_imported(changed: str, lines: list[bytes]) -> None:
    change, fault = CHANGED[changed]
    assert refused(change(lines)) == fault.format(more=len(lines) + 1, less=len(lines) - 1)


@pytest.mark.parametrize("forged", FORGED)
def test_an_export_of_books_that_do_not_hold_is_not_imported(forged: str, lines: list[bytes]) -> None:
    change, fault = FORGED[forged]
    assert refused(closed(change(lines))).startswith(fault)


@pytest.mark.parametrize("step", [f"imports.prove = lambda _: {KILL}", f"pathlib.Path.rename = lambda *_: {KILL}"])
def test_an_import_that_was_killed_leaves_nothing_that_looks_like_books(step: str, folder: Path) -> None:
    killed(f"from persistence import imports\n{step}", "import", KEPT)
    left = contents(folder).keys() - {KEPT}
    assert left
    assert all(name.removesuffix("-journal").endswith(".new") for name in left)
    assert "there is no database" in refusal(run("verify"))
    done("import", KEPT)


# For others


def test_a_journal_of_beancount_is_written_where_it_is_asked_for(folder: Path) -> None:
    done("import", KEPT)
    printed = done("export", "--format", "beancount")
    assert printed.startswith('option "title" "Countinghouse"\n')
    assert printed.count(" * ") == 9
    done("export", "--format", "beancount", "--output", "books.beancount")
    assert (folder / "books.beancount").read_text() == printed


def test_no_digest_and_no_secret_is_in_a_journal(folder: Path) -> None:
    done("import", KEPT)
    digests = [digest for (digest,) in raw.query(folder / NAME, "SELECT secret_digest FROM api_key")]
    printed = done("export", "--format", "beancount")
    assert digests
    assert [digest for digest in digests if digest in printed] == []
