"""The settings and the command line, as an operator meets them: what goes wrong is told in one line."""

from __future__ import annotations

import json
import os
import re
import socket
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import fields, replace
from pathlib import Path

import peewee
import pytest
import structlog
import uvicorn
from click.testing import CliRunner, Result

import application
import main
from domain.access import KEYS_PER_CLIENT, Role, api_key_id_in
from domain.instants import SECOND, Instant
from domain.services.api_clients import CreateApiClient, IssueApiKey
from persistence import database, migrations
from persistence.books import Books
from persistence.currencies import currencies
from persistence.provisioning import OtherRoleError
from resolvers.explorer import sources
from resolvers.explorer.sources import Source
from resolvers.explorer.third_party import CDN
from resolvers.limits import DocumentLimits, RequestLimits
from settings import Settings, read_settings
from tests.support import raw
from tests.support.books import TestLedger
from tests.support.surroundings import StandingClock

NAME = "countinghouse.db"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Work in an empty folder, where nothing is set and nothing is ever really served."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(uvicorn.Server, "run", lambda *_: pytest.fail("it serves"))
    mask = os.umask(0o022)
    yield tmp_path
    os.umask(mask)
    structlog.reset_defaults()


def run(*arguments: str, **settings: str) -> Result:
    unset = {f"COUNTINGHOUSE_{name.upper()}": None for name in Settings.model_fields}
    given = {f"COUNTINGHOUSE_{name}": value for name, value in settings.items()}
    return CliRunner().invoke(main.cli, arguments, env={**unset, **given})


def done(*arguments: str) -> str:
    """Run a command that must succeed; return what it prints."""
    result = run(*arguments)
    assert (result.exit_code, result.stderr) == (0, ""), result.exception
    return result.stdout


def refusal(result: Result) -> str:
    """Return the one line, and nothing else, that a command was refused with."""
    assert (result.exit_code, result.stdout) == (1, ""), result.exception
    (line,) = result.stderr.splitlines()
    return line.removeprefix("Error: ")


def issue(client: str = "till", role: str = "TELLER") -> Result:
    return run("keys", "issue", "--client", client, "--role", role)


