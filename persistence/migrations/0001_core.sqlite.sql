-- The books, and the second wall around every promise that the domain makes.
--
-- A raw connection may have foreign keys off and recursive triggers off, so no wall rests on either: each is a CHECK or
-- a BEFORE trigger. INSERT OR REPLACE deletes without asking a DELETE trigger, therefore every table that must not
-- forget also refuses an INSERT over a key that it has.

-- What is written together. The batch row comes last and closes its records: unbalanced or dangling rows never seal.

CREATE TABLE batch (
    number         INTEGER PRIMARY KEY,
    first_sequence INTEGER NOT NULL,
    last_sequence  INTEGER NOT NULL,
    at             INTEGER NOT NULL,
    CHECK (number > 0),
    CHECK (first_sequence <= last_sequence)
) STRICT;

-- Where the closed batches end: what has a number up to there is final.

CREATE VIEW closed AS SELECT coalesce((SELECT last_sequence FROM batch ORDER BY number DESC LIMIT 1), 0) AS sequence;

-- What the open batch has done to what: a row changes only by a deed in here that names it.

CREATE VIEW doing AS
    SELECT target_id, audit.sequence, operation, audit.at, api_client_id, role
    FROM audit
    JOIN audit_target USING (sequence)
    WHERE outcome = 'SUCCEEDED' AND audit.sequence > (SELECT sequence FROM closed);

-- Who may do what. A copy of domain/access.py that a SUCCEEDED record must agree with.

CREATE TABLE permission (
    role      TEXT NOT NULL,
    operation TEXT NOT NULL,
    PRIMARY KEY (role, operation)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
    sequence        INTEGER PRIMARY KEY,
    at              INTEGER NOT NULL,
    outcome         TEXT NOT NULL,
    operation       TEXT NOT NULL,
    api_client_id   TEXT NOT NULL,
    api_key_id      TEXT,
    role            TEXT NOT NULL,
    idempotency_key TEXT,
    target_ids      TEXT NOT NULL,
    error_code      TEXT,
    details         TEXT NOT NULL,
    previous_hash   TEXT NOT NULL,
    hash            TEXT NOT NULL,
    CHECK (outcome IN ('SUCCEEDED', 'REFUSED', 'DENIED')),
    CHECK (role IN ('VIEWER', 'AUDITOR', 'TELLER', 'MANAGER', 'ADMIN')),
    CHECK ((outcome = 'SUCCEEDED') = (error_code IS NULL)),
    CHECK (length(hash) = 64 AND length(previous_hash) = 64)
) STRICT;

-- Whom a record is about: the auditor's index, kept by trigger from audit.target_ids.

CREATE TABLE audit_target (
    target_id TEXT NOT NULL,
    sequence  INTEGER NOT NULL REFERENCES audit (sequence),
    PRIMARY KEY (target_id, sequence)
) STRICT, WITHOUT ROWID;

-- The words of callers, apart from the books because they can name people. The only table whose rows may be blanked.

CREATE TABLE text (
    sequence    INTEGER PRIMARY KEY REFERENCES audit (sequence),
    salt        TEXT,
    name        TEXT,
    description TEXT,
    note        TEXT,
    metadata    TEXT
) STRICT;

CREATE TABLE idempotency (
    api_client_id TEXT NOT NULL,
    operation     TEXT NOT NULL,
    key           TEXT NOT NULL,
    outcome       TEXT NOT NULL,
    fingerprint   TEXT NOT NULL,
    form          INTEGER NOT NULL,
    sequence      INTEGER NOT NULL REFERENCES audit (sequence),
    PRIMARY KEY (api_client_id, operation, key),
    CHECK (outcome IN ('SUCCEEDED', 'REFUSED', 'ABANDONED')),
    CHECK (length(key) BETWEEN 1 AND 255)
) STRICT, WITHOUT ROWID;

CREATE TABLE api_client (
    id               TEXT PRIMARY KEY,
    name             TEXT NOT NULL UNIQUE,
    role             TEXT NOT NULL,
    disabled_at      INTEGER,
    created_sequence INTEGER NOT NULL,
    changed_sequence INTEGER NOT NULL,
    CHECK (role IN ('VIEWER', 'AUDITOR', 'TELLER', 'MANAGER', 'ADMIN'))
) STRICT, WITHOUT ROWID;

CREATE TABLE api_key (
    id               TEXT PRIMARY KEY,
    api_client_id    TEXT NOT NULL REFERENCES api_client (id),
    secret_digest    TEXT NOT NULL,
    created_at       INTEGER NOT NULL,
    created_sequence INTEGER NOT NULL REFERENCES audit (sequence),
    changed_sequence INTEGER NOT NULL REFERENCES audit (sequence),
    expires_at       INTEGER,
    revoked_at       INTEGER,
    CHECK (length(secret_digest) = 64)
) STRICT, WITHOUT ROWID;

CREATE TABLE currency (
    code     TEXT PRIMARY KEY,
    exponent INTEGER NOT NULL,
    CHECK (length(code) = 3),
    CHECK (exponent BETWEEN 0 AND 18)
) STRICT, WITHOUT ROWID;

