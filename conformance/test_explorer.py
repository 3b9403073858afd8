"""The explorer in Chromium, with its files from us and from the CDN. `make explorer` has brought the files."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from conformance.conftest import Run
from resolvers.explorer.third_party import CDN, FILES
from tests.endtoend.server import Server, command

INSTALLED = Path(__file__).parents[1] / ".explorer"
FOREIGN = {CDN + file.name for file in FILES if file.path != "LICENSE"}

OF_THE_DIALOG = "Warning: Missing `Description`"
"""What GraphiQL's settings dialog says of itself whenever it is opened."""

MANY_STOPS, MUCH = 10, 0.2

SERVERS = {
    "local": {"explorer": "local"},
    "cdn": {"explorer": "cdn"},
    "production": {"explorer": "local", "profile": "production"},
}

Seen = dict[str, Any]


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[Server]:
    server = Server(folder, **settings)
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module", params=SERVERS)
def seen(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, run: Run) -> Seen:
    """Use the explorer once; return what was seen, with the server's own address and the key that was given."""
    with serving(tmp_path_factory.mktemp("explorer"), **SERVERS[request.param]) as server:
        cdn = {"CDN": str(INSTALLED)} if request.param == "cdn" else {}
        told: Seen = json.loads(run("node", "explorer.mjs", "use", f"{server.url}/", KEY=server.key, **cdn))
        return {**told, "url": server.url, "key": server.key, "foreign": FOREIGN if cdn else set()}


def test_the_explorer_loads_without_an_error_and_without_asking_for_the_schema(seen: Seen) -> None:
    assert seen["loaded"]["said"] == []
    assert f"{seen['url']}/explorer/operations.json" in seen["loaded"]["requests"]
    assert f"{seen['url']}/graphql" not in seen["loaded"]["requests"]


def test_nothing_is_ever_asked_of_anybody_else_but_the_pinned_files_of_the_cdn(seen: Seen) -> None:
    assert {url for url in seen["requests"] if not url.startswith(f"{seen['url']}/")} == seen["foreign"]


def test_nothing_that_is_done_is_against_the_policy(seen: Seen) -> None:
    assert seen["used"]["settings"]["styles"] > 0  # the dialog made its <style> element, with the nonce
    assert [said for said in seen["said"] if not said.startswith(OF_THE_DIALOG)] == []


def test_without_a_key_the_page_says_where_to_put_it_and_sends_nothing(seen: Seen) -> None:
    assert "Put your API key into its field" in seen["loaded"]["note"]
    assert "Put your API key into its field" in seen["used"]["withoutKey"]["result"]


def test_there_is_no_other_place_for_a_key_and_none_to_keep_it(seen: Seen) -> None:
    assert seen["used"]["panes"].split() == ["Variables"]
    assert "headers" not in seen["used"]["settings"]["text"].lower()


def test_the_documentation_is_there_in_every_profile_and_before_a_key_is(seen: Seen) -> None:
    assert "openAccount(" in seen["used"]["documentation"]


def test_a_deposit_is_made_and_its_result_is_shown(seen: Seen) -> None:
    assert seen["used"]["opened"]["type"] == "OpenAccountSuccess"
    assert seen["used"]["first"]["type"] == "DepositSuccess"
    assert seen["used"]["first"]["replayed"] is False
    assert "acct_0" in seen["used"]["first"]["variables"]


def test_the_same_tab_run_again_is_a_replay_and_is_called_one(seen: Seen) -> None:
    assert (seen["used"]["again"]["type"], seen["used"]["again"]["replayed"]) == ("DepositSuccess", True)
    assert seen["used"]["again"]["variables"] == seen["used"]["first"]["variables"]
    assert seen["used"]["again"]["note"].startswith("A replay")
    assert not seen["used"]["first"]["note"].startswith("A replay")


def test_each_tab_has_an_idempotency_key_of_its_own(seen: Seen) -> None:
    variables = (seen["used"]["opened"]["variables"], seen["used"]["first"]["variables"], two_ids(seen))
    assert len({json.loads(text)["key"] for text in variables}) == len(variables)


def two_ids(seen: Seen) -> str:
    """Return the variables of a transfer into which two ids were filled."""
    text: str = seen["used"]["transfer"]["two"]["variables"]
    return text


def test_an_id_that_cannot_be_filled_in_is_called_missing(seen: Seen) -> None:
    one = seen["used"]["transfer"]["one"]
    assert json.loads(one["variables"])["input"]["toAccountId"] == "acct_"
    assert one["note"].startswith("An id is still missing")
    assert not seen["used"]["transfer"]["two"]["note"].startswith("An id is still missing")


def test_of_two_accounts_the_older_one_pays_the_younger(seen: Seen) -> None:
    funded = json.loads(seen["used"]["first"]["variables"])["input"]["accountId"]
    ids = json.loads(two_ids(seen))["input"]
    assert ids["fromAccountId"] == funded < ids["toAccountId"]
    assert seen["used"]["transfer"]["type"] == "TransferSuccess"


