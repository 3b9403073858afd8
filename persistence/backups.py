"""Backups: one file that is proved before it appears, and the way back from it into an empty place."""

from __future__ import annotations

import hashlib
import shutil
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import peewee

from domain.instants import Instant
from persistence import database, manifests, migrations
from persistence.appearing import appearing, refuse_existing, refuse_occupied
from persistence.library import sqlite3
from persistence.manifests import Manifest, manifest_path, read_manifest
from persistence.proving import Proved, prove
from persistence.statements import storage_errors

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class BackupRefusedError(Exception):
    """A backup is not what its manifest says; the message says in what, in one line."""


def back_up(books: Path, file: Path, now: Instant) -> Manifest:
    """Copy the books, beside a running server, into one file with a manifest beside it; return that.

    The file appears before its manifest, so a manifest always has its file, and a file without one is not finished.
    Raises FileExistsError if either is there, and what `prove` raises where the copy cannot be proved.
    """
    refuse_existing(file)
    with appearing(manifest_path(file)) as beside, appearing(file) as copy:
        _copy(books, copy)
        with closing(database.connect_alone(copy)) as connection:
            proved = prove(connection)
        at = f"{_EPOCH + timedelta(microseconds=now):%Y-%m-%dT%H:%M:%SZ}"
        manifest = Manifest(manifests.FORM, proved, copy.stat().st_size, _sha256(copy), at)
        beside.write_text(manifests.written(manifest))
    return manifest


def restore(file: Path, place: Path) -> tuple[Manifest, int]:
    """Put a backup where the books belong; return its manifest, and how many migrations it is behind.

    What is behind was proved when it was made, and its bytes are the same; `verify` proves it after `migrate`.
    Raises FileExistsError unless the place is empty, ManifestRefusedError or BackupRefusedError where file and manifest
    do not belong together, DatabaseRefusedError if it is newer than the program, and what `prove` raises.
    """
    refuse_occupied(place)
    manifest = read_manifest(manifest_path(file))
    with appearing(place) as copy:
        shutil.copyfile(file, copy)
        if _sha256(copy) != manifest.sha256:
            raise BackupRefusedError(f"{file} is not the file that its manifest is of: the SHA-256 differs")
        with closing(database.connect_alone(copy)) as connection:
            behind = _behind(connection, manifest.books)
    return manifest, behind


def _copy(books: Path, copy: Path) -> None:
    """Copy in one step: one in several begins anew with every commit, and beside a busy server never ends."""
    with closing(database.connect_reader(books)) as reading, closing(sqlite3.connect(copy)) as target, storage_errors():
        reading.connection().backup(target, pages=-1)


def _behind(connection: peewee.SqliteDatabase, told: Proved) -> int:
    database.refuse_strange_history(connection)
    behind = len(migrations.pending(connection))
    if not behind and prove(connection) != told:
        raise BackupRefusedError("the manifest tells of other books than the file holds")
    return behind


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
