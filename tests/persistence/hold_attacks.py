"""Attempts on holds, and on what they say of accounts and transactions: see attacks.py."""

# ruff: noqa: S608 - nothing here comes from outside
from __future__ import annotations

from collections.abc import Mapping

from tests.persistence.attacks import (
    AT_ITS_TIME,
    BATCH,
    DEPOSITING,
    UNCHECKED,
    Attack,
    Forgery,
    done,
    moved,
    of_kind,
    refused,
)

_PLACING, _CAPTURING, _RELEASING, _EXPIRING = (
    done(operation) for operation in ("PLACE_HOLD", "CAPTURE_HOLD", "RELEASE_HOLD", "EXPIRE_HOLD")
)
_PLACE = "INSERT INTO hold VALUES ('hold_new', :funded, 'OPEN', 100, 0, :at, :next, :next, NULL)"
_RELEASE = "UPDATE hold SET state = 'RELEASED', changed_sequence = :next WHERE id = :open_hold"
_CAPTURE = "UPDATE hold SET state = 'CAPTURED', captured = 40, changed_sequence = :next WHERE id = :open_hold"
_EXPIRE = "UPDATE hold SET state = 'EXPIRED', changed_sequence = :next WHERE id = :due_hold"
_MOVEMENT = of_kind("CAPTURE").replace("100", "40")


def _held(change: str, whom: str = ":other") -> str:
    """Return an account that sets more or less aside."""
    return f"UPDATE account SET held = held {change}, changed_sequence = :next WHERE id = {whom}"


def _second(sql: str) -> str:
    """Return what the second record of a batch writes."""
    return sql.replace(":next", ":next + 1")


_RECORD = "a hold has its audit record, in the open batch"
_ENDS_ONCE = "a hold changes once, by the deed that ends it, in the open batch"
_IN_TIME = "a hold expires from its very instant on, and from then on does nothing else"
_OPEN_AND_LATER = "a hold is placed OPEN, and runs out later if ever"

_PLACED = (
    *(
        Attack(
            f"a {what} hold placed again",
            "a hold is placed once",
            _PLACE.replace("'hold_new'", whose).replace("INSERT INTO", "REPLACE INTO"),
            (_PLACING,),
        )
        for what, whose in (("captured", ":captured_hold"), ("open", ":open_hold"))
    ),
    *(
        Attack(f"a hold placed {what}", _OPEN_AND_LATER, _PLACE.replace(old, new), (UNCHECKED, _PLACING))
        for what, old, new in (
            ("as released", "'OPEN'", "'RELEASED'"),
            ("as captured", "'OPEN', 100, 0", "'CAPTURED', 100, 100"),
            ("with something captured", "100, 0", "100, 1"),
            ("of nothing", "100, 0", "0, 0"),
            ("of less than nothing", "100, 0", "-100, 0"),
            ("when it has run out", "NULL)", ":at)"),
        )
    ),
    *(
        Attack(
            f"a hold on {what}",
            "a hold is placed on an open account of a customer",
            _PLACE.replace(":funded", whose),
            (_PLACING,),
        )
        for what, whose in (("no account", "'acct_none'"), ("a closed account", ":closed"), ("the house", ":house"))
    ),
    *(
        Attack(f"a hold placed by {what}", _RECORD, sql, given)
        for what, sql, given in (
            ("no record", _PLACE, ()),
            (
                "a record of a closed batch",
                _PLACE.replace("'hold_new'", ":other")
                .replace(":next", ":placing")
                .replace(":at", AT_ITS_TIME.format(":placing")),
                (),
            ),
            ("a deposit", _PLACE, (DEPOSITING,)),
            ("a refusal", _PLACE, (refused("PLACE_HOLD"),)),
            ("a record that names another", _PLACE, (done("PLACE_HOLD", named="json_array(:funded)"),)),
            ("a later record", _PLACE.replace(":at", ":at - 1"), (_PLACING,)),
            ("a record to come", _PLACE.replace(":next, :next", "9999, :next"), (_PLACING,)),
            ("a record, and changed by another", _PLACE.replace(":next, :next", ":next, :last"), (_PLACING,)),
        )
    ),
)

