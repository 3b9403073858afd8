"""Who is calling: an API key in one of two headers, looked up by its id, compared in constant time."""

from __future__ import annotations

from domain.access import Caller, api_key_id_in, secret_digest, secret_matches
from domain.instants import Clock
from domain.reading import Reader
from resolvers.calls import Request

_NOBODY = secret_digest("")


class UnauthenticatedError(Exception):
    """Nobody we know is calling. Which part was wrong is not told."""


def authenticate(request: Request, reader: Reader, clock: Clock) -> Caller:
    """Return the caller. Raises UnauthenticatedError for a key missing, malformed, unknown, expired or revoked."""
    secret = _secret_in(request)
    api_key_id = api_key_id_in(secret)
    credential = reader.credential(api_key_id) if api_key_id else None
    matches = secret_matches(secret, credential.secret_digest if credential else _NOBODY)
    if credential is None or not matches:
        raise UnauthenticatedError
    if not credential.api_client.is_enabled or not credential.api_key.is_usable(clock.now()):
        raise UnauthenticatedError
    return Caller(credential.api_client.id, credential.api_key.id, credential.api_client.role)


def _secret_in(request: Request) -> str:
    """Read the one key that the request carries. Two that differ are as bad as none."""
    offered = set(request.values(b"x-api-key"))
    for value in request.values(b"authorization"):
        scheme, _, credentials = value.partition(" ")
        if scheme.lower() != "bearer":
            raise UnauthenticatedError
        offered.add(credentials.strip())
    if len(offered) != 1:
        raise UnauthenticatedError
    return offered.pop()