CREATE TABLE account (
    id               TEXT PRIMARY KEY,
    kind             TEXT NOT NULL,
    currency         TEXT NOT NULL REFERENCES currency (code),
    state            TEXT NOT NULL,
    posted           INTEGER NOT NULL,
    held             INTEGER NOT NULL,
    overdraft_limit  INTEGER NOT NULL,
    version          INTEGER NOT NULL,
    reference        TEXT UNIQUE,
    opened_at        INTEGER NOT NULL,
    opened_sequence  INTEGER NOT NULL REFERENCES audit (sequence),
    named_sequence   INTEGER NOT NULL REFERENCES audit (sequence),
    changed_sequence INTEGER NOT NULL REFERENCES audit (sequence),
    closed_at        INTEGER,
    closed_version   INTEGER,
    CHECK (kind IN ('CUSTOMER', 'HOUSE')),
    CHECK (state IN ('ACTIVE', 'FROZEN', 'CLOSED')),
    CHECK (held >= 0 AND overdraft_limit >= 0 AND version >= 0),
    CHECK (kind = 'HOUSE' OR posted - held + overdraft_limit >= 0),
    CHECK (kind = 'CUSTOMER' OR (state = 'ACTIVE' AND held = 0 AND overdraft_limit = 0)),
    CHECK ((state = 'CLOSED') = (closed_version IS NOT NULL)),
    CHECK ((state = 'CLOSED') = (closed_at IS NOT NULL)),
    CHECK (state <> 'CLOSED' OR (posted = 0 AND held = 0 AND overdraft_limit = 0 AND version = closed_version))
) STRICT, WITHOUT ROWID;

