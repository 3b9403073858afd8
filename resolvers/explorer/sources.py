"""Where the browser gets the explorer's third-party files: from us, or from the CDN."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from resolvers.explorer.third_party import CDN, OURS, AlteredError, NotInstalledError, installed


class Mode(StrEnum):
    """What an operator may ask for."""

    AUTO = "auto"
    LOCAL = "local"
    CDN = "cdn"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Source:
    """What comes before the name of a file. Where we serve them ourselves, the files; where they are spoiled, how."""

    base: str
    contents: Mapping[str, bytes] = field(default_factory=dict)
    fault: str | None = None

    @property
    def is_ours(self) -> bool:
        return self.base == OURS


def chosen(mode: Mode, folder: Path) -> Source | None:
    """Return the source; None where there is to be no explorer. Raises NotInstalledError where local cannot be."""
    if mode is Mode.OFF:
        return None
    if mode is Mode.CDN:
        return Source(CDN)
    try:
        return Source(OURS, installed(folder))
    except NotInstalledError as unfit:
        if mode is Mode.LOCAL:
            raise NotInstalledError(f"the explorer cannot be local: {unfit}") from unfit
        return Source(CDN, fault=str(unfit) if isinstance(unfit, AlteredError) else None)