def test_nobody_is_made_to_demote_himself_or_to_revoke_his_own_key(seen: Seen) -> None:
    own, other = seen["used"]["access"]["own"], seen["used"]["access"]["other"]
    assert json.loads(own["client"]["variables"])["input"]["apiClientId"] == "cli_"
    assert json.loads(own["key"]["variables"])["input"]["apiKeyId"] == "key_"
    assert re.fullmatch("cli_[0-9a-z]{26}", json.loads(other["variables"])["input"]["apiClientId"])


def test_only_a_tab_that_was_added_can_be_closed(seen: Seen) -> None:
    assert seen["used"]["closable"] == {"given": 0, "added": 1}


def test_the_editors_are_a_few_keystrokes_away(seen: Seen) -> None:
    assert seen["used"]["stops"] < MANY_STOPS


def test_however_many_tabs_there_are_the_editors_have_most_of_the_window(seen: Seen) -> None:
    assert seen["used"]["squeezed"]["part"] < MUCH
    assert seen["used"]["squeezed"]["scrolls"]


def test_a_new_idempotency_key_is_a_new_deposit(seen: Seen) -> None:
    first, renewed = (json.loads(seen["used"][which]["variables"]) for which in ("first", "renewed"))
    assert (seen["used"]["renewed"]["type"], seen["used"]["renewed"]["replayed"]) == ("DepositSuccess", False)
    assert first["key"] != renewed["key"]
    assert first["input"] == renewed["input"]


def test_the_browser_keeps_nothing(seen: Seen) -> None:
    assert json.loads(seen["used"]["kept"]) == {"cookies": [], "origins": [], "inSession": {}, "url": f"{seen['url']}/"}
    assert not any(seen["key"] in url for url in seen["requests"])


# What goes wrong


@pytest.fixture(scope="module")
def went(tmp_path_factory: pytest.TempPathFactory, run: Run) -> Seen:
    """Let everything go wrong once; return what was seen of it."""
    folder = tmp_path_factory.mktemp("explorer")
    with serving(folder, explorer="local") as server:
        viewer = command(folder, "keys", "issue", "--client", "wall", "--role", "VIEWER").stdout.strip()
        told: Seen = json.loads(run("node", "explorer.mjs", "err", f"{server.url}/", KEY=server.key, VIEWER=viewer))
    seen: Seen = told["went"]
    return seen


@pytest.mark.parametrize("which", ["wrong", "unsendable"])
def test_a_key_that_does_not_work_is_called_so_at_once_and_whenever_it_is_used(which: str, went: Seen) -> None:
    assert went[which]["entered"] == went[which]["note"] == "This API key is none that works."
    assert list(json.loads(went[which]["result"])) == ["errors"]
    assert "stack" not in went[which]["result"]


def test_what_an_earlier_key_was_answered_is_gone_with_it(went: Seen) -> None:
    assert went["right"] == {"result": "", "later": ""}


def test_errors_are_not_called_a_success(went: Seen) -> None:
    assert went["forbidden"]["note"] == "The result has errors, which say why."


def test_an_answer_that_does_not_come_is_worth_a_retry_with_the_same_key(went: Seen) -> None:
    advice = "No answer came. Run it again with the same idempotency key: it happens once."
    assert went["noAnswer"]["note"] == advice
    assert json.loads(went["noAnswer"]["result"]) == {"errors": [{"message": advice}]}


def test_a_key_is_put_into_an_object_only(went: Seen) -> None:
    assert went["noObject"] == {"variables": "[1]", "note": "The variables are not a JSON object."}


# Elsewhere


def test_over_plain_http_from_another_machine_keys_are_fresh_too(tmp_path: Path, run: Run) -> None:
    with serving(tmp_path, explorer="local") as server:
        url = server.url.replace("127.0.0.1", "books.test")
        used = json.loads(run("node", "explorer.mjs", "use", f"{url}/", KEY=server.key))["used"]
    first, renewed = (json.loads(used[which]["variables"])["key"] for which in ("first", "renewed"))
    assert re.fullmatch(r"[0-9a-f]{32} [0-9a-f]{32}", f"{first} {renewed}")  # there is no crypto.randomUUID there
    assert first != renewed
    assert used["renewed"]["replayed"] is False


@pytest.mark.parametrize("name", sorted(file.name for file in FILES if file.path != "LICENSE"))
def test_a_file_of_the_cdn_that_was_changed_is_refused(name: str, tmp_path: Path, run: Run) -> None:
    changed = shutil.copytree(INSTALLED, tmp_path / "cdn") / name
    changed.write_bytes(changed.read_bytes() + b" ")
    with serving(tmp_path, explorer="cdn") as server:
        told: Seen = json.loads(run("node", "explorer.mjs", "load", f"{server.url}/", CDN=str(tmp_path / "cdn")))
    assert any("integrity" in said and name in said for said in told["said"])
