"""The files of others that the explorer is made of, each pinned by its digest, and where they come from."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

OURS = "/explorer/"
CDN = "https://unpkg.com/"

_REACT_LICENCE = "dIN5gxuW3odCH42AKpxql36fRQlrVsjCi4EJgGC2Ty8Ihkcq9cdrChEZpKhSAfks"


@dataclass(frozen=True, slots=True)
class ThirdPartyFile:
    """One file of an npm package. It has the same name where it is installed, where we serve it and on the CDN."""

    package: str
    path: str
    sha384: str

    @property
    def name(self) -> str:
        return f"{self.package}/{self.path}"

    @property
    def integrity(self) -> str:
        return f"sha384-{self.sha384}"

    def is_whole(self, content: bytes) -> bool:
        return b64encode(hashlib.sha384(content).digest()).decode() == self.sha384


FILES = (
    ThirdPartyFile(
        "react@18.3.1",
        "umd/react.production.min.js",
        "DGyLxAyjq0f9SPpVevD6IgztCFlnMF6oW/XQGmfe+IsZ8TqEiDrcHkMLKI6fiB/Z",
    ),
    ThirdPartyFile("react@18.3.1", "LICENSE", _REACT_LICENCE),
    ThirdPartyFile(
        "react-dom@18.3.1",
        "umd/react-dom.production.min.js",
        "gTGxhz21lVGYNMcdJOyq01Edg0jhn/c22nsx0kyqP0TxaV5WVdsSH1fSDUf5YJj1",
    ),
    ThirdPartyFile("react-dom@18.3.1", "LICENSE", _REACT_LICENCE),
    ThirdPartyFile(
        "graphiql@4.1.2", "graphiql.min.js", "9XdHu7ajgGJziD4J1zNBKQ842Q/+zZfDv+ib1eMhZWBH6hPAs806x+Jbcf0yNO6B"
    ),
    ThirdPartyFile(
        "graphiql@4.1.2", "graphiql.min.css", "1el1QShFBnnXTx9x/Cprg82hZWKt0ry29OAYIXt05swbi0KcZDFoj0CWguMpopJr"
    ),
    ThirdPartyFile("graphiql@4.1.2", "LICENSE", "9JPX1agGTIUB7wtQt2kO3PUO7clmCJp+9e50VMjw1yd8briI77AZnMDBz5VcerBH"),
)
"""In the order in which the page needs them. The page has the scripts and styles; a licence goes where its files go."""


class NotInstalledError(Exception):
    """A file is missing, or is not the one that was pinned."""


class AlteredError(NotInstalledError):
    """A file is there, and is another than the one that was pinned."""


def installed(folder: Path) -> Mapping[str, bytes]:
    """Return the content of every file, by its name. Raises NotInstalledError unless each is what was pinned."""
    contents = {}
    for file in FILES:
        try:
            content = (folder / file.name).read_bytes()
        except OSError as error:
            raise NotInstalledError(f"{file.name} is not installed: run `make explorer`") from error
        if not file.is_whole(content):
            raise AlteredError(f"{file.name} is not what it should be: run `make explorer`")
        contents[file.name] = content
    return contents
