from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha384
from pathlib import Path

import pytest

from resolvers.explorer import third_party


@pytest.fixture
def contents(monkeypatch: pytest.MonkeyPatch) -> Mapping[str, bytes]:
    """Pin short files of our own making under the names of the real ones, which are not in this repository."""
    made = {file.name: f"/* {file.name} */".encode() for file in third_party.FILES}
    digests = {name: b64encode(sha384(content).digest()).decode() for name, content in made.items()}
    monkeypatch.setattr(
        third_party, "FILES", tuple(replace(file, sha384=digests[file.name]) for file in third_party.FILES)
    )
    return made


@pytest.fixture
def folder(contents: Mapping[str, bytes], tmp_path: Path) -> Path:
    """Give a folder in which those files are installed."""
    for name, content in contents.items():
        (tmp_path / ".explorer" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / ".explorer" / name).write_bytes(content)
    return tmp_path / ".explorer"
