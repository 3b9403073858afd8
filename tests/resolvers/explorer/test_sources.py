"""Where the explorer's files come from, by what was asked for and what is installed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from resolvers.explorer.sources import Mode, Source, chosen
from resolvers.explorer.third_party import CDN, FILES, OURS, NotInstalledError

SCRIPT = "graphiql@4.1.2/graphiql.min.js"


def missing(file: Path) -> None:
    file.unlink()


def altered(file: Path) -> None:
    file.write_bytes(file.read_bytes() + b" ")


def a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


UNFIT: Mapping[Callable[[Path], None], str] = {
    missing: f"{SCRIPT} is not installed: run `make explorer`",
    altered: f"{SCRIPT} is not what it should be: run `make explorer`",
    a_folder: f"{SCRIPT} is not installed: run `make explorer`",
}


@pytest.mark.parametrize("mode", [Mode.AUTO, Mode.LOCAL])
def test_what_is_installed_is_served_by_us(mode: Mode, folder: Path, contents: Mapping[str, bytes]) -> None:
    assert chosen(mode, folder) == Source(OURS, contents)


@pytest.mark.parametrize("spoil", UNFIT)
def test_what_is_not_installed_whole_is_left_to_the_cdn(spoil: Callable[[Path], None], folder: Path) -> None:
    spoil(folder / SCRIPT)
    source = chosen(Mode.AUTO, folder)
    assert source
    assert (source.base, source.contents) == (CDN, {})


@pytest.mark.parametrize("spoil", UNFIT)
def test_only_of_an_altered_file_is_told_why_it_is_not_served(spoil: Callable[[Path], None], folder: Path) -> None:
    spoil(folder / SCRIPT)
    source = chosen(Mode.AUTO, folder)
    assert source
    assert source.fault == (UNFIT[spoil] if spoil is altered else None)


@pytest.mark.parametrize("spoil", UNFIT)
def test_a_local_explorer_needs_every_file_whole(spoil: Callable[[Path], None], folder: Path) -> None:
    spoil(folder / SCRIPT)
    with pytest.raises(NotInstalledError) as refused:
        chosen(Mode.LOCAL, folder)
    assert str(refused.value) == f"the explorer cannot be local: {UNFIT[spoil]}"


def test_the_cdn_is_used_where_it_was_asked_for(folder: Path) -> None:
    assert chosen(Mode.CDN, folder) == Source(CDN)


def test_an_explorer_that_is_off_has_no_source(folder: Path) -> None:
    assert chosen(Mode.OFF, folder) is None


def test_every_package_comes_with_its_licence() -> None:
    licensed = {file.package for file in FILES if file.path == "LICENSE"}
    assert {file.package for file in FILES} == licensed
