"""What can never be right: a clear answer, nothing of it echoed, no key used up, and a good request works after it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson
import pytest

from domain.access import Operation
from domain.idempotency import IdempotencyScope
from domain.instants import SECOND
from resolvers.responses import PLAIN_JSON
from schema.scalars import write_date_time
from tests.support.api import Answer, Api, mutation

Given = dict[str, Any]

COERCION = "BAD_USER_INPUT"
LARGE = "40000000000000000.01"
WIDE = "\uff11\uff12"  # "12" in full-width digits
DECIDED_AT = re.compile(r'"decidedAt":"[^"]*"')


def inputs(name: str, account_id: str) -> Given:
    """Return an input of that mutation that is right, for the table to spoil."""
    money = {"amount": "1.00", "currency": "EUR"}
    known: dict[str, Given] = {
        "openAccount": {"currency": "EUR", "name": "Ada"},
        "renameAccount": {"accountId": account_id, "name": "Eve"},
        "deposit": {"accountId": account_id, "amount": money},
        "withdraw": {"accountId": account_id, "amount": money},
        "placeHold": {"accountId": account_id, "amount": money},
        "freezeAccount": {"accountId": account_id, "reason": "OPERATIONS"},
        "closeAccount": {"accountId": account_id},
        "setOverdraftLimit": {"accountId": account_id, "limit": money},
        "reverseTransaction": {"transactionId": "txn_00000000000000000000000001", "amount": money},
        "issueApiKey": {"apiClientId": "cli_00000000000000000000000001"},
    }
    return known[name]


def spoiled(given: Given, path: str, value: Any) -> Given:
    """Return a copy of the input with another value at a dotted path."""
    first, _, rest = path.partition(".")
    return given | {first: spoiled(given[first], rest, value) if rest else value}


def pairs(*keys: str, value: str = "v") -> list[Given]:
    return [{"key": key, "value": value} for key in keys]


AMOUNT = "amount.amount"
ROWS: list[tuple[str, str, Any, str]] = [
    # amounts
    ("deposit", AMOUNT, "0", "InvalidAmount"),
    ("deposit", AMOUNT, "0.00", "InvalidAmount"),
    ("deposit", AMOUNT, "-0", "InvalidAmount"),
    ("deposit", AMOUNT, "-7.77", "InvalidAmount"),
    ("deposit", AMOUNT, "7.777", "InvalidAmount"),
    ("deposit", AMOUNT, "7.000", "InvalidAmount"),
    ("deposit", AMOUNT, LARGE, "InvalidAmount"),
    ("deposit", AMOUNT, "9999999999999999999", "InvalidAmount"),
    ("deposit", AMOUNT, "7" * 64, "InvalidAmount"),
    ("deposit", AMOUNT, "7." + "7" * 64, "InvalidAmount"),
    ("deposit", AMOUNT, "7" * 65, COERCION),
    ("deposit", AMOUNT, "7." + "7" * 65, COERCION),
    ("deposit", AMOUNT, 7.77, COERCION),
    ("deposit", AMOUNT, 777, COERCION),
    ("deposit", AMOUNT, True, COERCION),
    ("deposit", AMOUNT, "NaN", COERCION),
    ("deposit", AMOUNT, "Infinity", COERCION),
    ("deposit", AMOUNT, "7e7", COERCION),
    ("deposit", AMOUNT, "7,77", COERCION),
    ("deposit", AMOUNT, "7_7", COERCION),
    ("deposit", AMOUNT, "+7.77", COERCION),
    ("deposit", AMOUNT, ".77", COERCION),
    ("deposit", AMOUNT, "77.", COERCION),
    ("deposit", AMOUNT, " 7.7", COERCION),
    ("deposit", AMOUNT, "7.7\n", COERCION),
    ("deposit", AMOUNT, WIDE, COERCION),
    ("deposit", AMOUNT, "\u0661\u0662", COERCION),
    ("deposit", AMOUNT, "", COERCION),
    ("deposit", AMOUNT, None, COERCION),
    ("deposit", "amount.currency", "QQQ", "InvalidInput"),
    ("deposit", "amount.currency", "XAU", "InvalidInput"),
    ("deposit", "amount.currency", "eur", COERCION),
    ("deposit", "amount.currency", "EURO", COERCION),
    ("deposit", "amount.currency", "", COERCION),
    ("openAccount", "currency", "XXX", "InvalidInput"),
    ("openAccount", "overdraftLimit", "-7.77", "InvalidAmount"),
    ("openAccount", "overdraftLimit", "7.777", "InvalidAmount"),
    ("openAccount", "overdraftLimit", "90000000000000000.01", "InvalidAmount"),
    ("withdraw", "minAvailableAfter", "-7.77", "InvalidAmount"),
    ("withdraw", "minAvailableAfter", "7.777", "InvalidAmount"),
    ("setOverdraftLimit", "limit.amount", "-7.77", "InvalidAmount"),
    ("setOverdraftLimit", "limit.amount", "7.777", "InvalidAmount"),
    ("setOverdraftLimit", "limit.amount", "90000000000000000.01", "InvalidAmount"),
    ("setOverdraftLimit", "limit.amount", "7e7", COERCION),
    ("setOverdraftLimit", "limit.currency", "XAU", "InvalidInput"),
    ("setOverdraftLimit", "limit", None, COERCION),
    ("reverseTransaction", AMOUNT, "0", "InvalidAmount"),
    ("reverseTransaction", AMOUNT, "-7.77", "InvalidAmount"),
    ("reverseTransaction", AMOUNT, "7.777", "InvalidAmount"),
    ("reverseTransaction", AMOUNT, LARGE, "InvalidAmount"),
    ("reverseTransaction", AMOUNT, 7.77, COERCION),
    ("reverseTransaction", "amount.currency", "XAU", "InvalidInput"),
    ("reverseTransaction", "transactionId", "poison" * 11, "InvalidInput"),
    ("reverseTransaction", "transactionId", None, COERCION),
    ("reverseTransaction", "description", "poison" * 84, "InvalidInput"),
    # ids: those that could exist are looked up, see below
    ("deposit", "accountId", "poison" * 11, "InvalidInput"),
    ("deposit", "accountId", "acct_\0poison", "InvalidInput"),
    ("deposit", "accountId", ["poison"] * 2, COERCION),
    ("deposit", "accountId", None, COERCION),
    ("closeAccount", "sweepToAccountId", "poison" * 11, "InvalidInput"),
    ("closeAccount", "sweepToAccountId", "acct_\0poison", "InvalidInput"),
    ("issueApiKey", "apiClientId", "poison" * 11, "InvalidInput"),
    # text
    ("openAccount", "name", "poison" * 22, "InvalidInput"),
    ("openAccount", "name", "", "InvalidInput"),
    ("openAccount", "name", " \u3000\n", "InvalidInput"),
    ("openAccount", "name", "poi\0son", "InvalidInput"),
    ("openAccount", "name", 77777, COERCION),
    ("openAccount", "reference", "poison" * 22, "InvalidInput"),
    ("openAccount", "reference", " ", "InvalidInput"),
    ("openAccount", "reference", "poi\0son", "InvalidInput"),
    ("deposit", "description", "poison" * 84, "InvalidInput"),
    ("deposit", "description", "poi\0son", "InvalidInput"),
    ("deposit", "reference", "poison" * 22, "InvalidInput"),
    ("freezeAccount", "note", "poison" * 84, "InvalidInput"),
    ("closeAccount", "note", "poi\0son", "InvalidInput"),
    # metadata
    ("openAccount", "metadata", pairs(*(f"poison {number}" for number in range(21))), "InvalidInput"),
    ("openAccount", "metadata", pairs("poison", "poison"), "InvalidInput"),
    ("openAccount", "metadata", pairs("poison" * 7), "InvalidInput"),
    ("openAccount", "metadata", pairs("poison", value="poison" * 84), "InvalidInput"),
    ("openAccount", "metadata", pairs(" "), "InvalidInput"),
    ("openAccount", "metadata", pairs("poi\0son"), "InvalidInput"),
    ("openAccount", "metadata", [{"key": "poison"}], COERCION),
    ("openAccount", "metadata", [None], COERCION),
    # times
    ("freezeAccount", "expiresAt", "2199-07-07T07:07:07", COERCION),
    ("freezeAccount", "expiresAt", "2199-07-07", COERCION),
    ("freezeAccount", "expiresAt", "2199-07-07 07:07:07Z", COERCION),
    ("freezeAccount", "expiresAt", "2199-07-07T07:07:60Z", COERCION),
    ("freezeAccount", "expiresAt", "2199-07-07T24:00:00Z", COERCION),
    ("freezeAccount", "expiresAt", "2199-02-30T07:07:07Z", COERCION),
    ("freezeAccount", "expiresAt", "2199-07-07T07:07:07.1234567Z", COERCION),
    ("freezeAccount", "expiresAt", "2199-07-07T07:07:07+05:60", COERCION),
    ("freezeAccount", "expiresAt", "10000-01-01T00:00:00Z", COERCION),
    ("freezeAccount", "expiresAt", "0000-01-01T00:00:00Z", COERCION),
    ("freezeAccount", "expiresAt", 7_777_777_777, COERCION),
    ("freezeAccount", "expiresAt", "2007-07-07T07:07:07Z", "InvalidInput"),
    ("placeHold", "expiresAt", "2007-07-07T07:07:07Z", "InvalidInput"),
    ("placeHold", "expiresAt", "2199-07-07", COERCION),
    ("placeHold", AMOUNT, "0", "InvalidAmount"),
    ("placeHold", "minAvailableAfter", "-7.77", "InvalidAmount"),
    ("placeHold", "minAvailableAfter", "7.777", "InvalidAmount"),
    ("placeHold", "description", "poison" * 84, "InvalidInput"),
    ("issueApiKey", "expiresAt", "2007-07-07T07:07:07Z", "InvalidInput"),
    # integers
    ("deposit", "expectedVersion", "9223372036854775808", COERCION),
    ("deposit", "expectedVersion", "-9223372036854775809", COERCION),
    ("deposit", "expectedVersion", 7777, COERCION),
    ("deposit", "expectedVersion", "7777.0", COERCION),
    ("deposit", "expectedVersion", "07777", COERCION),
    ("deposit", "expectedVersion", WIDE, COERCION),
    # shapes
    ("freezeAccount", "reason", "POISON", COERCION),
    ("freezeAccount", "reason", "operations", COERCION),
    ("freezeAccount", "reason", 7777, COERCION),
    ("freezeAccount", "scope", None, COERCION),
    ("deposit", "poison", "poison", COERCION),
    ("deposit", "amount", "poison", COERCION),
    ("deposit", "amount", None, COERCION),
    ("deposit", "amount", {"amount": "1.00"}, COERCION),
]


def poison(value: Any) -> list[str]:
    """Return the texts within a value that no answer may hold."""
    if isinstance(value, Mapping):
        return [text for one in value.values() for text in poison(one)]
    if isinstance(value, list):
        return [text for one in value for text in poison(one)]
    text = "" if value is None or isinstance(value, bool) else orjson.dumps(value).decode().strip('"')
    return [text] if len(text.strip(" 0.")) > 1 else []


def refuses(answer: Answer, expected: str) -> None:
    """Check that an answer is the refusal that was expected, with all that belongs to it."""
    if expected in {"BAD_USER_INPUT", "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "BAD_REQUEST"}:
        assert set(answer.codes) == {expected}
        assert {error["extensions"]["retry"] for error in answer.errors} == {"NEVER"}
        assert (answer.status, "data" in answer.body) == (400, False)
    else:
        assert answer.only["__typename"] == expected
        assert (answer.only["retry"], answer.only["path"][0]) == ("NEVER", "input")


@pytest.mark.parametrize(("name", "path", "value", "expected"), ROWS)
def test_bad_input_is_told_clearly_and_costs_nothing(api: Api, name: str, path: str, value: Any, expected: str) -> None:
    account_id = api.open_account()
    given, before = inputs(name, account_id), api.contents()
    answer = api.mutate(name, spoiled(given, path, value), key="mine")
    refuses(answer, expected)
    told = DECIDED_AT.sub("", answer.text)
    assert [text for text in poison(value) if text in told] == []
    assert api.contents() == before
    good = api.mutate(name, given, key="mine").only
    assert good["replayed"] is False
    assert good["__typename"].endswith("Success") or name in {"withdraw", "placeHold", "reverseTransaction"}


@pytest.mark.parametrize(
    ("name", "path", "value"), [(name, path, value) for name, path, value, told in ROWS if told == COERCION]
)
def test_bad_input_is_answered_200_to_clients_of_plain_json(api: Api, name: str, path: str, value: Any) -> None:
    given = spoiled(inputs(name, "acct_7"), path, value)
    body = {"query": mutation(name), "variables": {"key": "mine", "input": given}}
    answer = api.send(orjson.dumps(body), headers=api.headers(PLAIN_JSON))
    assert (answer.status, set(answer.codes)) == (200, {COERCION})


@pytest.mark.parametrize("offset", ["-00:01", "-01:00", "-23:59"])
def test_a_time_in_the_year_10000_is_refused_in_any_offset(api: Api, offset: str) -> None:
    given = inputs("freezeAccount", api.open_account())
    answer = api.mutate("freezeAccount", given | {"expiresAt": f"9999-12-31T23:59:59{offset}"})
    refuses(answer, COERCION)


def test_a_freeze_cannot_expire_at_the_very_instant(api: Api) -> None:
    given = inputs("freezeAccount", api.open_account())
    now = api.clock.now() + 10 * SECOND
    api.clock.advance(10 * SECOND)
    answer = api.mutate("freezeAccount", given | {"expiresAt": write_date_time(now)})
    refuses(answer, "InvalidInput")
    assert answer.only["path"] == ["input", "expiresAt"]


@pytest.mark.parametrize("account_id", ["acct_00000000000000000000000099", "poison", "", "house_EUR", "txn_1", "é", 7])
def test_an_id_that_could_exist_is_looked_up_and_not_found(api: Api, account_id: str | int) -> None:
    api.deposit(api.open_account())  # so that the house account of EUR exists
    for name in ("deposit", "withdraw", "renameAccount", "freezeAccount", "closeAccount"):
        answer = api.mutate(name, inputs(name, "") | {"accountId": account_id}).only
        assert (answer["__typename"], answer["accountId"]) == ("AccountNotFound", str(account_id))
        assert answer["path"] == ["input", "accountId"]


def test_an_id_of_another_type_is_not_found(api: Api) -> None:
    transaction_id = api.deposit(api.open_account())
    for other in (transaction_id, api.caller.api_client_id, api.caller.api_key_id):
        assert api.mutate("deposit", inputs("deposit", str(other))).verdict == "AccountNotFound"
    answer = api.mutate("issueApiKey", {"apiClientId": api.caller.api_key_id})
    assert answer.verdict == "ApiClientNotFound"


KEYS: list[Any] = ["", "k" * 256, "a key", "k\u00e9y", "key\n", "\0key", WIDE, 7777, None]


@pytest.mark.parametrize("key", KEYS)
def test_a_key_that_is_none_is_refused_before_anything_is_done(api: Api, key: Any) -> None:
    last = api.last_sequence()
    body = {"query": mutation("openAccount"), "variables": {"key": key, "input": inputs("openAccount", "")}}
    answer = api.send(orjson.dumps(body))
    refuses(answer, COERCION)
    assert [text for text in poison(key) if text in answer.text] == []
    assert api.last_sequence() == last


@pytest.mark.parametrize("key", ["k", "k" * 255, "!", "~", '"quoted"', "a/b:c?d=e&f"])
def test_any_visible_ascii_makes_a_key(api: Api, key: str) -> None:
    assert api.mutate("openAccount", inputs("openAccount", ""), key=key).only["replayed"] is False
    assert api.mutate("openAccount", inputs("openAccount", ""), key=key).only["replayed"] is True


# Literals within the document are refused when it is validated, by the same rules

DEPOSIT = 'mutation { deposit(idempotencyKey: "%s", input: {accountId: "a", amount: {amount: %s, currency: "EUR"}%s}) {'
DEPOSIT += " __typename } }"
FREEZE = 'mutation { freezeAccount(idempotencyKey: "k", input: {accountId: "a", reason: %s}) { __typename } }'
LITERALS: list[tuple[str, str, str]] = [
    (DEPOSIT % ("k", "7.77", ""), "7.77", "GRAPHQL_VALIDATION_FAILED"),
    (DEPOSIT % ("k", '"7e7"', ""), "7e7", "GRAPHQL_VALIDATION_FAILED"),
    (DEPOSIT % ("k", f'"{WIDE}"', ""), WIDE, "GRAPHQL_VALIDATION_FAILED"),
    (DEPOSIT % ("poi son", '"1"', ""), "poi son", "GRAPHQL_VALIDATION_FAILED"),
    (DEPOSIT % ("k", '"1"', ", expectedVersion: 7777"), "7777", "GRAPHQL_VALIDATION_FAILED"),
    (DEPOSIT % ("k", "null", ""), "poison", "GRAPHQL_VALIDATION_FAILED"),
    (FREEZE % 'OPERATIONS, expiresAt: "2199-07-07"', "2199-07-07", "GRAPHQL_VALIDATION_FAILED"),
    ('{ account(id: "\\ud800") { id } }', "poison", "GRAPHQL_PARSE_FAILED"),
    ('{ account(id: "\\udc00\\ud800") { id } }', "poison", "GRAPHQL_PARSE_FAILED"),
    ('{ account(id: "\\u{d800}") { id } }', "poison", "GRAPHQL_PARSE_FAILED"),
]
ECHOED: list[tuple[str, str]] = [
    (FREEZE % "POISON", "POISON"),
    (FREEZE % '"POISON"', "POISON"),
    ('{ accounts(first: "POISON") { edges { cursor } } }', "POISON"),
    ("{ accounts(first: 77777777777) { edges { cursor } } }", "77777777777"),
    ("{ accountByReference(reference: 77777) { id } }", "77777"),
    ('{ account(id: "a") { freezes(liveOnly: "POISON") { edges { cursor } } } }', "POISON"),
    ("{ account(id: {poison: 7}) { id } }", "poison"),
]


SECRET = "ch_" + "s3cr3t" * 12
AMOUNT = 'amount: {amount: "123.45", currency: "EUR"}'
DEPOSITING = 'mutation { deposit(idempotencyKey: "k", input: {%s}) { __typename } }'
PASTED = [
    f'{{ viewer {{ id "{SECRET}" }} }}',
    f'{{ viewer {{ id """{SECRET}""" }} }}',
    f"{{ viewer {{ {SECRET} }} }}",
    f"{{ viewer {{ ...{SECRET} }} }}",
    f"{{ viewer {{ id @{SECRET} }} }}",
    f"{{ viewer({SECRET}: 1) {{ id }} }}",
    f"{{ ... on {SECRET} {{ id }} }}",
    f"{{ account(id: ${SECRET}) {{ id }} }}",
    f"query ($id: {SECRET}) {{ viewer {{ id }} }}",
    f"query (${SECRET}: ID) {{ viewer {{ id }} }}",
    f"query {SECRET} {{ viewer {{ id }} }} query {SECRET} {{ viewer {{ id }} }}",
    f"fragment {SECRET} on Query {{ viewer {{ id }} }} {{ viewer {{ id }} }}",
    f"{{ {SECRET}: viewer {{ id }} {SECRET}: account(id: 1) {{ id }} }}",
    DEPOSITING % f'accountId: "{SECRET}", {AMOUNT}, nope: 1',
    DEPOSITING % f'accountId: "a", {AMOUNT}, {SECRET}: 1',
    f"# {SECRET}\n{{ poison",
]


@pytest.mark.parametrize("document", PASTED, ids=range(len(PASTED)))
def test_what_was_pasted_into_a_document_is_not_told_again(api: Api, document: str) -> None:
    answer = api.run(document)
    assert answer.status == 400
    assert [word for word in (SECRET, "123.45") if word in answer.text] == []


def test_a_short_name_that_is_wrong_is_told_so_that_it_can_be_found(api: Api) -> None:
    assert "'poison'" in api.run("{ viewer { poison } }").errors[0]["message"]


@pytest.mark.parametrize(("document", "value", "code"), LITERALS)
def test_bad_literals_are_refused_as_variables_are(api: Api, document: str, value: str, code: str) -> None:
    last = api.last_sequence()
    answer = api.run(document)
    refuses(answer, code)
    assert value not in answer.text
    assert api.last_sequence() == last


@pytest.mark.parametrize(("document", "value"), ECHOED)
def test_the_refusal_of_a_literal_does_not_echo_it(api: Api, document: str, value: str) -> None:
    answer = api.run(document)
    refuses(answer, "GRAPHQL_VALIDATION_FAILED")
    assert value not in answer.text


@pytest.mark.parametrize("surrogate", [rb"\ud800", rb"\udc00x", b"\xed\xa0\x80", rb"\ud800\ud800"])
def test_lone_surrogates_do_not_get_in_as_json(api: Api, surrogate: bytes) -> None:
    body = b'{"query": "query ($id: ID!) { account(id: $id) { id } }", "variables": {"id": "%s"}}'
    refuses(api.send(body % surrogate), "BAD_REQUEST")


@pytest.mark.parametrize("where", ["reference", "description", "metadata"])
def test_characters_beyond_the_basic_plane_come_back_as_they_were(api: Api, where: str) -> None:
    text = "\U0001f600 \u202e \ufffe"
    account_id = api.open_account()
    value = [{"key": text, "value": text}] if where == "metadata" else text
    transaction = api.mutate("deposit", inputs("deposit", account_id) | {where: value}).only["transaction"]
    pair = {"__typename": "MetadataEntry", "key": text, "value": text}
    assert transaction[where] == ([pair] if where == "metadata" else text)


def test_an_empty_description_or_note_is_none(api: Api) -> None:
    account_id = api.open_account()
    given = inputs("deposit", account_id)
    assert api.mutate("deposit", given | {"description": ""}, key="once").only["transaction"]["description"] is None
    assert api.mutate("deposit", given, key="once").only["replayed"] is True
    frozen = api.mutate("freezeAccount", inputs("freezeAccount", account_id) | {"note": ""}, edges=1).only
    assert frozen["freeze"]["note"] is None


QUERIES: list[tuple[str, str]] = [
    ('{ transactions(filter: {amount: {min: {amount: "1", currency: "QQQ"}}}) { edges { cursor } } }', "QQQ"),
    ('{ transactions(filter: {amount: {max: {amount: "7.777", currency: "EUR"}}}) { edges { cursor } } }', "7.777"),
    ('{ accounts(after: "poison") { edges { cursor } } }', "poison"),
    ("{ accounts(first: 777) { edges { cursor } } }", "777"),
    ('{ account(id: "poi\\u0000son") { id } }', "poi"),
    ('{ node(id: "poi\\u0000son") { id } }', "poi"),
    ('{ transaction(id: "\\u0000poison") { id } }', "poison"),
    ('{ accountByReference(reference: "poison\\u0000") { id } }', "poison"),
    ('{ accounts(filter: {referencePrefix: "poi\\u0000son"}) { edges { cursor } } }', "poi"),
    ('{ transactions(filter: {reference: "poi\\u0000son"}) { edges { cursor } } }', "poi"),
    ('{ transactions(filter: {accountId: "poi\\u0000son"}) { edges { cursor } } }', "poi"),
    ('{ auditLog(filter: {targetId: "poi\\u0000son"}) { edges { cursor } } }', "poi"),
    ('{ auditLog(filter: {apiClientId: "poi\\u0000son"}) { edges { cursor } } }', "poi"),
    ('{ explainBalance(accountId: "poi\\u0000son") { sequence } }', "poi"),
    ('{ explainBalance(accountId: "acct_7", at: "2199-07-07T07:07:07Z") { sequence } }', "2199"),
    ('{ auditLog(after: "poi\\u0000son") { edges { cursor } } }', "poi"),
    ('{ idempotencyRecord(operation: DEPOSIT, key: "k", apiClientId: "poi\\u0000son") { key } }', "poi"),
]


@pytest.mark.parametrize(("document", "value"), QUERIES)
def test_a_bad_argument_of_a_query_is_an_error_on_its_field(api: Api, document: str, value: str) -> None:
    answer = api.run(document)
    (name,) = answer.data
    (error,) = answer.errors
    assert (answer.status, answer.data[name], error["path"]) == (200, None, [name])
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "retry": "NEVER"}
    assert value not in answer.text


NOT_THERE = [
    "{ poison }",
    "{ viewer { poison } }",
    "{ viewer(poison: 1) { id } }",
    "{ accounts(filter: {poison: 1}) { edges { cursor } } }",
    "{ viewer { ... on Poison { id } } }",
    "{ viewer @poison { id } }",
    "{ account { id } }",
    "query ($id: ID) { account(id: $id) { id } }",
    "query ($poison: Poison) { viewer { id } }",
]


@pytest.mark.parametrize("document", NOT_THERE)
def test_what_the_schema_does_not_have_is_an_error(api: Api, document: str) -> None:
    refuses(api.run(document), "GRAPHQL_VALIDATION_FAILED")


def test_a_literal_that_breaks_the_rule_of_a_scalar_is_told_that_rule(api: Api) -> None:
    (error,) = api.run(DEPOSIT % ("k", '"7e7"', "")).errors
    assert error["message"] == 'A Decimal is a string of plain digits, such as "10.50".'


def test_bad_input_leaves_a_record_but_not_the_input(api: Api) -> None:
    last = api.last_sequence()
    api.mutate("openAccount", {"currency": "EUR", "name": "poison" * 22}, key="mine")
    (record,) = api.audit(after=last)
    assert (record["outcome"], record["errorCode"]) == ("REFUSED", "INVALID_INPUT")
    assert (record["operation"], record["idempotencyKey"]) == ("OPEN_ACCOUNT", "mine")
    assert "poison" not in str(record)
    scope = IdempotencyScope(api.caller.api_client_id, Operation.OPEN_ACCOUNT, "mine")
    assert api.endpoint.reader.idempotency_record(scope) is None