_ENDED = (
    *(
        Attack(
            f"a hold released with {change}",
            _ENDS_ONCE,
            _RELEASE.replace("UPDATE", f"UPDATE {conflict}").replace("SET", f"SET {change},"),
            (UNCHECKED, _RELEASING),
        )
        for conflict in ("", "OR REPLACE ")
        for change in (
            "id = 'hold_new'",
            "id = :captured_hold",
            "account_id = :funded",
            "amount = 41",
            "captured = 1",
            "placed_at = 1",
            "placed_sequence = 1",
            "expires_at = :at + 1",
        )
    ),
    *(
        Attack(f"a hold {what}", _ENDS_ONCE, f"UPDATE hold SET changed_sequence = :next, {change}", (UNCHECKED, given))
        for what, change, given in (
            ("open again", "state = 'OPEN', captured = 0 WHERE id = :captured_hold", _PLACING),
            ("captured twice", "captured = 40 WHERE id = :captured_hold", _CAPTURING),
            ("captured after its release", "state = 'CAPTURED', captured = 1 WHERE id = :released_hold", _CAPTURING),
            ("released after its capture", "state = 'RELEASED', captured = 0 WHERE id = :captured_hold", _RELEASING),
            ("released after it ran out", "state = 'RELEASED' WHERE id = :expired_hold", _RELEASING),
            ("that lasts longer", "expires_at = expires_at + 1 WHERE id = :due_hold", _PLACING),
            ("changed by nothing but its number", "amount = amount WHERE id = :open_hold", _PLACING),
            ("that sleeps", "state = 'ASLEEP' WHERE id = :open_hold", _RELEASING),
            ("captured of nothing", "state = 'CAPTURED' WHERE id = :open_hold", _CAPTURING),
            ("captured backwards", "state = 'CAPTURED', captured = -1 WHERE id = :open_hold", _CAPTURING),
            ("captured for more", "state = 'CAPTURED', captured = 41 WHERE id = :open_hold", _CAPTURING),
        )
    ),
    *(
        Attack(f"a hold released {what}", _ENDS_ONCE, sql, given)
        for what, sql, given in (
            ("by no record", _RELEASE, ()),
            ("by a deposit", _RELEASE, (DEPOSITING,)),
            ("by a capture", _RELEASE, (_CAPTURING,)),
            ("by its placing", _RELEASE, (_PLACING,)),
            ("by a refusal", _RELEASE, (refused("RELEASE_HOLD"),)),
            ("by a record that names another", _RELEASE, (done("RELEASE_HOLD", named="json_array(:other)"),)),
            ("by another number", _RELEASE.replace(":next", ":next - 1"), (_RELEASING,)),
        )
    ),
    *(
        Attack(f"a hold captured by {what}", _ENDS_ONCE, _CAPTURE, (given,))
        for what, given in (("a release", _RELEASING), ("its expiry", _EXPIRING))
    ),
    Attack("a hold that runs out by a release", _ENDS_ONCE, _EXPIRE, (_RELEASING,)),
    *(
        Attack(f"a hold {what}", _IN_TIME, sql, (UNCHECKED, given))
        for what, sql, given in (
            ("that never ends, and runs out", _EXPIRE.replace(":due_hold", ":open_hold"), _EXPIRING),
            ("released when it has run out", _RELEASE.replace(":open_hold", ":due_hold"), _RELEASING),
            ("captured when it has run out", _CAPTURE.replace(":open_hold", ":due_hold"), _CAPTURING),
        )
    ),
    Attack(
        "a hold that runs out before its time",
        _IN_TIME,
        _second(_EXPIRE.replace(":due_hold", "'hold_new'")),
        (_PLACING, _PLACE.replace("NULL)", ":at + 1)"), _second(_EXPIRING)),
    ),
)

_SUMS = "an account sets aside what its open holds add up to"
_OF_ONE = "a capture is of one hold"
_PAYS = "a captured hold pays what was captured, out of its account"
_PAID_OUT = (*moved(-40, ":other"), *moved(40, ":house"))
_LESS = "UPDATE hold SET state = 'CAPTURED', captured = 39, changed_sequence = :next WHERE id = :open_hold"

