"""Countinghouse, put together: settings, schema, application, command line. All is made here and handed down."""

from __future__ import annotations

import os
import secrets
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Literal

import click
import peewee
import strawberry
import structlog
from dotenv import dotenv_values
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from starlette.applications import Starlette
from strawberry.schema.config import StrawberryConfig
from typeid import TypeID

from domain.access import Role
from domain.catalogue import Catalogue
from domain.errors import DomainError
from domain.ids import Prefix
from domain.instants import Instant, SteadyClock
from domain.money import DEFAULT_LARGEST_MOVEMENT, LARGEST_BALANCE
from domain.ports import Fault, StorageError
from persistence import database, verification
from persistence.batches import BatchWriter
from persistence.books import read_head
from persistence.currencies import currencies
from persistence.provisioning import OtherRoleError, Provisioner
from persistence.reader import Reader
from persistence.retelling import FaultFoundError
from persistence.storage import Storage
from persistence.writer import QueuedLedger, WriterLimits
from resolvers import explorer
from resolvers.admission import AdmissionLimits, Doorway, Refusals
from resolvers.app import build_app
from resolvers.documents import Documents
from resolvers.explorer import sources
from resolvers.explorer.sources import Mode, Source
from resolvers.explorer.third_party import NotInstalledError
from resolvers.http import Endpoint
from resolvers.limits import DocumentLimits, RequestLimits
from resolvers.observe import log_to
from resolvers.profiles import PROFILES
from resolvers.root import Mutation, Query
from resolvers.server import CannotListenError, address_of, build_server, listen, stop
from schema.scalars import SCALARS

ROOT = Path(__file__).parent

log = structlog.get_logger("countinghouse")

# Settings


AtLeastOne = Annotated[int, Field(ge=1)]


class Settings(BaseSettings):
    """What an operator may set, by variables named COUNTINGHOUSE_* or in .env."""

    model_config = SettingsConfigDict(env_prefix="COUNTINGHOUSE_", env_file=".env", extra="ignore", frozen=True)

    database_url: Annotated[str, Field(pattern=r"^sqlite:///[^:]")] = "sqlite:///countinghouse.db"
    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    profile: Literal["development", "production"] = "development"
    explorer: Mode = Mode.AUTO
    max_amount: Annotated[int, Field(ge=1, le=LARGEST_BALANCE)] = DEFAULT_LARGEST_MOVEMENT
    max_in_flight: AtLeastOne = AdmissionLimits.in_flight
    max_waiting_writes: AtLeastOne = 4096
    write_deadline_ms: AtLeastOne = 5000
    read_deadline_ms: AtLeastOne = RequestLimits.read_milliseconds
    refusal_burst: AtLeastOne = 500
    refusals_per_second: AtLeastOne = 5
    max_body_bytes: AtLeastOne = RequestLimits.body_bytes
    max_values: AtLeastOne = RequestLimits.values
    max_length: AtLeastOne = DocumentLimits.length
    max_tokens: AtLeastOne = DocumentLimits.tokens
    max_fragments: AtLeastOne = DocumentLimits.fragments
    max_fields: AtLeastOne = DocumentLimits.fields
    max_aliases: AtLeastOne = DocumentLimits.aliases
    max_directives: AtLeastOne = DocumentLimits.directives
    max_depth: AtLeastOne = DocumentLimits.depth
    max_nesting: AtLeastOne = DocumentLimits.nesting
    max_comparisons: AtLeastOne = DocumentLimits.comparisons
    max_mutations: AtLeastOne = DocumentLimits.mutations
    max_cost: AtLeastOne = DocumentLimits.cost

    @property
    def database_path(self) -> Path:
        """Return the database file: three slashes lead to a relative path, four to an absolute one."""
        return Path(self.database_url.removeprefix("sqlite:///"))

    @property
    def admin_key_path(self) -> Path:
        """Return where the first ADMIN key is written: beside the database."""
        return self.database_path.with_suffix(".admin-key")

    @property
    def document_limits(self) -> DocumentLimits:
        """Return what a document may ask for: each limit is the setting of its name."""
        return DocumentLimits(**{one.name: getattr(self, f"max_{one.name}") for one in fields(DocumentLimits)})

    @property
    def request_limits(self) -> RequestLimits:
        """Return how large a request may be, and how long reading may take."""
        return RequestLimits(self.max_body_bytes, self.max_values, self.read_deadline_ms)


