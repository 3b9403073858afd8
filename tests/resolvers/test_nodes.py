"""Anything by its id: every type, every role."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from domain.access import SYSTEM_CLIENT_ID, Role
from domain.ids import Prefix
from resolvers.nodes import FINDERS
from tests.support.api import Api, core

NODE = "query ($id: ID!) { node(id: $id) { __typename id } }"
EVERYONE = frozenset(Role)
AUDITORS, ADMINS = frozenset({Role.AUDITOR, Role.ADMIN}), frozenset({Role.ADMIN})


def frozen(api: Api) -> str:
    given = {"accountId": api.open_account(), "reason": "OPERATIONS"}
    return str(api.as_role(Role.ADMIN).mutate("freezeAccount", given).only["freeze"]["id"])


def another(api: Api) -> Role:
    return next(role for role in Role if role is not api.role)


def held(api: Api) -> str:
    admin, account_id = api.as_role(Role.ADMIN), api.open_account()
    admin.deposit(account_id)
    given = {"accountId": account_id, "amount": {"amount": "1.00", "currency": "EUR"}}
    return str(admin.mutate("placeHold", given).only["hold"]["id"])


FOUND: Mapping[str, tuple[frozenset[Role], Callable[[Api], str]]] = {
    "Account": (EVERYONE, lambda api: api.open_account()),
    "Transaction": (EVERYONE, lambda api: api.deposit(api.open_account())),
    "Hold": (EVERYONE, held),
    "Freeze": (EVERYONE, frozen),
    "ApiClient": (AUDITORS, lambda api: api.kit.callers[another(api)].api_client_id),
    "ApiKey": (ADMINS, lambda api: str(api.kit.callers[another(api)].api_key_id)),
    "AuditRecord": (AUDITORS, lambda _: "aud_1"),
}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("kind", FOUND)
def test_a_node_is_found_by_those_who_may_read_its_type(api: Api, kind: str, role: Role) -> None:
    readers, make = FOUND[kind]
    node_id = make(api.as_role(role))
    answer = api.as_role(role).run(NODE, {"id": node_id})
    if role in readers:
        assert answer.only == {"__typename": kind, "id": node_id}
    else:
        assert (answer.data, answer.codes) == ({"node": None}, ["FORBIDDEN"])
        assert answer.errors[0]["extensions"]["requiredRoles"] == sorted(readers)


def test_every_type_with_an_id_is_tried() -> None:
    node = core().get_type("Node")
    assert {one.name for one in core().get_possible_types(node)} == set(FOUND)  # type: ignore[arg-type]
    assert set(FINDERS) == {*Prefix, "aud"}


@pytest.mark.parametrize("role", Role)
def test_every_client_finds_itself_but_not_its_key(api: Api, role: Role) -> None:
    mine = api.as_role(role)
    assert mine.run(NODE, {"id": mine.caller.api_client_id}).only["id"] == mine.caller.api_client_id
    assert mine.run("{ viewer { id role } }").only == {"id": mine.caller.api_client_id, "role": role}
    answer = mine.run(NODE, {"id": mine.caller.api_key_id})
    assert answer.codes == ([] if role is Role.ADMIN else ["FORBIDDEN"])


@pytest.mark.parametrize("prefix", FINDERS)
@pytest.mark.parametrize("role", Role)
def test_what_does_not_exist_is_no_oracle(api: Api, prefix: str, role: Role) -> None:
    """Those who may read a type are told null; others cannot tell an id that exists from one that does not."""
    kind = {
        "acct": "Account",
        "txn": "Transaction",
        "hold": "Hold",
        "frz": "Freeze",
        "cli": "ApiClient",
        "key": "ApiKey",
    }
    readers, make = FOUND[kind.get(prefix, "AuditRecord")]
    asking = api.as_role(role)
    missing = asking.run(NODE, {"id": f"{prefix}_7777"})
    assert missing.codes == ([] if role in readers else ["FORBIDDEN"])
    if role not in readers:
        assert missing.body == asking.run(NODE, {"id": make(asking)}).body


IDS = ["", "_", "acct", "acct_", "house_EUR", "poison", "aud_0", "aud_01", "aud_-1", "aud_1_", "aud_\uff11", "AUD_1"]
IDS += ["aud_" + "9" * 18, "aud_" + "9" * 400, "acct_" + "x" * 100_000, "txn_'; --", 'frz_"]']


@pytest.mark.parametrize("node_id", IDS)
def test_an_id_of_nothing_is_null(api: Api, node_id: str) -> None:
    api.deposit(api.open_account())
    assert api.run(NODE, {"id": node_id}).body == {"data": {"node": None}}


def test_an_id_of_one_type_is_none_of_another(api: Api) -> None:
    account_id = api.open_account()
    transaction_id = api.deposit(account_id)
    assert api.run("query ($id: ID!) { account(id: $id) { id } }", {"id": transaction_id}).only is None
    assert api.run("query ($id: ID!) { transaction(id: $id) { id } }", {"id": account_id}).only is None
    assert api.run("query ($id: ID!) { account(id: $id) { id } }", {"id": "house_EUR"}).only is None


def test_the_system_is_a_client_to_be_read(api: Api) -> None:
    found = api.run("query ($id: ID!) { node(id: $id) { ... on ApiClient { name role } } }", {"id": SYSTEM_CLIENT_ID})
    assert found.only == {"name": "system", "role": "ADMIN"}
