"""Pages are pages of things that can be found again by their id."""

from __future__ import annotations

from graphql import GraphQLObjectType, get_named_type

from tests.support.api import core


def test_every_edge_leads_to_a_node_but_that_of_an_entry() -> None:
    """An entry is known by its account and its version there."""
    edges = [kind for name, kind in core().type_map.items() if name.endswith("Edge")]
    kinds = {get_named_type(edge.fields["node"].type) for edge in edges if isinstance(edge, GraphQLObjectType)}
    assert len(kinds) == len(edges)
    others = [kind for kind in kinds if isinstance(kind, GraphQLObjectType) and kind.interfaces == ()]
    assert [kind.name for kind in others] == ["Entry"]
