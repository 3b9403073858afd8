"""GraphQL over HTTP: admission, authentication, one request, one JSON answer, whatever was sent."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import Any

import orjson
from graphql import ExecutionResult, GraphQLError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from domain.access import Caller
from domain.catalogue import Catalogue
from domain.commands import Rejection
from domain.errors import Forbidden
from domain.instants import Clock
from domain.ports import Fault, Ledger, Reader
from resolvers.admission import Doorway, Refusals
from resolvers.authentication import UnauthenticatedError, authenticate
from resolvers.context import RequestContext
from resolvers.documents import Documents
from resolvers.failures import coercion_failures, failure, formatted, log_bug, masked, rate_limited, request_failures
from resolvers.loaders import LoadedEdges
from resolvers.observe import Line, observed

LARGEST_BODY = 1_048_576
GRAPHQL_RESPONSE = "application/graphql-response+json"
PLAIN_JSON = "application/json"

LONGEST_ARRIVAL = 10.0
"""Seconds in which a body must have arrived: a slow one holds a place that others could have."""

_UTF_8 = {"", "charset=utf-8", 'charset="utf-8"'}
_REFUSED = re.compile(r"(^|;)\s*q=0(\.0*)?\s*(;|$)", re.IGNORECASE)

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
    "OVERLOADED": {"Retry-After": "1"},
}


class HttpError(Exception):
    """The request was turned away before anything was executed."""

    def __init__(self, error: GraphQLError) -> None:
        super().__init__(error.message)
        self.error = error
        self.code = str((error.extensions or {})["code"])


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
        with observed() as line:
            try:
                response = await self._admit(request, media_type, line)
            except HttpError as turned_away:
                response = _turned_away(turned_away, media_type)
            except Exception as bug:  # noqa: BLE001 - whatever it is, the caller gets JSON and no detail
                response = _json({"errors": masked(bug)}, 500, media_type)
            line.status = response.status_code
        return response

    async def _admit(self, request: Request, media_type: str, line: Line) -> Response:
        if self.doorway.is_full:
            raise HttpError(failure("OVERLOADED", "The server has as many requests as it can serve."))
        with self.doorway.admitted():
            if request.method != "POST":
                raise HttpError(failure("METHOD_NOT_ALLOWED", "GraphQL requests are sent with POST."))
            line.caller = await self._admitted_caller(request)
            return await self._answer(line.caller, await _call_in(request), media_type, line)

    async def _answer(self, caller: Caller, call: Call, media_type: str, line: Line) -> Response:
        document = self.documents.read(call.query)
        if document.node is None or document.errors:
            code = "GRAPHQL_PARSE_FAILED" if document.node is None else "GRAPHQL_VALIDATION_FAILED"
            return _refused(request_failures(document.errors, code), media_type)
        if document.operation(call.operation_name) is None:
            error = failure("OPERATION_RESOLUTION_FAILURE", "The document has no such single operation.")
            return _refused(formatted([error]), media_type)
        line.operation_name = call.operation_name
        context = self._context(caller)
        return _executed(
            await self.documents.execute(document.node, call.variables, call.operation_name, context), media_type
        )

    async def _admitted_caller(self, request: Request) -> Caller:
        """Authenticate; turn away who was refused too often; settle what was owed for earlier turns."""
        try:
            caller = authenticate(request.headers, self.reader, self.clock)
        except UnauthenticatedError:
            message = "An API key is needed, and this is none that works."
            raise HttpError(failure("UNAUTHENTICATED", message)) from None
        if self.refusals.turns_away(caller):
            raise HttpError(rate_limited(self.refusals.seconds_to_wait(caller)))
        if owed := self.refusals.owed(caller):
            await self.settle(*owed)
        return caller

    async def settle(self, caller: Caller, rejection: Rejection) -> None:
        """Write the one record that stands for a flood; keep it owed if it cannot be written now."""
        try:
            outcome = await self.ledger.execute(caller, "", rejection)
        except Fault as bug:
            log_bug(bug)
        else:
            if isinstance(outcome.result, Forbidden):
                return
        self.refusals.owe_again(caller, rejection)

    def _context(self, caller: Caller) -> RequestContext:
        edges = LoadedEdges(self.reader, self.catalogue)
        return RequestContext(caller, self.ledger, self.reader, edges, self.catalogue, self.refusals)


def negotiated(accept: str) -> str:
    """Choose the media type of the answer: the GraphQL one for those who ask for it, else plain JSON."""
    for part in accept.split(","):
        media_type, _, parameters = part.partition(";")
        if media_type.strip().lower() == GRAPHQL_RESPONSE and not _REFUSED.search(parameters):
            return GRAPHQL_RESPONSE
    return PLAIN_JSON


async def _call_in(request: Request) -> Call:
    """Read the body: JSON in UTF-8, an object, with members of the right types and no others that matter."""
    media_type, _, parameters = request.headers.get("content-type", "").partition(";")
    if media_type.strip().lower() != PLAIN_JSON or parameters.strip().lower() not in _UTF_8:
        raise HttpError(failure("UNSUPPORTED_MEDIA_TYPE", "The body must be application/json in UTF-8."))
    try:
        body = orjson.loads(await _bounded_body(request))
    except (ValueError, RecursionError):
        raise HttpError(failure("BAD_REQUEST", "The body is not valid JSON.")) from None
    if not isinstance(body, dict) or not isinstance(body.get("query"), str):
        raise HttpError(failure("BAD_REQUEST", "The body must be an object with a string member query."))
    variables, name = body.get("variables"), body.get("operationName")
    if not isinstance(variables, dict | None) or not isinstance(name, str | None):
        raise HttpError(failure("BAD_REQUEST", "variables must be an object and operationName a string."))
    return Call(body["query"], variables, name or None)


async def _bounded_body(request: Request) -> bytes:
    body = bytearray()
    try:
        async with asyncio.timeout(LONGEST_ARRIVAL):
            async for chunk in request.stream():
                body += chunk
                if len(body) > LARGEST_BODY:
                    raise HttpError(failure("PAYLOAD_TOO_LARGE", f"A body has at most {LARGEST_BODY} bytes."))
    except (ClientDisconnect, TimeoutError):
        raise HttpError(failure("BAD_REQUEST", "The body did not arrive whole.")) from None
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
    if seconds := (refusal.error.extensions or {}).get("retryAfterSeconds"):
        response.headers["Retry-After"] = str(seconds)
    return response


def _json(content: dict[str, Any], status: int, media_type: str) -> Response:
    return Response(orjson.dumps(content), status, media_type=f"{media_type}; charset=utf-8")
