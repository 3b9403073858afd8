"""The explorer's page, and the policy that lets it do what it does and nothing else."""

from __future__ import annotations

from pathlib import Path
from string import Template

from resolvers.explorer import third_party
from resolvers.explorer.sources import Source

_PAGE = Template((Path(__file__).parent / "index.html").read_text())
_TAGS = {
    ".css": '<link rel="stylesheet" href="{url}" integrity="{integrity}" crossorigin="anonymous">',
    ".js": '<script src="{url}" integrity="{integrity}" crossorigin="anonymous"></script>',
}


def page(source: Source, nonce: str) -> str:
    """Write the page with its files from a source."""
    return _PAGE.substitute(styles=_tags(source, ".css"), scripts=_tags(source, ".js"), nonce=nonce)


def policy(source: Source, nonce: str) -> str:
    """Write the page's Content-Security-Policy. Of the CDN it names each file: anybody may publish others there."""
    return "; ".join(
        (
            "default-src 'none'",
            " ".join(("script-src 'self'", *_foreign(source, ".js"))),
            # A dialog of GraphiQL's makes a <style> element to hold the page still. It has the nonce from explorer.js.
            " ".join((f"style-src 'self' 'nonce-{nonce}'", *_foreign(source, ".css"))),
            "img-src data:",
            "font-src data:",
            "connect-src 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _tags(source: Source, suffix: str) -> str:
    tag = _TAGS[suffix]
    return "\n    ".join(tag.format(url=source.base + file.name, integrity=file.integrity) for file in _files(suffix))


def _foreign(source: Source, suffix: str) -> list[str]:
    return [] if source.is_ours else [source.base + file.name for file in _files(suffix)]


def _files(suffix: str) -> list[third_party.ThirdPartyFile]:
    return [file for file in third_party.FILES if file.path.endswith(suffix)]
