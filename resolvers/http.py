"""GraphQL over HTTP: admission, authentication, one request, one JSON answer, whatever was sent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from graphql import DocumentNode, ExecutionResult, OperationDefinitionNode, OperationType, get_operation_ast
from structlog.typing import FilteringBoundLogger

from domain.access import Caller
from domain.catalogue import Catalogue
from domain.commands import Rejection
from domain.errors import Forbidden
from domain.instants import Clock
from domain.ports import Fault, Ledger
from domain.reading import Reader
from resolvers.admission import Doorway, Refusals
from resolvers.authentication import UnauthenticatedError, authenticate
from resolvers.calls import Call, Request, call_in_url, posted_call
from resolvers.context import RequestContext
from resolvers.documents import Documents
from resolvers.failures import (
    coercion_failures,
    deadline_exceeded,
    failure,
    formatted,
    log_bug,
    masked,
    rate_limited,
    request_failures,
)
from resolvers.limits import RequestLimits
from resolvers.loaders import LoadedEdges
from resolvers.observe import Line, request_log
from resolvers.profiles import Profile
from resolvers.responses import Answer, HttpError, executed, http_error, negotiated, refused
from resolvers.variables import has_more_values, most_values

HELD_BACK_S = 0.5
"""Seconds that an answer 429 is held back. Who asks again as soon as he is answered takes no time from the others."""


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
    limits: RequestLimits
    profile: Profile
    pause: Callable[[float], Awaitable[object]] = asyncio.sleep
    log: FilteringBoundLogger = field(default_factory=request_log)

    def turned_away(self, request: Request) -> Answer | None:
        """Let a request in, and return nothing; or answer at once that there is no room for it."""
        if self.doorway.enter():
            return None
        with Line(self.log) as line:
            answer = _overloaded(_media_type_for(request))
            line.status = answer.status
        return answer

    async def answer(self, request: Request) -> Answer:
        """Answer a request that was let in: with data, with errors, always in JSON."""
        try:
            answer = await self._answer(request, _media_type_for(request))
        finally:
            self.doorway.leave()
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            await self.pause(HELD_BACK_S)  # outside the door, where it takes no place from anybody
        return answer

    async def _answer(self, request: Request, media_type: str) -> Answer:
        with Line(self.log) as line:
            try:
                answer = await self._perform(request, media_type, line)
            except HttpError as refusal:
                answer = refused(refusal.errors, media_type, refusal.headers)
            except Exception as bug:  # noqa: BLE001 - whatever it is, the caller gets JSON and no detail
                answer = refused(masked(bug), media_type)
            line.status = answer.status
        return answer

    async def _perform(self, request: Request, media_type: str, line: Line) -> Answer:
        if request.scope["method"] not in self.profile.methods:
            raise _not_allowed(self.profile.methods)
        line.caller = await self._admitted_caller(request)
        return await self._execute(line.caller, await self._call_in(request), media_type, line)

    async def _call_in(self, request: Request) -> Call:
        if request.scope["method"] == "GET":
            return call_in_url(request)
        return await posted_call(request, self.limits.body_bytes)

    async def _execute(self, caller: Caller, call: Call, media_type: str, line: Line) -> Answer:
        document = self._valid(call)
        operation = _chosen(document, call)
        line.operation_name = operation.name.value if operation.name else None
        self._require_few_values(document, operation, call)
        execution = self.documents.execute(document, call.variables, call.operation_name, self._context(caller))
        if operation.operation is OperationType.QUERY:
            execution = self._in_time(execution)  # what changes something is never cut off
        return _answered(await execution, media_type)

    async def _in_time(self, execution: Coroutine[Any, Any, ExecutionResult]) -> ExecutionResult:
        try:
            async with asyncio.timeout(self.limits.read_milliseconds / 1000):
                return await execution
        except TimeoutError:
            raise HttpError(formatted([deadline_exceeded()]), {}) from None

    def _valid(self, call: Call) -> DocumentNode:
        """Return the document of a request. Raises HttpError if it does not parse, or is not valid."""
        document = self.documents.read(call.query)
        if document.node is None:
            raise HttpError(request_failures(document.errors, "GRAPHQL_PARSE_FAILED"), {})
        if document.errors:
            raise HttpError(request_failures(document.errors, "GRAPHQL_VALIDATION_FAILED"), {})
        return document.node

    def _require_few_values(self, document: DocumentNode, operation: OperationDefinitionNode, call: Call) -> None:
        most = most_values(document, operation, self.limits.values)
        if call.variables and has_more_values(call.variables, most):
            raise http_error("BAD_USER_INPUT", f"The variables of this operation may hold at most {most} values.")

    async def _admitted_caller(self, request: Request) -> Caller:
        """Authenticate; turn away who was refused too often; settle what was owed for earlier turns."""
        try:
            caller = authenticate(request, self.reader, self.clock)
        except UnauthenticatedError:
            raise http_error("UNAUTHENTICATED", "An API key is needed, and this is none that works.") from None
        if self.refusals.turns_away(caller):
            seconds = self.refusals.seconds_to_wait(caller)
            raise HttpError(formatted([rate_limited(seconds)]), {"retry-after": str(seconds)})
        if owed := self.refusals.owed(caller):
            await self.settle(*owed)
        return caller

    async def settle_all(self) -> None:
        """Write what is still owed for floods, at the end of the server."""
        for caller, rejection in self.refusals.all_owed():
            await self.settle(caller, rejection)

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
        return RequestContext(caller, self.ledger, self.reader, edges, self.catalogue, self.refusals, self.clock)


def _media_type_for(request: Request) -> str:
    return negotiated(",".join(request.values(b"accept")))


@lru_cache
def _overloaded(media_type: str) -> Answer:
    """Answer that there is no room. Written once: what is refused must cost little when there is much to do."""
    error = failure("OVERLOADED", "The server has as many requests as it can serve.")
    return refused(formatted([error]), media_type)


def _chosen(document: DocumentNode, call: Call) -> OperationDefinitionNode:
    """Return the operation that is asked for. Raises HttpError if there is none, or if GET must not perform it."""
    operation = get_operation_ast(document, call.operation_name)
    if operation is None:
        raise http_error("OPERATION_RESOLUTION_FAILURE", "The document has no such single operation.")
    if call.must_be_safe and operation.operation is not OperationType.QUERY:
        raise _not_allowed(("POST",))
    return operation


def _answered(result: ExecutionResult, media_type: str) -> Answer:
    """Answer what was executed. Without data and path, the variables did not even let it begin."""
    errors = result.errors or []
    if result.data is None and errors and not any(error.path for error in errors):
        return refused(coercion_failures(errors), media_type)
    return executed(result.data, formatted(errors), media_type)


def _not_allowed(methods: tuple[str, ...]) -> HttpError:
    message = f"This is to be sent with {' or '.join(methods)}."
    return http_error("METHOD_NOT_ALLOWED", message, {"allow": ", ".join(methods)})
