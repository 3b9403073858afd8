"""The committed state as one batch sees it: fetched in sets before the batch decides, one by one for the rest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import peewee
from peewee import SQL, fn

from domain.access import SYSTEM_CLIENT_ID, ApiClient, ApiKey, Role
from domain.accounts import Account as DomainAccount
from domain.accounts import AccountState
from domain.audit import BEGINNING, Head
from domain.commands import Rejection
from domain.freezes import Freeze as DomainFreeze
from domain.holds import Hold as DomainHold
from domain.holds import HoldState
from domain.idempotency import Decision, IdempotencyScope
from domain.ids import Prefix
from domain.instants import Instant
from domain.ports import Request
from domain.transactions import Entry as DomainEntry
from domain.transactions import Reversal
from domain.transactions import Transaction as DomainTransaction
from persistence import queries, rows, tables
from persistence.statements import Hole, Statement, array, each

_TRANSACTION_PREFIX = f"{Prefix.TRANSACTION}_"

_HEAD = Statement(
    tables.Batch.select(tables.Batch.number, tables.Batch.last_sequence, tables.Batch.at, tables.Audit.hash)
    .join(tables.Audit, on=(tables.Audit.sequence == tables.Batch.last_sequence))
    .where(tables.Batch.number == tables.Batch.select(fn.max(tables.Batch.number)))
)

_asked = peewee.Select(
    [fn.json_each(Hole("scopes"))],
    [fn.json_extract(SQL("value"), f"$[{index}]").alias(f"c{index}") for index in range(3)],
).alias("asked")
_DECISIONS = Statement(
    queries.decisions()
    .switch(tables.Idempotency)
    .join(
        _asked,
        on=(tables.Idempotency.api_client_id == _asked.c.c0)
        & (tables.Idempotency.operation == _asked.c.c1)
        & (tables.Idempotency.key == _asked.c.c2),
    )
)
_ACCOUNTS = Statement(queries.accounts().where(tables.Account.id.in_(each("ids"))))
_HOLDS = Statement(queries.holds().where(tables.Hold.id.in_(each("ids"))))
_DUE_HOLDS = Statement(
    queries.holds()
    .where((tables.Hold.account_id == Hole("account_id")) & queries.due())
    .order_by(tables.Hold.expires_at, tables.Hold.placed_sequence)
)
_OPEN_HOLDS = Statement(
    queries.holds()
    .where((tables.Hold.account_id == Hole("account_id")) & queries.stored(HoldState.OPEN))
    .order_by(tables.Hold.placed_sequence)
    .limit(Hole("most"))
)
_UNRELEASED_FREEZES = Statement(
    queries.freezes()
    .where((tables.Freeze.account_id == Hole("account_id")) & tables.Freeze.released_at.is_null())
    .order_by(tables.Freeze.placed_sequence)
)
_FREEZE = Statement(queries.freezes().where(tables.Freeze.id == Hole("id")))
_ENTRIES = Statement(
    queries.entries(tables.Entry.sequence)
    .where(tables.Entry.sequence.in_(each("sequences")))
    .order_by(tables.Entry.sequence, tables.Entry.amount)
)
_LAST_REVERSAL = Statement(
    tables.Transaction.select(
        tables.Transaction.id,
        tables.Reversal.original,
        tables.Reversal.n,
        tables.Reversal.sequence,
        tables.Reversal.cumulative,
        tables.Transaction.currency,
        tables.Currency.exponent,
    )
    .join(tables.Reversal, on=(tables.Reversal.original == tables.Transaction.sequence))
    .join(tables.Currency, on=(tables.Currency.code == tables.Transaction.currency))
    .where(tables.Transaction.id == Hole("id"))
    .order_by(tables.Reversal.n.desc())
    .limit(1)
)
_API_CLIENT_WITH_NAME = Statement(
    tables.ApiClient.select(tables.ApiClient.id).where(tables.ApiClient.name == Hole("name"))
)
_ADMINS = Statement(
    queries.api_clients().where(
        (tables.ApiClient.role == Role.ADMIN.value)
        & tables.ApiClient.disabled_at.is_null()
        & (tables.ApiClient.id != SYSTEM_CLIENT_ID)
    )
)
_API_KEYS_OF = Statement(
    queries.api_keys()
    .where(tables.ApiKey.api_client_id == Hole("api_client_id"))
    .order_by(tables.ApiKey.created_sequence)
)


_TEXTS_ABOUT = Statement(tables.Text.select(fn.count(tables.Text.sequence)).where(queries.tells_of(Hole("account_id"))))


def read_head(database: peewee.Database) -> Head:
    """Return the end of the audit log."""
    found = _HEAD(database)
    return rows.head(found[0]) if found else BEGINNING


def read_transactions(database: peewee.Database, found: Iterable[rows.Row]) -> list[DomainTransaction]:
    """Complete rows of transactions with their entries, in one more statement for them all."""
    found = list(found)
    entries: dict[int, list[DomainEntry]] = defaultdict(list)
    for sequence, *row in _ENTRIES(database, sequences=array([row[0] for row in found])):
        entries[sequence].append(rows.entry(tuple(row)))
    return [rows.transaction(row, tuple(entries[row[0]])) for row in found]


def _with_parts(requests: Iterable[Request]) -> Iterator[Request]:
    """Yield the requests, each followed by those that it is made of."""
    for request in requests:
        yield request
        if not isinstance(request.command, Rejection):
            yield from (Request(request.caller, key, part) for key, part in request.command.parts)


class Books:
    """The books of `domain.ports`, on one connection, for one batch: nothing it has read can change meanwhile."""

    def __init__(self, database: peewee.Database) -> None:
        self._database = database
        self._accounts: dict[str, DomainAccount | None] = {}
        self._transactions: dict[str, DomainTransaction | None] = {}
        self._holds: dict[str, DomainHold | None] = {}
        self._api_clients: dict[str, ApiClient | None] = {}
        self._api_keys: dict[str, ApiKey | None] = {}
        self._decisions: dict[IdempotencyScope, Decision | None] = {}

    def prefetch(self, requests: Sequence[Request]) -> None:
        """Read at once what the requests name, and what replays of them will show; then the accounts they touch."""
        commands = [(one, one.command) for one in _with_parts(requests) if not isinstance(one.command, Rejection)]
        self._fetch_decisions(
            {
                IdempotencyScope(request.caller.api_client_id, command.operation, request.key)
                for request, command in commands
            }
        )
        decided = (one.record.target_ids for one in self._decisions.values() if one)
        self._fetch_transactions({id_ for ids in decided for id_ in ids if id_.startswith(_TRANSACTION_PREFIX)})
        self._fetch_api_clients({request.caller.api_client_id for request, _ in commands})
        self._fetch_api_keys({request.caller.api_key_id or "" for request, _ in commands})
        self._fetch_holds({hold_id for _, command in commands for hold_id in command.hold_ids})
        named = {transaction_id for _, command in commands for transaction_id in command.transaction_ids}
        self._fetch_transactions(named)
        held = {hold.account_id for hold in self._holds.values() if hold is not None}
        moved = {account_id for _, command in commands for account_id in command.moved_ids}
        self._fetch_accounts(moved | held | self._accounts_of(named))

    def account(self, account_id: str) -> DomainAccount | None:
        if account_id not in self._accounts:
            self._fetch_accounts({account_id})
        return self._accounts[account_id]

    def account_id_with_reference(self, reference: str) -> str | None:
        found = queries.ACCOUNT_WITH_REFERENCE(self._database, reference=reference)
        return found[0][0] if found else None

    def hold(self, hold_id: str) -> DomainHold | None:
        if hold_id not in self._holds:
            self._fetch_holds({hold_id})
        return self._holds[hold_id]

    def due_holds(self, account_id: str, now: Instant) -> Sequence[DomainHold]:
        account = self.account(account_id)
        if account is None or not account.held.minor:
            return ()
        return [rows.hold(row) for row in _DUE_HOLDS(self._database, account_id=account_id, now=now)]

    def open_holds(self, account_id: str, most: int) -> Sequence[DomainHold]:
        return [rows.hold(row) for row in _OPEN_HOLDS(self._database, account_id=account_id, most=most)]

    def unreleased_freezes(self, account_id: str) -> Sequence[DomainFreeze]:
        account = self.account(account_id)
        if account is None or account.state is not AccountState.FROZEN:
            return ()
        return [rows.freeze(row) for row in _UNRELEASED_FREEZES(self._database, account_id=account_id)]

    def freeze(self, freeze_id: str) -> DomainFreeze | None:
        found = _FREEZE(self._database, id=freeze_id)
        return rows.freeze(found[0]) if found else None

    def transaction(self, transaction_id: str) -> DomainTransaction | None:
        if transaction_id not in self._transactions:
            self._fetch_transactions({transaction_id})
        return self._transactions[transaction_id]

    def last_reversal(self, transaction_id: str) -> Reversal | None:
        found = _LAST_REVERSAL(self._database, id=transaction_id)
        return rows.reversal(found[0]) if found else None

    def api_client(self, api_client_id: str) -> ApiClient | None:
        if api_client_id not in self._api_clients:
            self._fetch_api_clients({api_client_id})
        return self._api_clients[api_client_id]

    def api_client_id_with_name(self, name: str) -> str | None:
        found = _API_CLIENT_WITH_NAME(self._database, name=name)
        return found[0][0] if found else None

    def admins(self) -> Sequence[ApiClient]:
        return [rows.api_client(row) for row in _ADMINS(self._database)]

    def api_key(self, api_key_id: str) -> ApiKey | None:
        if api_key_id not in self._api_keys:
            self._fetch_api_keys({api_key_id})
        return self._api_keys[api_key_id]

    def api_keys_of(self, api_client_id: str) -> Sequence[ApiKey]:
        return [rows.api_key(row) for row in _API_KEYS_OF(self._database, api_client_id=api_client_id)]

    def texts_about(self, account_id: str) -> int:
        ((count,),) = _TEXTS_ABOUT(self._database, account_id=account_id)
        return int(count)

    def decision(self, scope: IdempotencyScope) -> Decision | None:
        if scope not in self._decisions:
            self._fetch_decisions({scope})
        return self._decisions[scope]

    def _fetch_accounts(self, ids: set[str]) -> None:
        self._accounts |= dict.fromkeys(ids)
        found = _ACCOUNTS(self._database, ids=array(ids)) if ids else ()
        self._accounts |= {row[0]: rows.account(row) for row in found}

    def _fetch_transactions(self, ids: set[str]) -> None:
        self._transactions |= dict.fromkeys(ids)
        found = queries.TRANSACTIONS(self._database, ids=array(ids)) if ids else ()
        self._transactions |= {one.id: one for one in read_transactions(self._database, found)} if found else {}

    def _accounts_of(self, ids: set[str]) -> set[str]:
        found = (self._transactions[id_] for id_ in ids)
        return {entry.account_id for transaction in found if transaction for entry in transaction.entries}

    def _fetch_holds(self, ids: set[str]) -> None:
        self._holds |= dict.fromkeys(ids)
        found = _HOLDS(self._database, ids=array(ids)) if ids else ()
        self._holds |= {row[0]: rows.hold(row) for row in found}

    def _fetch_api_clients(self, ids: set[str]) -> None:
        self._api_clients |= dict.fromkeys(ids)
        found = queries.API_CLIENTS(self._database, ids=array(ids)) if ids else ()
        self._api_clients |= {row[0]: rows.api_client(row) for row in found}

    def _fetch_api_keys(self, ids: set[str]) -> None:
        self._api_keys |= dict.fromkeys(ids)
        found = queries.API_KEYS(self._database, ids=array(ids)) if ids else ()
        self._api_keys |= {row[0]: rows.api_key(row) for row in found}

    def _fetch_decisions(self, scopes: set[IdempotencyScope]) -> None:
        self._decisions |= dict.fromkeys(scopes)
        asked = array([(scope.api_client_id, scope.operation.value, scope.key) for scope in scopes])
        found = _DECISIONS(self._database, scopes=asked) if scopes else ()
        self._decisions |= {kept.record.scope: kept for kept in map(rows.decision, found)}
