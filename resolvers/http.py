"""GraphQL over HTTP: admission, authentication, one request, one JSON answer, whatever was sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson
from graphql import ExecutionResult
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from domain.access import Caller
from domain.catalogue import Catalogue
from domain.instants import Clock
from domain.ports import Ledger, Reader
from resolvers.admission import Doorway, Refusals
from resolvers.authentication import UnauthenticatedError, authenticate
from resolvers.context import RequestContext
from resolvers.documents import Documents
from resolvers.failures import coercion_failures, failure, formatted, masked, request_failures
from resolvers.loaders import LoadedEdges
from resolvers.observe import observed

LARGEST_BODY = 1_048_576
GRAPHQL_RESPONSE = "application/graphql-response+json"
PLAIN_JSON = "application/json"

_STATUS = {
    "BAD_REQUEST": 400,
    "UNAUTHENTICATED": 401,
    "METHOD_NOT_ALLOWED": 405,
    "PAYLOAD_TOO_LARGE": 413,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "RATE_LIMITED": 429,
    "OVERLOADED": 503,
}
_HEADERS = {
    "UNAUTHENTICATED": {"WWW-Authenticate": "Bearer"},
    "METHOD_NOT_ALLOWED": {"Allow": "POST"},
    "RATE_LIMITED": {"Retry-After": "10"},
    "OVERLOADED": {"Retry-After": "1"},
}


class HttpError(Exception):
    """The request was turned away before anything was executed."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.error = failure(code, message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Call:
    """One GraphQL request, as its body says it."""

    query: str
    variables: dict[str, Any] | None
    operation_name: str | None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The GraphQL endpoint. Everything it needs is handed to it."""

    documents: Documents
    ledger: Ledger
    reader: Reader
    catalogue: Catalogue
    clock: Clock
    doorway: Doorway
    refusals: Refusals

    async def handle(self, request: Request) -> Response:
        """Answer a request: with data, with errors, always in JSON."""
        media_type = negotiated(request.headers.get("accept", ""))
        if self.doorway.is_full:
            full = HttpError("OVERLOADED", "The server has as many requests as it can serve.")
            return _turned_away(full, media_type)
        try:
            with self.doorway.admitted():
                return await self._answer(request, media_type)
        except HttpError as turned_away:
            return _turned_away(turned_away, media_type)
        except Exception as bug:  # noqa: BLE001 - whatever it is, the caller gets JSON and no detail
            return _json({"errors": masked(bug)}, 500, media_type)

    async def _answer(self, request: Request, media_type: str) -> Response:
        if request.method != "POST":
            raise HttpError("METHOD_NOT_ALLOWED", "GraphQL requests are sent with POST.")
        caller = await self._admitted_caller(request)
        call = await _call_in(request)
        with observed(caller, call.operation_name) as line:
            document = self.documents.read(call.query)
            if document.errors or document.node is None:
                code = "GRAPHQL_PARSE_FAILED" if document.node is None else "GRAPHQL_VALIDATION_FAILED"
                return line.tell(_refused(request_failures(document.errors, code), media_type))
            if document.operation(call.operation_name) is None:
                error = failure("OPERATION_RESOLUTION_FAILURE", "The document has no such single operation.")
                return line.tell(_refused(formatted([error]), media_type))
            context = self._context(caller)
            result = await self.documents.execute(document.node, call.variables, call.operation_name, context)
            return line.tell(_executed(result, media_type))

    async def _admitted_caller(self, request: Request) -> Caller:
        """Authenticate; turn away who was refused too often; settle what was owed for earlier turns."""
        try:
            caller = authenticate(request.headers, self.reader, self.clock)
        except UnauthenticatedError:
            raise HttpError("UNAUTHENTICATED", "An API key is needed, and this is none that works.") from None
        if self.refusals.turns_away(caller):
            raise HttpError("RATE_LIMITED", "Too many requests of this API client were refused. Slow down.")
        if owed := self.refusals.owed(caller):
            await self.ledger.execute(owed[0], "", owed[1])
        return caller

    def _context(self, caller: Caller) -> RequestContext:
        edges = LoadedEdges(self.reader, self.catalogue)
        return RequestContext(caller, self.ledger, self.reader, edges, self.catalogue, self.refusals)


def negotiated(accept: str) -> str:
    """Choose the media type of the answer: the GraphQL one for those who ask for it, else plain JSON."""
    offered = {part.partition(";")[0].strip().lower() for part in accept.split(",")}
    return GRAPHQL_RESPONSE if GRAPHQL_RESPONSE in offered else PLAIN_JSON


async def _call_in(request: Request) -> Call:
    """Read the body: JSON in UTF-8, an object, with members of the right types and no others that matter."""
    media_type, _, parameters = request.headers.get("content-type", "").partition(";")
    if media_type.strip().lower() != PLAIN_JSON or parameters.strip().lower() not in {"", "charset=utf-8"}:
        raise HttpError("UNSUPPORTED_MEDIA_TYPE", "The body must be application/json in UTF-8.")
    try:
        body = orjson.loads(await _bounded_body(request))
    except (ValueError, RecursionError):
        raise HttpError("BAD_REQUEST", "The body is not valid JSON.") from None
    if not isinstance(body, dict) or not isinstance(body.get("query"), str):
        raise HttpError("BAD_REQUEST", "The body must be an object with a string member query.")
    variables, name = body.get("variables"), body.get("operationName")
    if not isinstance(variables, dict | None) or not isinstance(name, str | None):
        raise HttpError("BAD_REQUEST", "variables must be an object and operationName a string.")
    return Call(body["query"], variables, name or None)


async def _bounded_body(request: Request) -> bytes:
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > LARGEST_BODY:
                raise HttpError("PAYLOAD_TOO_LARGE", f"A body has at most {LARGEST_BODY} bytes.")
    except ClientDisconnect:
        raise HttpError("BAD_REQUEST", "The body did not arrive whole.") from None
    return bytes(body)


def _executed(result: ExecutionResult, media_type: str) -> Response:
    """Answer what was executed. Without data and path, the variables did not even let it begin."""
    errors = result.errors or []
    if result.data is None and errors and not any(error.path for error in errors):
        return _refused(coercion_failures(errors), media_type)
    answer: dict[str, Any] = {"data": result.data}
    if errors:
        answer["errors"] = formatted(errors)
    return _json(answer, 200, media_type)


def _refused(errors: list[dict[str, Any]], media_type: str) -> Response:
    """Answer a request error. Plain JSON cannot tell it from an answer by its status, so there it is 200."""
    return _json({"errors": errors}, 400 if media_type == GRAPHQL_RESPONSE else 200, media_type)


def _turned_away(refusal: HttpError, media_type: str) -> Response:
    response = _json({"errors": formatted([refusal.error])}, _STATUS[refusal.code], media_type)
    response.headers.update(_HEADERS.get(refusal.code, {}))
    return response


def _json(content: dict[str, Any], status: int, media_type: str) -> Response:
    return Response(orjson.dumps(content), status, media_type=f"{media_type}; charset=utf-8")
