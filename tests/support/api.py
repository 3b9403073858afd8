"""The whole application for tests: the parts that application.py joins, on a file of its own, driven in process."""

from __future__ import annotations

import asyncio
import itertools
import shutil
from collections.abc import Mapping
from copy import copy, deepcopy
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import orjson
import strawberry
from graphql import (
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_required_argument,
)

import application
from domain.access import Caller, Role
from domain.catalogue import Catalogue
from domain.instants import SteadyClock
from domain.services.api_clients import CreateApiClient, IssueApiKey
from persistence import database
from persistence.books import read_head
from persistence.currencies import currencies
from persistence.reader import Reader
from persistence.writer import QueuedLedger, WriterLimits
from resolvers.admission import AdmissionLimits, Doorway, Refusals
from resolvers.app import build_app
from resolvers.documents import Documents
from resolvers.http import Endpoint
from resolvers.limits import DocumentLimits, RequestLimits
from resolvers.profiles import DEVELOPMENT
from resolvers.responses import GRAPHQL_RESPONSE
from tests.support.books import TestLedger, migrated
from tests.support.surroundings import CountingEntropy, CountingIds, StandingClock

EPOCH = '"1970-01-01T00:00:00Z"'

# The schema, built once in a process


@cache
def schema() -> strawberry.Schema:
    return application.build_schema()


def core() -> GraphQLSchema:
    """Return the schema as graphql-core knows it."""
    return schema()._schema


@cache
def documents() -> Documents:
    return Documents(schema(), DocumentLimits())


def roles_of(kind: str, name: str) -> frozenset[Role] | None:
    """Return the roles that a field asks for; None where it asks for none."""
    definition = core().get_type(kind).fields[name].extensions["strawberry-definition"]  # type: ignore[union-attr]
    for extension in definition.extensions:
        for permission in getattr(extension, "permissions", ()):
            return frozenset(permission.roles)
    return None


def everything(kind: str, edges: int = 0) -> str:
    """Select all that a type has, and what lies beyond that many edges. An edge is a field that asks for a role."""
    return _selection(core().type_map[kind], edges)


_ITEM = """{
    __typename
    ... on DepositSuccess { replayed transaction { id } account { id version posted { amount } } }
    ... on WithdrawSuccess { replayed transaction { id } account { id version posted { amount } } }
    ... on TransferSuccess { replayed transaction { id } fromAccount { id version posted { amount } } }
    ... on UserError { code path retry replayed decidedAt }
    ... on InsufficientFunds { shortfall { amount } }
}"""
"""What is asked of an item of a batch: all that there is would not keep within the budget, times 1,000."""


@cache
def _selection(kind: GraphQLNamedType, edges: int) -> str:
    if is_leaf_type(kind):
        return ""
    if kind.name == "BatchItemResult" and not edges:
        return _ITEM
    if is_abstract_type(kind):
        members = core().get_possible_types(kind)
        return "{ __typename " + " ".join(f"... on {one.name} {_selection(one, edges)}" for one in members) + " }"
    assert isinstance(kind, GraphQLObjectType)
    selected = ["__typename"]
    for name, definition in kind.fields.items():
        left = edges - (roles_of(kind.name, name) is not None)
        if left >= 0:
            selected.append(f"{name}{_given(definition)} {_selection(get_named_type(definition.type), left)}")
    return "{ " + " ".join(selected) + " }"


def _given(field: GraphQLField) -> str:
    """Give a field the arguments that it must have: instants, and before any book."""
    required = [name for name, argument in field.args.items() if is_required_argument(argument)]
    return f"({', '.join(f'{name}: {EPOCH}' for name in required)})" if required else ""


@cache
def mutation(name: str, edges: int = 0) -> str:
    """Write the document that performs one mutation and asks for everything."""
    kind = core().mutation_type.fields[name]  # type: ignore[union-attr]
    union, given = get_named_type(kind.type).name, get_named_type(kind.args["input"].type).name
    arguments = f"($key: IdempotencyKey!, $input: {given}!)"
    return f"mutation {arguments} {{ {name}(idempotencyKey: $key, input: $input) {everything(union, edges)} }}"


