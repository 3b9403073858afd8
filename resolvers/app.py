"""The routes of the server: the endpoint, the explorer, and whether it lives and is ready."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from resolvers import explorer
from resolvers.http import Endpoint

_ALL_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def build_app(endpoint: Endpoint, is_ready: Callable[[], bool], lifespan: Any) -> Starlette:
    """Return the ASGI application."""

    async def alive(_: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def ready(_: Request) -> Response:
        return JSONResponse({"status": "ready"}) if is_ready() else JSONResponse({"status": "not ready"}, 503)

    async def not_found(_: Request, __: Exception) -> Response:
        return JSONResponse({"errors": [{"message": "There is nothing here. GraphQL is at /graphql."}]}, 404)

    routes = [
        Route("/graphql", endpoint.handle, methods=_ALL_METHODS),
        Route("/healthz", alive),
        Route("/readyz", ready),
        *explorer.routes(),
    ]
    return Starlette(routes=routes, lifespan=lifespan, exception_handlers={404: not_found})
