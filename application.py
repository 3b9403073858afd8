"""Countinghouse, put together for one process or for several. All that it needs is made here and handed down."""

from __future__ import annotations

import asyncio
import mmap
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from pathlib import Path
from socket import socket

import peewee
import strawberry
from starlette.applications import Starlette
from starlette.routing import Route
from strawberry.schema.config import StrawberryConfig
from typeid import TypeID

from domain.catalogue import Catalogue
from domain.ids import Prefix
from domain.instants import Clock, CommonClock, Instant, SteadyClock
from domain.ports import Ledger
from persistence import database
from persistence.anchor import Anchor
from persistence.batches import BatchWriter
from persistence.books import read_head
from persistence.checkpoints import CheckpointFile
from persistence.currencies import currencies
from persistence.keeper import Keeper
from persistence.reader import Reader
from persistence.remote import RemoteLedger, attend
from persistence.signing import read_private_key
from persistence.storage import Storage, can_be_read
from persistence.writer import QueuedLedger
from resolvers import explorer
from resolvers.admission import Doorway, Refusals
from resolvers.app import build_app
from resolvers.documents import Documents
from resolvers.explorer import sources
from resolvers.explorer.sources import Mode, Source
from resolvers.http import Endpoint
from resolvers.profiles import PROFILES
from resolvers.root import Mutation, Query
from resolvers.server import build_server, stop
from resolvers.workers import Crew
from schema.scalars import SCALARS
from settings import Settings

ROOT = Path(__file__).parent

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


def build_documents(settings: Settings) -> Documents:
    """Return what reads and executes documents."""
    return Documents(build_schema(), settings.document_limits, PROFILES[settings.profile].rules)


def build_ledger(settings: Settings, storage: Storage, clock: Clock) -> QueuedLedger:
    """Return the ledger on an open, fit database. There is one at a time for a file."""
    writer = BatchWriter(
        storage.writing,
        clock=clock,
        ids=TypeIds(),
        entropy=SystemEntropy(),
        largest_movement=settings.max_amount,
        require=storage.require,
        tidy=storage.empty_log,
    )
    return QueuedLedger(writer, clock, settings.writer_limits, storage.reopen)


def build_endpoint(
    settings: Settings,
    *,
    documents: Documents,
    ledger: Ledger,
    reader: Reader,
    clock: Clock,
    doorway: Doorway,
    refusals: Refusals,
) -> Endpoint:
    """Return the endpoint, which reads here, and writes by a ledger that may be elsewhere."""
    return Endpoint(
        documents=documents,
        ledger=ledger,
        reader=reader,
        catalogue=Catalogue(currencies()),
        clock=clock,
        doorway=doorway,
        refusals=refusals,
        limits=settings.request_limits,
        profile=PROFILES[settings.profile],
    )


def explorer_pages(source: Source | None) -> list[Route]:
    """Return the pages of the explorer, if there is one."""
    return explorer.routes(source, ROOT, SystemEntropy()) if source else []


def create_app(settings: Settings, storage: Storage, source: Source | None) -> Starlette:
    """Put the application of a single process together on an open, fit database."""
    clock = SteadyClock(SystemClock(), since=read_head(storage.writing).at)
    ledger = build_ledger(settings, storage, clock)
    endpoint = build_endpoint(
        settings,
        documents=build_documents(settings),
        ledger=ledger,
        reader=Reader(storage.reading, clock, largest_movement=settings.max_amount),
        clock=clock,
        doorway=Doorway(settings.admission_limits),
        refusals=Refusals(settings.admission_limits, clock),
    )

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        try:
            await endpoint.settle_all()
        finally:
            ledger.close()

    return build_app(endpoint, storage.is_ready, lifespan, explorer_pages(source))


# Checkpoints: where the books were, in a second place


def build_anchor(settings: Settings) -> Anchor | None:
    """Return what holds the books against their checkpoints; None where none are wanted. Raises KeyRefusedError."""
    if settings.checkpoints is None:
        return None
    path, key_path = settings.checkpoints
    return Anchor(CheckpointFile(path), read_private_key(key_path))


