"""Countinghouse, put together: settings, schema, application, command line. All is made here and handed down."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import click
import peewee
import strawberry
import structlog
import uvicorn
from dotenv import dotenv_values
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from starlette.applications import Starlette
from strawberry.schema.config import StrawberryConfig
from typeid import TypeID

from domain.access import SYSTEM, Role
from domain.catalogue import Catalogue
from domain.commands import Command
from domain.errors import InputError
from domain.ids import Prefix
from domain.instants import Instant, SteadyClock
from domain.money import DEFAULT_LARGEST_MOVEMENT, LARGEST_BALANCE
from domain.ports import Fault, Request, StorageError
from domain.services.api_clients import CreateApiClient, IssueApiKey
from persistence import database, verification
from persistence.batches import BatchWriter
from persistence.books import Books
from persistence.currencies import currencies
from persistence.reader import Reader
from persistence.storage import Storage
from persistence.writer import QueuedLedger, WriterLimits
from resolvers.admission import AdmissionLimits, Doorway, Refusals
from resolvers.app import build_app
from resolvers.documents import Documents
from resolvers.http import Endpoint
from resolvers.root import Mutation, Query
from schema.scalars import SCALARS

# Settings


class Settings(BaseSettings):
    """What an operator may set, by variables named COUNTINGHOUSE_* or in .env."""

    model_config = SettingsConfigDict(env_prefix="COUNTINGHOUSE_", env_file=".env", extra="ignore", frozen=True)

    database_url: Annotated[str, Field(pattern=r"^sqlite:///.+")] = "sqlite:///countinghouse.db"
    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    max_amount: Annotated[int, Field(ge=1, le=LARGEST_BALANCE)] = DEFAULT_LARGEST_MOVEMENT
    max_in_flight: Annotated[int, Field(ge=1)] = 512
    max_waiting_writes: Annotated[int, Field(ge=1)] = 4096
    write_deadline_ms: Annotated[int, Field(ge=1)] = 5000
    refusal_burst: Annotated[int, Field(ge=1)] = 500
    refusals_per_second: Annotated[int, Field(ge=1)] = 5

    @property
    def database_path(self) -> Path:
        """Return the database file: three slashes lead to a relative path, four to an absolute one."""
        return Path(self.database_url.removeprefix("sqlite:///"))

    @property
    def admin_key_path(self) -> Path:
        """Return where the first ADMIN key is written: beside the database."""
        return self.database_path.with_suffix(".admin-key")


def read_settings() -> Settings:
    """Read the settings once. Raises ClickException with one line for the first that is wrong, or unknown."""
    known = {f"COUNTINGHOUSE_{name.upper()}" for name in Settings.model_fields}
    given = {*os.environ, *dotenv_values(".env")}
    unknown = sorted(name for name in given if name.startswith("COUNTINGHOUSE_") and name not in known)
    if unknown:
        raise click.ClickException(f"{unknown[0]} is not a setting")
    try:
        return Settings()
    except ValidationError as error:
        fault = error.errors()[0]
        name = "COUNTINGHOUSE_" + "_".join(str(part) for part in fault["loc"]).upper()
        raise click.ClickException(f"{name}: {fault['msg']}") from error


# Surroundings: the outside world, as the domain asks for it


class SystemClock:
    """The machine's clock."""

    def now(self) -> Instant:
        return Instant(time.time_ns() // 1000)


class TypeIds:
    """Ids in the TypeID form: prefix, underscore, a UUIDv7 in 26 letters, so they sort by time."""

    def fresh(self, prefix: Prefix) -> str:
        return str(TypeID(prefix=prefix.value))


class SystemEntropy:
    """The operating system's entropy."""

    def bytes(self, count: int) -> bytes:
        return secrets.token_bytes(count)


# Schema and application


def build_schema() -> strawberry.Schema:
    """Return the schema. There is one in a process."""
    return strawberry.Schema(Query, Mutation, config=StrawberryConfig(scalar_map=dict(SCALARS)))


def create_app(settings: Settings, storage: Storage) -> Starlette:
    """Put the application together on an open, fit database."""
    clock = SteadyClock(SystemClock())
    writer = BatchWriter(storage.connection, clock=clock, ids=TypeIds(), entropy=SystemEntropy())
    limits = WriterLimits(settings.max_waiting_writes, settings.write_deadline_ms * 1000)
    ledger = QueuedLedger(writer, clock, limits, storage.reopen)
    reading = database.connect_reader(settings.database_path)
    admission = AdmissionLimits(settings.max_in_flight, settings.refusal_burst, settings.refusals_per_second)
    endpoint = Endpoint(
        documents=Documents(build_schema()),
        ledger=ledger,
        reader=Reader(reading, clock),
        catalogue=Catalogue(currencies(), settings.max_amount),
        clock=clock,
        doorway=Doorway(admission),
        refusals=Refusals(admission, clock),
    )

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        for caller, owed in endpoint.refusals.all_owed():
            await ledger.execute(caller, "", owed)
        ledger.close()
        reading.close()
        storage.connection.close()

    return build_app(endpoint, lambda: not storage.is_lost, lifespan)


# Command line


def existing_database(settings: Settings) -> Path:
    """Return the database file. Raises ClickException if there is none: only `migrate` makes one."""
    if not settings.database_path.is_file():
        raise click.ClickException(f"there is no database {settings.database_path}: run `python main.py migrate`")
    return settings.database_path


@contextmanager
def opened(connect: Callable[[Path], peewee.SqliteDatabase], path: Path) -> Iterator[peewee.SqliteDatabase]:
    """Open a database; a refusal ends the command with its one line."""
    try:
        connection = connect(path)
        try:
            yield connection
        finally:
            connection.close()
    except (database.DatabaseRefusedError, StorageError, peewee.DatabaseError) as refused:
        raise click.ClickException(str(refused)) from refused


def issue_key(connection: peewee.SqliteDatabase, name: str, role: Role) -> str:
    """Issue a key to the API client of that name, created now if there is none. Raises ClickException."""
    writer = BatchWriter(connection, clock=SystemClock(), ids=TypeIds(), entropy=SystemEntropy())
    books = Books(connection)
    client_id = books.api_client_id_with_name(name)
    if client_id is None:
        client_id = _perform(writer, CreateApiClient, name=name, role=role).api_client.id
    elif (client := books.api_client(client_id)) and client.role is not role:
        raise click.ClickException(f"that API client exists with the role {client.role.value}")
    secret: str = _perform(writer, IssueApiKey, api_client_id=client_id).secret
    return secret


def _perform(writer: BatchWriter, kind: type[Command], **given: Any) -> Any:
    try:
        request = Request(SYSTEM, secrets.token_hex(16), kind(**given))
    except InputError as error:
        raise click.ClickException(str(error)) from error
    (outcome,) = writer.run([request])
    if isinstance(outcome, Fault):
        raise outcome
    if not outcome.is_success:
        raise click.ClickException(str(outcome.result))
    return outcome.result


def first_admin_key(connection: peewee.SqliteDatabase, path: Path) -> None:
    """Make sure somebody can administer: where no ADMIN has a key, leave one for `admin` in a private file."""
    books, now = Books(connection), SystemClock().now()
    if any(key.is_usable(now) for admin in books.admins() for key in books.api_keys_of(admin.id)):
        return
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.fchmod(descriptor, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(issue_key(connection, "admin", Role.ADMIN) + "\n")
    click.echo(f"The first ADMIN key is in {path}")


def listen(host: str, port: int) -> socket.socket:
    """Listen, and say where. Raises ClickException where that cannot be."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise click.ClickException(f"cannot listen on {host} port {port}: {error.strerror}") from error
    name = f"[{host}]" if ":" in host else host
    click.echo(f"Countinghouse is at http://{name}:{listener.getsockname()[1]}")
    return listener


@click.group()
def cli() -> None:
    """Keep accounts and move money, behind one GraphQL endpoint."""
    os.umask(0o077)  # what is made here, books and keys, is for its owner alone
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


@cli.command()
def migrate() -> None:
    """Bring the database up to date; make it if there is none."""
    with opened(database.connect_beside, read_settings().database_path) as connection:
        for name in database.migrate(connection):
            click.echo(f"applied {name}")


@cli.command()
def serve() -> None:
    """Serve GraphQL until told to stop."""
    settings = read_settings()
    with opened(database.connect_writer, existing_database(settings)) as connection:
        lock = database.ServerLock(settings.database_path)
        database.refuse_unfit(connection)
        database.refuse_other_exponents(connection, currencies())
        first_admin_key(connection, settings.admin_key_path)
        storage = Storage(connection)
        config = uvicorn.Config(
            create_app(settings, storage),
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=10,
        )
        server = uvicorn.Server(config)
        storage.on_loss = stop = partial(setattr, server, "should_exit", True)  # noqa: FBT003 - setattr takes no names
        # Until uvicorn takes over, and again when it raises the signal anew after an orderly stop: that is no failure.
        for stopping in (signal.SIGINT, signal.SIGTERM):
            signal.signal(stopping, lambda *_: stop())
        server.run([listen(settings.host, settings.port)])
        lock.release()
    if storage.is_lost:
        raise click.ClickException("the database could not be opened again")


@cli.group()
def keys() -> None:
    """Manage API keys from the machine itself."""


@keys.command("issue")
@click.option("--client", "name", required=True, help="The API client; created if there is none of that name.")
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]), help="Its role.")
def issue(name: str, role: str) -> None:
    """Print the secret of a new API key, and nothing else."""
    with opened(database.connect_beside, existing_database(read_settings())) as connection:
        database.refuse_unfit(connection)
        click.echo(issue_key(connection, name, Role(role)))


@cli.command()
def schema() -> None:
    """Print the contract in SDL."""
    click.echo(build_schema().as_str())


@cli.command()
def verify() -> None:
    """Prove the books again; name the first bad row, if there is one."""
    with opened(database.connect_reader, existing_database(read_settings())) as connection:
        database.refuse_unfit(connection)
        try:
            proved = verification.verify(connection)
        except verification.FaultFoundError as fault:
            raise click.ClickException(str(fault)) from fault
    click.echo(f"verified {proved.records} records, {proved.transactions} transactions, {proved.accounts} accounts")


if __name__ == "__main__":
    cli()
