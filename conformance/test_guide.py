"""The guide to the typed clients shows nothing that is not run or compiled here."""

from __future__ import annotations

import pytest

from conformance.conftest import HERE
from conformance.guide import GUIDE, blocks, commands, section

SOURCES = [path for folder in ("typescript", "python", "relay") for path in (HERE / folder).glob("*.*")]


def test_the_guide_shows_nothing_but_what_is_run_or_compiled_here() -> None:
    shown = blocks(GUIDE.read_text())
    run_here = "".join(commands(title) for title in ("TypeScript", "Python", "Relay"))
    assert "".join(code for language, code in shown if language == "sh") == run_here
    sources = [path.read_text() for path in SOURCES]
    excerpts = [code for language, code in shown if language != "sh"]
    assert [code for code in excerpts if not any(code in source for source in sources)] == []


@pytest.mark.parametrize("title", ["TypeScript", "Python", "Relay"])
def test_the_guide_shows_each_client_in_ten_lines(title: str) -> None:
    (code,) = (code for language, code in blocks(section(title)) if language != "sh")
    assert len(code.splitlines()) <= 10
