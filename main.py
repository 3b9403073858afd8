"""The command line."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import click
import peewee
import structlog

from application import (
    SystemClock,
    SystemEntropy,
    TypeIds,
    build_anchor,
    build_schema,
    explorer_source,
    serve_alone,
    serve_together,
)
from copies import backup, export, import_, restore
from domain.access import Role
from persistence import database, verification
from persistence.anchor import Anchor, prove
from persistence.books import Books
from persistence.checkpoints import CheckpointFile
from persistence.currencies import currencies
from persistence.erasing import Eraser, empty_log
from persistence.provisioning import Provisioner
from persistence.retelling import FaultFoundError
from persistence.signing import make_key, read_public_key
from persistence.storage import Storage
from persistence.system import SystemLedger
from refusing import existing_database, refusals_told
from resolvers.observe import log_to
from resolvers.server import address_of, listen
from settings import Settings, read_settings
from torture.command import torture

log = structlog.get_logger("countinghouse")


def refuse_unfit(storage: Storage) -> None:
    """Raise DatabaseRefusedError for a file that must not be served; warn of a library that could harm it."""
    database.refuse_unfit(storage.writing)
    database.refuse_other_exponents(storage.writing, currencies())
    database.refuse_read_only(storage.writing)
    if version := database.risky_library():
        log.warning("sqlite_can_corrupt_its_log", version=version, since="3.51.3 it cannot")


def system_ledger(connection: peewee.SqliteDatabase) -> SystemLedger:
    """Return what writes on this machine, beside a server or without one."""
    return SystemLedger(connection, clock=SystemClock(), ids=TypeIds(), entropy=SystemEntropy())


def provisioner(connection: peewee.SqliteDatabase) -> Provisioner:
    """Return what issues keys on this machine."""
    return Provisioner(Books(connection), system_ledger(connection), SystemClock())


def refuse_rolled_back(settings: Settings, connection: peewee.SqliteDatabase) -> None:
    """Raise RolledBackError for books that are not where their newest checkpoint is. New books get their first one."""
    if anchor := build_anchor(settings):
        anchor.begin_with_the_books(connection)
        anchor.require_not_rolled_back(connection)


@contextmanager
def books_to_write(settings: Settings, *, alone: bool) -> Iterator[peewee.SqliteDatabase]:
    """Give fit books that may be written to: beside a server, or alone, when also SQLite's log is taken care of."""
    connect = database.connect_writer if alone else database.connect_beside
    with closing(connect(existing_database(settings))) as connection:
        database.refuse_unfit(connection)
        refuse_rolled_back(settings, connection)
        yield connection


@click.group()
def cli() -> None:
    """Keep accounts and move money, behind one GraphQL endpoint."""
    os.umask(0o077)  # what is made here, books and keys, is for its owner alone
    log_to(sys.stderr)


@cli.command()
def migrate() -> None:
    """Bring the database up to date; make it if there is none."""
    with refusals_told(), closing(database.connect_beside(read_settings().database_path)) as connection:
        for name in database.migrate(connection):
            click.echo(f"applied {name}")


@cli.command()
@click.option("--workers", type=click.IntRange(min=1), help="How many processes serve, whatever the settings say.")
def serve(workers: int | None) -> None:
    """Serve GraphQL until told to stop."""
    settings = read_settings()
    settings = settings.model_copy(update={"workers": workers or settings.workers})
    with refusals_told(), ExitStack() as held:
        with closing(Storage(existing_database(settings), settings.read_deadline_ms)) as storage:
            held.enter_context(database.ServerLock(settings.database_path))
            refuse_unfit(storage)
            refuse_rolled_back(settings, storage.writing)
            source = explorer_source(settings)
            listeners = listen(settings.host, settings.port, settings.workers)
            is_first = provisioner(storage.writing).leave_first_key(settings.admin_key_path)
        if source:
            log.info("explorer", files=source.base, not_local=source.fault)

        def announce() -> None:
            click.echo(f"Countinghouse is at {address_of(listeners[0])}")
            if is_first:
                click.echo(f"The first ADMIN key is in {settings.admin_key_path}")

        serve_all = serve_alone if settings.workers == 1 else serve_together
        serve_all(settings, source, listeners, announce)


@cli.group()
def keys() -> None:
    """Manage API keys from the machine itself."""


