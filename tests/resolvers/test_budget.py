"""What a document may ask for: the limits, each named where it is met, and how pages and fragments are counted."""

from __future__ import annotations

from itertools import product

import pytest
from graphql import get_introspection_query

from resolvers.documents import Documents
from resolvers.limits import DocumentLimits
from tests.support.api import Api, schema

LIMITS = DocumentLimits()

FIELDS = f"A document may ask for at most {LIMITS.fields} fields."
COST = f"A document may ask for at most {LIMITS.cost} fields in its answer, pages multiplied."
LEVELS = f"A document may ask for at most {LIMITS.depth} levels."
ALIASES = f"A document may ask for at most {LIMITS.aliases} aliases."
DIRECTIVES = f"A document may ask for at most {LIMITS.directives} directives."
COMPARISONS = f"A document may ask for at most {LIMITS.comparisons} comparisons of fields of one name."
NESTING = f"A document may ask for at most {LIMITS.nesting} selections in one another."
MUTATIONS = f"A document may ask for at most {LIMITS.mutations} mutations."


def told(text: str) -> list[str]:
    """Return what is said against a document."""
    return [error.message for error in Documents(schema(), LIMITS).read(text).errors]


def ids(number: int) -> str:
    return " id" * number


def accounts(leaves: int, given: str = "(first: 100)", variables: str = "") -> str:
    return f"query {variables} {{ accounts{given} {{ edges {{ node {{ {ids(leaves)} }} }} }} }}"


def costing(rest: int) -> str:
    """Ask for what costs 9,930, and so many fields more: each of the three roots reads, and costs ten."""
    pages = (f"a{leaves}: accounts(first: 100) {{ edges {{ node {{ {ids(leaves)} }} }} }}" for leaves in (47, 48))
    return f"{{ {' '.join(pages)} viewer {{ {ids(rest)} }} }}"


def naming(fields: int) -> str:
    """Name so many fields, few of them often in one place."""
    tens, rest = divmod(fields, 10)
    viewers = " ".join(f"v{one}: viewer {{ {ids(9)} }}" for one in range(tens))
    return f"{{ {viewers} {'__typename ' * rest} }}"


def deep(levels: int) -> str:
    """Go from an account to its entries and back, so many levels down."""
    way = ("account", "entries(first: 1)", "edges", "node")
    names = ["account(id: 1)", *(way[level % 4] for level in range(1, levels - 1))]
    return "{ " + " { ".join([*names, "__typename"]) + " }" * levels


def renamings(number: int) -> str:
    deed = 'renameAccount(idempotencyKey: "k", input: {accountId: "a", name: "Ada"}) { __typename }'
    return f"mutation {{ {' '.join(f'm{one}: {deed}' for one in range(number))} }}"


def nested(leaves: int) -> str:
    """Ask for two lists, one in the other, by their default sizes."""
    inner = f"entries {{ edges {{ node {{ {' version' * leaves} }} }} }}"
    return f"{{ accounts {{ edges {{ node {{ {inner} }} }} }} }}"


def aliased(number: int) -> str:
    return f"{{ viewer {{ {' '.join(f'a{one}: id' for one in range(number))} }} }}"


def directed(number: int) -> str:
    """Apply directives to an operation, its variable, fields, a spread, an inline fragment and a fragment."""
    leaves = " id @skip(if: false)" * (number - 5)
    operation = f"query ($v: Int @a) @a {{ viewer {{ {leaves} ...F @skip(if: false) ... @skip(if: false) {{ id }} }} }}"
    return f"{operation} fragment F on ApiClient @a {{ id }}"


WITHIN_AND_BEYOND = {
    "aliases": (aliased(100), aliased(101), ALIASES),
    "fields": (naming(500), naming(501), FIELDS),
    "cost": (costing(70), costing(71), COST),
    "comparisons": (f"{{ viewer {{ {ids(100)} }} }}", f"{{ viewer {{ {ids(150)} }} }}", COMPARISONS),
    "levels": (deep(20), deep(21), LEVELS),
    "mutations": (renamings(20), renamings(21), MUTATIONS),
    "a page of no size": (nested(22), nested(23), COST),
    "a page by a variable": (
        accounts(97, "(first: $n)", "($n: Int!)"),
        accounts(98, "(first: $n)", "($n: Int!)"),
        COST,
    ),
    "a page too large": (accounts(97, "(first: 777777)"), accounts(98, "(first: 777777)"), COST),
    "a page too small": (accounts(98, "(first: -7)"), accounts(98, "(first: 100)"), COST),
}


@pytest.mark.parametrize("what", WITHIN_AND_BEYOND)
def test_a_limit_is_named_by_what_goes_beyond_it_and_only_then(what: str) -> None:
    within, beyond, limit = WITHIN_AND_BEYOND[what]
    assert told(within) == []
    assert told(beyond) == [limit]


