"""The command line."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import click
import peewee
import structlog

from application import SystemClock, SystemEntropy, TypeIds, build_schema, explorer_source, serve_alone, serve_together
from domain.access import Role
from domain.errors import DomainError
from domain.ports import Fault, StorageError
from persistence import database, verification
from persistence.currencies import currencies
from persistence.provisioning import OtherRoleError, Provisioner
from persistence.retelling import FaultFoundError
from persistence.storage import Storage
from resolvers.explorer.third_party import NotInstalledError
from resolvers.observe import log_to
from resolvers.server import CannotListenError, address_of, listen
from resolvers.workers import ProcessFailedError
from settings import Settings, read_settings

log = structlog.get_logger("countinghouse")


def existing_database(settings: Settings) -> Path:
    """Return the database file. Raises ClickException if there is none: only `migrate` makes one."""
    if not settings.database_path.is_file():
        raise click.ClickException(f"there is no database {settings.database_path}: run `python main.py migrate`")
    return settings.database_path


@contextmanager
def refusals_told() -> Iterator[None]:
    """End the command with one line where what was asked is refused, or cannot be done."""
    serving = (database.DatabaseRefusedError, NotInstalledError, CannotListenError, OtherRoleError, ProcessFailedError)
    try:
        yield
    except (*serving, DomainError, StorageError, Fault, peewee.DatabaseError, OSError) as refused:
        raise click.ClickException(str(refused)) from refused


def refuse_unfit(storage: Storage) -> None:
    """Raise DatabaseRefusedError for a file that must not be served; warn of a library that could harm it."""
    database.refuse_unfit(storage.writing)
    database.refuse_other_exponents(storage.writing, currencies())
    database.refuse_read_only(storage.writing)
    if version := database.risky_library():
        log.warning("sqlite_can_corrupt_its_log", version=version, since="3.51.3 it cannot")


def provisioner(connection: peewee.SqliteDatabase) -> Provisioner:
    """Return what issues keys on this machine."""
    return Provisioner(connection, clock=SystemClock(), ids=TypeIds(), entropy=SystemEntropy())


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
    with refusals_told():
        with closing(Storage(existing_database(settings), settings.read_deadline_ms)) as storage:
            lock = database.ServerLock(settings.database_path)
            refuse_unfit(storage)
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
        lock.release()


@cli.group()
def keys() -> None:
    """Manage API keys from the machine itself."""


@keys.command("issue")
@click.option("--client", "name", required=True, help="The API client; created if there is none of that name.")
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]), help="Its role.")
def issue(name: str, role: str) -> None:
    """Print the secret of a new API key, and nothing else."""
    with refusals_told(), closing(database.connect_beside(existing_database(read_settings()))) as connection:
        database.refuse_unfit(connection)
        click.echo(provisioner(connection).issue_key(name, Role(role)))


@cli.command()
def schema() -> None:
    """Print the contract in SDL."""
    click.echo(build_schema().as_str())


@cli.command()
def verify() -> None:
    """Prove the books again; name the first bad row, if there is one."""
    with refusals_told(), closing(database.connect_reader(existing_database(read_settings()))) as connection:
        database.refuse_unfit(connection)
        try:
            proved = verification.verify(connection)
        except FaultFoundError as fault:
            raise click.ClickException(str(fault)) from fault
    click.echo(f"verified {proved.records} records, {proved.transactions} transactions, {proved.accounts} accounts")


if __name__ == "__main__":
    cli()