def read_settings() -> Settings:
    """Read the settings once. Raises ClickException with one line for the first that is wrong, or unknown."""
    known = {f"COUNTINGHOUSE_{name.upper()}" for name in Settings.model_fields}
    try:
        given = {*os.environ, *dotenv_values(".env")}
    except ValueError as error:
        raise click.ClickException(".env is not text in UTF-8") from error
    for name in sorted(given - known):
        if name.startswith("COUNTINGHOUSE_"):
            raise click.ClickException(f"{name} is not a setting")
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


def explorer_source(settings: Settings) -> Source | None:
    """Return where the explorer comes from: None where it is off. Raises NotInstalledError where it cannot be local."""
    mode = PROFILES[settings.profile].explorer if settings.explorer is Mode.AUTO else settings.explorer
    return sources.chosen(mode, ROOT / ".explorer")


def create_app(settings: Settings, storage: Storage, source: Source | None) -> Starlette:
    """Put the application together on an open, fit database, with the explorer if there is one."""
    clock = SteadyClock(SystemClock(), since=read_head(storage.writing).at)
    writer = BatchWriter(
        storage.writing,
        clock=clock,
        ids=TypeIds(),
        entropy=SystemEntropy(),
        largest_movement=settings.max_amount,
    )
    limits = WriterLimits(settings.max_waiting_writes, settings.write_deadline_ms * 1000)
    ledger = QueuedLedger(writer, clock, limits, storage.reopen)
    admission = AdmissionLimits(settings.max_in_flight, settings.refusal_burst, settings.refusals_per_second)
    profile = PROFILES[settings.profile]
    endpoint = Endpoint(
        documents=Documents(build_schema(), settings.document_limits, profile.rules),
        ledger=ledger,
        reader=Reader(storage.reading, clock, largest_movement=settings.max_amount),
        catalogue=Catalogue(currencies()),
        clock=clock,
        doorway=Doorway(admission),
        refusals=Refusals(admission, clock),
        limits=settings.request_limits,
        profile=profile,
    )

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        try:
            await endpoint.settle_all()
        finally:
            ledger.close()

    pages = explorer.routes(source, ROOT, SystemEntropy()) if source else []
    return build_app(endpoint, storage.is_ready, lifespan, pages)


# Command line


def existing_database(settings: Settings) -> Path:
    """Return the database file. Raises ClickException if there is none: only `migrate` makes one."""
    if not settings.database_path.is_file():
        raise click.ClickException(f"there is no database {settings.database_path}: run `python main.py migrate`")
    return settings.database_path


@contextmanager
def refusals_told() -> Iterator[None]:
    """End the command with one line where what was asked is refused, or cannot be done."""
    starting = (database.DatabaseRefusedError, NotInstalledError, CannotListenError, OtherRoleError)
    try:
        yield
    except (*starting, DomainError, StorageError, Fault, peewee.DatabaseError, OSError) as refused:
        raise click.ClickException(str(refused)) from refused


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
def serve() -> None:
    """Serve GraphQL until told to stop."""
    settings = read_settings()
    with refusals_told(), closing(Storage(existing_database(settings), settings.read_deadline_ms)) as storage:
        lock = database.ServerLock(settings.database_path)
        database.refuse_unfit(storage.writing)
        database.refuse_other_exponents(storage.writing, currencies())
        if version := database.risky_library():
            log.warning("sqlite_can_corrupt_its_log", version=version, since="3.51.3 it cannot")
        source = explorer_source(settings)
        listener = listen(settings.host, settings.port)
        is_first = provisioner(storage.writing).leave_first_key(settings.admin_key_path)
        server = build_server(create_app(settings, storage, source))
        storage.on_loss = lambda: stop(server)
        if source:
            log.info("explorer", files=source.base, not_local=source.fault)
        click.echo(f"Countinghouse is at {address_of(listener)}")
        if is_first:
            click.echo(f"The first ADMIN key is in {settings.admin_key_path}")
        server.run([listener])
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
