"""Every list, walked page by page: nothing skipped, nothing twice, and only cursors that the list itself has made."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from domain.access import Role
from domain.freezes import FreezeReason
from domain.reading import Page, PageRequest
from domain.services.accounts import OpenAccount
from domain.services.api_clients import CreateApiClient
from domain.services.freezes import FreezeAccount
from domain.services.holds import PlaceHold
from domain.services.movements import Deposit
from domain.services.reversals import ReverseTransaction
from resolvers import pages
from resolvers.pages import connection, page_request
from tests.support.api import Answer, Api
from tests.support.books import EUR, euros

PAGE = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"


@dataclass(frozen=True)
class Listing:
    """A list of the API: how to ask for it, how it grows by one, and what its elements are ordered by."""

    kind: pages.Listing
    document: str
    grow: Callable[[Api, str], object]
    order: Callable[[Mapping[str, Any]], Any]
    newest_first: bool = True
    begin: Callable[[Api], str] = lambda api: api.books.opened().id

    def page(self, api: Api, account_id: str, first: int, after: str | None = None) -> Answer:
        wanted = {"id": account_id} if "$id" in self.document else {}
        return api.run(self.document, {"first": first, "after": after, **wanted})


def root(name: str, node: str) -> str:
    return (
        "query ($first: Int!, $after: String) "
        f"{{ list: {name}(first: $first, after: $after) {{ edges {{ cursor node {{ {node} }} }} {PAGE} }} }}"
    )


def nested(name: str, node: str, more: str = "", *, of: str = "account") -> str:
    return (
        f"query ($first: Int!, $after: String, $id: ID!) {{ account: {of}(id: $id) "
        f"{{ list: {name}({more} first: $first, after: $after) {{ edges {{ cursor node {{ {node} }} }} {PAGE} }} }} }}"
    )


def opens(api: Api, _: str) -> object:
    return api.books.succeed(OpenAccount(currency=EUR, name="Ada"))


def deposits(api: Api, account_id: str) -> object:
    return api.books.succeed(Deposit(account_id=account_id, amount=euros(1)))


def freezes(api: Api, account_id: str) -> object:
    return api.books.succeed(FreezeAccount(account_id=account_id, reason=FreezeReason.OPERATIONS))


def holds(api: Api, account_id: str) -> object:
    api.books.succeed(Deposit(account_id=account_id, amount=euros(1)))
    return api.books.succeed(PlaceHold(account_id=account_id, amount=euros(1)))


def creates(api: Api, _: str) -> object:
    return api.books.succeed(CreateApiClient(name=f"client {api.last_sequence()}", role=Role.VIEWER))


def paid_in(api: Api) -> str:
    transaction_id: str = api.books.succeed(
        Deposit(account_id=api.books.opened().id, amount=euros(1000))
    ).transaction.id
    return transaction_id


def reverses(api: Api, transaction_id: str) -> object:
    return api.books.succeed(ReverseTransaction(transaction_id=transaction_id, amount=euros(1)))


def by_id(node: Mapping[str, Any]) -> Any:
    return node["id"]


LISTS = {
    "accounts": Listing(pages.Listing.ACCOUNTS, root("accounts", "id"), opens, by_id),
    "transactions": Listing(pages.Listing.TRANSACTIONS, root("transactions", "id"), deposits, by_id),
    "apiClients": Listing(pages.Listing.API_CLIENTS, root("apiClients", "id"), creates, by_id),
    "auditLog": Listing(
        pages.Listing.AUDIT_LOG,
        root("auditLog", "sequence"),
        opens,
        lambda node: int(node["sequence"]),
        newest_first=False,
    ),
    "entries": Listing(
        pages.Listing.ENTRIES,
        nested("entries", "version"),
        deposits,
        lambda node: int(node["version"]),
        newest_first=False,
    ),
    "freezes": Listing(pages.Listing.FREEZES, nested("freezes", "id"), freezes, by_id),
    "holds": Listing(pages.Listing.HOLDS, nested("holds", "id"), holds, by_id),
    "open holds": Listing(pages.Listing.HOLDS, nested("holds", "id", "state: OPEN"), holds, by_id),
    "all freezes": Listing(pages.Listing.FREEZES, nested("freezes", "id", "liveOnly: false"), freezes, by_id),
    "reversals": Listing(
        pages.Listing.REVERSALS, nested("reversals", "id", of="transaction"), reverses, by_id, begin=paid_in
    ),
}
every_list = pytest.mark.parametrize("listing", LISTS.values(), ids=LISTS)


def told(answer: Answer) -> Any:
    """Return the page within an answer."""
    assert not answer.errors, answer.errors
    return answer.data["list"] if "list" in answer.data else answer.data["account"]["list"]


def walked(listing: Listing, api: Api, account_id: str, first: int, after: str | None = None) -> list[Any]:
    """Follow the cursors to the end; check what each page says of itself."""
    found: list[Any] = []
    while True:
        page = told(listing.page(api, account_id, first, after))
        cursors = [edge["cursor"] for edge in page["edges"]]
        info = page["pageInfo"]
        assert len(cursors) <= first
        assert (info["startCursor"], info["endCursor"]) == ((cursors[0], cursors[-1]) if cursors else (None, None))
        assert info["hasPreviousPage"] is (after is not None)
        found += [listing.order(edge["node"]) for edge in page["edges"]]
        assert len(found) < 1_000, "the walk has no end"
        after = info["endCursor"]
        if not info["hasNextPage"]:
            return found


def begun(listing: Listing, api: Api, elements: int) -> str:
    begun_with = listing.begin(api)
    for _ in range(elements):
        listing.grow(api, begun_with)
    return begun_with


@every_list
@pytest.mark.parametrize("first", [1, 2, 100])
def test_a_walk_finds_everything_once_and_in_order(api: Api, listing: Listing, first: int) -> None:
    account_id = begun(listing, api, 6)
    found = walked(listing, api, account_id, first)
    assert len(found) >= 6
    assert found == sorted(set(found), reverse=listing.newest_first)
    assert found == walked(listing, api, account_id, 4)


@every_list
def test_a_page_that_holds_exactly_the_rest_is_the_last(api: Api, listing: Listing) -> None:
    account_id = begun(listing, api, 6)
    everything = told(listing.page(api, account_id, 100))["edges"]
    page = told(listing.page(api, account_id, 2, everything[-3]["cursor"]))
    assert [edge["node"] for edge in page["edges"]] == [edge["node"] for edge in everything[-2:]]
    assert page["pageInfo"]["hasNextPage"] is False
    beyond = told(listing.page(api, account_id, 2, everything[-1]["cursor"]))
    assert (beyond["edges"], beyond["pageInfo"]["endCursor"]) == ([], None)


@every_list
def test_what_is_added_while_paging_makes_nothing_appear_twice_or_never(api: Api, listing: Listing) -> None:
    account_id = begun(listing, api, 6)
    before = walked(listing, api, account_id, 100)
    page = told(listing.page(api, account_id, 3))
    for _ in range(4):
        listing.grow(api, account_id)
    rest = walked(listing, api, account_id, 3, page["pageInfo"]["endCursor"])
    met = [listing.order(edge["node"]) for edge in page["edges"]] + rest
    assert met[: len(before)] == before
    after = walked(listing, api, account_id, 100)
    assert met == (before if listing.newest_first else after)


def is_refused(answer: Answer) -> None:
    (error,) = answer.errors
    assert (answer.status, error["extensions"]) == (200, {"code": "BAD_USER_INPUT", "retry": "NEVER"})
    assert error["path"][-1] == "list"
    assert (answer.data.get("account") or answer.data)["list"] is None


@every_list
@pytest.mark.parametrize("first", [0, 101, -1, 2**31 - 1, -(2**31)])
def test_a_page_has_one_to_a_hundred_elements(api: Api, listing: Listing, first: int) -> None:
    is_refused(listing.page(api, begun(listing, api, 1), first))


@every_list
def test_without_a_size_a_page_has_twenty(api: Api, listing: Listing) -> None:
    account_id = begun(listing, api, 21)
    document = listing.document.replace("$first: Int!, ", "").replace("first: $first, ", "")
    wanted = {"id": account_id} if "$id" in document else {}
    assert len(told(api.run(document, wanted))["edges"]) == 20


def forged(cursor: str) -> list[str]:
    """Return cursors that resemble a genuine one."""
    name, _, position = base64.urlsafe_b64decode(cursor).decode().partition(":")
    texts = [
        *(
            f"{name}:{fake}"
            for fake in ("", "x", f"0{position}", f"+{position}", f" {position}", f"{position}.0", f"-{position}", "-0")
        ),
        *(f"{name}:{fake}" for fake in ("1_0", "9" * 19, "9" * 400, "\uff11", f"{position}:1", "1e3")),
        *(name, position, f":{position}", f"{name.upper()}:{position}", f"{name}{position}", "\ud7ff"),
    ]
    coded = [base64.urlsafe_b64encode(text.encode()).decode() for text in texts]
    spelled = [
        cursor.rstrip("="),
        f"{cursor}=",
        f"{cursor}====",
        f" {cursor}",
        f"{cursor}\n",
        f"{cursor[:2]}!{cursor[2:]}",
    ]
    return [*coded, *(text for text in spelled if text != cursor), "", "=", "\u00e9", "null", "0", cursor * 2]


@every_list
def test_a_forged_cursor_is_refused_and_not_echoed(api: Api, listing: Listing) -> None:
    account_id = begun(listing, api, 12)
    genuine = told(listing.page(api, account_id, 10))["pageInfo"]["endCursor"]
    for fake in forged(genuine):
        answer = listing.page(api, account_id, 2, fake)
        is_refused(answer)
        assert len(fake) < 5 or fake not in answer.text


@every_list
def test_a_cursor_of_another_list_is_refused(api: Api, listing: Listing) -> None:
    account_id = begun(listing, api, 1)
    api.books.succeed(Deposit(account_id=api.books.opened().id, amount=euros(1)))
    others = {other.kind: other for other in LISTS.values() if other.kind is not listing.kind}
    assert len(others) == len(pages.Listing) - 1
    for other in others.values():
        elsewhere = begun(other, api, 1)
        cursor = told(other.page(api, elsewhere, 1))["pageInfo"]["endCursor"]
        is_refused(listing.page(api, account_id, 1, cursor))


# The functions themselves


@pytest.mark.parametrize("kind", pages.Listing)
@pytest.mark.parametrize("position", [0, 1, 9, 10, 10**17, 10**18 - 1])
def test_a_cursor_leads_back_to_its_position(kind: pages.Listing, position: int) -> None:
    page: Page[str] = Page(((position, "it"),))
    told_cursor = connection(kind, PageRequest(1), page, str).page_info.end_cursor
    assert page_request(kind, 5, told_cursor) == PageRequest(5, position)


def test_no_two_lists_share_the_name_in_their_cursors() -> None:
    assert len({kind.value for kind in pages.Listing}) == len(pages.Listing)


@pytest.mark.parametrize("kind", pages.Listing)
def test_no_list_has_negative_positions(kind: pages.Listing) -> None:
    cursor = base64.urlsafe_b64encode(f"{kind.value}:-5".encode()).decode()
    with pytest.raises(Exception, match="not a cursor"):
        page_request(kind, 5, cursor)
