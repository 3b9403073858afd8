"""The explorer's page and files as a browser gets them, from us and from the CDN."""

from __future__ import annotations

import asyncio
import re
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha384
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from resolvers import explorer
from resolvers.explorer import third_party
from resolvers.explorer.sources import Source
from resolvers.explorer.third_party import CDN, OURS
from tests.support.surroundings import CountingEntropy

ROOT = Path(__file__).parents[3]
MEDIA_TYPES = {
    "": "text/plain; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".graphql": "text/plain; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
}
OURS_ALONE = ("explorer.css", "explorer.js", "operations.json", "schema.graphql")


class Browser:
    """Gets what a source has to offer."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.app = Starlette(routes=explorer.routes(source, ROOT, CountingEntropy()))

    def get(self, path: str) -> httpx.Response:
        return asyncio.run(self._get(path))

    async def _get(self, path: str) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://api") as client:
            return await client.get(path)

    @property
    def page(self) -> str:
        return self.get("/").text

    @property
    def policy(self) -> dict[str, str]:
        return policy_in(self.get("/"))

    def tags(self) -> dict[str, str]:
        """Return the tags of the page that load something, by what they load."""
        tags = re.findall(r"<(?:script|link)\b[^>]*>", self.page)
        return {address: tag for tag in tags for address in re.findall(r'(?:src|href)="(.*?)"', tag)}


def policy_in(response: httpx.Response) -> dict[str, str]:
    directives = response.headers["Content-Security-Policy"].split("; ")
    return {name: value for name, _, value in (directive.partition(" ") for directive in directives)}


@pytest.fixture
def local(contents: Mapping[str, bytes]) -> Browser:
    return Browser(Source(OURS, contents))


@pytest.fixture
def cdn() -> Browser:
    return Browser(Source(CDN))


@pytest.fixture(params=["local", "cdn"])
def browser(request: pytest.FixtureRequest) -> Browser:
    chosen: Browser = request.getfixturevalue(request.param)
    return chosen


def urls(suffix: str) -> str:
    return " ".join(f"{CDN}{file.name}" for file in third_party.FILES if file.path.endswith(suffix))


# The page


def test_the_page_is_allowed_nothing_but_what_it_needs(local: Browser) -> None:
    policy = local.policy
    assert re.fullmatch(r"'self' 'nonce-[A-Za-z0-9+/]{22}=='", policy.pop("style-src"))
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "img-src": "data:",
        "font-src": "data:",
        "connect-src": "'self'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_from_the_cdn_only_the_pinned_files_are_allowed_on_top(local: Browser, cdn: Browser) -> None:
    ours, theirs = local.policy, cdn.policy  # the first nonce of each is the same here
    assert theirs == {
        **ours,
        "script-src": f"'self' {urls('.js')}",
        "style-src": f"{ours['style-src']} {urls('.css')}",
    }


def test_a_local_page_names_no_other_host(local: Browser) -> None:
    response = local.get("/")
    assert "://" not in response.text + response.headers["Content-Security-Policy"]


def test_every_third_party_file_is_loaded_by_its_digest(browser: Browser) -> None:
    tags = browser.tags()
    for file in third_party.FILES:
        if file.path != "LICENSE":
            tag = tags.pop(browser.source.base + file.name)
            assert f'integrity="sha384-{file.sha384}" crossorigin="anonymous"' in tag
    assert set(tags) == {"data:,", "/explorer/explorer.css", "/explorer/explorer.js"}


def test_the_page_has_no_inline_script_and_no_inline_style(browser: Browser) -> None:
    assert not re.search(r"<script\b[^>]*>[^<]|<style|\son\w+=|\sstyle=", browser.page)


def test_each_answer_has_a_nonce_of_its_own_and_the_page_knows_it(browser: Browser) -> None:
    nonces = []
    for response in (browser.get("/"), browser.get("/")):
        (nonce,) = re.findall(r'<script src="/explorer/explorer\.js" nonce="(.*?)">', response.text)
        assert f"'nonce-{nonce}'" in policy_in(response)["style-src"]
        nonces.append(nonce)
    assert nonces[0] != nonces[1]


def test_the_page_is_never_kept(browser: Browser) -> None:
    response = browser.get("/")
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"


def test_the_page_says_what_to_do_where_its_files_cannot_be_had(browser: Browser) -> None:
    assert "make explorer" in browser.page


# The files


@pytest.mark.parametrize("name", [file.name for file in third_party.FILES])
def test_a_third_party_file_is_served_as_it_was_pinned_and_may_be_kept(name: str, local: Browser) -> None:
    response = local.get(f"/explorer/{name}")
    (pinned,) = (file.sha384 for file in third_party.FILES if file.name == name)
    assert b64encode(sha384(response.content).digest()).decode() == pinned
    assert response.headers["Content-Type"] == MEDIA_TYPES[Path(name).suffix]
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("name", [file.name for file in third_party.FILES])
def test_what_comes_from_the_cdn_is_not_to_be_had_here(name: str, cdn: Browser) -> None:
    assert cdn.get(f"/explorer/{name}").status_code == 404


@pytest.mark.parametrize("name", OURS_ALONE)
def test_a_file_of_ours_is_asked_for_anew(name: str, browser: Browser) -> None:
    response = browser.get(f"/explorer/{name}")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == MEDIA_TYPES[Path(name).suffix]
    assert response.headers["Cache-Control"] == "no-cache"


def test_the_contract_is_served_as_it_is(browser: Browser) -> None:
    assert browser.get("/explorer/schema.graphql").content == (ROOT / "schema" / "schema.graphql").read_bytes()


@pytest.mark.parametrize("path", ["/", "/explorer/explorer.js", "/explorer/graphiql@4.1.2/graphiql.min.js"])
def test_everything_is_guarded(path: str, local: Browser) -> None:
    response = local.get(path)
    assert policy_in(response)["default-src"] == "'none'"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
