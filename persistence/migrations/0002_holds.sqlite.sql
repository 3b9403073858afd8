-- Holds: money set aside on an account, until it is captured, released, or runs out.
--
-- A hold is one row that changes once. What an account has set aside is the sum of its open holds, and a capture moves
-- what its hold gives: both are proved when a batch closes.

CREATE TABLE hold (
    id               TEXT PRIMARY KEY,
    account_id       TEXT NOT NULL REFERENCES account (id),
    state            TEXT NOT NULL,
    amount           INTEGER NOT NULL,
    captured         INTEGER NOT NULL,
    placed_at        INTEGER NOT NULL,
    placed_sequence  INTEGER NOT NULL REFERENCES audit (sequence),
    changed_sequence INTEGER NOT NULL REFERENCES audit (sequence),
    expires_at       INTEGER,
    CHECK (state IN ('OPEN', 'CAPTURED', 'RELEASED', 'EXPIRED')),
    CHECK (amount > 0),
    CHECK (captured BETWEEN 0 AND amount),
    CHECK ((state = 'CAPTURED') = (captured > 0)),
    CHECK (state <> 'EXPIRED' OR expires_at IS NOT NULL),
    CHECK (expires_at IS NULL OR expires_at > placed_at)
) STRICT, WITHOUT ROWID;

-- The holds of an account, what it has set aside, what of that is due, and which hold a capture made good.

CREATE INDEX hold_by_account ON hold (account_id, placed_sequence);
CREATE INDEX hold_open ON hold (account_id, placed_sequence, amount) WHERE state = 'OPEN';
CREATE INDEX hold_expiring ON hold (account_id, expires_at, amount) WHERE state = 'OPEN' AND expires_at IS NOT NULL;
CREATE INDEX hold_captured ON hold (changed_sequence) WHERE state = 'CAPTURED';

-- Which transaction made which hold good: one of the same record and amount, out of the same account.

CREATE VIEW capture AS
    SELECT hold.id, t.sequence
    FROM hold
    JOIN "transaction" AS t ON t.sequence = hold.changed_sequence
    JOIN entry ON entry.sequence = t.sequence AND entry.account_id = hold.account_id
    WHERE hold.state = 'CAPTURED' AND t.kind = 'CAPTURE' AND t.amount = hold.captured AND entry.amount = -hold.captured;

CREATE TRIGGER hold_is_placed_once BEFORE INSERT ON hold BEGIN
    SELECT RAISE(ABORT, 'a hold is placed once') WHERE EXISTS (SELECT 1 FROM hold WHERE id = NEW.id);
    SELECT RAISE(ABORT, 'a hold is placed OPEN, and runs out later if ever')
        WHERE NEW.state <> 'OPEN' OR NEW.amount <= 0 OR NEW.captured <> 0 OR NEW.expires_at <= NEW.placed_at;
    SELECT RAISE(ABORT, 'a hold is placed on an open account of a customer')
        WHERE NOT EXISTS (SELECT 1 FROM account WHERE id = NEW.account_id AND kind = 'CUSTOMER' AND state <> 'CLOSED');
    SELECT RAISE(ABORT, 'a hold has its audit record, in the open batch')
        WHERE NEW.changed_sequence <> NEW.placed_sequence OR NOT EXISTS (
            SELECT 1 FROM doing
            WHERE target_id = NEW.id AND sequence = NEW.placed_sequence AND operation = 'PLACE_HOLD'
                AND at = NEW.placed_at
        );
END;
CREATE TRIGGER hold_changes_once BEFORE UPDATE ON hold
    WHEN OLD.state <> 'OPEN' OR NEW.state NOT IN ('CAPTURED', 'RELEASED', 'EXPIRED')
        OR NEW.id <> OLD.id OR NEW.account_id <> OLD.account_id OR NEW.amount <> OLD.amount
        OR NEW.placed_at <> OLD.placed_at OR NEW.placed_sequence <> OLD.placed_sequence
        OR NEW.expires_at IS NOT OLD.expires_at
        OR NEW.captured NOT BETWEEN 0 AND NEW.amount OR (NEW.state = 'CAPTURED') <> (NEW.captured > 0)
        OR NOT EXISTS (
            SELECT 1 FROM doing
            WHERE target_id = NEW.id AND sequence = NEW.changed_sequence AND operation = CASE NEW.state
                WHEN 'CAPTURED' THEN 'CAPTURE_HOLD'
                WHEN 'RELEASED' THEN 'RELEASE_HOLD'
                WHEN 'EXPIRED' THEN 'EXPIRE_HOLD'
            END
        )
    BEGIN SELECT RAISE(ABORT, 'a hold changes once, by the deed that ends it, in the open batch'); END;
CREATE TRIGGER hold_runs_out_in_time BEFORE UPDATE ON hold WHEN OLD.state = 'OPEN' AND NEW.state <> 'OPEN' BEGIN
    SELECT RAISE(ABORT, 'a hold expires from its very instant on, and from then on does nothing else') WHERE EXISTS (
        SELECT 1 FROM doing
        WHERE target_id = NEW.id AND sequence = NEW.changed_sequence
            AND (NEW.state = 'EXPIRED') <> coalesce(NEW.expires_at <= at, FALSE)
    );
END;
CREATE TRIGGER hold_is_never_deleted BEFORE DELETE ON hold
    BEGIN SELECT RAISE(ABORT, 'holds are never deleted'); END;

CREATE TRIGGER batch_closes_the_holds BEFORE INSERT ON batch BEGIN
    SELECT RAISE(ABORT, 'an account sets aside what its open holds add up to') WHERE EXISTS (
        SELECT 1 FROM doing
        JOIN account AS a ON a.id IN (target_id, (SELECT account_id FROM hold WHERE id = target_id))
        WHERE operation IN ('PLACE_HOLD', 'CAPTURE_HOLD', 'RELEASE_HOLD', 'EXPIRE_HOLD')
            AND a.held <> (SELECT coalesce(sum(amount), 0) FROM hold WHERE account_id = a.id AND state = 'OPEN')
    );
    SELECT RAISE(ABORT, 'a capture is of one hold') WHERE EXISTS (
        SELECT 1 FROM "transaction" AS t
        WHERE t.sequence >= NEW.first_sequence AND t.kind = 'CAPTURE'
            AND (SELECT count(*) FROM hold WHERE state = 'CAPTURED' AND changed_sequence = t.sequence) <> 1
    );
    SELECT RAISE(ABORT, 'a captured hold pays what was captured, out of its account') WHERE EXISTS (
        SELECT 1 FROM hold
        WHERE state = 'CAPTURED' AND changed_sequence >= NEW.first_sequence AND id NOT IN (
            SELECT id FROM capture WHERE sequence >= NEW.first_sequence
        )
    );
END;
