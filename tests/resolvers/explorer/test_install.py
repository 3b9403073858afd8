"""`make explorer`: all that was pinned, or nothing and one line."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from resolvers.explorer.install import InstallError, Pack, install, npm_pack

ROOT = Path(__file__).parents[3]
SCRIPT, STYLE = "graphiql@4.1.2/graphiql.min.js", "graphiql@4.1.2/graphiql.min.css"


def archive(path: Path, members: Mapping[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as made:
        for name, content in members.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(content)
            made.addfile(member, io.BytesIO(content))
    return path


def packing(contents: Mapping[str, bytes]) -> Pack:
    """Return a registry that has these files, and others that nobody asked for."""

    def pack(package: str, into: Path) -> Path:
        own = {name.removeprefix(f"{package}/"): text for name, text in contents.items() if name.startswith(package)}
        return archive(into / "package.tgz", {**own, "README.md": b"", "../../outside": b""})

    return pack


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def no_registry(package: str, into: Path) -> Path:
    pytest.fail(f"{package} is fetched")


def test_exactly_the_pinned_files_are_installed(contents: Mapping[str, bytes], tmp_path: Path) -> None:
    install(tmp_path / "here", packing(contents))
    assert files(tmp_path) == {f"here/{name}": content for name, content in contents.items()}


def test_what_is_installed_is_not_fetched_again(folder: Path) -> None:
    before = files(folder)
    install(folder, no_registry)
    assert files(folder) == before


def test_what_is_not_whole_is_exchanged_with_all_that_is_old(folder: Path, contents: Mapping[str, bytes]) -> None:
    (folder / SCRIPT).write_bytes(b"another")
    (folder / "graphiql@3.0.0").write_bytes(b"old")
    install(folder, packing(contents))
    assert files(folder.parent) == {f"{folder.name}/{name}": content for name, content in contents.items()}


# What does not succeed


def wrong(contents: Mapping[str, bytes]) -> Pack:
    return packing({**contents, STYLE: b"another"})


def lacking(contents: Mapping[str, bytes]) -> Pack:
    return packing({name: content for name, content in contents.items() if name != STYLE})


def not_an_archive(contents: Mapping[str, bytes]) -> Pack:
    def pack(package: str, into: Path) -> Path:
        (into / "package.tgz").write_bytes(b"nothing")
        return into / "package.tgz"

    return pack


def torn(contents: Mapping[str, bytes]) -> Pack:
    def pack(package: str, into: Path) -> Path:
        whole = packing(contents)(package, into)
        whole.write_bytes(whole.read_bytes()[:-40])
        return whole

    return pack


FAILURES: Mapping[Callable[[Mapping[str, bytes]], Pack], str] = {
    wrong: f"{STYLE} has another SHA-384 than was pinned; nothing was installed",
    lacking: f"{STYLE} is not in the package",
    torn: "the archive with .* cannot be read",
    not_an_archive: "the archive with .* cannot be read",
}


@pytest.mark.parametrize("failing", FAILURES)
def test_a_failure_is_told_in_one_line_and_changes_nothing(
    failing: Callable[[Mapping[str, bytes]], Pack], folder: Path, contents: Mapping[str, bytes]
) -> None:
    (folder / SCRIPT).unlink()
    before = files(folder.parent)
    with pytest.raises(InstallError) as failure:
        install(folder, failing(contents))
    assert re.fullmatch(FAILURES[failing], str(failure.value))
    assert files(folder.parent) == before


# npm itself, played by a script


def npm(folder: Path, script: str) -> str:
    """Make an npm that does what the script says; return the path on which it is found."""
    (folder / "npm").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "npm").chmod(0o755)
    return str(folder)


def test_npm_packs_what_it_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", npm(tmp_path, 'echo "$@" > package.tgz'))
    (tmp_path / "into").mkdir()
    packed = npm_pack("react@18.3.1", tmp_path / "into")
    assert packed.parent == tmp_path / "into"
    assert packed.read_text().startswith("pack react@18.3.1 ")


NPMS = {
    "interrupted": ("kill -INT $PPID", "interrupted; nothing was installed"),
    "none": (None, "there is no npm here: the explorer's files come by `npm pack`"),
    "failing": (
        "echo no; echo network 1>&2; echo trace 1>&2; exit 1",
        "`npm pack react@18.3.1` did not succeed: network",
    ),
    "idle": ("exit 0", "`npm pack react@18.3.1` did not succeed: no archive"),
    "lying": ("echo lie > package.tgz", "the archive with react@18.3.1/.* cannot be read"),
}


@pytest.mark.parametrize("which", NPMS)
def test_the_command_ends_in_one_line_where_npm_is_of_no_use(which: str, tmp_path: Path) -> None:
    script, line = NPMS[which]
    (tmp_path / "bin").mkdir()
    path = npm(tmp_path / "bin", script) if script else str(tmp_path / "bin")
    command = [sys.executable, "-m", "resolvers.explorer.install", str(tmp_path / "explorer")]
    ended = subprocess.run(command, cwd=ROOT, env={"PATH": path}, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert re.fullmatch(f"Error: {line}\n", ended.stderr)
    assert not (tmp_path / "explorer").exists()
