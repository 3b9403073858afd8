"""Pages: cursors that only this list can have made, limits, and the assembly of a connection."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from enum import Enum
from typing import Any, TypeVar

from domain.reading import Page, PageRequest
from resolvers.failures import bad_user_input
from schema.pages import Connection, Edge, PageInfo

LARGEST_PAGE = 100
_MOST_DIGITS = 19

Item = TypeVar("Item")


class Listing(Enum):
    """The lists there are; a cursor of one is none of another."""

    ACCOUNTS = "acc"
    TRANSACTIONS = "txn"
    AUDIT_LOG = "aud"
    API_CLIENTS = "cli"
    ENTRIES = "ent"
    FREEZES = "frz"
    REVERSALS = "rev"
    HOLDS = "hld"


def page_request(of: Listing, first: int, after: str | None) -> PageRequest:
    """Read what page is asked for. Raises BAD_USER_INPUT for a size out of bounds or a forged cursor."""
    if not 1 <= first <= LARGEST_PAGE:
        raise bad_user_input(f"A page has 1 to {LARGEST_PAGE} elements.")
    return PageRequest(first, None if after is None else _position(of, after))


def connection(of: Listing, asked: PageRequest, page: Page[Item], present: Callable[[Item], Any]) -> Connection[Any]:
    """Present a page."""
    edges = [Edge(cursor=_cursor(of, position), node=present(item)) for position, item in page.items]
    info = PageInfo(
        has_next_page=page.has_next,
        has_previous_page=asked.after is not None,
        start_cursor=edges[0].cursor if edges else None,
        end_cursor=edges[-1].cursor if edges else None,
    )
    return Connection(edges=edges, page_info=info)


def _cursor(of: Listing, position: int) -> str:
    return base64.urlsafe_b64encode(f"{of.value}:{position}".encode()).decode()


def _position(of: Listing, cursor: str) -> int:
    """Read a cursor; only the very text that `_cursor` writes will do."""
    try:
        name, _, digits = base64.urlsafe_b64decode(cursor.encode("ascii")).decode("ascii").partition(":")
        position = int(digits) if digits.isdecimal() and len(digits) < _MOST_DIGITS else -1
    except (ValueError, binascii.Error):
        name, position = "", -1
    if position < 0 or name != of.value or cursor != _cursor(of, position):
        raise bad_user_input("That is not a cursor of this list.")
    return position
