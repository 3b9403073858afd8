"""Relay connections, forward only."""

from __future__ import annotations

from typing import Annotated, Generic, TypeVar

import strawberry

Noun = TypeVar("Noun")

First = Annotated[int, strawberry.argument(description="How many at most: 1 to 100.")]
After = Annotated[str | None, strawberry.argument(description="The endCursor of the page before; null for the first.")]


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether more follows this page.")
    has_previous_page: bool = strawberry.field(description="Whether this page was asked for with a cursor.")
    start_cursor: str | None = strawberry.field(description="The cursor of the first edge; null on an empty page.")
    end_cursor: str | None = strawberry.field(description="The cursor of the last edge: ask for what follows it.")


@strawberry.type(description="One element of a page.")
class Edge(Generic[Noun]):
    cursor: str = strawberry.field(description="The element's place in the list. Opaque.")
    node: Noun = strawberry.field(description="The element.")


@strawberry.type(description="One page of a list.")
class Connection(Generic[Noun]):
    edges: list[Edge[Noun]] = strawberry.field(description="The elements, in the order of the list.")
    page_info: PageInfo = strawberry.field(description="Where this page stands.")
