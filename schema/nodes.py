"""The interface of everything that has an id of its own."""

from __future__ import annotations

import strawberry


@strawberry.interface(description="Something with an id of its own, which `node` finds again.")
class Node:
    id: strawberry.ID = strawberry.field(description="Opaque, unique across all types, and never reused.")
