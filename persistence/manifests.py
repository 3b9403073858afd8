"""Manifests: what a backup holds, told beside it, so that it can be recognised and told from others."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path

from domain.records import from_plain, to_plain
from persistence.proving import Proved

FORM = 1


class ManifestRefusedError(Exception):
    """There is no manifest, or it cannot be used; the message says why, in one line."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """Which books a backup holds, and in which bytes. No key, no secret, no path."""

    form: int
    books: Proved
    bytes: int
    sha256: str
    made_at: str
    """RFC 3339, in UTC, by the clock of the machine."""


def manifest_path(file: Path) -> Path:
    """Return where the manifest of a backup is: beside it."""
    return file.with_name(f"{file.name}.manifest.json")


def written(manifest: Manifest) -> str:
    """Write a manifest as JSON, a line for each fact."""
    return json.dumps(to_plain(manifest), indent=2) + "\n"


def read_manifest(path: Path) -> Manifest:
    """Read a manifest. Raises ManifestRefusedError."""
    if not path.is_file():
        raise ManifestRefusedError(f"there is no manifest {path}: a backup without one was not finished")
    try:
        told = json.loads(path.read_bytes())
        manifest: Manifest = from_plain(Manifest, told)
        is_sound = len(told) == len(fields(Manifest)) and to_plain(manifest) == told
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        is_sound = False
    if not is_sound:
        raise ManifestRefusedError(f"{path} is no manifest of a backup")
    if manifest.form != FORM:
        raise ManifestRefusedError(f"{path} has form {manifest.form}, and this program reads form {FORM}")
    return manifest
