"""The routes of the server: the endpoint, the explorer, and whether it lives and is ready."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from resolvers import calls
from resolvers.failures import failure, formatted, masked
from resolvers.http import Endpoint
from resolvers.responses import PLAIN_JSON, Answer, refused

GRAPHQL = "/graphql"
"""The one address of the API."""


def build_app(
    endpoint: Endpoint, is_ready: Callable[[], bool], lifespan: Any, pages: Sequence[Route] = ()
) -> Starlette:
    """Return the ASGI application. Its state has the endpoint, for the server that need not ask it by ASGI."""

    async def graphql(request: Request) -> Response:
        asked = calls.Request(request.scope, request.receive)
        return _response(endpoint.turned_away(asked) or await endpoint.answer(asked))

    async def alive(_: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def ready(_: Request) -> Response:
        return JSONResponse({"status": "ready"}) if is_ready() else JSONResponse({"status": "not ready"}, 503)

    async def not_found(_: Request, __: Exception) -> Response:
        error = failure("NOT_FOUND", "There is nothing here. GraphQL is at /graphql.")
        return _response(refused(formatted([error]), PLAIN_JSON))

    async def not_allowed(_: Request, refusal: Exception) -> Response:
        error = failure("METHOD_NOT_ALLOWED", "This is not to be had by that method.")
        headers = refusal.headers if isinstance(refusal, HTTPException) else None
        return _response(refused(formatted([error]), PLAIN_JSON, headers))

    async def broken(_: Request, bug: Exception) -> Response:
        return _response(refused(masked(bug), PLAIN_JSON))

    api = Route(GRAPHQL, graphql)
    api.methods = None  # the endpoint says itself which it takes
    routes = [
        api,
        Route("/healthz", alive),
        Route("/readyz", ready),
        *pages,
    ]
    handlers = {404: not_found, 405: not_allowed, Exception: broken}
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers=handlers)
    app.router.redirect_slashes = False  # a redirect is no JSON, and few clients repeat a POST
    app.state.endpoint = endpoint
    return app


def _response(answer: Answer) -> Response:
    return Response(answer.body, answer.status, dict(answer.headers))
