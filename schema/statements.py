"""Statements of accounts, as they are said."""

from __future__ import annotations

import strawberry

from domain import turnovers as domain
from domain.access import EVERYONE
from schema.context import Info
from schema.money import Money
from schema.pages import After, Connection, First
from schema.permissions import RequiresRole, guarded
from schema.scalars import DateTime
from schema.transactions import Entry


async def _entries(
    root: strawberry.Parent[Statement], info: Info, first: First = 20, after: After = None
) -> Connection[Entry] | None:
    return await info.context.edges.entries_of_statement(root.account_id, root.since, root.until, first, after)


@strawberry.type(
    description="What happened to the posted balance of an account from one instant up to another: opening + credits - "
    "debits = closing. An interval that is past never changes, and neither does its statement. Read by every role."
)
class Statement:
    account_id: strawberry.Private[str]
    since: DateTime = strawberry.field(description="The first instant that counts.")
    until: DateTime = strawberry.field(description="The first instant that no longer counts.")
    opening: Money = strawberry.field(description="The balance of all entries before since; balanceAt since.")
    closing: Money = strawberry.field(description="The balance of all entries before until; balanceAt until.")
    credits: Money = strawberry.field(description="What came to the account in between; zero or positive.")
    debits: Money = strawberry.field(description="What left the account in between; zero or positive.")
    entries: Connection[Entry] | None = guarded(
        _entries, RequiresRole(EVERYONE), "The entries in between, oldest first."
    )

    @classmethod
    def of(cls, statement: domain.Statement, account_id: str, since: DateTime, until: DateTime) -> Statement:
        """Present a statement."""
        return cls(
            account_id=account_id,
            since=since,
            until=until,
            opening=Money.of(statement.opening),
            closing=Money.of(statement.closing),
            credits=Money.of(statement.credits),
            debits=Money.of(statement.debits),
        )