@keys.command("issue")
@click.option("--client", "name", required=True, help="The API client; created if there is none of that name.")
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]), help="Its role.")
def issue(name: str, role: str) -> None:
    """Print the secret of a new API key, and nothing else."""
    with refusals_told(), books_to_write(read_settings(), alone=False) as connection:
        click.echo(provisioner(connection).issue_key(name, Role(role)))


@cli.command()
@click.option("--account", "id", help="The id of the account.")
@click.option("--reference", "ref", help="Or its reference.")
def erase(id: str | None, ref: str | None) -> None:
    """Erase all words about an account; what happened to it stays."""
    if (id is None) == (ref is None):
        raise click.UsageError("name an account by --account or by --reference")
    settings = read_settings()
    with (
        refusals_told(),
        database.held_if_free(existing_database(settings)) as is_alone,
        books_to_write(settings, alone=is_alone) as connection,
    ):
        eraser = Eraser(Books(connection), system_ledger(connection))
        texts = eraser.erase(id or eraser.account_with_reference(ref or ""))
        is_gone = is_alone and empty_log(connection)
    click.echo(f"erased the words of {texts} records")
    if not is_gone:
        click.echo(
            "others have the books open: SQLite's log (-wal) has the words until the server writes again, or ends"
        )


@cli.group()
def checkpoints() -> None:
    """Keep signed checkpoints of the books in a second place."""


@checkpoints.command("key")
@click.option("--file", required=True, type=click.Path(path_type=Path), help="Where to make the private key.")
def make_checkpoint_key(file: Path) -> None:
    """Make a private key in a file; print its public key, and nothing else."""
    with refusals_told():
        click.echo(make_key(file))


@checkpoints.command("begin")
def begin_checkpoints() -> None:
    """Begin the file of checkpoints where the books are now."""
    settings = read_settings()
    with refusals_told(), closing(database.connect_reader(existing_database(settings))) as connection:
        database.refuse_unfit(connection)
        sequence = required_anchor(settings).begin(connection)
    click.echo(f"checkpoints begin with record {sequence}")


@cli.command("accept-rollback")
@click.option("--reason", required=True, help="Why. It stays in the audit log for ever.")
def accept_rollback(reason: str) -> None:
    """Go on from older books than the newest checkpoint tells of."""
    settings = read_settings()
    path = existing_database(settings)
    with refusals_told(), database.ServerLock(path), closing(database.connect_writer(path)) as connection:
        database.refuse_unfit(connection)
        anchor = required_anchor(settings)
        lost, kept = anchor.accept_rollback(connection, system_ledger(connection), reason)
    click.echo(f"the books go on from record {kept}; the checkpoint of record {lost} is given up")


def required_anchor(settings: Settings) -> Anchor:
    """Return what holds the books against their checkpoints. Raises ClickException where none are set."""
    if anchor := build_anchor(settings):
        return anchor
    raise click.ClickException("COUNTINGHOUSE_CHECKPOINT_PATH and COUNTINGHOUSE_CHECKPOINT_KEY_PATH are not set")


@cli.command()
def schema() -> None:
    """Print the contract in SDL."""
    click.echo(build_schema().as_str())


@cli.command()
@click.option(
    "--checkpoints", "file", type=click.Path(path_type=Path, dir_okay=False, exists=True), help="A file of them."
)
@click.option("--public-key", "key", help="By which they were signed, or the file that it is in.")
def verify(file: Path | None, key: str | None) -> None:
    """Prove the books again; name the first bad row, if there is one."""
    if (file is None) != (key is None):
        raise click.UsageError("--checkpoints and --public-key go together")
    with refusals_told(), closing(database.connect_reader(existing_database(read_settings()))) as connection:
        database.refuse_unfit(connection)
        try:
            proved = verification.verify(connection)
        except FaultFoundError as fault:
            raise click.ClickException(str(fault)) from fault
        click.echo(f"verified {proved.records} records, {proved.transactions} transactions, {proved.accounts} accounts")
        if file and key:
            held = prove(connection, CheckpointFile(file), read_public_key(key))
            click.echo(f"the books hold {held} checkpoints")


for command in (backup, restore, export, import_, torture):
    cli.add_command(command)


if __name__ == "__main__":
    cli()