def contents(folder: Path) -> Mapping[str, bytes]:
    """Return every file of a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


# Settings

DOCUMENT_LIMITS = [one.name for one in fields(DocumentLimits)]
WRONG: Mapping[str, tuple[str, str]] = {
    "PROT": ("8000", "is not a setting"),
    "PORT": ("eight thousand", "Input should be a valid integer, unable to parse string as an integer"),
    "DATABASE_URL": ("postgresql://localhost/books", "String should match pattern '^sqlite:///[^:]'"),
    "HOST": ("", "String should have at least 1 character"),
    "WORKERS": ("0", "Input should be greater than or equal to 1"),
    "CHECKPOINT_SECONDS": ("0", "Input should be greater than or equal to 1"),
    "MAX_AMOUNT": ("0", "Input should be greater than or equal to 1"),
    "MAX_IN_FLIGHT": ("-1", "Input should be greater than or equal to 1"),
    "MAX_WAITING_WRITES": ("1.5", "Input should be a valid integer, unable to parse string as an integer"),
    "WRITE_DEADLINE_MS": ("", "Input should be a valid integer, unable to parse string as an integer"),
    "REFUSAL_BURST": ("0", "Input should be greater than or equal to 1"),
    "REFUSALS_PER_SECOND": ("many", "Input should be a valid integer, unable to parse string as an integer"),
    "PROFILE": ("staging", "Input should be 'development' or 'production'"),
    "READ_DEADLINE_MS": ("0", "Input should be greater than or equal to 1"),
    "MAX_BODY_BYTES": ("2 MB", "Input should be a valid integer, unable to parse string as an integer"),
    **{
        f"MAX_{one.name.upper()}": ("0", "Input should be greater than or equal to 1") for one in fields(DocumentLimits)
    },
    "EXPLORER": ("on", "Input should be 'auto', 'local', 'cdn' or 'off'"),
}
NEEDS_SETTINGS = (
    ("serve",),
    ("migrate",),
    ("verify",),
    ("keys", "issue", "--client", "till", "--role", "TELLER"),
    ("erase", "--reference", "ada"),
    ("checkpoints", "begin"),
    ("accept-rollback", "--reason", "the disk failed"),
)


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("arguments", NEEDS_SETTINGS, ids=" ".join)
def test_a_wrong_setting_is_named_in_one_line(name: str, arguments: tuple[str, ...], folder: Path) -> None:
    value, fault = WRONG[name]
    line = refusal(run(*arguments, **{name: value}))
    assert re.fullmatch(rf"COUNTINGHOUSE_{name}:? {re.escape(fault)}", line)
    assert contents(folder) == {}


@pytest.mark.parametrize("name", DOCUMENT_LIMITS)
def test_each_limit_of_a_document_is_a_setting(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"COUNTINGHOUSE_MAX_{name.upper()}", "7")
    assert read_settings().document_limits == replace(DocumentLimits(), **{name: 7})


def test_each_limit_of_a_request_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_settings().request_limits == RequestLimits()
    monkeypatch.setenv("COUNTINGHOUSE_MAX_BODY_BYTES", "7")
    monkeypatch.setenv("COUNTINGHOUSE_READ_DEADLINE_MS", "8")
    assert read_settings().request_limits == RequestLimits(body_bytes=7, read_milliseconds=8)


@pytest.mark.parametrize(
    ("setting", "option", "workers"),
    [("1", (), 1), ("3", (), 3), ("3", ("--workers", "2"), 2), ("2", ("--workers", "1"), 1)],
)
def test_the_option_for_workers_goes_before_the_setting(
    setting: str, option: tuple[str, ...], workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, int]] = []

    def listening(name: str) -> Callable[..., None]:
        def serve(settings: Settings, _: object, listeners: list[socket.socket], __: object) -> None:
            asked.append((name, settings.workers))
            for listener in listeners:
                listener.close()

        return serve

    for name in ("serve_alone", "serve_together"):
        monkeypatch.setattr(main, name, listening(name))
    done("migrate")
    assert run("serve", *option, WORKERS=setting, PORT="0").exit_code == 0
    assert asked == [("serve_alone" if workers == 1 else "serve_together", workers)]


@pytest.mark.parametrize("value", ["0", "-1", "many"])
def test_a_number_of_workers_that_cannot_be_is_refused(value: str) -> None:
    result = run("serve", "--workers", value)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines()[-1].startswith("Error: Invalid value for '--workers'")


@pytest.mark.parametrize("value", ["65536", "-1"])
def test_a_port_out_of_range_is_named_in_one_line(value: str) -> None:
    assert re.fullmatch(r"COUNTINGHOUSE_PORT: Input should be .* or equal to \d+", refusal(run("migrate", PORT=value)))


@pytest.mark.parametrize(
    "value", ["", "books.db", "sqlite:///", "sqlite://books.db", "SQLITE:///books.db", "sqlite:///:memory:"]
)
def test_a_url_that_is_none_is_named_in_one_line(value: str) -> None:
    assert refusal(run("migrate", DATABASE_URL=value)).startswith("COUNTINGHOUSE_DATABASE_URL: ")


def test_settings_are_read_from_a_file(folder: Path) -> None:
    (folder / ".env").write_text("COUNTINGHOUSE_DATABASE_URL=sqlite:///other.db\n")
    done("migrate")
    assert {path.name for path in folder.iterdir()} == {".env", "other.db"}


def test_the_environment_goes_before_the_file(folder: Path) -> None:
    (folder / ".env").write_text("COUNTINGHOUSE_DATABASE_URL=sqlite:///other.db\n")
    assert run("migrate", DATABASE_URL=f"sqlite:///{folder}/absolute.db").exit_code == 0
    assert {path.name for path in folder.iterdir()} == {".env", "absolute.db"}


def test_a_wrong_setting_in_the_file_is_named_in_one_line(folder: Path) -> None:
    (folder / ".env").write_text("COUNTINGHOUSE_PORT=many\n")
    assert refusal(run("migrate")).startswith("COUNTINGHOUSE_PORT: ")


def test_the_file_may_hold_settings_of_other_programs(folder: Path) -> None:
    (folder / ".env").write_text("POSTGRES_PASSWORD=secret\n")
    done("migrate")


def test_an_unknown_setting_in_the_file_is_named_in_one_line(folder: Path) -> None:
    (folder / ".env").write_text("COUNTINGHOUSE_PROT=8000\n")
    assert refusal(run("migrate")) == "COUNTINGHOUSE_PROT is not a setting"


@pytest.mark.parametrize("content", ["COUNTINGHOUSE_PORT=8000 # caf\xe9\n".encode("latin-1"), b"\xff\xfe", b"\x00\xd8"])
def test_a_file_that_is_not_text_is_refused_in_one_line(content: bytes, folder: Path) -> None:
    (folder / ".env").write_bytes(content)
    assert refusal(run("migrate")) == ".env is not text in UTF-8"
    assert contents(folder) == {".env": content}


def test_a_local_explorer_that_is_not_installed_ends_the_start_in_one_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(application, "ROOT", folder)
    done("migrate")
    line = refusal(run("serve", EXPLORER="local"))
    assert re.fullmatch(r"the explorer cannot be local: \S+ is not installed: run `make explorer`", line)
    assert not (folder / "countinghouse.admin-key").exists()


@pytest.mark.parametrize("fault", [None, "a file is not what it should be"])
def test_a_start_tells_once_where_the_explorer_comes_from_and_what_is_wrong_with_ours(
    fault: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uvicorn.Server, "run", lambda _, sockets: [socket.close() for socket in sockets])
    monkeypatch.setattr(sources, "chosen", lambda *_: Source(CDN, fault=fault))
    done("migrate")
    line = json.loads(run("serve", PORT="0").stderr)
    assert (line["event"], line["files"], line["not_local"]) == ("explorer", CDN, fault)


# Databases that a command cannot work on


def missing(_: Path) -> None:
    """Make no file at all."""


def foreign(path: Path) -> None:
    path.write_text("Dear Ada, " * 500)


def of_another_program(path: Path) -> None:
    raw.run(path, "CREATE TABLE customer (id)")


def newer(path: Path) -> None:
    done("migrate")
    raw.run(path, "INSERT INTO migration VALUES (9999, 'later', '')")


def without_a_wall(path: Path) -> None:
    done("migrate")
    raw.run(path, "DROP TRIGGER audit_is_never_changed")


def with_another_permission(path: Path) -> None:
    done("migrate")
    walls = raw.query(path, "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'permission'")
    raw.run(
        path,
        *(f"DROP TRIGGER {name}" for name, _ in walls),
        "INSERT INTO permission VALUES ('VIEWER', 'WITHDRAW')",
        *(sql for _, sql in walls),
    )


UNFIT: Mapping[Callable[[Path], None], str] = {
    missing: f"there is no database {NAME}: run `python main.py migrate`",
    foreign: "the file cannot be read as a database: file is not a database",
    of_another_program: "the file is a database, but not one of Countinghouse",
    newer: "the database is newer than this program",
    without_a_wall: "the schema is not as it was made: trigger audit_is_never_changed is missing",
    with_another_permission: "the permissions in the database are not those of this program",
}
WORKS_ON_BOOKS = tuple(arguments for arguments in NEEDS_SETTINGS if arguments != ("migrate",))


@pytest.mark.parametrize("arguments", WORKS_ON_BOOKS, ids=" ".join)
@pytest.mark.parametrize("make", UNFIT)
def test_an_unfit_database_is_refused_in_one_line_and_left_alone(
    make: Callable[[Path], None], arguments: tuple[str, ...]
) -> None:
    make(Path(NAME))
    before = contents(Path.cwd())
    assert refusal(run(*arguments)) == UNFIT[make]
    after = contents(Path.cwd())
    assert {name: after[name] for name in after if name != f"{NAME}.lock"} == before


@pytest.mark.parametrize("make", [foreign, of_another_program, newer])
def test_what_is_not_ours_to_migrate_is_refused_in_one_line_and_left_alone(make: Callable[[Path], None]) -> None:
    make(Path(NAME))
    before = contents(Path.cwd())
    assert refusal(run("migrate")) == UNFIT[make]
    assert contents(Path.cwd()) == before


def test_a_missing_folder_is_not_made(folder: Path) -> None:
    assert refusal(run("migrate", DATABASE_URL="sqlite:///nowhere/books.db")) == "there is no folder nowhere"
    assert contents(folder) == {}


@pytest.mark.parametrize("name", ["/dev/null", "folder"])
def test_what_is_not_a_file_is_refused_in_one_line(name: str) -> None:
    Path("folder").mkdir()
    assert refusal(run("migrate", DATABASE_URL=f"sqlite:///{name}")) == f"{name} is not a file"


# Commands


def test_migrating_again_changes_nothing(folder: Path) -> None:
    every = migrations.all_migrations()
    assert done("migrate").splitlines() == [f"applied {one.number:04} {one.name}" for one in every]
    before = raw.contents_of(folder / NAME)
    assert done("migrate") == ""
    assert raw.contents_of(folder / NAME) == before


def test_the_schema_is_printed_without_settings_or_a_database(folder: Path) -> None:
    result = run("schema", PROT="8000")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (Path(main.__file__).parent / "schema" / "schema.graphql").read_text()
    assert contents(folder) == {}


def test_an_issued_key_is_printed_and_nothing_else() -> None:
    done("migrate")
    issued = issue()
    assert (issued.exit_code, issued.stderr) == (0, "")
    assert issued.stdout.endswith("\n")
    assert api_key_id_in(issued.stdout[:-1])


def test_an_api_client_gets_another_key_in_the_role_that_it_has(folder: Path) -> None:
    done("migrate")
    first, second = issue().stdout, issue().stdout
    assert first != second
    assert raw.query(folder / NAME, "SELECT name, role FROM api_client WHERE created_sequence > 0") == [
        ("till", "TELLER")
    ]
    assert raw.query(folder / NAME, "SELECT count(*) FROM api_key") == [(2,)]


def test_an_api_client_gets_no_key_in_another_role(folder: Path) -> None:
    done("migrate")
    issue()
    before = raw.contents_of(folder / NAME)
    assert refusal(issue(role="ADMIN")) == "that API client exists with the role TELLER"
    assert raw.contents_of(folder / NAME) == before


@pytest.mark.parametrize("role", ["OWNER", "teller", ""])
def test_a_role_that_there_is_not_is_refused(role: str) -> None:
    done("migrate")
    result = issue(role=role)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines()[-1].startswith("Error: Invalid value for '--role'")


def test_an_api_client_holds_ten_keys_and_no_more(folder: Path) -> None:
    done("migrate")
    secrets = {issue().stdout for _ in range(KEYS_PER_CLIENT)}
    assert len(secrets) == KEYS_PER_CLIENT
    assert refusal(issue()) == "The API client has as many usable keys as it may have."
    assert raw.query(folder / NAME, "SELECT count(*) FROM api_key") == [(KEYS_PER_CLIENT,)]


def test_the_system_gets_no_key() -> None:
    done("migrate")
    assert refusal(issue("system", "ADMIN")) == "There is no such API client."


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("", "A name must not be blank."),
        (" ", "A name must not be blank."),
        ("x" * 129, "The text has at most 128 characters."),
    ],
)
def test_a_name_that_breaks_the_rules_is_refused_in_one_line(name: str, rule: str) -> None:
    done("migrate")
    assert refusal(issue(name)) == rule


def test_sound_books_are_verified_and_counted() -> None:
    done("migrate")
    assert done("verify") == "verified 0 records, 0 transactions, 0 accounts\n"
    issue()
    assert done("verify") == "verified 2 records, 0 transactions, 0 accounts\n"


def test_the_first_bad_row_is_named(folder: Path) -> None:
    done("migrate")
    issue()
    ((wall,),) = raw.query(folder / NAME, "SELECT sql FROM sqlite_schema WHERE name = 'audit_is_never_changed'")
    raw.run(folder / NAME, "DROP TRIGGER audit_is_never_changed", "UPDATE audit SET role = 'TELLER'", wall)
    assert refusal(run("verify")) == "audit record 1 has columns that differ from its sealed details"


# The first key


@pytest.fixture
def books(folder: Path) -> Iterator[peewee.SqliteDatabase]:
    done("migrate")
    with closing(database.connect_writer(folder / NAME)) as connection:
        yield connection


KEY = Path("books.admin-key")


def left_key(connection: peewee.SqliteDatabase) -> bool:
    return main.provisioner(connection).leave_first_key(KEY)


def opened_by(secret: str, connection: peewee.SqliteDatabase) -> str:
    """Return the name of the API client whose usable key that is."""
    books = Books(connection)
    key = books.api_key(api_key_id_in(secret) or "")
    assert key
    assert key.is_usable(application.SystemClock().now())
    client = books.api_client(key.api_client_id)
    assert client
    return client.name


def test_the_first_key_is_in_a_file_for_its_owner_alone(books: peewee.SqliteDatabase) -> None:
    assert left_key(books)
    assert stat.S_IMODE(KEY.stat().st_mode) == 0o600
    assert opened_by(KEY.read_text().removesuffix("\n"), books) == "admin"
    assert [(client.name, client.role) for client in Books(books).admins()] == [("admin", Role.ADMIN)]


def test_the_first_key_is_written_once(books: peewee.SqliteDatabase) -> None:
    left_key(books)
    before = KEY.read_text()
    assert not left_key(books)
    assert KEY.read_text() == before
    KEY.unlink()
    assert not left_key(books)
    assert not KEY.exists()


def test_no_first_key_is_made_where_an_admin_has_one(books: peewee.SqliteDatabase) -> None:
    main.provisioner(books).issue_key("operations", Role.ADMIN)
    assert not left_key(books)
    assert not KEY.exists()


LONG_AGO = Instant(1_000_000_000 * SECOND)


@pytest.mark.parametrize("has_an_expired_key", [False, True])
@pytest.mark.parametrize("name", ["admin", "operations"])
def test_a_first_key_is_made_where_no_admin_has_a_usable_one(
    name: str, books: peewee.SqliteDatabase, *, has_an_expired_key: bool
) -> None:
    system = TestLedger(books, clock=StandingClock(LONG_AGO))
    client = system.succeed(CreateApiClient(name=name, role=Role.ADMIN)).api_client
    if has_an_expired_key:
        system.succeed(IssueApiKey(api_client_id=client.id, expires_at=Instant(LONG_AGO + SECOND)))
    assert left_key(books)
    assert opened_by(KEY.read_text().strip(), books) == "admin"
    assert not left_key(books)


def test_no_first_key_is_left_where_its_name_means_another_role(books: peewee.SqliteDatabase) -> None:
    main.provisioner(books).issue_key("admin", Role.TELLER)
    with pytest.raises(OtherRoleError, match="keys issue --client NAME --role ADMIN"):
        left_key(books)
    assert not KEY.exists()


def test_the_first_key_is_for_its_owner_alone_even_in_a_file_that_was_there(books: peewee.SqliteDatabase) -> None:
    KEY.touch(0o644)
    KEY.with_name(f"{KEY.name}.new").touch(0o644)
    left_key(books)
    assert stat.S_IMODE(KEY.stat().st_mode) == 0o600
    assert {path.name for path in Path.cwd().glob("*.admin-key*")} == {KEY.name}


@pytest.mark.parametrize("link", [KEY, KEY.with_name(f"{KEY.name}.new")])
def test_the_first_key_is_not_written_through_a_link(link: Path, books: peewee.SqliteDatabase) -> None:
    target = Path("elsewhere")
    target.write_text("kept")
    link.symlink_to(target)
    left_key(books)
    assert target.read_text() == "kept"
    assert not KEY.is_symlink()
    assert stat.S_IMODE(KEY.stat().st_mode) == 0o600


def test_what_is_made_is_for_its_owner_alone(folder: Path) -> None:
    done("migrate")
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


# Currencies

EXPONENTS: Mapping[str, int] = {
    **dict.fromkeys(("CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("CHF", "EUR", "GBP", "HUF", "IDR", "INR", "MRU", "USD", "XCD"), 2),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    "UYW": 4,
}


@pytest.mark.parametrize("code", EXPONENTS)
def test_a_currency_has_the_decimals_of_the_standard(code: str) -> None:
    assert currencies()[code].exponent == EXPONENTS[code]


@pytest.mark.parametrize("code", ["BOV", "CHE", "CHW", "CLF", "COU", "MXV", "USN", "UYI"])
def test_a_fund_is_no_currency(code: str) -> None:
    assert code not in currencies()


@pytest.mark.parametrize("code", ["XAG", "XAU", "XBA", "XDR", "XPT", "XSU", "XTS", "XUA", "XXX"])
def test_what_has_no_minor_unit_is_no_currency(code: str) -> None:
    assert code not in currencies()


@pytest.mark.parametrize(
    ("profile", "mode", "is_there"),
    [
        ("development", "auto", True),
        ("production", "auto", False),
        ("production", "cdn", True),
        ("development", "off", False),
    ],
)
def test_production_has_no_explorer_unless_it_is_asked_for(
    profile: str, mode: str, is_there: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNTINGHOUSE_PROFILE", profile)
    monkeypatch.setenv("COUNTINGHOUSE_EXPLORER", mode)
    assert bool(application.explorer_source(read_settings())) is is_there