# The books that a test begins with


@dataclass
class Kit:
    """A migrated file with one API client for each role, closed, and what is needed to go on from it."""

    path: Path
    clock: StandingClock = field(default_factory=StandingClock)
    ids: CountingIds = field(default_factory=CountingIds)
    entropy: CountingEntropy = field(default_factory=CountingEntropy)
    callers: dict[Role, Caller] = field(default_factory=dict)
    secrets: dict[Role, str] = field(default_factory=dict)
    generation: int = 0

    def copied(self, path: Path) -> Kit:
        shutil.copy(self.path, path)
        return replace(deepcopy(self), path=path, generation=self.generation + 1)

    def opened(self) -> TestLedger:
        """Return a ledger on the file, whose keys no earlier ledger on it has used."""
        ledger = TestLedger(database.connect_writer(self.path), self.clock, self.ids, self.entropy)
        ledger.database.execute_sql("PRAGMA synchronous = off")
        ledger._keys = (f"key-{self.generation}-{number}" for number in itertools.count(1))
        return ledger


def prepared(path: Path) -> Kit:
    """Make the file that all others are copied from."""
    kit = Kit(path)
    migrated(path).close()
    ledger = kit.opened()
    for role in Role:
        client = ledger.succeed(CreateApiClient(name=f"the {role.lower()}", role=role)).api_client
        issued = ledger.succeed(IssueApiKey(api_client_id=client.id))
        kit.callers[role] = Caller(client.id, issued.api_key.id, role)
        kit.secrets[role] = issued.secret
    ledger.database.close()
    return kit


# The application, and what it answers


@dataclass(frozen=True)
class Answer:
    """One HTTP response."""

    status: int
    headers: httpx.Headers
    text: str

    @property
    def body(self) -> Any:
        return orjson.loads(self.text)

    @property
    def data(self) -> Any:
        return self.body["data"]

    @property
    def errors(self) -> list[dict[str, Any]]:
        return self.body.get("errors") or []

    @property
    def codes(self) -> list[str]:
        return [error["extensions"]["code"] for error in self.errors]

    @property
    def only(self) -> Any:
        """Return the one root field; fail if there are errors."""
        assert not self.errors, self.errors
        (value,) = self.data.values()
        return value

    @property
    def verdict(self) -> str:
        """Say in one word how it ended: the type of the answer, or the code of the only error."""
        if self.errors:
            (code,) = self.codes
            return str(code)
        return str(self.only and self.only["__typename"])


