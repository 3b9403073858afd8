"""Roles guard types, not only root fields: no path leads anyone to what its role may not read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from graphql import GraphQLObjectType, get_named_type, is_abstract_type

from domain.access import ADMINS, AUDITORS, EVERYONE, PERMISSIONS, Role
from domain.freezes import FreezeReason, FreezeScope
from domain.records import camel_case
from domain.services.freezes import FreezeAccount, UnfreezeAccount
from domain.services.movements import Deposit
from schema.permissions import RequiresRoleOrSelf
from tests.support.api import Api, core, everything, roles_of
from tests.support.books import euros

pytestmark = pytest.mark.usefixtures("boundless")

READERS: Mapping[str, frozenset[Role]] = {"ApiClient": AUDITORS, "ApiKey": ADMINS, "AuditRecord": AUDITORS}
"""The types that not everyone may read."""

SELF = {("Query", "viewer"), ("Freeze", "placedBy"), ("Freeze", "releasedBy")}
"""The fields that show an API client itself, whatever its role."""

BY_ID = ("Query", "node")
LESSER = [Role.VIEWER, Role.TELLER, Role.MANAGER]


def fields() -> Iterator[tuple[str, str, Any]]:
    for kind in core().type_map.values():
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
            for name, definition in kind.fields.items():
                yield kind.name, name, definition


def reached(role: Role) -> set[tuple[str, str, str]]:
    """Follow every field that lets the role pass; return those that lead to a guarded type."""
    met, found, waiting = set[str](), set[tuple[str, str, str]](), ["Query", "Mutation"]
    while waiting:
        kind = core().type_map[waiting.pop()]
        if is_abstract_type(kind):
            waiting += [one.name for one in core().get_possible_types(kind) if one.name not in met]
        if kind.name in met or not isinstance(kind, GraphQLObjectType):
            continue
        met.add(kind.name)
        for name, definition in kind.fields.items():
            roles, target = roles_of(kind.name, name), get_named_type(definition.type).name
            if (kind.name, name) in {*SELF, BY_ID} or (roles is not None and role not in roles):
                continue
            if target in READERS:
                found.add((kind.name, name, target))
            waiting.append(target)
    return found


@pytest.mark.parametrize("root", ["Query", "Mutation"])
def test_no_root_field_is_without_roles(root: str) -> None:
    without = [name for kind, name, _ in fields() if kind == root and roles_of(kind, name) is None]
    assert without == []


def test_every_mutation_asks_for_the_roles_of_its_operation() -> None:
    asked = {name: roles_of(kind, name) for kind, name, _ in fields() if kind == "Mutation"}
    permitted = {camel_case(operation.lower()): roles for operation, roles in PERMISSIONS.items()}
    assert asked == {name: permitted[name] for name in asked}


@pytest.mark.parametrize("role", Role)
def test_every_path_leads_only_to_types_that_the_role_may_read(role: Role) -> None:
    assert [path for path in reached(role) if role not in READERS[path[2]]] == []


def test_those_who_may_read_a_type_have_a_path_to_it() -> None:
    assert {kind for *_, kind in reached(Role.ADMIN)} == set(READERS)
    assert {kind for *_, kind in reached(Role.AUDITOR)} == {"ApiClient", "AuditRecord"}


def test_every_edge_to_a_guarded_type_asks_for_its_readers() -> None:
    """Pages and successes pass on what was guarded before them; every other edge has a guard of its own."""
    for kind, name, definition in fields():
        target = get_named_type(definition.type).name
        readers = READERS.get(target.removesuffix("Connection"))
        if readers is None or kind.endswith(("Edge", "Success")) or (kind, name) == ("Query", "viewer"):
            continue
        assert roles_of(kind, name) == readers, (kind, name)


def test_the_guards_show_in_the_contract_as_they_are() -> None:
    for kind, name, definition in fields():
        declared = definition.extensions["strawberry-definition"]
        directives = [one for one in declared.directives if hasattr(one, "any_of")]
        asked = frozenset(directives[0].any_of) if directives else None
        assert asked == roles_of(kind, name), (kind, name)


def test_only_freezes_show_a_client_to_itself() -> None:
    own = {
        (kind, name)
        for kind, name, definition in fields()
        for extension in definition.extensions["strawberry-definition"].extensions
        if isinstance(extension.permissions[0], RequiresRoleOrSelf)
    }
    assert own | {("Query", "viewer")} == SELF
    assert roles_of("Query", "viewer") == EVERYONE


# Proved by asking


def told(value: Any) -> Iterator[Mapping[str, Any]]:
    """Yield every object within an answer."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from told(one)


def shows_too_much(api: Api, data: Any) -> list[Mapping[str, Any]]:
    """Return the objects in an answer that the caller may not see."""
    guarded = [one for one in told(data) if api.role not in READERS.get(one.get("__typename", ""), EVERYONE)]
    return [one for one in guarded if one.get("id") != api.caller.api_client_id]


def populated(api: Api) -> dict[str, str]:
    """Make one of everything; freezes by every role that can place one, one of them released."""
    account_id = api.books.opened(reference="INV-1").id
    freeze = FreezeAccount(account_id=account_id, reason=FreezeReason.OPERATIONS, scope=FreezeScope.DEBITS)
    admin, manager = api.kit.callers[Role.ADMIN], api.kit.callers[Role.MANAGER]
    _, live, released = (api.books.succeed(freeze, caller).freeze.id for caller in (manager, admin, admin))
    api.books.succeed(UnfreezeAccount(account_id=account_id, freeze_id=released), admin)
    transaction_id = api.deposit(account_id)
    for role in (Role.TELLER, Role.MANAGER, Role.ADMIN):
        api.books.succeed(Deposit(account_id=account_id, amount=euros(1)), api.kit.callers[role], "mine")
    return {"account": account_id, "transaction": transaction_id, "freeze": live}


