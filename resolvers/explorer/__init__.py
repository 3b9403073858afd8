"""The explorer: GraphiQL in a thin page of our own."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_FOLDER = Path(__file__).parent
_CDN = "https://unpkg.com"
_HEADERS = {
    # GraphiQL makes <style> elements as it runs, and nothing else inline.
    "Content-Security-Policy": (
        f"default-src 'none'; script-src 'self' {_CDN}; style-src 'self' 'unsafe-inline' {_CDN}; "
        "img-src 'self' data:; font-src data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def routes() -> list[Route]:
    """Return the routes of the page and its two files."""
    return [
        _route("/", "index.html", "text/html"),
        _route("/explorer.js", "explorer.js", "text/javascript"),
        _route("/explorer.css", "explorer.css", "text/css"),
    ]


def _route(path: str, file: str, media_type: str) -> Route:
    content = (_FOLDER / file).read_text()

    async def serve(_: Request) -> Response:
        return Response(content, media_type=media_type, headers=_HEADERS)

    return Route(path, serve)
