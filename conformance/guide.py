"""The guide to the typed clients, as far as it can be run or compiled."""

from __future__ import annotations

import re

from conformance.conftest import HERE

GUIDE = HERE.parent / "docs" / "clients.md"


def blocks(text: str) -> list[tuple[str, str]]:
    """Return the blocks of code of a document, with the language of each."""
    return re.findall(r"^```(\w+)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def section(title: str) -> str:
    """Return what stands in the guide under one of its headings."""
    return GUIDE.read_text().partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def commands(title: str) -> str:
    """Return what the guide says to run, under one of its headings."""
    return "".join(code for language, code in blocks(section(title)) if language == "sh")
