"""The reader of `domain.reading`: a connection that cannot write, and the overlay of what is due."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import peewee
from peewee import SQL, fn

from domain.access import ApiClient, ApiKey, Caller
from domain.accounts import Account
from domain.audit import AuditRecord
from domain.commands import Command, Rejection
from domain.explanations import BalanceExplanation
from domain.freezes import Freeze
from domain.holds import Hold, HoldState
from domain.idempotency import IdempotencyRecord, IdempotencyScope
from domain.instants import Clock, Instant
from domain.money import LARGEST_BALANCE, Money
from domain.ports import Outcome, Request
from domain.previews import preview
from domain.reading import (
    AccountFilter,
    AuditFilter,
    Credential,
    EntryFilter,
    Page,
    PageRequest,
    PostedEntry,
    TransactionFilter,
)
from domain.transactions import Transaction
from domain.turnovers import Turnover
from persistence import explanations, holdings, listings, queries, reversals, rows, tables, turnovers
from persistence.books import Books, read_head, read_transactions
from persistence.credentials import Credentials
from persistence.statements import Hole, Statement, array, each, storage_errors

_TRANSACTION_IDS_AT = Statement(
    tables.Transaction.select(tables.Transaction.sequence, tables.Transaction.id).where(
        tables.Transaction.sequence.in_(each("sequences"))
    )
)
_FREEZES = Statement(queries.freezes().where(tables.Freeze.id.in_(each("ids"))))
_MOST_KEYS = 20
_shown = tables.ApiKey.alias("shown")
_API_KEYS_OF = Statement(
    queries.api_keys()
    .from_(fn.json_each(Hole("api_client_ids")).alias("asked"), tables.ApiKey)
    .where(
        (tables.ApiKey.api_client_id == SQL("asked.value"))
        & tables.ApiKey.id.in_(
            _shown.select(_shown.id)
            .where(_shown.api_client_id == SQL("asked.value"))
            .order_by(*queries.best_keys_first(_shown))
            .limit(_MOST_KEYS)
        )
    )
    .order_by(*queries.best_keys_first(tables.ApiKey))
)
_AUDIT_RECORDS = Statement(queries.audit_records().where(tables.Audit.sequence.in_(each("sequences"))))
_DECISION = Statement(
    queries.decisions().where(
        (tables.Idempotency.api_client_id == Hole("api_client_id"))
        & (tables.Idempotency.operation == Hole("operation"))
        & (tables.Idempotency.key == Hole("key"))
    )
)


class Reader:
    """Answers questions from the committed state. Each is one statement, or two; a preview sees one snapshot."""

    def __init__(self, database: peewee.Database, clock: Clock, *, largest_movement: int = LARGEST_BALANCE) -> None:
        self._database = database
        self._clock = clock
        self._largest_movement = largest_movement
        self._credentials = Credentials(database)

    def credential(self, api_key_id: str) -> Credential | None:
        return self._credentials.find(api_key_id)

    def accounts(self, ids: Sequence[str]) -> Mapping[str, Account]:
        found = explanations.PRESENT_ACCOUNTS(self._database, ids=array(ids), now=self._clock.now())
        return {row[0]: rows.account(row) for row in found}

    def account_id_with_reference(self, reference: str) -> str | None:
        found = queries.ACCOUNT_WITH_REFERENCE(self._database, reference=reference)
        return found[0][0] if found else None

    def transactions(self, ids: Sequence[str]) -> Mapping[str, Transaction]:
        found = queries.TRANSACTIONS(self._database, ids=array(ids))
        return {one.id: one for one in read_transactions(self._database, found)}

    def transaction_ids_at(self, sequences: Sequence[int]) -> Mapping[int, str]:
        return dict(_TRANSACTION_IDS_AT(self._database, sequences=array(sequences)))

    def reversed_amounts(self, ids: Sequence[str]) -> Mapping[str, Money]:
        return reversals.reversed_amounts(self._database, ids)

    def holds(self, ids: Sequence[str]) -> Mapping[str, Hold]:
        return holdings.holds(self._database, self._clock.now(), ids)

    def holds_captured_at(self, sequences: Sequence[int]) -> Mapping[int, Hold]:
        return holdings.holds_captured_at(self._database, self._clock.now(), sequences)

    def freezes(self, ids: Sequence[str]) -> Mapping[str, Freeze]:
        return {row[0]: rows.freeze(row) for row in _FREEZES(self._database, ids=array(ids))}

    def api_clients(self, ids: Sequence[str]) -> Mapping[str, ApiClient]:
        return {row[0]: rows.api_client(row) for row in queries.API_CLIENTS(self._database, ids=array(ids))}

    def api_keys(self, ids: Sequence[str]) -> Mapping[str, ApiKey]:
        return {row[0]: rows.api_key(row) for row in queries.API_KEYS(self._database, ids=array(ids))}

    def api_keys_of(self, api_client_ids: Sequence[str]) -> Mapping[str, Sequence[ApiKey]]:
        keys: dict[str, list[ApiKey]] = defaultdict(list)
        for row in _API_KEYS_OF(self._database, api_client_ids=array(api_client_ids), now=self._clock.now()):
            key = rows.api_key(row)
            keys[key.api_client_id].append(key)
        return keys

    def audit_records(self, sequences: Sequence[int]) -> Mapping[int, AuditRecord]:
        found = _AUDIT_RECORDS(self._database, sequences=array(sequences))
        return {row[0]: rows.audit_record(row) for row in found}

    def idempotency_record(self, scope: IdempotencyScope) -> IdempotencyRecord | None:
        found = _DECISION(
            self._database, api_client_id=scope.api_client_id, operation=scope.operation.value, key=scope.key
        )
        return rows.decision(found[0]).record if found else None

    def present(self) -> Instant:
        return turnovers.present(self._database, self._clock.now())

    def turnovers(self, account_ids: Sequence[str], at: Instant) -> Mapping[str, Turnover]:
        return turnovers.turnovers(self._database, account_ids, at)

    def preview(self, caller: Caller, command: Command | Rejection) -> Outcome:
        with storage_errors(), self._database.atomic("DEFERRED"):
            head = read_head(self._database)
            return preview(
                Books(self._database), head, self._clock.now(), Request(caller, "", command), self._largest_movement
            )

    def account_page(self, where: AccountFilter, page: PageRequest) -> Page[Account]:
        return listings.account_page(self._database, self._clock.now(), where, page)

    def transaction_page(self, where: TransactionFilter, page: PageRequest) -> Page[Transaction]:
        return listings.transaction_page(self._database, where, page)

    def audit_page(self, where: AuditFilter, page: PageRequest) -> Page[AuditRecord]:
        return listings.audit_page(self._database, where, page)

    def api_client_page(self, page: PageRequest) -> Page[ApiClient]:
        return listings.api_client_page(self._database, page)

    def entry_pages(
        self, account_ids: Sequence[str], where: EntryFilter, page: PageRequest
    ) -> Mapping[str, Page[PostedEntry]]:
        return listings.entry_pages(self._database, account_ids, where, page)

    def freeze_pages(
        self, account_ids: Sequence[str], *, live_only: bool, page: PageRequest
    ) -> Mapping[str, Page[Freeze]]:
        now = self._clock.now()
        return listings.freeze_pages(self._database, now, account_ids, live_only=live_only, page=page)

    def reversal_pages(self, ids: Sequence[str], page: PageRequest) -> Mapping[str, Page[Transaction]]:
        return reversals.reversal_pages(self._database, ids, page)

    def hold_pages(
        self, account_ids: Sequence[str], state: HoldState | None, page: PageRequest
    ) -> Mapping[str, Page[Hold]]:
        return holdings.hold_pages(self._database, self._clock.now(), account_ids, state, page)

    def capture_pages(self, hold_ids: Sequence[str], page: PageRequest) -> Mapping[str, Page[Transaction]]:
        return holdings.capture_pages(self._database, hold_ids, page)

    def balance_explanation(self, account_id: str, at: Instant | None) -> BalanceExplanation | None:
        return explanations.explanation(self._database, self._clock.now(), account_id, at)