def test_directives_count_wherever_they_are_applied() -> None:
    """`@a` is none that GraphQL knows; the budget is looked at first."""
    assert DIRECTIVES not in told(directed(50))
    assert told(directed(51)) == [DIRECTIVES]


def test_aliases_and_directives_of_a_fragment_count_wherever_it_is_spread() -> None:
    for leaf, most, limit in (("a: id", 100, ALIASES), ("id @skip(if: false)", 50, DIRECTIVES)):
        spreads, fragment = "viewer { ...F } " * (most // 10), f"fragment F on ApiClient {{ {f'{leaf} ' * 10} }}"
        assert told(f"{{ {spreads} }} {fragment}") == []
        assert told(f"{{ {spreads} viewer {{ {leaf} }} }} {fragment}") == [limit]


def test_a_refusal_tells_that_asking_again_will_not_help(api: Api) -> None:
    answer = api.run(renamings(21))
    (error,) = answer.errors
    assert (answer.status, error["message"]) == (400, MUTATIONS)
    assert error["extensions"] == {"code": "GRAPHQL_VALIDATION_FAILED", "retry": "NEVER"}


def test_what_is_beyond_the_budget_is_not_looked_at_any_further() -> None:
    assert told(f"{{ poison {ids(500)} }}") == [FIELDS]


def test_every_limit_that_is_met_is_named() -> None:
    assert told(f"{{ accounts(first: 100) {{ edges {{ node {{ {ids(500)} }} }} }} }}") == [FIELDS, COST]


def test_all_operations_of_a_document_together_have_to_keep_within_the_limits() -> None:
    assert told(f"query A {naming(250)} query B {naming(250)}") == []
    assert told(f"query A {{ viewer {{ {ids(300)} }} }} query B {{ viewer {{ {ids(300)} }} }}") == [FIELDS]


# Fragments


def test_fragments_count_wherever_they_are_spread() -> None:
    fragment = f"fragment F on ApiClient {{ {ids(9)} }}"
    spreads = " ".join(f"v{one}: viewer {{ ...F }}" for one in range(50))
    assert told(f"{{ {spreads} }} {fragment}") == []
    assert told(f"{{ {spreads} viewer {{ id }} }} {fragment}") == [FIELDS]


@pytest.mark.parametrize("spread", ["... {", "... on Query {", "... @include(if: true) {"])
def test_inline_fragments_add_nothing_but_what_they_hold(spread: str) -> None:
    assert told(f"{{ {spread} {deep(20)[1:]} }}") == []
    assert told(f"{{ {spread} {deep(21)[1:]} }}") == [LEVELS]
    assert told(f"{{ {spread} {naming(500)[1:]} }}") == []
    assert told(f"{{ {spread} {naming(501)[1:]} }}") == [FIELDS]


@pytest.mark.parametrize("spread", ["... {", "... on ApiClient {"])
def test_fragments_in_one_another_are_limited_too(spread: str) -> None:
    assert told("{ viewer {" + spread * 58 + " id " + "}" * 60) == []
    assert told("{ viewer {" + spread * 59 + " id " + "}" * 61) == [NESTING]


def test_fragments_that_spread_one_another_nest_as_if_they_were_inline() -> None:
    inner = "... {" * 6
    chain = (f"fragment F{n} on ApiClient {{ {inner} ...F{n + 1} {'}' * 6} }}" for n in range(8))
    last = f"fragment F8 on ApiClient {{ {'... {' * 10} id {'}' * 10} }}"
    assert told(f"{{ viewer {{ ...F0 }} }} {' '.join(chain)} {last}") == [NESTING]


def test_fragments_of_one_name_count_each() -> None:
    twins = f"fragment F on ApiClient {{ {ids(600)} }} fragment F on ApiClient {{ id }}"
    assert FIELDS in told(f"{{ viewer {{ ...F }} }} {twins}")
    other_way_round = f"fragment F on ApiClient {{ id }} fragment F on ApiClient {{ {ids(600)} }}"
    assert FIELDS in told(f"{{ viewer {{ ...F }} }} {other_way_round}")


def test_a_document_has_at_most_fifty_fragments() -> None:
    chain = " ".join(f"fragment F{one} on ApiClient {{ ...F{one + 1} }}" for one in range(400))
    first, *_ = told(f"{{ viewer {{ ...F0 }} }} {chain} fragment F400 on ApiClient {{ id }}")
    assert first == "A document may ask for at most 50 fragments."


def test_thirty_fragments_that_each_double_the_next_are_reckoned_at_once() -> None:
    doubling = (f"fragment F{one} on ApiClient {{ ...F{one + 1} ...F{one + 1} }}" for one in range(30))
    text = f"{{ viewer {{ ...F0 }} }} {' '.join(doubling)} fragment F30 on ApiClient {{ id }}"
    assert told(text) == [FIELDS, COST]


SELVES = {
    "itself": "{ viewer { ...F } } fragment F on ApiClient { id ...F ...F }",
    "each other": "{ viewer { ...F } } fragment F on ApiClient { ...G } fragment G on ApiClient { id ...F }",
    "through a field": "{ viewer { ...F } } fragment F on ApiClient { apiKeys { apiClient { ...F } } }",
}


@pytest.mark.parametrize("what", SELVES)
def test_fragments_that_spread_themselves_are_left_to_the_rule_that_forbids_it(what: str) -> None:
    assert {"within itself" in message for message in told(SELVES[what])} == {True}


def test_a_fragment_that_is_not_there_is_an_error_of_its_own() -> None:
    assert told("{ viewer { ...F } }") == ["Unknown fragment 'F'."]


HIDDEN = {
    "in an inline fragment": "{ accounts { ... on AccountConnection { %s } } }",
    "in a fragment": "{ accounts { ...F } } fragment F on AccountConnection { %s }",
}


@pytest.mark.parametrize("where", HIDDEN)
def test_a_page_counts_wherever_its_edges_are_asked_for(where: str) -> None:
    page = "edges { node { entries(first: 100) { edges { node { version version version } } } } }"
    assert told(HIDDEN[where] % page) == [COST]


def test_a_fragment_that_nothing_spreads_is_held_to_the_limits_too() -> None:
    assert told(f"{{ viewer {{ id }} }} fragment F on ApiClient {{ {ids(501)} }}") == [FIELDS]


def test_lists_without_pages_count_too() -> None:
    keys = "apiKeys { apiClient { " * 2 + "id" + "} }" * 2
    assert told(f"{{ viewer {{ {keys} }} }}") == []
    assert told(f"{{ viewer {{ apiKeys {{ apiClient {{ {keys} }} }} }} }}") == [COST]


def test_a_list_without_pages_is_reckoned_with_twenty_elements_and_the_sides_of_a_transaction_with_two() -> None:
    """Each is priced to the very field."""
    metadata = f"metadata {{ {'key ' * 24} }}"
    assert told(f"{{ accounts(first: 20) {{ edges {{ node {{ {metadata} {ids(15)} }} }} }} }}") == []
    assert told(f"{{ accounts(first: 20) {{ edges {{ node {{ {metadata} {ids(18)} }} }} }} }}") == [COST]
    entries = f"entries {{ {'version ' * 48} }}"
    assert told(f"{{ transactions(first: 100) {{ edges {{ node {{ {entries} }} }} }} }}") == []
    assert told(f"{{ transactions(first: 100) {{ edges {{ node {{ {entries} id id id }} }} }} }}") == [COST]


def test_a_field_that_reads_costs_as_much_as_ten() -> None:
    edges = "account { id } " * 9
    assert told(f"{{ transactions(first: 45) {{ edges {{ node {{ entries {{ {edges} }} }} }} }} }}") == []
    assert told(f"{{ transactions(first: 51) {{ edges {{ node {{ entries {{ {edges} }} }} }} }} }}") == [COST]


def test_an_empty_selection_is_no_graphql() -> None:
    for text in ("{ }", "{ viewer { } }", "{ viewer { ...F } } fragment F on ApiClient { }"):
        assert told(text) == ["The document is not GraphQL from here on."]


def test_a_size_of_thousands_of_digits_is_refused_as_any_other(api: Api) -> None:
    answer = api.run(f"{{ accounts(first: {'7' * 5_000}) {{ edges {{ cursor }} }} }}")
    assert (answer.status, set(answer.codes)) == (400, {"GRAPHQL_VALIDATION_FAILED"})


# What must always be possible

OPTIONS = ("specified_by_url", "directive_is_repeatable", "schema_description", "input_value_deprecation")
INTROSPECTIONS = [
    get_introspection_query(**dict(zip(OPTIONS, chosen, strict=True))) for chosen in product((False, True), repeat=4)
]


@pytest.mark.parametrize("text", INTROSPECTIONS, ids=range(len(INTROSPECTIONS)))
def test_the_standard_introspection_is_within_the_budget(text: str) -> None:
    assert told(text) == []


@pytest.mark.parametrize("asked", ["__schema { types { name } }", '__type(name: "Account") { name }'])
def test_a_document_introspects_twice_at_most(asked: str) -> None:
    assert told(f"{{ a: {asked} b: {asked} }}") == []
    assert told(f"{{ a: {asked} b: {asked} c: {asked} }}") == [COST]


def test_introspection_is_answered_to_every_client_that_explores(api: Api) -> None:
    asked = get_introspection_query(schema_description=True, input_value_deprecation=True)  # as GraphiQL does
    assert api.run(asked).only["queryType"]["name"] == "Query"
