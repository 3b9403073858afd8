"""The tables as Peewee sees them. The migrations create them, with every check and trigger; these never leave here."""

from __future__ import annotations

import peewee


class Table(peewee.Model):
    """Base of all tables. Unbound: a query is rendered for whichever database runs it."""


class Batch(Table):
    number = peewee.BigIntegerField(primary_key=True)
    first_sequence = peewee.BigIntegerField()
    last_sequence = peewee.BigIntegerField()
    at = peewee.BigIntegerField()


class Audit(Table):
    sequence = peewee.BigIntegerField(primary_key=True)
    at = peewee.BigIntegerField()
    outcome = peewee.TextField()
    operation = peewee.TextField()
    api_client_id = peewee.TextField()
    api_key_id = peewee.TextField(null=True)
    role = peewee.TextField()
    idempotency_key = peewee.TextField(null=True)
    target_ids = peewee.TextField()
    error_code = peewee.TextField(null=True)
    details = peewee.TextField()
    previous_hash = peewee.TextField()
    hash = peewee.TextField()


class AuditTarget(Table):
    target_id = peewee.TextField()
    sequence = peewee.BigIntegerField()

    class Meta:
        table_name = "audit_target"
        primary_key = peewee.CompositeKey("target_id", "sequence")


class Text(Table):
    sequence = peewee.BigIntegerField(primary_key=True)
    salt = peewee.TextField(null=True)
    name = peewee.TextField(null=True)
    description = peewee.TextField(null=True)
    note = peewee.TextField(null=True)
    metadata = peewee.TextField(null=True)


class Idempotency(Table):
    api_client_id = peewee.TextField()
    operation = peewee.TextField()
    key = peewee.TextField()
    outcome = peewee.TextField()
    fingerprint = peewee.TextField()
    form = peewee.BigIntegerField()
    sequence = peewee.BigIntegerField()

    class Meta:
        primary_key = peewee.CompositeKey("api_client_id", "operation", "key")


class ApiClient(Table):
    id = peewee.TextField(primary_key=True)
    name = peewee.TextField()
    role = peewee.TextField()
    disabled_at = peewee.BigIntegerField(null=True)
    created_sequence = peewee.BigIntegerField()
    changed_sequence = peewee.BigIntegerField()

    class Meta:
        table_name = "api_client"


class ApiKey(Table):
    id = peewee.TextField(primary_key=True)
    api_client_id = peewee.TextField()
    secret_digest = peewee.TextField()
    created_at = peewee.BigIntegerField()
    created_sequence = peewee.BigIntegerField()
    changed_sequence = peewee.BigIntegerField()
    expires_at = peewee.BigIntegerField(null=True)
    revoked_at = peewee.BigIntegerField(null=True)

    class Meta:
        table_name = "api_key"


class Currency(Table):
    code = peewee.TextField(primary_key=True)
    exponent = peewee.BigIntegerField()


class Account(Table):
    id = peewee.TextField(primary_key=True)
    kind = peewee.TextField()
    currency = peewee.TextField()
    state = peewee.TextField()
    posted = peewee.BigIntegerField()
    held = peewee.BigIntegerField()
    overdraft_limit = peewee.BigIntegerField()
    version = peewee.BigIntegerField()
    reference = peewee.TextField(null=True)
    opened_at = peewee.BigIntegerField()
    opened_sequence = peewee.BigIntegerField()
    named_sequence = peewee.BigIntegerField()
    changed_sequence = peewee.BigIntegerField()
    closed_at = peewee.BigIntegerField(null=True)
    closed_version = peewee.BigIntegerField(null=True)


class Hold(Table):
    id = peewee.TextField(primary_key=True)
    account_id = peewee.TextField()
    state = peewee.TextField()
    amount = peewee.BigIntegerField()
    captured = peewee.BigIntegerField()
    placed_at = peewee.BigIntegerField()
    placed_sequence = peewee.BigIntegerField()
    changed_sequence = peewee.BigIntegerField()
    expires_at = peewee.BigIntegerField(null=True)


class Freeze(Table):
    id = peewee.TextField(primary_key=True)
    account_id = peewee.TextField()
    scope = peewee.TextField()
    reason = peewee.TextField()
    placed_at = peewee.BigIntegerField()
    placed_by = peewee.TextField()
    placed_role = peewee.TextField()
    placed_sequence = peewee.BigIntegerField()
    changed_sequence = peewee.BigIntegerField()
    expires_at = peewee.BigIntegerField(null=True)
    released_at = peewee.BigIntegerField(null=True)
    released_by = peewee.TextField(null=True)


class Transaction(Table):
    sequence = peewee.BigIntegerField(primary_key=True)
    id = peewee.TextField()
    kind = peewee.TextField()
    amount = peewee.BigIntegerField()
    currency = peewee.TextField()
    reference = peewee.TextField(null=True)
    created_at = peewee.BigIntegerField()


class Entry(Table):
    account_id = peewee.TextField()
    version = peewee.BigIntegerField()
    sequence = peewee.BigIntegerField()
    amount = peewee.BigIntegerField()
    balance_after = peewee.BigIntegerField()
    created_at = peewee.BigIntegerField()

    class Meta:
        primary_key = peewee.CompositeKey("account_id", "version")


class Turnover(Table):
    account_id = peewee.TextField()
    version = peewee.BigIntegerField()
    credits_high = peewee.BigIntegerField()
    credits_low = peewee.BigIntegerField()

    class Meta:
        primary_key = peewee.CompositeKey("account_id", "version")


class Reversal(Table):
    original = peewee.BigIntegerField()
    n = peewee.BigIntegerField()
    sequence = peewee.BigIntegerField()
    cumulative = peewee.BigIntegerField()

    class Meta:
        primary_key = peewee.CompositeKey("original", "n")


class Permission(Table):
    role = peewee.TextField()
    operation = peewee.TextField()

    class Meta:
        primary_key = peewee.CompositeKey("role", "operation")


TABLES: tuple[type[Table], ...] = (
    Batch,
    Audit,
    AuditTarget,
    Text,
    Idempotency,
    ApiClient,
    ApiKey,
    Currency,
    Account,
    Hold,
    Freeze,
    Transaction,
    Entry,
    Turnover,
    Reversal,
    Permission,
)
"""Every table, for the test that compares them with what the migrations create."""
