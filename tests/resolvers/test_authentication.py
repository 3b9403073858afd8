"""Who gets in over HTTP, and how those are told who do not."""

from __future__ import annotations

import binascii
from collections.abc import Callable

import pytest

from domain.access import Role
from domain.instants import SECOND, Instant
from domain.services.api_clients import (
    ChangeApiClientRole,
    DisableApiClient,
    EnableApiClient,
    IssueApiKey,
    RevokeApiKey,
)
from tests.support.api import Answer, Api

Headers = list[tuple[str, str]]

WHO = b'{"query": "{ viewer { name role } }"}'
JSON = ("content-type", "application/json")


def resealed(secret: str) -> str:
    """Write the checksum that belongs to a secret that was tampered with."""
    body = secret[:-8]
    return f"{body}{binascii.crc32(body.encode()):08x}"


def bearer(secret: str, scheme: str = "Bearer") -> Headers:
    return [("authorization", f"{scheme} {secret}")]


def ask(api: Api, headers: Headers) -> Answer:
    return api.send(WHO, headers=[*headers, JSON])


STRANGERS: dict[str, Callable[[Api], Headers]] = {
    "no key": lambda _: [],
    "an empty key": lambda _: bearer(""),
    "an empty header": lambda _: [("x-api-key", "")],
    "no scheme": lambda api: [("authorization", api.secret)],
    "Basic scheme": lambda api: bearer(api.secret, "Basic"),
    "Basic beside a key": lambda api: [*bearer("YTpi", "Basic"), ("x-api-key", api.secret)],
    "malformed": lambda _: bearer("let me in"),
    "not ASCII": lambda _: bearer("ch_\u00e9"),
    "too long": lambda api: bearer(api.secret + "0" * 10_000),
    "upper case": lambda api: bearer(api.secret.upper()),
    "bad checksum": lambda api: bearer(api.secret[:-8] + "00000000"),
    "another secret": lambda api: bearer(resealed(api.secret[:40] + "f" + api.secret[41:])),
    "unknown": lambda api: bearer(resealed(api.secret.replace("0" * 20, "7" * 20))),
    "two keys that differ": lambda api: [*bearer(api.secret), ("x-api-key", api.kit.secrets[Role.VIEWER])],
    "the same header twice": lambda api: [("x-api-key", api.secret), ("x-api-key", api.kit.secrets[Role.VIEWER])],
    "the id of a key": lambda api: bearer(str(api.caller.api_key_id)),
}


@pytest.mark.parametrize("stranger", STRANGERS)
def test_a_stranger_is_told_that_a_key_is_needed_and_nothing_else(api: Api, stranger: str) -> None:
    api = api.as_role(Role.VIEWER) if "differ" not in stranger and "twice" not in stranger else api
    answer = ask(api, STRANGERS[stranger](api))
    assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")
    (error,) = answer.body["errors"]
    assert "data" not in answer.body
    assert error["extensions"] == {"code": "UNAUTHENTICATED", "retry": "NEVER"}
    assert error["message"] == "An API key is needed, and this is none that works."
    assert answer.headers["content-type"].startswith("application/json")


WELCOME: dict[str, Callable[[Api], Headers]] = {
    "Bearer": lambda api: bearer(api.secret),
    "bearer": lambda api: bearer(api.secret, "bearer"),
    "X-API-Key": lambda api: [("x-api-key", api.secret)],
    "the same key in both": lambda api: [*bearer(api.secret), ("x-api-key", api.secret)],
    "spaces around": lambda api: bearer(f"  {api.secret} "),
}


@pytest.mark.parametrize("way", WELCOME)
def test_a_key_opens_in_either_header(api: Api, way: str) -> None:
    api = api.as_role(Role.TELLER)
    assert ask(api, WELCOME[way](api)).only == {"name": "the teller", "role": "TELLER"}


def test_a_key_opens_until_the_instant_it_expires(api: Api) -> None:
    client_id = api.kit.callers[Role.TELLER].api_client_id
    ends = Instant(api.clock.now() + 60 * SECOND)
    secret = api.books.succeed(IssueApiKey(api_client_id=client_id, expires_at=ends)).secret
    api.clock.advance(60 * SECOND - 1)
    assert ask(api, bearer(secret)).status == 200
    api.clock.advance(1)
    assert ask(api, bearer(secret)).status == 401


def test_a_revoked_key_opens_nothing_while_the_others_do(api: Api) -> None:
    teller = api.as_role(Role.TELLER)
    other = api.books.succeed(IssueApiKey(api_client_id=teller.caller.api_client_id)).secret
    api.books.succeed(RevokeApiKey(api_key_id=str(teller.caller.api_key_id)))
    assert ask(teller, bearer(teller.secret)).status == 401
    assert ask(teller, bearer(other)).status == 200


def test_a_disabled_client_is_a_stranger_until_it_is_enabled(api: Api) -> None:
    teller = api.as_role(Role.TELLER)
    api.books.succeed(DisableApiClient(api_client_id=teller.caller.api_client_id))
    assert ask(teller, bearer(teller.secret)).status == 401
    api.books.succeed(EnableApiClient(api_client_id=teller.caller.api_client_id))
    assert ask(teller, bearer(teller.secret)).status == 200


def test_a_change_of_role_counts_from_the_next_request(api: Api) -> None:
    teller = api.as_role(Role.TELLER)
    api.books.succeed(ChangeApiClientRole(api_client_id=teller.caller.api_client_id, role=Role.AUDITOR))
    assert ask(teller, bearer(teller.secret)).only["role"] == "AUDITOR"


def test_the_secret_of_a_new_key_opens_and_is_told_once(api: Api) -> None:
    client_id = api.kit.callers[Role.TELLER].api_client_id
    first = api.mutate("issueApiKey", {"apiClientId": client_id}, key="once").only
    again = api.mutate("issueApiKey", {"apiClientId": client_id}, key="once").only
    assert ask(api, bearer(first["secret"])).only["name"] == "the teller"
    assert again == first | {"replayed": True, "secret": None}
    assert first["secret"] not in str(api.audit()) + str(api.contents())


def test_a_stranger_is_told_so_before_anything_of_the_body_is(api: Api) -> None:
    assert api.send(b"{", headers=[JSON]).codes == ["UNAUTHENTICATED"]
    assert api.send(b"", headers=[("content-type", "text/plain")]).codes == ["UNAUTHENTICATED"]