@contextmanager
def checkpoints_kept(settings: Settings, storage: Storage) -> Iterator[None]:
    """Add checkpoints meanwhile, if any are wanted. By the one process that writes."""
    anchor = build_anchor(settings)
    if anchor is None:
        yield
        return
    with closing(Keeper(anchor, settings.database_path, settings.checkpoint_seconds, storage.lose)) as keeper:
        keeper.start()
        yield


# Serving: until told to stop


def serve_alone(
    settings: Settings, source: Source | None, listeners: list[socket], announce: Callable[[], None]
) -> None:
    """Serve and write in this process. Raises StorageError if the database is lost."""
    with closing(Storage(settings.database_path, settings.read_deadline_ms)) as storage:
        server = build_server(create_app(settings, storage, source))
        storage.on_loss = lambda: stop(server)
        announce()
        with checkpoints_kept(settings, storage):
            server.run(listeners)
        storage.require()


def serve_together(
    settings: Settings, source: Source | None, listeners: list[socket], announce: Callable[[], None]
) -> None:
    """Serve in a process for each listener, and write in one more. Raises ProcessFailedError if one of them fails."""
    processes = Processes(settings, source)
    crew = Crew(processes.write, processes.work, listeners)
    announce()
    crew.run()


async def attend_until_lost(control: socket, ledger: QueuedLedger, storage: Storage) -> None:
    """Decide for the workers, until they are gone or the database is lost."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()

    def end() -> None:
        with suppress(RuntimeError):  # what is lost at the very end finds no loop any more
            loop.call_soon_threadsafe(ended.set)

    storage.on_loss = end
    await attend(control, ledger, ended)


def shared_integers(count: int) -> memoryview:
    """Return so many 64-bit integers in memory that this process shares with all that it starts."""
    return memoryview(mmap.mmap(-1, 8 * count)).cast("q")


class Processes:
    """What the processes of one server do, and what they share: all of it made before any of them begins."""

    def __init__(self, settings: Settings, source: Source | None) -> None:
        self._settings = settings
        self._documents = build_documents(settings)
        self._pages = explorer_pages(source)
        self._told = shared_integers(settings.workers + 1)
        self._in_flight = shared_integers(settings.workers)

    def write(self, control: socket) -> None:
        """Decide for all workers, and be the only one who writes. Raises StorageError if the database is lost."""
        with closing(Storage(self._settings.database_path, self._settings.read_deadline_ms)) as storage:
            ledger = build_ledger(self._settings, storage, self._clock(storage.writing, self._settings.workers))
            with checkpoints_kept(self._settings, storage):
                asyncio.run(attend_until_lost(control, ledger, storage))
            storage.require()

    def work(self, listener: socket, line: socket, place: int) -> None:
        """Serve, and have the writer decide."""
        path, milliseconds = self._settings.database_path, self._settings.read_deadline_ms
        with closing(database.connect_impatient_reader(path, milliseconds)) as reading:
            clock = self._clock(reading, place)
            ledger = RemoteLedger(clock, on_cut=lambda: stop(server), on_note=lambda charge: refusals.take(*charge))
            refusals = Refusals(self._settings.admission_limits, clock, tell=ledger.tell)
            endpoint = build_endpoint(
                self._settings,
                documents=self._documents,
                ledger=ledger,
                reader=Reader(reading, clock, largest_movement=self._settings.max_amount),
                clock=clock,
                doorway=Doorway(self._settings.admission_limits, self._in_flight, place),
                refusals=refusals,
            )

            @asynccontextmanager
            async def lifespan(_: Starlette) -> AsyncIterator[None]:
                await ledger.connect(line)
                yield
                try:
                    await endpoint.settle_all()
                finally:
                    ledger.close()

            def is_ready() -> bool:
                return can_be_read(reading) and not ledger.is_cut

            server = build_server(build_app(endpoint, is_ready, lifespan, self._pages))
            server.run([listener])

    def _clock(self, connection: peewee.Database, place: int) -> Clock:
        """Return a clock that runs neither behind the books, nor behind what another process has told."""
        return SteadyClock(CommonClock(SystemClock(), self._told, place), since=read_head(connection).at)
