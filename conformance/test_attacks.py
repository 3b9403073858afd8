"""The attack list against a real server: each is answered as the table says, at once, and does no harm."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from conformance.attacks import ATTACKS, Attack
from conformance.conftest import Figures
from tests.endtoend.server import Server


def send(server: Server, attack: Attack) -> tuple[int, Any]:
    headers = {
        "Authorization": f"Bearer {server.key}",
        "Content-Type": "application/json",
        "Accept": "application/graphql-response+json",
        **attack.headers,
    }
    with server.connection() as connection:
        connection.request(attack.method, attack.path, attack.body, headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read())


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_answered_as_the_table_says(server: Server, figures: Figures, name: str) -> None:
    attack = ATTACKS[name]
    began = time.perf_counter()
    status, answer = send(server, attack)
    figures[f"answered in ms: {name}"] = round((time.perf_counter() - began) * 1000, 1)
    errors = answer.get("errors", [])
    assert (status, {error["extensions"]["code"] for error in errors}) == (attack.status, {attack.code} - {None})
    assert any(attack.names in error["message"] for error in errors) or not attack.names
    assert all(error["extensions"]["retry"] == "NEVER" for error in errors)
    assert "did you mean" not in str(answer).lower()
    assert len(errors) <= 6


def test_after_all_of_this_the_server_is_as_it_was(server: Server) -> None:
    for attack in ATTACKS.values():
        send(server, attack)
    assert server.ask("{ viewer { name } }") == {"data": {"viewer": {"name": "admin"}}}
    logged = [json.loads(line) for line in server.log.read_text().splitlines()]
    assert [line for line in logged if line["level"] == "error"] == []
    assert [line for line in logged if line.get("status") == 500] == []