_CLOSED_BOOKS = (
    *(
        Attack(what, _SUMS, BATCH, given)
        for what, given in (
            ("a hold that sets nothing aside", (_PLACING, _PLACE)),
            (
                "a hold that sets nothing aside on an account that no record names",
                (done("PLACE_HOLD", named="json_array('hold_new')"), _PLACE),
            ),
            ("money set aside for no hold", (_PLACING, _held("+ 1"))),
            ("more set aside than is held", (_PLACING, _PLACE, _held("+ 101", ":funded"))),
            ("a hold released, and nothing available again", (_RELEASING, _RELEASE)),
            ("a hold that ran out, and nothing available again", (_EXPIRING, _EXPIRE)),
            ("a hold captured, and still set aside", (_CAPTURING, _CAPTURE, _MOVEMENT, *_PAID_OUT)),
            (
                "what is left of a capture, still set aside",
                (
                    *(_CAPTURING, _LESS, _MOVEMENT.replace("40", "39")),
                    *(*moved(-39, ":other"), *moved(39, ":house"), _held("- 39")),
                ),
            ),
        )
    ),
    *(
        Attack(what, _OF_ONE, BATCH, given)
        for what, given in (
            ("a capture of nothing", (_CAPTURING, _MOVEMENT, *_PAID_OUT)),
            (
                "a capture of two holds",
                (
                    _PLACING,
                    _PLACE.replace(":funded", ":other").replace("100", "40"),
                    *map(_second, (_CAPTURING, _CAPTURE, _CAPTURE.replace(":open_hold", "'hold_new'"))),
                    *map(_second, (_MOVEMENT, *_PAID_OUT, _held("- 40"))),
                ),
            ),
        )
    ),
    *(
        Attack(what, _PAYS, BATCH, (_CAPTURING, *given, _held("- 40")))
        for what, given in (
            ("a hold captured, and nothing paid", (_CAPTURE,)),
            ("a hold captured for less than is paid", (_LESS, _MOVEMENT, *_PAID_OUT)),
            ("a hold paid by another account", (_CAPTURE, _MOVEMENT, *moved(-40, ":funded"), *moved(40, ":house"))),
            ("a hold that is paid", (_CAPTURE, _MOVEMENT, *moved(40, ":other"), *moved(-40, ":house"))),
            (
                "a hold paid in part by another account",
                (_CAPTURE, _MOVEMENT, *moved(-39, ":other"), *moved(-1, ":funded"), *moved(40, ":house")),
            ),
        )
    ),
)

_FORGERY = Forgery(
    "hold",
    "amount",
    "41",
    row="id = :open_hold",
    also=", state = 'RELEASED', changed_sequence = :next",
    given=(_RELEASING,),
    changed=_ENDS_ONCE,
    deleted="holds are never deleted",
    inserted="a hold is placed once",
)

ATTACKS = (*_FORGERY.attacks(), *_PLACED, *_ENDED, *_CLOSED_BOOKS)

HONEST: Mapping[str, tuple[str, ...]] = {
    "placed": (_PLACING, _PLACE, _held("+ 100", ":funded"), BATCH),
    "released": (_RELEASING, _RELEASE, _held("- 40"), BATCH),
    "expired": (_EXPIRING, _EXPIRE, _held("- 40"), BATCH),
    "captured": (_CAPTURING, _CAPTURE, _MOVEMENT, *_PAID_OUT, _held("- 40"), BATCH),
}
"""What an honest batch writes that places a hold, or ends one."""

CHECKS: Mapping[str, str] = {
    "state IN ('OPEN', 'CAPTURED', 'RELEASED', 'EXPIRED')": "UPDATE hold SET state = 'ASLEEP' WHERE id = :open_hold",
    "captured BETWEEN 0 AND amount": "UPDATE hold SET captured = amount + 1 WHERE id = :captured_hold",
    "(state = 'CAPTURED') = (captured > 0)": "UPDATE hold SET captured = 1 WHERE id = :open_hold",
    "state <> 'EXPIRED' OR expires_at IS NOT NULL": "UPDATE hold SET state = 'EXPIRED' WHERE id = :open_hold",
}
