"""Filters, each alone and in every pair: what they let through is what their words promise."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from domain.access import SYSTEM_CLIENT_ID, Role
from domain.freezes import FreezeReason
from domain.instants import SECOND, Instant
from domain.money import Money
from domain.services.accounts import CloseAccount, OpenAccount, RenameAccount
from domain.services.freezes import FreezeAccount
from domain.services.movements import Deposit, Transfer, Withdraw
from schema.scalars import write_date_time
from tests.support.api import Api, Kit
from tests.support.books import EUR, JPY, TestLedger, euros
from tests.support.surroundings import NOON

HEAD = re.compile(r"query \(.*?\) ")
Node = Mapping[str, Any]
Filter = dict[str, Any]
Holds = Callable[[Node], bool]

ADA = "acct_00000000000000000000000001"
HOUSE = "house_EUR"


def at(seconds: int) -> str:
    return write_date_time(Instant(NOON + seconds * SECOND))


def since(field: str, seconds: int) -> tuple[Filter, Holds]:
    return {field: {"since": at(seconds)}}, lambda node: node["at"] >= at(seconds)


def until(field: str, seconds: int) -> tuple[Filter, Holds]:
    return {field: {"until": at(seconds)}}, lambda node: node["at"] < at(seconds)


def within(low: str | None, high: str | None, currency: str = "EUR") -> tuple[Filter, Holds]:
    bounds = {"min": low, "max": high}
    asked = {name: {"amount": bound, "currency": currency} for name, bound in bounds.items() if bound is not None}

    def holds(node: Node) -> bool:
        amount = float(node["amount"]["amount"])
        fits = (low is None or float(low) <= amount) and (high is None or amount <= float(high))
        return fits and node["amount"]["currency"] == currency

    return {"amount": asked}, holds


def equal(name: str, value: str) -> tuple[Filter, Holds]:
    return {name: value}, lambda node: node[name] == value


@dataclass(frozen=True)
class Listing:
    """A list with a filter: its query, and every single filter with what it promises."""

    document: str
    singles: list[tuple[Filter, Holds]]


def root(name: str, kind: str, node: str) -> str:
    return f"query ($f: {kind}) {{ list: {name}(filter: $f, first: 100) {{ edges {{ node {{ {node} }} }} }} }}"


ACCOUNT = "id state currency reference at: openedAt"
TRANSACTION = "id kind reference amount { amount currency } at: createdAt entries { account { id } }"
ENTRY = "version amount { amount currency } at: createdAt"
RECORD = "sequence outcome operation at targetIds apiClient { id }"
LISTS = {
    "accounts": Listing(
        root("accounts", "AccountFilter", ACCOUNT),
        [
            *(equal("state", state) for state in ("ACTIVE", "FROZEN", "CLOSED")),
            *(equal("currency", code) for code in ("EUR", "JPY", "QQQ")),
            ({"referencePrefix": "INV-"}, lambda node: (node["reference"] or "").startswith("INV-")),
            ({"referencePrefix": "inv-"}, lambda node: (node["reference"] or "").startswith("inv-")),
            ({"referencePrefix": ""}, lambda node: node["reference"] is not None),
            ({"referencePrefix": "100%_"}, lambda node: (node["reference"] or "").startswith("100%_")),
            since("openedAt", 2),
            until("openedAt", 2),
            since("openedAt", 9999),
            until("openedAt", -9999),
        ],
    ),
    "transactions": Listing(
        root("transactions", "TransactionFilter", TRANSACTION),
        [
            *(equal("kind", kind) for kind in ("DEPOSIT", "WITHDRAWAL", "TRANSFER", "SWEEP")),
            equal("reference", "R-1"),
            equal("reference", "r-1"),
            ({"accountId": ADA}, lambda node: ADA in [(one["account"] or {}).get("id") for one in node["entries"]]),
            ({"accountId": "acct_7"}, lambda _: False),
            within("1.50", None),
            within(None, "1.50"),
            within("1.50", "1.50"),
            within("1", "500", "JPY"),
            within("-5", None),
            since("createdAt", 4),
            until("createdAt", 4),
        ],
    ),
    "entries": Listing(
        f'query ($f: EntryFilter) {{ account(id: "{ADA}") '
        f"{{ list: entries(filter: $f, first: 100) {{ edges {{ node {{ {ENTRY} }} }} }} }} }}",
        [
            within("0.01", None),
            within(None, "-0.01"),
            within("-1.50", "1.50"),
            within("0", None, "JPY"),
            since("createdAt", 4),
            until("createdAt", 4),
        ],
    ),
    "auditLog": Listing(
        root("auditLog", "AuditFilter", RECORD),
        [
            *(equal("outcome", outcome) for outcome in ("SUCCEEDED", "REFUSED", "DENIED")),
            *(equal("operation", one) for one in ("DEPOSIT", "WITHDRAW", "EXPIRE_FREEZE", "PLACE_HOLD")),
            ({"apiClientId": SYSTEM_CLIENT_ID}, lambda node: node["apiClient"]["id"] == SYSTEM_CLIENT_ID),
            ({"apiClientId": "cli_7"}, lambda _: False),
            ({"targetId": ADA}, lambda node: ADA in node["targetIds"]),
            ({"targetId": HOUSE}, lambda _: False),
            since("at", 4),
            until("at", 4),
        ],
    ),
}


def contradict(filters: list[Filter]) -> bool:
    """Tell whether two filters want different things of one field, and are not the two ends of a range of time."""
    fields = [name for one in filters for name in one]
    bounds = {
        end: bound
        for one in filters
        for value in one.values()
        if isinstance(value, dict)
        for end, bound in value.items()
    }
    ordered = bounds.keys() == {"since", "until"} and bounds["since"] <= bounds["until"]
    return len(set(fields)) < len(fields) and not ordered


def populate(ledger: TestLedger) -> None:
    """Let a second pass before each of a dozen deeds of many kinds."""
    ada = ledger.opened(reference="INV-1").id
    deeds = [
        Deposit(account_id=ada, amount=euros(150), reference="R-1"),
        OpenAccount(currency=JPY, name="Ren", reference="INV-2"),
        OpenAccount(currency=EUR, name="Eve", reference="inv-1"),
        Deposit(account_id=ada, amount=euros(900)),
        Withdraw(account_id=ada, amount=euros(150), reference="R-1"),
        Transfer(from_account_id=ada, to_account_id=ada[:-1] + "3", amount=euros(20)),
        Withdraw(account_id=ada, amount=euros(90_000)),
        Deposit(account_id=ada[:-1] + "2", amount=Money(500, JPY), reference="r-1"),
        OpenAccount(currency=EUR, name="Bob", reference="100%_a"),
        OpenAccount(currency=EUR, name="Kim", reference="100XXa"),
        CloseAccount(account_id=ada[:-1] + "4"),
        FreezeAccount(account_id=ada, reason=FreezeReason.OPERATIONS),
        OpenAccount(currency=JPY, name="Sam"),
        RenameAccount(account_id=ada, name="Ida"),
    ]
    for deed in deeds:
        ledger.clock.advance(SECOND)
        ledger.execute(deed)


@pytest.fixture(scope="module")
def peopled(kit: Kit, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """Return an application that is only read."""
    api = Api(kit.copied(Path(tmp_path_factory.mktemp("filters")) / "books.db"))
    populate(api.books)
    api.as_role(Role.VIEWER).mutate("openAccount", {"currency": "EUR", "name": "Ada"})
    yield api
    api.close()


def listed(api: Api, document: str, asked: Filter | None) -> list[Node]:
    data = api.run(document, {"f": asked}).data
    page = data["list"] if "list" in data else data["account"]["list"]
    return [edge["node"] for edge in page["edges"]]


def merged(filters: list[Filter]) -> Filter:
    """Join filters; two ranges of one field become one."""
    joined: Filter = {}
    for one in filters:
        for name, value in one.items():
            both = isinstance(value, dict) and isinstance(joined.get(name), dict)
            joined[name] = joined[name] | value if both else value
    return joined


CASES = [
    (name, chosen)
    for name, one in LISTS.items()
    for size in (1, 2)
    for chosen in combinations(one.singles, size)
    if not contradict([asked for asked, _ in chosen])
]


@pytest.mark.parametrize(("name", "chosen"), CASES)
def test_a_filter_lets_through_exactly_what_it_promises(
    peopled: Api, name: str, chosen: tuple[tuple[Filter, Holds], ...]
) -> None:
    filters = [asked for asked, _ in chosen]
    document = LISTS[name].document
    everything = listed(peopled, document, {})
    expected = [node for node in everything if all(holds(node) for _, holds in chosen)]
    assert listed(peopled, document, merged(filters)) == expected


def after(api: Api, document: str, asked: Filter, cursor: str | None, first: int = 100) -> list[tuple[str, Node]]:
    """List what follows a cursor, each element with its own."""
    paged = document.replace("($f:", "($a: String, $f:").replace(
        "first: 100) { edges {", f"first: {first}, after: $a) {{ edges {{ cursor"
    )
    data = api.run(paged, {"f": asked, "a": cursor}).data
    page = data["list"] if "list" in data else data["account"]["list"]
    return [(edge["cursor"], edge["node"]) for edge in page["edges"]]


@pytest.mark.parametrize(("name", "chosen"), [case for case in CASES if len(case[1]) == 1])
def test_from_every_cursor_a_filtered_list_goes_on(
    peopled: Api, name: str, chosen: tuple[tuple[Filter, Holds], ...]
) -> None:
    ((asked, holds),) = chosen
    document = LISTS[name].document
    everything = after(peopled, document, {}, None)
    for place, (cursor, _) in enumerate(everything, start=1):
        expected = [node for _, node in everything[place:] if holds(node)]
        assert [node for _, node in after(peopled, document, asked, cursor)] == expected
        assert [node for _, node in after(peopled, document, asked, cursor, first=1)] == expected[:1]


def test_every_single_filter_tells_elements_apart(peopled: Api) -> None:
    for one in LISTS.values():
        everything = listed(peopled, one.document, {})
        results = [sum(holds(node) for node in everything) for _, holds in one.singles]
        assert len({0 < result < len(everything) for result in results}) == 2
        assert sum(0 < result < len(everything) for result in results) >= len(results) / 2


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("nothing", [None, {}])
def test_an_empty_filter_restricts_nothing(peopled: Api, name: str, nothing: Filter | None) -> None:
    document = LISTS[name].document
    unfiltered = HEAD.sub("", document).replace("filter: $f, ", "")
    assert listed(peopled, document, nothing) == listed(peopled, unfiltered, nothing)


FIELDS = {"accounts": "openedAt", "transactions": "createdAt", "entries": "createdAt", "auditLog": "at"}


@pytest.mark.parametrize("name", LISTS)
def test_until_before_since_is_refused(peopled: Api, name: str) -> None:
    asked = {FIELDS[name]: {"since": at(5), "until": at(4)}}
    answer = peopled.run(LISTS[name].document, {"f": asked})
    assert answer.codes == ["BAD_USER_INPUT"]
    assert answer.errors[0]["path"][-1] == "list"


@pytest.mark.parametrize("name", LISTS)
def test_a_range_that_ends_where_it_begins_is_empty(peopled: Api, name: str) -> None:
    assert listed(peopled, LISTS[name].document, {FIELDS[name]: {"since": at(5), "until": at(5)}}) == []


@pytest.mark.parametrize("name", ["transactions", "entries"])
@pytest.mark.parametrize(
    ("low", "high"), [("1 EUR", "2 JPY"), ("2 EUR", "1 EUR"), ("1.001 EUR", "2 EUR"), ("1 XXX", "2 XXX")]
)
def test_a_range_of_amounts_that_cannot_be_is_refused(peopled: Api, name: str, low: str, high: str) -> None:
    bounds = {"min": low.split(), "max": high.split()}
    asked = {"amount": {key: {"amount": bound[0], "currency": bound[1]} for key, bound in bounds.items()}}
    answer = peopled.run(LISTS[name].document, {"f": asked})
    assert answer.codes == ["BAD_USER_INPUT"]
    assert answer.errors[0]["path"][-1] == "list"


def test_the_house_is_no_account_to_filter_by(peopled: Api) -> None:
    assert listed(peopled, LISTS["transactions"].document, {"accountId": HOUSE}) == []


def test_an_expired_freeze_that_nobody_settled_counts_nowhere(api: Api) -> None:
    account_id = api.open_account()
    ends = write_date_time(Instant(api.clock.now() + 60 * SECOND))
    api.mutate("freezeAccount", {"accountId": account_id, "reason": "OPERATIONS", "expiresAt": ends})
    document = (
        "{ frozen: accounts(filter: {state: FROZEN}) { edges { node { id state } } } "
        "active: accounts(filter: {state: ACTIVE}) { edges { node { id state } } } "
        f'account(id: "{account_id}") {{ state live: freezes {{ edges {{ node {{ expiresAt }} }} }} '
        "all: freezes(liveOnly: false) { edges { node { expiresAt releasedAt } } } } }"
    )
    for passed, state in ((60 * SECOND - 1, "FROZEN"), (1, "ACTIVE")):
        api.clock.advance(passed)
        data = api.run(document).data
        listed_as = {"FROZEN": data["frozen"]["edges"], "ACTIVE": data["active"]["edges"]}
        assert [edge["node"] for edge in listed_as.pop(state)] == [{"id": account_id, "state": state}]
        assert list(listed_as.values()) == [[]]
        assert data["account"]["state"] == state
        assert len(data["account"]["live"]["edges"]) == (state == "FROZEN")
        assert data["account"]["all"]["edges"] == [{"node": {"expiresAt": ends, "releasedAt": None}}]
