-- Sweeps: what was left on an account that closed. They are made by CLOSE_ACCOUNT alone (0001), and never undone.

CREATE TRIGGER sweep_empties_what_closes BEFORE INSERT ON batch BEGIN
    SELECT RAISE(ABORT, 'a sweep is between two customers') WHERE EXISTS (
        SELECT 1 FROM "transaction" AS t
        JOIN entry AS e ON e.sequence = t.sequence
        JOIN account AS a ON a.id = e.account_id
        WHERE t.sequence >= NEW.first_sequence AND t.kind = 'SWEEP'
        GROUP BY t.sequence
        HAVING count(*) <> 2 OR sum(a.kind = 'CUSTOMER') <> 2
    );
    SELECT RAISE(ABORT, 'a sweep takes all that an account had, in the record that closes it') WHERE EXISTS (
        SELECT 1 FROM "transaction" AS t
        JOIN entry AS e ON e.sequence = t.sequence AND e.amount < 0
        JOIN account AS a ON a.id = e.account_id
        WHERE t.sequence >= NEW.first_sequence AND t.kind = 'SWEEP'
            AND (a.closed_version IS NOT e.version OR a.changed_sequence <> t.sequence)
    );
END;
CREATE TRIGGER sweep_is_never_reversed BEFORE INSERT ON reversal BEGIN
    SELECT RAISE(ABORT, 'a sweep is never taken back')
        WHERE EXISTS (SELECT 1 FROM "transaction" WHERE sequence = NEW.original AND kind = 'SWEEP');
END;
