"""Anything by its id, for those who may read its type."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import strawberry

from domain.access import ADMINS, AUDITORS, EVERYONE, Role
from domain.ids import Prefix
from domain.reading import Reader
from resolvers.context import Info
from schema.access import ApiClient, ApiKey
from schema.accounts import Account, Freeze
from schema.audit import AuditRecord
from schema.holds import Hold
from schema.nodes import Node
from schema.permissions import forbidden
from schema.transactions import Transaction

Id = Annotated[strawberry.ID, strawberry.argument(description="The id of anything that has one.")]

_AUDIT_ID = re.compile(rf"{Prefix.AUDIT_RECORD.value}_([1-9][0-9]{{0,17}})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Finder:
    """How a type is found by id: who may read it, the look-up, and the noun."""

    readers: frozenset[Role]
    look_up: Callable[[Reader, str], Any]
    present: Callable[[Any], Node]


def _audit_record(reader: Reader, id: str) -> Any:
    match = _AUDIT_ID.fullmatch(id)
    sequence = int(match[1]) if match else 0
    return reader.audit_records([sequence]).get(sequence)


FINDERS: Mapping[str, Finder] = {
    Prefix.ACCOUNT.value: Finder(EVERYONE, lambda reader, id: reader.accounts([id]).get(id), Account.of),
    Prefix.TRANSACTION.value: Finder(EVERYONE, lambda reader, id: reader.transactions([id]).get(id), Transaction.of),
    Prefix.HOLD.value: Finder(EVERYONE, lambda reader, id: reader.holds([id]).get(id), Hold.of),
    Prefix.FREEZE.value: Finder(EVERYONE, lambda reader, id: reader.freezes([id]).get(id), Freeze.of),
    Prefix.API_CLIENT.value: Finder(AUDITORS, lambda reader, id: reader.api_clients([id]).get(id), ApiClient.of),
    Prefix.API_KEY.value: Finder(ADMINS, lambda reader, id: reader.api_keys([id]).get(id), ApiKey.of),
    Prefix.AUDIT_RECORD.value: Finder(AUDITORS, _audit_record, AuditRecord.of),
}
"""Every type that has ids, by the prefix of its ids."""


async def node(info: Info, id: Id) -> Node | None:
    finder = FINDERS.get(id.partition("_")[0])
    if finder is None:
        return None
    caller = info.context.caller
    if caller.role not in finder.readers and id != caller.api_client_id:
        raise forbidden(sorted(finder.readers))
    found = finder.look_up(info.context.reader, id)
    return None if found is None else finder.present(found)
