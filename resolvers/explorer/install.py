"""Installs the explorer's third-party files into a folder. Nothing is put there before all of it was checked."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from resolvers.explorer import third_party

Pack = Callable[[str, Path], Path]
"""Brings the archive of a package into an empty folder, and says where it is."""


class InstallError(Exception):
    """The files could not be had, or are not the ones that were pinned."""


def install(folder: Path, pack: Pack) -> None:
    """Bring the files into the folder, unless they are there. Raises InstallError and leaves the folder as it was."""
    try:
        third_party.installed(folder)
    except third_party.NotInstalledError:
        with TemporaryDirectory(dir=folder.parent, prefix=f"{folder.name}.") as scratch:
            fresh = Path(scratch, "fresh")
            for name, content in _fetched(Path(scratch), pack).items():
                (fresh / name).parent.mkdir(parents=True, exist_ok=True)
                (fresh / name).write_bytes(content)
            if folder.exists():
                folder.rename(Path(scratch, "stale"))
            fresh.rename(folder)


def npm_pack(package: str, into: Path) -> Path:
    """Bring the archive of a package by npm, which installs nothing and runs nothing of it."""
    npm = shutil.which("npm")
    if npm is None:
        raise InstallError("there is no npm here: the explorer's files come by `npm pack`")
    command = [npm, "pack", package, "--loglevel", "error", "--ignore-scripts"]
    packed = subprocess.run(command, cwd=into, capture_output=True, text=True, check=False)  # noqa: S603 - all of it is ours
    archives = list(into.glob("*.tgz"))
    if packed.returncode or len(archives) != 1:
        reason, *_ = packed.stderr.splitlines() or ["no archive"]
        raise InstallError(f"`npm pack {package}` did not succeed: {reason}")
    return archives[0]


def _fetched(scratch: Path, pack: Pack) -> dict[str, bytes]:
    """Return the content of every file, by its name, each checked."""
    packages = dict.fromkeys(file.package for file in third_party.FILES)
    archives = {package: _packed(package, scratch, pack) for package in packages}
    contents = {file.name: _member(archives[file.package], file.path, file.name) for file in third_party.FILES}
    for file in third_party.FILES:
        if not file.is_whole(contents[file.name]):
            raise InstallError(f"{file.name} has another SHA-384 than was pinned; nothing was installed")
    return contents


def _packed(package: str, scratch: Path, pack: Pack) -> Path:
    into = scratch / package
    into.mkdir()
    return pack(package, into)


def _member(archive: Path, path: str, name: str) -> bytes:
    """Read one file out of an archive, without unpacking the rest."""
    try:
        with tarfile.open(archive) as opened:
            member = opened.extractfile(f"package/{path}")
            if member is None:
                raise InstallError(f"{name} is no file in the package")
            return member.read()
    except KeyError:
        raise InstallError(f"{name} is not in the package") from None
    except (tarfile.TarError, zlib.error, EOFError) as error:
        raise InstallError(f"the archive with {name} cannot be read") from error


if __name__ == "__main__":
    try:
        install(Path(sys.argv[1]).absolute(), npm_pack)
    except (InstallError, OSError) as refused:
        sys.exit(f"Error: {refused}")
    except KeyboardInterrupt:
        sys.exit("Error: interrupted; nothing was installed")
