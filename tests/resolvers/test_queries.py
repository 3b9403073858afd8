"""Every query and every edge: what is found is what was done."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from domain.access import Role
from tests.support.api import Api, everything

MONEY = {"amount": "12.30", "currency": "EUR"}
PAIRS = [{"key": "b", "value": "2"}, {"key": "a", "value": ""}]


def found(api: Api, name: str, kind: str, edges: int = 0, **arguments: str) -> Any:
    given = ", ".join(f'{key}: "{value}"' for key, value in arguments.items())
    return api.run(f"{{ {name}{f'({given})' if given else ''} {everything(kind, edges)} }}").only


def nodes(page: Any) -> list[Any]:
    return [edge["node"] for edge in page["edges"]]


def amount(text: str, currency: str = "EUR") -> dict[str, str]:
    return {"__typename": "Money", "amount": text, "currency": currency}


def test_an_account_is_found_as_it_was_opened(api: Api) -> None:
    given = {"currency": "EUR", "name": "Ada", "reference": "INV-1", "overdraftLimit": "5", "metadata": PAIRS}
    opened = api.mutate("openAccount", given).only["account"]
    assert found(api, "account", "Account", id=opened["id"]) == opened
    assert found(api, "accountByReference", "Account", reference="INV-1") == opened
    assert nodes(found(api, "accounts", "AccountConnection")) == [opened]
    assert (opened["name"], opened["state"], opened["version"]) == ("Ada", "ACTIVE", "0")
    assert (opened["posted"], opened["overdraftLimit"], opened["available"]) == (
        amount("0.00"),
        amount("5.00"),
        amount("5.00"),
    )
    assert [(pair["key"], pair["value"]) for pair in opened["metadata"]] == [("a", ""), ("b", "2")]
    assert opened["closedAt"] is None


def test_what_does_not_exist_is_null_and_no_error(api: Api) -> None:
    for query in ('account(id: "acct_7")', 'accountByReference(reference: "INV-7")', 'transaction(id: "txn_7")'):
        assert api.run(f"{{ {query} {{ id }} }}").only is None


def test_a_transaction_is_found_as_it_was_made(api: Api) -> None:
    account_id = api.open_account()
    given = {"accountId": account_id, "amount": MONEY, "reference": "R", "description": "Rent", "metadata": PAIRS}
    made = api.mutate("deposit", given).only["transaction"]
    assert found(api, "transaction", "Transaction", id=made["id"]) == made
    assert nodes(found(api, "transactions", "TransactionConnection")) == [made]
    assert (made["kind"], made["amount"], made["reference"]) == ("DEPOSIT", amount("12.30"), "R")
    assert (made["description"], len(made["metadata"])) == ("Rent", 2)
    assert [one["amount"]["amount"] for one in made["entries"]] == ["-12.30", "12.30"]
    assert [one["version"] for one in made["entries"]] == ["1", "1"]
    assert {one["createdAt"] for one in made["entries"]} == {made["createdAt"]}


def test_the_house_side_of_a_movement_shows_no_account(api: Api) -> None:
    account_id = api.open_account()
    transaction_id = api.deposit(account_id)
    entries = found(api, "transaction", "Transaction", 1, id=transaction_id)["entries"]
    assert [(one["account"] or {}).get("id") for one in entries] == [None, account_id]
    assert {one["transaction"]["id"] for one in entries} == {transaction_id}


@pytest.mark.usefixtures("boundless")
def test_entries_tell_the_balance_after_each(api: Api) -> None:
    account_id = api.open_account()
    ids = [api.deposit(account_id, "1.00"), api.deposit(account_id, "2.50")]
    api.mutate("withdraw", {"accountId": account_id, "amount": {"amount": "0.75", "currency": "EUR"}})
    entries = nodes(found(api, "account", "Account", 2, id=account_id)["entries"])
    assert [one["amount"]["amount"] for one in entries] == ["1.00", "2.50", "-0.75"]
    assert [one["balanceAfter"]["amount"] for one in entries] == ["1.00", "3.50", "2.75"]
    assert [one["version"] for one in entries] == ["1", "2", "3"]
    assert [one["transaction"]["id"] for one in entries[:2]] == ids
    assert {one["account"]["id"] for one in entries} == {account_id}


def test_freezes_tell_who_placed_and_who_released_them(api: Api) -> None:
    account_id = api.open_account()
    given = {"accountId": account_id, "reason": "SUSPECTED_FRAUD", "scope": "DEBITS", "note": "Odd"}
    placed = api.as_role(Role.MANAGER).mutate("freezeAccount", given).only["freeze"]
    released = api.mutate("unfreezeAccount", {"accountId": account_id}).only["freeze"]
    assert released == placed | {"releasedAt": released["releasedAt"]}
    document = f'{{ account(id: "{account_id}") {{ freezes(liveOnly: false) {everything("FreezeConnection", 1)} }} }}'
    (freeze,) = nodes(api.run(document).only["freezes"])
    assert freeze.pop("placedBy")["name"] == "the manager"
    assert freeze.pop("releasedBy")["name"] == "the admin"
    assert freeze == released


def test_an_empty_account_has_empty_pages(api: Api) -> None:
    account = found(api, "account", "Account", 1, id=api.open_account())
    for name in ("freezes", "entries"):
        assert (account[name]["edges"], account[name]["pageInfo"]["hasNextPage"]) == ([], False)


def test_the_audit_log_chains_every_outcome(api: Api) -> None:
    account_id = api.open_account()
    api.deposit(account_id)
    api.as_role(Role.VIEWER).mutate("closeAccount", {"accountId": account_id})
    records = nodes(found(api, "auditLog", "AuditRecordConnection", 1))
    assert [one["sequence"] for one in records] == [str(number) for number in range(1, len(records) + 1)]
    for earlier, later in zip([{"hash": "0" * 64}, *records], records, strict=False):
        digest = hashlib.sha256(bytes.fromhex(earlier["hash"]) + later["details"].encode()).hexdigest()
        assert (later["previousHash"], later["hash"]) == (earlier["hash"], digest)
    told = [(one["operation"], one["outcome"], one["apiClient"]["name"]) for one in records[-3:]]
    admin = "the admin"
    expected = [("OPEN_ACCOUNT", "SUCCEEDED", admin), ("DEPOSIT", "SUCCEEDED", admin)]
    assert told == [*expected, ("CLOSE_ACCOUNT", "DENIED", "the viewer")]
    assert records[-1]["errorCode"] == "FORBIDDEN"


def test_api_clients_tell_their_keys_to_an_admin(api: Api) -> None:
    clients = nodes(found(api, "apiClients", "ApiClientConnection", 2))
    assert [one["role"] for one in clients] == [*reversed([role.value for role in Role]), "ADMIN"]
    assert clients[-1]["name"] == "system"
    for one in clients[:-1]:
        (key,) = one["apiKeys"]
        assert key["apiClient"]["id"] == one["id"]
        assert (key["expiresAt"], key["revokedAt"]) == (None, None)


def test_an_auditor_reads_clients_but_not_their_keys(api: Api) -> None:
    answer = api.as_role(Role.AUDITOR).run("{ apiClients { edges { node { name apiKeys { id } } } } }")
    assert {edge["node"]["apiKeys"] for edge in answer.data["apiClients"]["edges"]} == {None}
    assert set(answer.codes) == {"FORBIDDEN"}
    assert len(answer.data["apiClients"]["edges"]) == len(Role) + 1


@pytest.mark.parametrize(
    ("currency", "given", "told"), [("JPY", "7", "7"), ("EUR", "7", "7.00"), ("KWD", "7.5", "7.500")]
)
def test_money_is_told_with_exactly_the_decimals_of_its_currency(
    api: Api, currency: str, given: str, told: str
) -> None:
    account_id = api.open_account(currency)
    api.deposit(account_id, given, currency)
    assert found(api, "account", "Account", id=account_id)["posted"] == amount(told, currency)


def test_a_replay_shows_the_account_as_decided_and_its_edges_as_they_are(api: Api) -> None:
    account_id = api.open_account()
    given = {"accountId": account_id, "amount": MONEY}
    first = api.mutate("deposit", given, key="once", edges=1).only
    api.deposit(account_id, "5.00")
    again = api.mutate("deposit", given, key="once", edges=1).only
    assert (again["replayed"], again["decidedAt"]) == (True, first["decidedAt"])
    assert (again["account"]["posted"], again["account"]["version"]) == (amount("12.30"), "1")
    assert len(nodes(again["account"]["entries"])) == 2
