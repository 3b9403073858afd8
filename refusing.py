"""What the commands have in common: the books that there must be, and what is refused told in one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import peewee

from domain.checkpoints import RolledBackError
from domain.errors import DomainError
from domain.ports import Fault, StorageError
from persistence import database
from persistence.backups import BackupRefusedError
from persistence.checkpoints import CheckpointsRefusedError
from persistence.erasing import NothingToEraseError
from persistence.imports import ImportRefusedError
from persistence.manifests import ManifestRefusedError
from persistence.provisioning import OtherRoleError
from persistence.retelling import FaultFoundError
from persistence.signing import KeyRefusedError
from resolvers.explorer.third_party import NotInstalledError
from resolvers.server import CannotListenError
from resolvers.workers import ProcessFailedError
from settings import Settings


def existing_database(settings: Settings) -> Path:
    """Return the database file. Raises ClickException if there is none: only `migrate` makes one."""
    if not settings.database_path.is_file():
        raise click.ClickException(f"there is no database {settings.database_path}: run `python main.py migrate`")
    return settings.database_path


@contextmanager
def refusals_told() -> Iterator[None]:
    """End the command with one line where what was asked is refused, or cannot be done."""
    serving = (database.DatabaseRefusedError, NotInstalledError, CannotListenError, OtherRoleError, ProcessFailedError)
    anchoring = (CheckpointsRefusedError, KeyRefusedError, RolledBackError, NothingToEraseError)
    copying = (FaultFoundError, ManifestRefusedError, BackupRefusedError, ImportRefusedError)
    told = (*serving, *anchoring, *copying, DomainError, StorageError, Fault, peewee.DatabaseError, OSError)
    try:
        yield
    except told as refused:
        raise click.ClickException(str(refused)) from refused