QUERIES: Mapping[str, Callable[[Mapping[str, str]], str]] = {
    "viewer": lambda _: everything("ApiClient", 2),
    "node": lambda the: f'(id: "{the["freeze"]}") {{ ... on Freeze {everything("Freeze", 2)} }}',
    "account": lambda the: f'(id: "{the["account"]}") {everything("Account", 3)}',
    "accountByReference": lambda _: f'(reference: "INV-1") {everything("Account", 3)}',
    "accounts": lambda _: everything("AccountConnection", 3),
    "transaction": lambda the: f'(id: "{the["transaction"]}") {everything("Transaction", 3)}',
    "transactions": lambda _: everything("TransactionConnection", 3),
    "auditLog": lambda _: everything("AuditRecordConnection", 2),
    "apiClients": lambda _: everything("ApiClientConnection", 2),
    "explainBalance": lambda the: f'(accountId: "{the["account"]}") {everything("BalanceExplanation", 3)}',
    "idempotencyRecord": lambda _: f'(operation: DEPOSIT, key: "mine") {everything("IdempotencyRecord", 4)}',
}


@pytest.mark.parametrize("role", LESSER)
@pytest.mark.parametrize("name", QUERIES)
def test_no_query_shows_a_lesser_role_what_is_guarded(api: Api, name: str, role: Role) -> None:
    document = f"{{ {name} {QUERIES[name](populated(api))} }}"
    asking = api.as_role(role)
    answer = asking.run(document)
    assert answer.status == 200
    assert set(answer.codes) <= {"FORBIDDEN"}
    assert shows_too_much(asking, answer.data) == []


@pytest.mark.parametrize("name", QUERIES)
def test_there_is_something_to_guard_below_every_query(api: Api, name: str) -> None:
    shown = api.run(f"{{ {name} {QUERIES[name](populated(api))} }}").only
    assert shows_too_much(api.as_role(Role.VIEWER), shown)


PREVIEWS = {"previewDeposit", "previewWithdraw", "previewTransfer"}
"""From these no edge leads on."""


def test_every_query_is_tried() -> None:
    assert set(QUERIES) == set(core().query_type.fields) - PREVIEWS  # type: ignore[union-attr]


DEEDS: list[tuple[Role, str, dict[str, Any]]] = [
    (Role.TELLER, "openAccount", {"currency": "EUR", "name": "Ada"}),
    (Role.TELLER, "renameAccount", {"name": "Eve"}),
    (Role.TELLER, "deposit", {"amount": {"amount": "1", "currency": "EUR"}}),
    (Role.TELLER, "abandonIdempotencyKey", {"operation": "DEPOSIT", "key": "lost"}),
    (Role.MANAGER, "freezeAccount", {"reason": "OPERATIONS"}),
    (Role.MANAGER, "unfreezeAccount", {}),
    (Role.MANAGER, "setOverdraftLimit", {"limit": {"amount": "1", "currency": "EUR"}}),
]


@pytest.mark.parametrize(("role", "name", "given"), DEEDS)
def test_no_answer_of_a_mutation_shows_a_lesser_role_what_is_guarded(
    api: Api, role: Role, name: str, given: dict[str, Any]
) -> None:
    things = populated(api)
    if name not in {"openAccount", "abandonIdempotencyKey"}:
        given = {"accountId": things["account"], **given}
    if name == "unfreezeAccount":
        given["freezeId"] = things["freeze"]
    asking = api.as_role(role)
    answer = asking.mutate(name, given, edges=3)
    assert answer.data[name]["__typename"].endswith("Success")
    assert shows_too_much(asking, answer.data) == []


def test_no_result_of_a_batch_shows_a_lesser_role_what_is_guarded(api: Api) -> None:
    given = {"accountId": populated(api)["account"], "amount": {"amount": "1", "currency": "EUR"}}
    items = [{"deposit": {"idempotencyKey": "a", "input": given}}]
    asking = api.as_role(Role.MANAGER)
    answer = asking.mutate("executeBatch", {"mode": "ATOMIC", "items": items}, edges=2)
    assert answer.data["executeBatch"]["succeeded"] == 1
    assert shows_too_much(asking, answer.data) == []


def test_a_manager_sees_itself_as_the_one_who_froze_but_nobody_else(api: Api) -> None:
    things = populated(api)
    document = (
        f'{{ account(id: "{things["account"]}") {{ freezes(liveOnly: false) {everything("FreezeConnection", 2)} }} }}'
    )
    answer = api.as_role(Role.MANAGER).run(document)
    newest, _, oldest = (edge["node"] for edge in answer.data["account"]["freezes"]["edges"])
    assert (oldest["placedBy"]["name"], oldest["placedBy"]["apiKeys"]) == ("the manager", None)
    assert (newest["placedBy"], newest["releasedBy"]) == (None, None)
    assert set(answer.codes) == {"FORBIDDEN"}


def test_what_is_guarded_is_still_null_below_money_that_moved(api: Api) -> None:
    account_id = api.books.funded(500).id
    api.books.succeed(FreezeAccount(account_id=account_id, reason=FreezeReason.OPERATIONS, scope=FreezeScope.DEBITS))
    given = {"accountId": account_id, "amount": {"amount": "1.00", "currency": "EUR"}}
    answer = api.as_role(Role.TELLER).mutate("deposit", given, edges=2)
    (freeze,) = (edge["node"] for edge in answer.data["deposit"]["account"]["freezes"]["edges"])
    assert (freeze["scope"], freeze["placedBy"]) == ("DEBITS", None)
    assert answer.data["deposit"]["account"]["posted"]["amount"] == str(euros(600))
    assert set(answer.codes) == {"FORBIDDEN"}
