-- What closing a batch costs depends on the batch alone. Two walls led past all that was ever written: the one around
-- reversals, past every entry of the account, and the one around holds, past every target ever named. CROSS JOIN is
-- SQLite's word for a join in the order in which it is written, and the + in a condition keeps it from choosing the index.

DROP TRIGGER batch_closes_the_books;
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
                CROSS JOIN entry AS o ON o.sequence = r.original AND +o.account_id = e.account_id
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

DROP TRIGGER batch_closes_the_holds;
CREATE TRIGGER batch_closes_the_holds BEFORE INSERT ON batch BEGIN
    SELECT RAISE(ABORT, 'an account sets aside what its open holds add up to') WHERE EXISTS (
        SELECT 1 FROM audit
        CROSS JOIN json_each(target_ids) AS target
        CROSS JOIN account AS a ON a.id IN (target.value, (SELECT account_id FROM hold WHERE id = target.value))
        WHERE audit.sequence >= NEW.first_sequence AND outcome = 'SUCCEEDED'
            AND operation IN ('PLACE_HOLD', 'CAPTURE_HOLD', 'RELEASE_HOLD', 'EXPIRE_HOLD')
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
