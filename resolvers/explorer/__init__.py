"""The explorer: GraphiQL in a thin page of our own, from our own files or from a CDN's."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.ids import Entropy
from resolvers.explorer.operations import read_operations
from resolvers.explorer.page import page, policy
from resolvers.explorer.sources import Source
from resolvers.explorer.third_party import OURS

_HERE = Path(__file__).parent
_MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".json": "application/json"}
_REVALIDATED = "no-cache"
_IMMUTABLE = "public, max-age=31536000, immutable"
_GUARDS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def routes(source: Source, root: Path, entropy: Entropy) -> list[Route]:
    """Return the routes of the page and of its files. The contract is one of them: the page needs no introspection."""
    contract = root / "schema" / "schema.graphql"
    ours = {name: (_HERE / name).read_bytes() for name in ("explorer.css", "explorer.js")}
    ours["schema.graphql"] = contract.read_bytes()
    ours["operations.json"] = orjson.dumps(read_operations(root / "examples" / "operations", contract.read_text()))
    return [
        _page_route(source, entropy),
        *(_file_route(name, content, _REVALIDATED) for name, content in ours.items()),
        *(_file_route(name, content, _IMMUTABLE) for name, content in source.contents.items()),
    ]


def _page_route(source: Source, entropy: Entropy) -> Route:
    async def serve(_: Request) -> Response:
        nonce = b64encode(entropy.bytes(16)).decode()
        headers = {**_GUARDS, "Content-Security-Policy": policy(source, nonce), "Cache-Control": "no-store"}
        return Response(page(source, nonce), media_type="text/html", headers=headers)

    return Route("/", serve)


def _file_route(name: str, content: bytes, caching: str) -> Route:
    headers = {**_GUARDS, "Content-Security-Policy": "default-src 'none'", "Cache-Control": caching}
    media_type = _MEDIA_TYPES.get(Path(name).suffix, "text/plain")

    async def serve(_: Request) -> Response:
        return Response(content, media_type=media_type, headers=headers)

    return Route(OURS + name, serve)
