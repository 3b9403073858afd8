"""The routes of the server: the endpoint, the explorer, and whether it lives and is ready."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from resolvers import explorer
from resolvers.failures import failure, formatted
from resolvers.http import Endpoint

_ALL_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]


def build_app(endpoint: Endpoint, is_ready: Callable[[], bool], lifespan: Any) -> Starlette:
    """Return the ASGI application."""

    async def alive(_: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def ready(_: Request) -> Response:
        return JSONResponse({"status": "ready"}) if is_ready() else JSONResponse({"status": "not ready"}, 503)

    async def not_found(_: Request, __: Exception) -> Response:
        error = failure("NOT_FOUND", "There is nothing here. GraphQL is at /graphql.")
        return JSONResponse({"errors": formatted([error])}, 404)

    async def not_allowed(_: Request, refused: Exception) -> Response:
        error = failure("METHOD_NOT_ALLOWED", "This is not to be had by that method.")
        headers = refused.headers if isinstance(refused, HTTPException) else None
        return JSONResponse({"errors": formatted([error])}, 405, headers=headers)

    routes = [
        Route("/graphql", endpoint.handle, methods=_ALL_METHODS),
        Route("/healthz", alive),
        Route("/readyz", ready),
        *explorer.routes(),
    ]
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers={404: not_found, 405: not_allowed})
    app.router.redirect_slashes = False  # a redirect is no JSON, and few clients repeat a POST
    return app