CREATE TABLE freeze (
    id               TEXT PRIMARY KEY,
    account_id       TEXT NOT NULL REFERENCES account (id),
    scope            TEXT NOT NULL,
    reason           TEXT NOT NULL,
    placed_at        INTEGER NOT NULL,
    placed_by        TEXT NOT NULL REFERENCES api_client (id),
    placed_role      TEXT NOT NULL,
    placed_sequence  INTEGER NOT NULL REFERENCES audit (sequence),
    changed_sequence INTEGER NOT NULL REFERENCES audit (sequence),
    expires_at       INTEGER,
    released_at      INTEGER,
    released_by      TEXT REFERENCES api_client (id),
    CHECK (scope IN ('DEBITS', 'ALL')),
    CHECK (reason IN ('CUSTOMER_REQUEST', 'SUSPECTED_FRAUD', 'COMPLIANCE', 'OPERATIONS')),
    CHECK (expires_at IS NULL OR expires_at > placed_at),
    CHECK ((released_at IS NULL) = (released_by IS NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE "transaction" (
    sequence   INTEGER PRIMARY KEY REFERENCES audit (sequence),
    id         TEXT NOT NULL UNIQUE,
    kind       TEXT NOT NULL,
    amount     INTEGER NOT NULL,
    currency   TEXT NOT NULL REFERENCES currency (code),
    reference  TEXT,
    created_at INTEGER NOT NULL,
    CHECK (kind IN ('DEPOSIT', 'WITHDRAWAL', 'TRANSFER', 'CAPTURE', 'REVERSAL', 'SWEEP')),
    CHECK (amount > 0)
) STRICT;

CREATE TABLE entry (
    account_id    TEXT NOT NULL REFERENCES account (id),
    version       INTEGER NOT NULL,
    sequence      INTEGER NOT NULL REFERENCES "transaction" (sequence),
    amount        INTEGER NOT NULL,
    balance_after INTEGER NOT NULL,
    created_at    INTEGER NOT NULL,
    PRIMARY KEY (account_id, version),
    CHECK (amount <> 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE reversal (
    original   INTEGER NOT NULL REFERENCES "transaction" (sequence),
    n          INTEGER NOT NULL,
    sequence   INTEGER NOT NULL UNIQUE REFERENCES "transaction" (sequence),
    cumulative INTEGER NOT NULL,
    PRIMARY KEY (original, n)
) STRICT, WITHOUT ROWID;

-- Each index serves a filter or an edge of the API. Time filters need none of their own: time only grows, so an interval is a range of sequence numbers.

CREATE UNIQUE INDEX batch_by_time ON batch (at);
CREATE INDEX account_by_opening ON account (opened_sequence);
CREATE INDEX account_not_active ON account (opened_sequence) WHERE state <> 'ACTIVE';
CREATE INDEX freeze_by_account ON freeze (account_id, placed_sequence);
CREATE INDEX freeze_unreleased ON freeze (account_id) WHERE released_at IS NULL;
CREATE INDEX transaction_by_reference ON "transaction" (reference, sequence) WHERE reference IS NOT NULL;
CREATE INDEX transaction_by_kind ON "transaction" (kind, sequence);
CREATE INDEX entry_by_transaction ON entry (sequence, account_id);
CREATE INDEX entry_by_account ON entry (account_id, sequence);
CREATE INDEX audit_by_client ON audit (api_client_id, sequence);
CREATE INDEX audit_by_operation ON audit (operation, sequence);
CREATE INDEX audit_by_outcome ON audit (outcome, sequence);
CREATE INDEX idempotency_by_sequence ON idempotency (sequence);
CREATE INDEX api_client_by_creation ON api_client (created_sequence);
CREATE INDEX api_key_by_client ON api_key (api_client_id, created_sequence);

-- Batches: numbered without gaps, each taking up where the last one ended, each closing balanced books.

CREATE TRIGGER batch_closes_the_books BEFORE INSERT ON batch BEGIN
    SELECT RAISE(ABORT, 'batches are numbered without gaps')
        WHERE NEW.number <> (SELECT coalesce(max(number), 0) + 1 FROM batch);
    SELECT RAISE(ABORT, 'a batch begins where the last one ended')
        WHERE NEW.first_sequence <> (SELECT sequence + 1 FROM closed);
    SELECT RAISE(ABORT, 'a batch ends with the last audit record')
        WHERE NEW.last_sequence <> (SELECT coalesce(max(sequence), 0) FROM audit);
    SELECT RAISE(ABORT, 'time does not run backwards')
        WHERE NEW.at <= (SELECT at FROM batch WHERE number = NEW.number - 1)
            OR EXISTS (SELECT 1 FROM audit WHERE sequence >= NEW.first_sequence AND at <> NEW.at);
    SELECT RAISE(ABORT, 'the entries of a transaction sum to zero, and to its amount on each side') WHERE EXISTS (
        SELECT 1 FROM "transaction" AS t
        LEFT JOIN entry AS e ON e.sequence = t.sequence
        WHERE t.sequence >= NEW.first_sequence
        GROUP BY t.sequence
        HAVING coalesce(sum(e.amount), 1) <> 0 OR sum(max(e.amount, 0)) <> t.amount
    );
    SELECT RAISE(ABORT, 'the entries of a transaction are in its currency') WHERE EXISTS (
        SELECT 1 FROM "transaction" AS t
        JOIN entry AS e ON e.sequence = t.sequence
        JOIN account AS a ON a.id = e.account_id
        WHERE t.sequence >= NEW.first_sequence AND a.currency <> t.currency
    );
    SELECT RAISE(ABORT, 'money moves the way its transaction says') WHERE EXISTS (
        SELECT 1 FROM "transaction" AS t
        JOIN entry AS e ON e.sequence = t.sequence
        JOIN account AS a ON a.id = e.account_id
        WHERE t.sequence >= NEW.first_sequence AND CASE t.kind
            WHEN 'DEPOSIT' THEN (a.kind = 'CUSTOMER') <> (e.amount > 0)
            WHEN 'WITHDRAWAL' THEN (a.kind = 'CUSTOMER') <> (e.amount < 0)
            WHEN 'TRANSFER' THEN a.kind <> 'CUSTOMER'
            WHEN 'REVERSAL' THEN NOT EXISTS (
                SELECT 1 FROM reversal AS r
                JOIN entry AS o ON o.sequence = r.original AND o.account_id = e.account_id
                WHERE r.sequence = t.sequence AND (o.amount > 0) <> (e.amount > 0)
            )
        END
    );
    SELECT RAISE(ABORT, 'a success is kept under its key') WHERE EXISTS (
        SELECT 1 FROM audit AS a
        WHERE a.sequence >= NEW.first_sequence AND a.outcome = 'SUCCEEDED' AND a.idempotency_key IS NOT NULL
            AND NOT EXISTS (
                SELECT 1 FROM idempotency AS i
                WHERE i.sequence = a.sequence AND i.operation = a.operation AND i.key = a.idempotency_key
            )
    );
    SELECT RAISE(ABORT, 'an account agrees with its last entry') WHERE EXISTS (
        SELECT 1 FROM "transaction" AS t
        JOIN entry AS e ON e.sequence = t.sequence
        JOIN account AS a ON a.id = e.account_id
        WHERE t.sequence >= NEW.first_sequence
            AND (a.version < e.version OR (a.version = e.version AND a.posted <> e.balance_after))
    );
END;
CREATE TRIGGER batch_is_never_changed BEFORE UPDATE ON batch
    BEGIN SELECT RAISE(ABORT, 'batches are append-only'); END;
CREATE TRIGGER batch_is_never_deleted BEFORE DELETE ON batch
    BEGIN SELECT RAISE(ABORT, 'batches are append-only'); END;

-- Audit: no gaps, chained, and nothing succeeds without a permission.

CREATE TRIGGER audit_is_gap_free_and_permitted BEFORE INSERT ON audit BEGIN
    SELECT RAISE(ABORT, 'audit records are numbered without gaps')
        WHERE NEW.sequence <> (SELECT coalesce(max(sequence), 0) + 1 FROM audit);
    SELECT RAISE(ABORT, 'an audit record is chained to the one before it')
        WHERE NEW.previous_hash <> coalesce(
            (SELECT hash FROM audit WHERE sequence = NEW.sequence - 1),
            '0000000000000000000000000000000000000000000000000000000000000000'
        );
    SELECT RAISE(ABORT, 'nothing succeeds without a permission')
        WHERE NEW.outcome = 'SUCCEEDED' AND (
            NOT EXISTS (SELECT 1 FROM permission WHERE role = NEW.role AND operation = NEW.operation)
            -- Its role is the client's, or one that the same batch has just given it.
            OR NOT EXISTS (
                SELECT 1 FROM api_client
                WHERE id = NEW.api_client_id AND role = NEW.role AND disabled_at IS NULL
                UNION ALL
                SELECT 1 FROM doing
                WHERE target_id = NEW.api_client_id
                    AND operation IN ('CHANGE_API_CLIENT_ROLE', 'ENABLE_API_CLIENT')
            )
        );
END;
CREATE TRIGGER audit_targets_are_indexed AFTER INSERT ON audit WHEN NEW.target_ids <> '[]' BEGIN
    INSERT INTO audit_target (target_id, sequence) SELECT value, NEW.sequence FROM json_each(NEW.target_ids);
END;
CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

CREATE TRIGGER audit_target_follows_audit BEFORE INSERT ON audit_target BEGIN
    SELECT RAISE(ABORT, 'audit targets are those of their record') WHERE NOT EXISTS (
        SELECT 1 FROM audit, json_each(audit.target_ids)
        WHERE audit.sequence = NEW.sequence AND json_each.value = NEW.target_id
    ) OR EXISTS (SELECT 1 FROM audit_target WHERE target_id = NEW.target_id AND sequence = NEW.sequence);
END;
CREATE TRIGGER audit_target_is_never_changed BEFORE UPDATE ON audit_target
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_target_is_never_deleted BEFORE DELETE ON audit_target
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

-- Idempotency: a key is decided once.

CREATE TRIGGER idempotency_is_decided_once BEFORE INSERT ON idempotency BEGIN
    SELECT RAISE(ABORT, 'an idempotency key is decided once') WHERE EXISTS (
        SELECT 1 FROM idempotency
        WHERE api_client_id = NEW.api_client_id AND operation = NEW.operation AND key = NEW.key
    );
    SELECT RAISE(ABORT, 'an idempotency record has its audit record, in the open batch') WHERE NOT EXISTS (
        SELECT 1 FROM audit, closed
        WHERE audit.sequence = NEW.sequence AND audit.sequence > closed.sequence
            AND api_client_id = NEW.api_client_id
            AND CASE NEW.outcome
                WHEN 'ABANDONED' THEN operation = 'ABANDON_IDEMPOTENCY_KEY' AND outcome = 'SUCCEEDED'
                ELSE operation = NEW.operation AND idempotency_key = NEW.key AND outcome = NEW.outcome
            END
    );
END;
CREATE TRIGGER idempotency_is_never_changed BEFORE UPDATE ON idempotency
    BEGIN SELECT RAISE(ABORT, 'idempotency records are append-only'); END;
CREATE TRIGGER idempotency_is_never_deleted BEFORE DELETE ON idempotency
    BEGIN SELECT RAISE(ABORT, 'idempotency records are append-only'); END;

-- Accounts: opened empty, changed by entries, closed for ever.

CREATE TRIGGER account_opens_empty BEFORE INSERT ON account BEGIN
    SELECT RAISE(ABORT, 'an account is opened once')
        WHERE EXISTS (SELECT 1 FROM account WHERE id = NEW.id)
            OR EXISTS (SELECT 1 FROM account WHERE reference = NEW.reference);
    SELECT RAISE(ABORT, 'an account opens empty and ACTIVE')
        WHERE NEW.state <> 'ACTIVE' OR NEW.posted <> 0 OR NEW.held <> 0 OR NEW.version <> 0
            OR NEW.overdraft_limit < 0 OR NEW.closed_at IS NOT NULL OR NEW.closed_version IS NOT NULL;
    SELECT RAISE(ABORT, 'a currency has one house account') WHERE NOT CASE NEW.kind
        WHEN 'CUSTOMER' THEN NEW.id NOT LIKE 'house%'
        WHEN 'HOUSE' THEN NEW.id = 'house_' || NEW.currency AND NEW.overdraft_limit = 0
        ELSE FALSE
    END;
    SELECT RAISE(ABORT, 'an account has its audit record, in the open batch')
        WHERE NEW.named_sequence <> NEW.opened_sequence OR NEW.changed_sequence <> NEW.opened_sequence
            OR NOT EXISTS (
                SELECT 1 FROM audit, closed
                WHERE audit.sequence = NEW.opened_sequence AND audit.sequence > closed.sequence
                    AND outcome = 'SUCCEEDED' AND audit.at = NEW.opened_at
                    AND (operation = 'OPEN_ACCOUNT') = (NEW.kind = 'CUSTOMER')
                    AND (NEW.overdraft_limit = 0 OR role IN ('MANAGER', 'ADMIN'))
                    AND (NEW.kind = 'HOUSE' OR EXISTS (
                        SELECT 1 FROM doing WHERE target_id = NEW.id AND sequence = NEW.opened_sequence
                    ))
            );
    SELECT RAISE(ABORT, 'an account has a known currency')
        WHERE NOT EXISTS (SELECT 1 FROM currency WHERE code = NEW.currency);
END;
CREATE TRIGGER account_closed_is_terminal BEFORE UPDATE ON account WHEN OLD.state = 'CLOSED'
    BEGIN SELECT RAISE(ABORT, 'a closed account never changes'); END;
CREATE TRIGGER account_keeps_its_identity BEFORE UPDATE ON account
    WHEN NEW.id <> OLD.id OR NEW.kind <> OLD.kind OR NEW.currency <> OLD.currency
        OR NEW.reference IS NOT OLD.reference OR NEW.opened_at <> OLD.opened_at
        OR NEW.opened_sequence <> OLD.opened_sequence
    BEGIN SELECT RAISE(ABORT, 'an account keeps its identity'); END;
CREATE TRIGGER account_changes_by_a_deed BEFORE UPDATE ON account BEGIN
    SELECT RAISE(ABORT, 'an account changes only by a deed that names it, in the open batch') WHERE NOT EXISTS (
        SELECT 1 FROM doing WHERE target_id = NEW.id AND sequence = NEW.changed_sequence
    ) AND NOT EXISTS (
        SELECT 1 FROM entry, closed
        WHERE NEW.kind = 'HOUSE' AND account_id = NEW.id AND version = NEW.version
            AND entry.sequence = NEW.changed_sequence AND entry.sequence > closed.sequence
    );
    SELECT RAISE(ABORT, 'an account changes only as its deeds may change it') WHERE (
        NEW.state <> OLD.state AND OLD.state <> 'CLOSED' AND NOT EXISTS (
            SELECT 1 FROM doing WHERE target_id = NEW.id AND operation IN (
                'CLOSE_ACCOUNT',
                CASE NEW.state WHEN 'FROZEN' THEN 'FREEZE_ACCOUNT' WHEN 'ACTIVE' THEN 'UNFREEZE_ACCOUNT' END,
                CASE NEW.state WHEN 'ACTIVE' THEN 'EXPIRE_FREEZE' END
            ) AND (NEW.state = 'CLOSED') = (operation = 'CLOSE_ACCOUNT')
        )
    ) OR (
        NEW.overdraft_limit <> OLD.overdraft_limit AND NEW.kind = OLD.kind AND NOT EXISTS (
            SELECT 1 FROM doing WHERE target_id = NEW.id AND operation IN ('SET_OVERDRAFT_LIMIT', 'CLOSE_ACCOUNT')
        )
    ) OR (
        NEW.held <> OLD.held AND NEW.kind = OLD.kind AND NOT EXISTS (
            SELECT 1 FROM doing WHERE target_id = NEW.id
                AND operation IN ('PLACE_HOLD', 'CAPTURE_HOLD', 'RELEASE_HOLD', 'EXPIRE_HOLD')
        )
    );
END;
CREATE TRIGGER account_is_renamed_by_a_record BEFORE UPDATE ON account WHEN NEW.named_sequence <> OLD.named_sequence
    BEGIN
        SELECT RAISE(ABORT, 'a name has its audit record, in the open batch') WHERE NOT EXISTS (
            SELECT 1 FROM audit, closed
            WHERE audit.sequence = NEW.named_sequence AND audit.sequence > closed.sequence
                AND operation = 'RENAME_ACCOUNT' AND outcome = 'SUCCEEDED'
        );
    END;
-- The CHECKs of the table say the same, but `PRAGMA ignore_check_constraints` would silence them.
CREATE TRIGGER account_is_sound BEFORE UPDATE ON account
    WHEN NEW.held < 0 OR NEW.overdraft_limit < 0
        OR (NEW.kind <> 'HOUSE' AND NEW.posted - NEW.held + NEW.overdraft_limit < 0)
        OR (NEW.kind = 'HOUSE' AND (NEW.state <> 'ACTIVE' OR NEW.held <> 0 OR NEW.overdraft_limit <> 0))
        OR NEW.state NOT IN ('ACTIVE', 'FROZEN', 'CLOSED')
        OR (NEW.state = 'CLOSED') <> (NEW.closed_version IS NOT NULL)
        OR (NEW.state = 'CLOSED') <> (NEW.closed_at IS NOT NULL)
        OR (NEW.state = 'CLOSED' AND (NEW.posted <> 0 OR NEW.held <> 0 OR NEW.overdraft_limit <> 0
            OR NEW.version <> NEW.closed_version))
    BEGIN SELECT RAISE(ABORT, 'an account keeps its floor, and only an empty one closes'); END;
CREATE TRIGGER account_agrees_with_its_entry BEFORE UPDATE ON account BEGIN
    SELECT RAISE(ABORT, 'an account agrees with its last entry') WHERE NOT EXISTS (
        SELECT 1 FROM (
            SELECT version, balance_after FROM entry WHERE account_id = NEW.id
            UNION ALL SELECT 0, 0
            ORDER BY version DESC LIMIT 1
        )
        WHERE version = NEW.version AND balance_after = NEW.posted
    );
END;
CREATE TRIGGER account_is_never_deleted BEFORE DELETE ON account
    BEGIN SELECT RAISE(ABORT, 'accounts are never deleted'); END;

-- Freezes: placed once, released once.

CREATE TRIGGER freeze_is_placed_once BEFORE INSERT ON freeze BEGIN
    SELECT RAISE(ABORT, 'a freeze is placed once') WHERE EXISTS (SELECT 1 FROM freeze WHERE id = NEW.id);
    SELECT RAISE(ABORT, 'a freeze is placed on an open account')
        WHERE NOT EXISTS (SELECT 1 FROM account WHERE id = NEW.account_id AND state <> 'CLOSED');
    SELECT RAISE(ABORT, 'a freeze has its audit record, in the open batch') WHERE NOT EXISTS (
        SELECT 1 FROM doing
        WHERE target_id = NEW.id AND sequence = NEW.placed_sequence AND operation = 'FREEZE_ACCOUNT'
            AND api_client_id = NEW.placed_by AND role = NEW.placed_role AND at = NEW.placed_at
    );
END;
CREATE TRIGGER freeze_is_released_once BEFORE UPDATE ON freeze
    WHEN OLD.released_at IS NOT NULL OR NEW.released_at IS NULL
        OR NEW.id <> OLD.id OR NEW.account_id <> OLD.account_id OR NEW.scope <> OLD.scope
        OR NEW.reason <> OLD.reason OR NEW.placed_at <> OLD.placed_at OR NEW.placed_by <> OLD.placed_by
        OR NEW.placed_role <> OLD.placed_role OR NEW.placed_sequence <> OLD.placed_sequence
        OR NEW.expires_at IS NOT OLD.expires_at
        OR NOT EXISTS (
            SELECT 1 FROM doing
            WHERE target_id = NEW.id AND sequence = NEW.changed_sequence AND api_client_id = NEW.released_by
                AND operation IN ('UNFREEZE_ACCOUNT', 'CLOSE_ACCOUNT', 'EXPIRE_FREEZE') AND at = NEW.released_at
        )
    BEGIN SELECT RAISE(ABORT, 'a freeze changes only by its release, in the open batch'); END;
CREATE TRIGGER freeze_is_never_deleted BEFORE DELETE ON freeze
    BEGIN SELECT RAISE(ABORT, 'freezes are never deleted'); END;

-- Transactions and entries: append-only, and never added to once their batch is closed.

CREATE TRIGGER transaction_belongs_to_the_open_batch BEFORE INSERT ON "transaction" BEGIN
    SELECT RAISE(ABORT, 'a transaction is written once')
        WHERE EXISTS (SELECT 1 FROM "transaction" WHERE id = NEW.id OR sequence = NEW.sequence);
    SELECT RAISE(ABORT, 'a transaction has its audit record, in the open batch') WHERE NOT EXISTS (
        SELECT 1 FROM audit, closed
        WHERE audit.sequence = NEW.sequence AND audit.sequence > closed.sequence AND outcome = 'SUCCEEDED'
            AND audit.at = NEW.created_at AND operation = CASE NEW.kind
                WHEN 'DEPOSIT' THEN 'DEPOSIT'
                WHEN 'WITHDRAWAL' THEN 'WITHDRAW'
                WHEN 'TRANSFER' THEN 'TRANSFER'
                WHEN 'CAPTURE' THEN 'CAPTURE_HOLD'
                WHEN 'REVERSAL' THEN 'REVERSE_TRANSACTION'
                WHEN 'SWEEP' THEN 'CLOSE_ACCOUNT'
            END
    );
END;
CREATE TRIGGER transaction_is_never_changed BEFORE UPDATE ON "transaction"
    BEGIN SELECT RAISE(ABORT, 'transactions are append-only'); END;
CREATE TRIGGER transaction_is_never_deleted BEFORE DELETE ON "transaction"
    BEGIN SELECT RAISE(ABORT, 'transactions are append-only'); END;

CREATE TRIGGER entry_continues_its_account BEFORE INSERT ON entry BEGIN
    SELECT RAISE(ABORT, 'an entry is one version after the last, and its balance follows') WHERE NOT EXISTS (
        SELECT 1 FROM (
            SELECT version, balance_after FROM entry WHERE account_id = NEW.account_id
            UNION ALL SELECT 0, 0
            ORDER BY version DESC LIMIT 1
        )
        WHERE NEW.version = version + 1 AND NEW.balance_after = balance_after + NEW.amount
    );
    SELECT RAISE(ABORT, 'an entry belongs to an account that is not closed')
        WHERE NOT EXISTS (
            SELECT 1 FROM account
            WHERE id = NEW.account_id AND (closed_version IS NULL OR NEW.version <= closed_version)
        );
    SELECT RAISE(ABORT, 'an entry has its transaction, in the open batch') WHERE NOT EXISTS (
        SELECT 1 FROM "transaction" AS t, closed
        WHERE t.sequence = NEW.sequence AND t.sequence > closed.sequence AND t.created_at = NEW.created_at
    );
END;
CREATE TRIGGER entry_is_never_changed BEFORE UPDATE ON entry
    BEGIN SELECT RAISE(ABORT, 'entries are append-only'); END;
CREATE TRIGGER entry_is_never_deleted BEFORE DELETE ON entry
    BEGIN SELECT RAISE(ABORT, 'entries are append-only'); END;

CREATE TRIGGER reversal_never_exceeds_its_original BEFORE INSERT ON reversal BEGIN
    SELECT RAISE(ABORT, 'a reversal is written once')
        WHERE EXISTS (SELECT 1 FROM reversal WHERE sequence = NEW.sequence);
    SELECT RAISE(ABORT, 'reversals add up, one after the other') WHERE NOT EXISTS (
        SELECT 1 FROM (
            SELECT n, cumulative FROM reversal WHERE original = NEW.original
            UNION ALL SELECT 0, 0
            ORDER BY n DESC LIMIT 1
        ) AS last
        JOIN "transaction" AS t ON t.sequence = NEW.sequence AND t.kind = 'REVERSAL'
        WHERE NEW.n = last.n + 1 AND NEW.cumulative = last.cumulative + t.amount
    );
    SELECT RAISE(ABORT, 'reversals never exceed their original') WHERE NOT EXISTS (
        SELECT 1 FROM "transaction" AS original
        JOIN "transaction" AS taken_back ON taken_back.sequence = NEW.sequence
        WHERE original.sequence = NEW.original AND original.kind <> 'REVERSAL' AND NEW.original < NEW.sequence
            AND taken_back.currency = original.currency AND NEW.cumulative <= original.amount
    );
END;
CREATE TRIGGER reversal_is_never_changed BEFORE UPDATE ON reversal
    BEGIN SELECT RAISE(ABORT, 'reversals are append-only'); END;
CREATE TRIGGER reversal_is_never_deleted BEFORE DELETE ON reversal
    BEGIN SELECT RAISE(ABORT, 'reversals are append-only'); END;

-- API clients and keys: named once, revoked once. First the client in whose name the program itself acts: no record made it.

INSERT INTO api_client (id, name, role, disabled_at, created_sequence, changed_sequence)
    VALUES ('cli_00000000000000000000000000', 'system', 'ADMIN', NULL, 0, 0);

CREATE TRIGGER api_client_is_created_once BEFORE INSERT ON api_client BEGIN
    SELECT RAISE(ABORT, 'an API client is created once')
        WHERE EXISTS (SELECT 1 FROM api_client WHERE id = NEW.id OR name = NEW.name);
    SELECT RAISE(ABORT, 'an API client has its audit record, in the open batch') WHERE NOT EXISTS (
        SELECT 1 FROM doing
        WHERE target_id = NEW.id AND sequence = NEW.created_sequence AND operation = 'CREATE_API_CLIENT'
    );
END;
CREATE TRIGGER api_client_keeps_its_identity BEFORE UPDATE ON api_client
    WHEN NEW.id <> OLD.id OR NEW.name <> OLD.name OR NEW.created_sequence <> OLD.created_sequence
        OR OLD.created_sequence = 0
    BEGIN SELECT RAISE(ABORT, 'an API client keeps its identity, and the system never changes'); END;
CREATE TRIGGER api_client_changes_by_a_deed BEFORE UPDATE ON api_client BEGIN
    SELECT RAISE(ABORT, 'an API client changes only by a deed that names it, in the open batch') WHERE NOT EXISTS (
        SELECT 1 FROM doing
        WHERE target_id = NEW.id AND sequence = NEW.changed_sequence
            AND operation IN ('CHANGE_API_CLIENT_ROLE', 'DISABLE_API_CLIENT', 'ENABLE_API_CLIENT')
    );
END;
CREATE TRIGGER api_client_is_never_deleted BEFORE DELETE ON api_client
    BEGIN SELECT RAISE(ABORT, 'API clients are never deleted'); END;

CREATE TRIGGER api_key_is_issued_once BEFORE INSERT ON api_key BEGIN
    SELECT RAISE(ABORT, 'an API key is issued once') WHERE EXISTS (SELECT 1 FROM api_key WHERE id = NEW.id);
    SELECT RAISE(ABORT, 'an API key belongs to a client, and never to the system')
        WHERE NOT EXISTS (SELECT 1 FROM api_client WHERE id = NEW.api_client_id AND created_sequence > 0);
    SELECT RAISE(ABORT, 'an API key has its audit record, in the open batch') WHERE NOT EXISTS (
        SELECT 1 FROM doing
        WHERE target_id = NEW.id AND sequence = NEW.created_sequence AND operation = 'ISSUE_API_KEY'
            AND at = NEW.created_at
    );
END;
CREATE TRIGGER api_key_changes_only_by_revocation BEFORE UPDATE ON api_key
    WHEN OLD.revoked_at IS NOT NULL OR NEW.revoked_at IS NULL
        OR NEW.id <> OLD.id OR NEW.api_client_id <> OLD.api_client_id OR NEW.secret_digest <> OLD.secret_digest
        OR NEW.created_at <> OLD.created_at OR NEW.created_sequence <> OLD.created_sequence
        OR NEW.expires_at IS NOT OLD.expires_at
        OR NOT EXISTS (
            SELECT 1 FROM doing
            WHERE target_id = NEW.id AND sequence = NEW.changed_sequence
                AND operation = 'REVOKE_API_KEY' AND at = NEW.revoked_at
        )
    BEGIN SELECT RAISE(ABORT, 'an API key changes only by its revocation, in the open batch'); END;
CREATE TRIGGER api_key_is_never_deleted BEFORE DELETE ON api_key
    BEGIN SELECT RAISE(ABORT, 'API keys are never deleted'); END;

-- Currencies: their exponent is settled at first use.

CREATE TRIGGER currency_is_settled_once BEFORE INSERT ON currency
    WHEN EXISTS (SELECT 1 FROM currency WHERE code = NEW.code)
    BEGIN SELECT RAISE(ABORT, 'the exponent of a currency is settled once'); END;
CREATE TRIGGER currency_is_never_changed BEFORE UPDATE ON currency
    BEGIN SELECT RAISE(ABORT, 'the exponent of a currency is settled once'); END;
CREATE TRIGGER currency_is_never_deleted BEFORE DELETE ON currency
    BEGIN SELECT RAISE(ABORT, 'the exponent of a currency is settled once'); END;

-- Text: only ever blanked.

CREATE TRIGGER text_is_written_once BEFORE INSERT ON text BEGIN
    SELECT RAISE(ABORT, 'text is written once') WHERE EXISTS (SELECT 1 FROM text WHERE sequence = NEW.sequence);
    SELECT RAISE(ABORT, 'text has its audit record, in the open batch') WHERE NOT EXISTS (
        SELECT 1 FROM audit, closed WHERE audit.sequence = NEW.sequence AND audit.sequence > closed.sequence
    );
END;
CREATE TRIGGER text_is_only_blanked BEFORE UPDATE ON text
    WHEN NEW.sequence <> OLD.sequence OR NEW.salt IS NOT NULL OR NEW.name IS NOT NULL
        OR NEW.description IS NOT NULL OR NEW.note IS NOT NULL OR NEW.metadata IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'text is only ever blanked'); END;
CREATE TRIGGER text_is_never_deleted BEFORE DELETE ON text
    BEGIN SELECT RAISE(ABORT, 'text is only ever blanked'); END;

-- The permissions of domain/access.py.

INSERT INTO permission (role, operation) VALUES
    ('TELLER', 'OPEN_ACCOUNT'), ('MANAGER', 'OPEN_ACCOUNT'), ('ADMIN', 'OPEN_ACCOUNT'),
    ('TELLER', 'RENAME_ACCOUNT'), ('MANAGER', 'RENAME_ACCOUNT'), ('ADMIN', 'RENAME_ACCOUNT'),
    ('MANAGER', 'SET_OVERDRAFT_LIMIT'), ('ADMIN', 'SET_OVERDRAFT_LIMIT'),
    ('MANAGER', 'FREEZE_ACCOUNT'), ('ADMIN', 'FREEZE_ACCOUNT'),
    ('MANAGER', 'UNFREEZE_ACCOUNT'), ('ADMIN', 'UNFREEZE_ACCOUNT'),
    ('MANAGER', 'CLOSE_ACCOUNT'), ('ADMIN', 'CLOSE_ACCOUNT'),
    ('TELLER', 'DEPOSIT'), ('MANAGER', 'DEPOSIT'), ('ADMIN', 'DEPOSIT'),
    ('MANAGER', 'WITHDRAW'), ('ADMIN', 'WITHDRAW'),
    ('MANAGER', 'TRANSFER'), ('ADMIN', 'TRANSFER'),
    ('MANAGER', 'REVERSE_TRANSACTION'), ('ADMIN', 'REVERSE_TRANSACTION'),
    ('MANAGER', 'PLACE_HOLD'), ('ADMIN', 'PLACE_HOLD'),
    ('MANAGER', 'CAPTURE_HOLD'), ('ADMIN', 'CAPTURE_HOLD'),
    ('MANAGER', 'RELEASE_HOLD'), ('ADMIN', 'RELEASE_HOLD'),
    ('MANAGER', 'EXECUTE_BATCH'), ('ADMIN', 'EXECUTE_BATCH'),
    ('ADMIN', 'CREATE_API_CLIENT'),
    ('ADMIN', 'CHANGE_API_CLIENT_ROLE'),
    ('ADMIN', 'DISABLE_API_CLIENT'),
    ('ADMIN', 'ENABLE_API_CLIENT'),
    ('ADMIN', 'ISSUE_API_KEY'),
    ('ADMIN', 'REVOKE_API_KEY'),
    ('TELLER', 'ABANDON_IDEMPOTENCY_KEY'), ('MANAGER', 'ABANDON_IDEMPOTENCY_KEY'),
    ('ADMIN', 'ABANDON_IDEMPOTENCY_KEY'),
    ('ADMIN', 'EXPIRE_HOLD'),
    ('ADMIN', 'EXPIRE_FREEZE');
CREATE TRIGGER permission_is_never_added BEFORE INSERT ON permission
    BEGIN SELECT RAISE(ABORT, 'permissions change only with the schema'); END;
CREATE TRIGGER permission_is_never_changed BEFORE UPDATE ON permission
    BEGIN SELECT RAISE(ABORT, 'permissions change only with the schema'); END;
CREATE TRIGGER permission_is_never_deleted BEFORE DELETE ON permission
    BEGIN SELECT RAISE(ABORT, 'permissions change only with the schema'); END;
