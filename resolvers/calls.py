"""A GraphQL request as HTTP carries it: a JSON body, or the parameters of a GET; UTF-8 and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn
from urllib.parse import parse_qsl

import orjson
from starlette.requests import ClientDisconnect, Request

from resolvers.responses import PLAIN_JSON, http_error

LONGEST_ARRIVAL = 10.0
"""Seconds in which a body must have arrived: a slow one holds a place that others could have."""

MOST_PARAMETERS = 20

_UTF_8 = {"", "charset=utf-8", 'charset="utf-8"'}
_IN_JSON = ("variables", "extensions")


@dataclass(frozen=True, slots=True)
class Call:
    """One GraphQL request."""

    query: str
    variables: dict[str, Any] | None
    operation_name: str | None
    must_be_safe: bool
    """Whether it came by a method that promises to change nothing."""


async def posted_call(request: Request, most_bytes: int) -> Call:
    """Read a request from its body. Raises HttpError for what is not JSON in UTF-8, or no GraphQL request."""
    media_type, _, parameters = _only(request, "content-type", "").partition(";")
    if media_type.strip().lower() != PLAIN_JSON or parameters.strip().lower() not in _UTF_8:
        raise http_error("UNSUPPORTED_MEDIA_TYPE", "The body must be application/json in UTF-8.")
    if _only(request, "content-encoding", "identity").lower() not in {"", "identity"}:
        raise http_error("UNSUPPORTED_MEDIA_TYPE", "The body must not be compressed.")
    body = _json_in(await _bounded_body(request, most_bytes), "The body is not valid JSON.")
    if not isinstance(body, dict):
        _refuse("The body must be an object with a string member query.")
    return _call_in(body, must_be_safe=False)


def call_in_url(request: Request) -> Call:
    """Read a request from the parameters of its URL. Raises HttpError if they are no GraphQL request."""
    try:
        text = request.scope["query_string"].decode("ascii")
        if text.count("&") >= MOST_PARAMETERS:
            _refuse(f"A URL has at most {MOST_PARAMETERS} parameters.")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict")
    except ValueError:
        _refuse("The parameters of the URL are not text in UTF-8.")
    given: dict[str, Any] = dict(pairs)
    if len(given) < len(pairs):
        _refuse("A parameter of the URL is given twice.")
    for name in _IN_JSON:
        if name in given:
            given[name] = _json_in(given[name], f"{name} is not valid JSON.")
    return _call_in(given, must_be_safe=True)


def _call_in(given: Mapping[str, Any], *, must_be_safe: bool) -> Call:
    """Check the members of a request. Those that GraphQL over HTTP does not know do not matter."""
    query, variables, name = given.get("query"), given.get("variables"), given.get("operationName")
    if not isinstance(query, str):
        _refuse("A request needs a string member query.")
    if not isinstance(variables, dict | None) or not isinstance(given.get("extensions"), dict | None):
        _refuse("variables and extensions must be objects.")
    if not isinstance(name, str | None):
        _refuse("operationName must be a string.")
    return Call(query, variables, name or None, must_be_safe)


async def _bounded_body(request: Request, most: int) -> bytes:
    body = bytearray()
    try:
        async with asyncio.timeout(LONGEST_ARRIVAL):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    raise http_error("PAYLOAD_TOO_LARGE", f"A body has at most {most} bytes.")
    except (ClientDisconnect, TimeoutError):
        raise http_error("BAD_REQUEST", "The body did not arrive whole.") from None
    return bytes(body)


def _only(request: Request, header: str, otherwise: str) -> str:
    """Return a header that can be sent once only. Raises HttpError for one that is there twice."""
    given = request.headers.getlist(header)
    if len(given) > 1:
        raise http_error("BAD_REQUEST", f"The header {header} is there twice.")
    return given[0] if given else otherwise


def _json_in(text: bytes | str, fault: str) -> Any:
    try:
        return orjson.loads(text)
    except (ValueError, RecursionError):
        _refuse(fault)


def _refuse(fault: str) -> NoReturn:
    raise http_error("BAD_REQUEST", fault) from None
