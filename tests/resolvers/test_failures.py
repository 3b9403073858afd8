"""Bugs of ours: nothing of them is told but an id, under which the log tells the rest."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from typing import Any

import pytest
from graphql import GraphQLError
from structlog.testing import capture_logs

from domain.access import Role
from domain.errors import InvalidInput
from domain.ports import Fault
from resolvers.failures import RETRIES, failure, formatted
from resolvers.responses import GRAPHQL_RESPONSE, PLAIN_JSON
from tests.resolvers.broken import Breaking, FaultyLedger
from tests.support.api import Api

SECRET = "s3cr3t detail"


def errors_logged(logs: list[Any]) -> list[Mapping[str, Any]]:
    return [line for line in logs if line["log_level"] == "error"]


@pytest.mark.parametrize(
    ("method", "document"),
    [
        ("accounts", '{ account(id: "acct_1") { id } }'),
        ("account_id_with_reference", '{ accountByReference(reference: "R") { id } }'),
        ("account_page", "{ accounts { edges { cursor } } }"),
        ("transactions", '{ transaction(id: "txn_1") { id } }'),
        ("transaction_page", "{ transactions { edges { cursor } } }"),
        ("audit_page", "{ auditLog { edges { cursor } } }"),
        ("audit_records", '{ node(id: "aud_1") { id } }'),
        ("api_client_page", "{ apiClients { edges { cursor } } }"),
        ("api_clients", "{ viewer { id } }"),
        ("idempotency_record", '{ idempotencyRecord(operation: DEPOSIT, key: "k") { key } }'),
    ],
)
def test_a_reader_that_fails_is_masked_under_an_id_that_the_log_has(api: Api, method: str, document: str) -> None:
    broken = api.made_of(reader=Breaking(api.endpoint.reader, method, RuntimeError(SECRET)))
    with capture_logs() as logs:
        answer = broken.run(document)
    (name,) = answer.data
    (error,) = answer.errors
    assert (answer.status, answer.data[name], error["path"]) == (200, None, [name])
    assert error["extensions"].keys() == {"code", "retry", "errorId"}
    assert (error["extensions"]["code"], error["extensions"]["retry"]) == ("INTERNAL_SERVER_ERROR", "SAME_KEY")
    assert SECRET not in answer.text
    assert "RuntimeError" not in answer.text
    (line,) = errors_logged(logs)
    assert line["error_id"] == error["extensions"]["errorId"]
    assert isinstance(line["exc_info"], RuntimeError)


def test_no_two_failures_share_an_id(api: Api) -> None:
    broken = api.made_of(reader=Breaking(api.endpoint.reader, "api_clients", RuntimeError(SECRET)))
    ids = {broken.run("{ viewer { id } }").errors[0]["extensions"]["errorId"] for _ in range(5)}
    assert len(ids) == 5


def test_a_fault_of_the_ledger_is_masked_likewise(api: Api) -> None:
    broken = api.made_of(ledger=FaultyLedger(api.endpoint.ledger, 0))
    with capture_logs() as logs:
        answer = broken.mutate("openAccount", {"currency": "EUR", "name": "Ada"})
    assert (answer.status, answer.data, answer.codes) == (200, {"openAccount": None}, ["INTERNAL_SERVER_ERROR"])
    (line,) = errors_logged(logs)
    assert line["error_id"] == answer.errors[0]["extensions"]["errorId"]
    assert isinstance(line["exc_info"], Fault)


def test_a_fault_while_denying_lets_nobody_in(api: Api) -> None:
    broken = api.made_of(ledger=FaultyLedger(api.endpoint.ledger, 0)).as_role(Role.VIEWER)
    answer = broken.mutate("openAccount", {"currency": "EUR", "name": "Ada"})
    assert (answer.data, answer.codes) == ({"openAccount": None}, ["INTERNAL_SERVER_ERROR"])


def test_a_real_bug_in_a_service_reaches_the_caller_as_an_id_only(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api.books.ids, "fresh", lambda _: 1 / 0)
    with capture_logs() as logs:
        answer = api.mutate("openAccount", {"currency": "EUR", "name": SECRET}, key="mine")
    assert answer.codes == ["INTERNAL_SERVER_ERROR"]
    assert "division" not in answer.text
    (line,) = errors_logged(logs)
    assert "ZeroDivisionError" in "".join(traceback.format_exception(line["exc_info"]))
    monkeypatch.undo()
    assert api.mutate("openAccount", {"currency": "EUR", "name": "Ada"}, key="mine").only["replayed"] is False


def test_neither_keys_nor_amounts_nor_names_are_ever_logged(api: Api) -> None:
    with capture_logs() as logs:
        account_id = api.open_account(name="Jane Roe", reference="INV-1")
        api.deposit(account_id, "12.34", description="Rent of Jane")
        api.mutate("issueApiKey", {"apiClientId": api.caller.api_client_id})
        api.send(b"{", headers={"x-api-key": api.secret + "0"})
    told = str(logs)
    assert len(logs) >= 3
    assert [word for word in (api.secret, api.secret[:40], "Jane", "INV-1", "12.34", "Rent") if word in told] == []


def test_a_request_is_logged_on_one_line_with_who_and_how_it_ended(api: Api) -> None:
    with capture_logs() as logs:
        api.run("query Mine { viewer { id } }")
        api.run("{ poison }")
    (first, second) = logs
    assert first["event"] == second["event"] == "request"
    assert (first["api_client_id"], first["api_key_id"]) == (api.caller.api_client_id, api.caller.api_key_id)
    assert (first["status"], second["status"]) == (200, 400)
    assert first["milliseconds"] >= 0


def unreadable(api: Api) -> Api:
    return api.made_of(reader=Breaking(api.endpoint.reader, "credential", RuntimeError(SECRET)))


@pytest.mark.parametrize("accept", [GRAPHQL_RESPONSE, PLAIN_JSON])
def test_a_bug_outside_execution_is_masked_as_json_too(api: Api, accept: str) -> None:
    server = unreadable(api)
    with capture_logs() as logs:
        answer = server.send(b'{"query": "{ viewer { id } }"}', headers=server.headers(accept))
    assert (answer.status, answer.codes, "data" in answer.body) == (500, ["INTERNAL_SERVER_ERROR"], False)
    assert answer.headers["content-type"].startswith(accept)
    assert SECRET not in answer.text
    (line,) = errors_logged(logs)
    assert line["error_id"] == answer.errors[0]["extensions"]["errorId"]
    assert server.endpoint.doorway.in_flight == 0


# The formatter itself


@pytest.mark.parametrize("code", RETRIES)
def test_every_code_has_its_advice(code: str) -> None:
    (error,) = formatted([failure(code, "Why.")])
    assert error == {"message": "Why.", "extensions": {"code": code, "retry": RETRIES[code]}}
    assert RETRIES[code] in {"SAME_KEY", "NEVER"}


def test_an_error_of_the_input_is_told_by_its_rule() -> None:
    (error,) = formatted([GraphQLError("x", original_error=InvalidInput("A rule."))])
    assert (error["message"], error["extensions"]["code"]) == ("A rule.", "BAD_USER_INPUT")


def test_an_unknown_code_does_not_get_out() -> None:
    bug = GraphQLError(SECRET, original_error=KeyError(SECRET), extensions={"code": "WHATEVER"})
    (error,) = formatted([bug])
    assert (error["extensions"]["code"], SECRET in str(error)) == ("INTERNAL_SERVER_ERROR", False)