class Api:
    """The application with a typed client in the name of one API client: ADMIN unless told otherwise."""

    def __init__(self, kit: Kit, admission: AdmissionLimits | None = None, writing: WriterLimits | None = None) -> None:
        self.kit = kit
        self.books = kit.opened()
        self.clock = kit.clock
        clock = SteadyClock(kit.clock, since=read_head(self.books.database).at)
        limits = admission or AdmissionLimits()
        self.reading = database.connect_impatient_reader(kit.path, RequestLimits.read_milliseconds)
        self.storage_errors: list[Exception] = []
        self.pauses: list[tuple[float, int]] = []
        self.endpoint = Endpoint(
            documents=documents(),
            ledger=QueuedLedger(self.books.writer, clock, writing or WriterLimits(), self.storage_errors.append),
            reader=Reader(self.reading, clock),
            catalogue=Catalogue(currencies()),
            clock=clock,
            doorway=Doorway(limits),
            refusals=Refusals(limits, clock),
            limits=RequestLimits(),
            profile=DEVELOPMENT,
            pause=self._pause,
        )
        self.role = Role.ADMIN
        self._keys = (f"api-key-{kit.generation}-{number}" for number in itertools.count(1))

    async def _pause(self, seconds: float) -> None:
        """Remember how long an answer would have been held back, and in which order, but do not wait."""
        self.pauses.append((seconds, self.endpoint.doorway.in_flight))

    def close(self) -> None:
        self.reading.close()
        self.books.database.close()

    # Who asks, and what of

    @property
    def caller(self) -> Caller:
        return self.kit.callers[self.role]

    @property
    def secret(self) -> str:
        return self.kit.secrets[self.role]

    def as_role(self, role: Role) -> Api:
        """Return the same application, asked by another API client."""
        other = copy(self)
        other.role = role
        return other

    def made_of(self, **parts: Any) -> Api:
        """Return the same application with some parts of its endpoint exchanged."""
        other = copy(self)
        other.endpoint = replace(self.endpoint, **parts)
        return other

    def next_key(self) -> str:
        return next(self._keys)

    # Asking

    def send(
        self,
        content: bytes,
        *,
        method: str = "POST",
        headers: Mapping[str, str] | list[tuple[str, str]] | None = None,
        path: str = "/graphql",
    ) -> Answer:
        """Send any request. Without headers it is authenticated JSON."""
        given = httpx.Headers(self.headers() if headers is None else headers, encoding="latin-1")
        return asyncio.run(self.exchange(httpx.Request(method, f"http://api{path}", headers=given, content=content)))

    async def exchange(self, request: httpx.Request) -> Answer:
        app = build_app(self.endpoint, lambda: True, None)
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport) as client:
            response = await client.send(request)
        return Answer(response.status_code, response.headers, response.text)

    def headers(self, accept: str = GRAPHQL_RESPONSE) -> dict[str, str]:
        bearer = f"Bearer {self.secret}"
        return {"authorization": bearer, "content-type": "application/json", "accept": accept}

    def run(self, document: str, variables: Mapping[str, Any] | None = None, *, key: str | None = None) -> Answer:
        """Ask a GraphQL question. A document that wants $key gets a fresh one unless told which."""
        given = dict(variables or {})
        if "$key" in document:
            given["key"] = self.next_key() if key is None else key
        return self.send(orjson.dumps({"query": document, "variables": given}))

    def mutate(self, name: str, input: Mapping[str, Any], *, key: str | None = None, edges: int = 0) -> Answer:
        """Perform a mutation and ask for everything that its answer holds."""
        return self.run(mutation(name, edges), {"input": dict(input)}, key=key)

    # Everyday deeds, by the ADMIN

    def open_account(self, currency: str = "EUR", **fields: Any) -> str:
        """Open an account, and return its id."""
        given = {"currency": currency, "name": "Ada", **fields}
        return str(self.as_role(Role.ADMIN).mutate("openAccount", given).only["account"]["id"])

    def deposit(self, account_id: str, amount: str = "10.00", currency: str = "EUR", **fields: Any) -> str:
        """Deposit, and return the id of the transaction."""
        given = {"accountId": account_id, "amount": {"amount": amount, "currency": currency}, **fields}
        return str(self.as_role(Role.ADMIN).mutate("deposit", given).only["transaction"]["id"])

    # Looking behind the door

    def audit(self, after: int = 0) -> list[dict[str, Any]]:
        """Return what the audit log sealed beyond a sequence number."""
        sql = "SELECT details FROM audit WHERE sequence > ? ORDER BY sequence"
        return [orjson.loads(details) for (details,) in self.reading.execute_sql(sql, (after,)).fetchall()]

    def last_sequence(self) -> int:
        (sequence,) = self.reading.execute_sql("SELECT coalesce(max(sequence), 0) FROM audit").fetchone()
        return int(sequence)

    def contents(self) -> dict[str, list[Any]]:
        """Return every row of every table but those of the log."""
        tables = [name for name in self.reading.get_tables() if name not in {"audit", "audit_target", "batch"}]
        return {name: self.reading.execute_sql(f'SELECT * FROM "{name}"').fetchall() for name in tables}  # noqa: S608
