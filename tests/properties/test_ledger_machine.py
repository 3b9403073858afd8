"""Any history of commands, on the real books and on a model of them: after every step the two agree on everything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from domain.access import Role
from domain.audit import BEGINNING, Head, fault_in
from domain.freezes import Freeze
from domain.instants import Instant
from domain.ports import Outcome
from domain.services.api_clients import CreateApiClient, IssueApiKey
from persistence import books, rows
from persistence.reader import Reader
from tests.properties.holding import HoldingModel
from tests.properties.model import LARGEST, Act, Answer, Client
from tests.properties.sketches import (
    ADMINISTRATION,
    CHANGES,
    CORRECTIONS,
    EVERY_DEED,
    HOLDS,
    MONEY,
    SECOND,
    Sketch,
    sketches,
    to_act,
)
from tests.properties.translation import Names, caller, to_preview
from tests.support.books import TestLedger, migrated

settings.register_profile(
    "ledger machine",
    max_examples=50,
    stateful_step_count=50,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)

CLIENTS = {
    "admin": ("ADMIN", 2),
    "deputy": ("ADMIN", 1),
    "manager": ("MANAGER", 2),
    "teller": ("TELLER", 1),
    "viewer": ("VIEWER", 1),
}

ANOTHER: Mapping[str, Callable[[Any], Any]] = {
    "amount": lambda amount: (amount or 0) % LARGEST + 1,  # never more than can be moved: that is no input
    "version": lambda version: 7 if version is None else None,
    "name": lambda name: f"{name}!",
    "overdraft": lambda overdraft: overdraft + 1,
    "limit": lambda limit: limit // 2 + 1,
    "reason": lambda _: "SUSPECTED_FRAUD",
    "account": lambda label: f"not {label}",
    "into": lambda label: None if label else "elsewhere",  # never the account itself: that is no input
    "key": lambda key: f"{key}!",
    "mode": lambda mode: "ATOMIC" if mode == "INDEPENDENT" else "INDEPENDENT",
}
"""How to make another input out of one, by the argument to change."""


class LedgerMachine(RuleBasedStateMachine):
    """Sends the same acts to the books and to the model."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger = TestLedger(migrated(Path(":memory:")))
        self.names = Names()
        clients = {name: self._registered(name, role, keys) for name, (role, keys) in CLIENTS.items()}
        head = books.read_head(self.ledger.database)
        self.model = HoldingModel(clock=self.ledger.clock.at, time=head.at, records=head.sequence, clients=clients)
        self.sent: list[Act] = []
        self.past: dict[int, dict[str, int]] = {}
        self.verified = BEGINNING

    def _registered(self, name: str, role: str, keys: int) -> Client:
        client = self.ledger.succeed(CreateApiClient(name=name, role=Role(role))).api_client
        for index in range(keys):
            key = self.ledger.succeed(IssueApiKey(api_client_id=client.id)).api_key
            self.names.callers[name, index] = caller(client.id, key.id, role)
        return Client(role, [False] * keys)

    def send(self, *acts: Act) -> list[Answer]:
        """Decide the acts as one batch on both sides, and compare every answer."""
        expected = self.model.run(list(acts))
        outcomes = self.ledger.run(*map(self.names.to_request, acts))
        answers = []
        for act, outcome in zip(acts, outcomes, strict=True):
            assert isinstance(outcome, Outcome), outcome
            answers.append(self.names.to_answer(act, outcome))
        assert answers == expected
        self.sent.extend(acts)
        return answers

    def draw_up(self, sketch: Sketch, *, alone: bool = True, number: int = 0) -> Act:
        return to_act(sketch, self.model, 100 * len(self.sent) + number, alone=alone)

    @initialize(sketches=st.tuples(sketches("open"), sketches("open"), sketches("deposit"), sketches("deposit")))
    def begin_with_two_funded_accounts(self, sketches: tuple[Sketch, ...]) -> None:
        for index, sketch in enumerate(sketches):
            plain = replace(sketch, client="admin", shared_key=False, currency=None, first=index)
            self.send(self.draw_up(replace(plain, amount=1000, huge=False)))

    @precondition(lambda self: len(self.model.accounts) < 5)
    @rule(sketch=sketches("open"))
    def open(self, sketch: Sketch) -> None:
        self.send(self.draw_up(sketch))

    @rule(sketch=sketches(*MONEY))
    def move_money(self, sketch: Sketch) -> None:
        self.send(self.draw_up(sketch))

    @rule(sketch=sketches(*CORRECTIONS))
    def correct_something(self, sketch: Sketch) -> None:
        self.send(self.draw_up(sketch))

    @rule(move=sketches(*MONEY), parts=st.lists(sketches("reverse"), min_size=1, max_size=4), alone=st.booleans())
    def take_back_what_was_just_moved(self, move: Sketch, parts: list[Sketch], *, alone: bool) -> None:
        moved = self.draw_up(replace(move, client="admin", shared_key=False, huge=False))
        self.send(moved)
        label = f"T{len(self.model.movements)}"
        acts = [
            self.draw_up(replace(part, client="admin"), number=number) for number, part in enumerate(parts, start=1)
        ]
        acts = [
            replace(act, args=act.args | {"transaction": label, "currency": moved.args["currency"]}) for act in acts
        ]
        if alone:
            for act in acts:
                self.send(act)
        else:
            self.send(*acts)

    @rule(deposit=sketches("deposit"), limit=sketches("limit"), raised=st.booleans(), how=st.integers(1, 5))
    def take_back_what_was_spent(self, deposit: Sketch, limit: Sketch, how: int, *, raised: bool) -> None:
        plain = replace(deposit, client="admin", shared_key=False, huge=False, currency=None, choice=0)
        came = self.draw_up(plain)
        self.send(came)
        label, transaction = came.args["account"], f"T{len(self.model.movements)}"
        if label in self.model.accounts:
            spent = self.draw_up(replace(plain, deed="withdraw"))
            left = self.model.available(label, self.model.time)
            self.send(replace(spent, args=spent.args | {"amount": min(max(left, 1), LARGEST)}))
        self.send(self.draw_up(replace(limit, client="admin", first=deposit.first, choice=how)))
        for number in range(1 + raised):
            back = self.draw_up(replace(plain, deed="reverse"), number=number)
            self.send(replace(back, args=back.args | {"transaction": transaction}))

    @rule(close=sketches("close"), touch=sketches("reverse", *MONEY))
    def sweep_an_account_and_touch_it_again(self, close: Sketch, touch: Sketch) -> None:
        self.send(self.draw_up(replace(close, client="admin", shared_key=False, choice=7)))
        self.send(self.draw_up(replace(touch, client="admin", first=close.first)))

    @rule(sketch=sketches(*CHANGES))
    def change_an_account(self, sketch: Sketch) -> None:
        self.send(self.draw_up(sketch))

    @rule(sketch=sketches(*HOLDS))
    def set_money_aside(self, sketch: Sketch) -> None:
        self.send(self.draw_up(sketch))

    @precondition(lambda self: len(self.sent) > 8)
    @rule(sketch=sketches(*ADMINISTRATION), client=st.sampled_from(["admin", "admin", "deputy", "manager"]))
    def administer(self, sketch: Sketch, client: str) -> None:
        self.send(self.draw_up(replace(sketch, client=client)))

    @precondition(lambda self: len(self.sent) > 25)
    @rule(by=st.sampled_from(["admin", "deputy"]), deed=st.sampled_from(["disable", "revoke"]), sketch=sketches("open"))
    def an_admin_tries_to_be_the_last_to_go(self, by: str, deed: str, sketch: Sketch) -> None:
        targets = sorted([("admin", 1), ("admin", 0), ("deputy", 0)], key=lambda target: target[0] == by)
        for client, index in targets:
            args = {"client": client} | ({"api_key": index} if deed == "revoke" else {})
            act = self.draw_up(replace(sketch, client=by, api_key=0, shared_key=False))
            self.send(replace(act, deed=deed, args=args))

    @rule(batch=st.lists(sketches(*EVERY_DEED[:-3]), min_size=2, max_size=6))
    def several_in_one_batch(self, batch: list[Sketch]) -> None:
        self.send(*(self.draw_up(sketch, alone=False, number=number) for number, sketch in enumerate(batch)))

    @rule(sketch=sketches(*MONEY), another=st.booleans())
    def twice_in_one_batch(self, sketch: Sketch, *, another: bool) -> None:
        act = self.draw_up(sketch)
        self.send(act, replace(act, args=act.args | {"amount": act.args["amount"] + another}))

    @rule(items=st.lists(sketches(*MONEY), min_size=1, max_size=5), mode=st.sampled_from(["ATOMIC", "INDEPENDENT"]))
    def execute_a_batch(self, items: list[Sketch], mode: str) -> None:
        acts = [self.draw_up(sketch, number=number) for number, sketch in enumerate(items)]
        args = {"mode": mode, "items": [(act.deed, act.key, act.args) for act in acts]}
        self.send(replace(acts[0], deed="batch", args=args))
        self.sent.extend(replace(act, client=acts[0].client, api_key=acts[0].api_key) for act in acts)

    @rule(sketch=sketches(*MONEY))
    def do_what_was_previewed(self, sketch: Sketch) -> None:
        act = self.draw_up(replace(sketch, client="admin", shared_key=False))
        request = self.names.to_request(act)
        told = Reader(self.ledger.database, self.ledger.clock).preview(request.caller, request.command)
        (done,) = self.send(act)
        # A preview makes nothing, so all is compared but the label of what was made.
        shown = replace(done, facts=done.facts[1:])
        assert shown in (to_preview(told), Answer("FORBIDDEN", told.decided_at))

    @rule(sketch=sketches(*MONEY), same_batch=st.booleans())
    def give_a_key_up_before_it_arrives(self, sketch: Sketch, *, same_batch: bool) -> None:
        late = self.draw_up(sketch)
        giving_up = replace(late, deed="abandon", args={"deed": late.deed, "key": late.key})
        if same_batch:
            self.send(giving_up, late)
        else:
            self.send(giving_up)
            self.send(late)

    @rule(seconds=st.sampled_from([1, 10, 60, -5, -60]))
    def move_the_clock(self, seconds: int) -> None:
        self.ledger.clock.advance(seconds * SECOND)
        self.model.clock += seconds * SECOND

    @rule(freeze=sketches("freeze"), seconds=st.sampled_from([5, 4, 6, -5]), touch=sketches(*MONEY, *CHANGES))
    def a_freeze_runs_out(self, freeze: Sketch, seconds: int, touch: Sketch) -> None:
        self.send(self.draw_up(replace(freeze, expiry=5, client="admin", shared_key=False)))
        self.move_the_clock(seconds)
        self.send(self.draw_up(replace(touch, first=freeze.first)))
        self.move_the_clock(-seconds)

    @rule(hold=sketches("hold"), between=sketches("freeze", *CHANGES, *HOLDS), end=sketches("capture", "release"))
    def a_hold_is_placed_and_ended(self, hold: Sketch, between: Sketch, end: Sketch) -> None:
        plain = replace(hold, expiry=None, client="admin", shared_key=False, huge=False, currency=None)
        self.send(self.draw_up(replace(plain, amount=hold.amount % 50 + 1, choice=0)))
        self.send(self.draw_up(replace(between, first=hold.first)))
        self.send(self.draw_up(replace(end, client="admin", shared_key=False)))

    @rule(hold=sketches("hold"), seconds=st.sampled_from([5, 4, 6, -5]), touch=sketches(*MONEY, *HOLDS, *CHANGES))
    def a_hold_runs_out(self, hold: Sketch, seconds: int, touch: Sketch) -> None:
        plain = replace(hold, expiry=5, client="admin", shared_key=False, huge=False, currency=None)
        self.send(self.draw_up(replace(plain, amount=hold.amount % 20 + 1, choice=0)))
        self.move_the_clock(seconds)
        self.send(self.draw_up(replace(touch, first=hold.first)))
        self.move_the_clock(-seconds)

    @rule(which=st.integers(0, 1000), api_key=st.integers(0, 1))
    def retry(self, which: int, api_key: int) -> None:
        act = self.sent[which % len(self.sent)]
        self.send(replace(act, api_key=api_key % len(self.model.clients[act.client].revoked)))

    @rule(which=st.integers(0, 1000), argument=st.sampled_from(sorted(ANOTHER)))
    def retry_with_another_input(self, which: int, argument: str) -> None:
        acts = [act for act in self.sent if argument in act.args]
        if acts:
            act = acts[which % len(acts)]
            self.send(replace(act, args=act.args | {argument: ANOTHER[argument](act.args[argument])}))

    @invariant()
    def every_account_stands_as_in_the_model(self) -> None:
        now, committed = self.model.time, books.Books(self.ledger.database)
        for label, expected in self.model.accounts.items():
            account = committed.account(self.names.id(label))
            assert account is not None
            freezes = committed.unreleased_freezes(account.id)
            thawed = account.state.value == "FROZEN" and not _any_live(freezes, now)
            due = committed.due_holds(account.id, Instant(now))
            held = account.held.minor - sum(hold.amount.minor for hold in due)
            state = "ACTIVE" if thawed else account.state.value
            assert held == self.model.held(label, now)
            assert (account.posted.minor, account.version, state, account.name, account.overdraft_limit.minor) == (
                expected.posted,
                expected.version,
                self.model.state(label, now),
                expected.name,
                expected.overdraft,
            )

    @invariant()
    def what_is_held_is_the_sum_of_open_holds(self) -> None:
        query = """SELECT a.id, held, (SELECT coalesce(sum(amount), 0) FROM hold
            WHERE account_id = a.id AND state = 'OPEN') FROM account AS a"""
        assert [row for row in self._query(query) if row[1] != row[2]] == []

    @invariant()
    def every_hold_stands_as_in_the_model(self) -> None:
        standing = {
            label: self._query("SELECT state FROM hold WHERE id = ?", self.names.id(label))
            for label in self.model.holds
        }
        assert standing == {label: [(hold.state,)] for label, hold in self.model.holds.items()}

    @invariant()
    def all_balances_sum_to_zero_in_each_currency(self) -> None:
        sums: dict[str, int] = defaultdict(int)
        for kind, currency, posted, version in self._query("SELECT kind, currency, posted, version FROM account"):
            sums[currency] += posted
            assert kind == "CUSTOMER" or (posted, version) == self.model.house[currency]
        assert not any(sums.values())

    @invariant()
    def every_transaction_is_taken_back_as_far_as_in_the_model(self) -> None:
        reversals = self._query(
            """SELECT t.id, max(r.cumulative), sum(made.amount), count(*), max(r.n) FROM reversal AS r
            JOIN "transaction" AS t ON t.sequence = r.original
            JOIN "transaction" AS made ON made.sequence = r.sequence GROUP BY t.id"""
        )
        told = {id_: cumulative for id_, cumulative, moved, count, n in reversals if (moved, count) == (cumulative, n)}
        expected = {
            self.names.id(label): one.amount - one.left for label, one in self.model.movements.items() if not one.final
        }
        assert told == {id_: minor for id_, minor in expected.items() if minor}

    @invariant()
    def every_balance_is_the_chain_of_its_entries(self) -> None:
        standing: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
        entries = self._query("SELECT account_id, version, amount, balance_after FROM entry ORDER BY 1, 2")
        for account_id, version, amount, after in entries:
            before, last = standing[account_id]
            assert (version, after) == (last + 1, before + amount)
            standing[account_id] = (after, version)
        for account_id, posted, version in self._query("SELECT id, posted, version FROM account"):
            assert standing[account_id] == (posted, version)

    @invariant()
    def what_was_posted_in_the_past_is_told_as_it_was(self) -> None:
        self.past[self.model.time] = {label: account.posted for label, account in self.model.accounts.items()}
        reader = Reader(self.ledger.database, self.ledger.clock)
        for time in sorted(self.past)[:: max(len(self.past) // 3, 1)]:
            known = {self.names.id(label): posted for label, posted in self.past[time].items()}
            found = reader.turnovers(list(known), Instant(time + 1))
            assert {id_: turnover.balance.minor for id_, turnover in found.items()} == known
            for id_, turnover in found.items():
                came = "SELECT amount FROM entry WHERE account_id = ? AND amount > 0 AND created_at <= ?"
                assert turnover.credits.minor == sum(amount for (amount,) in self._query(came, id_, time))

    @invariant()
    def the_log_holds_every_outcome_and_is_chained(self) -> None:
        for row in self._query("SELECT * FROM audit WHERE sequence > ? ORDER BY sequence", self.verified.sequence):
            record = rows.audit_record(row)
            assert fault_in(record, self.verified) is None
            self.verified = Head(0, record.sequence, record.at, record.hash)
        assert self.verified.sequence == self.model.records

    def teardown(self) -> None:
        self.verified = BEGINNING
        self.the_log_holds_every_outcome_and_is_chained()
        self.ledger.database.close()

    def _query(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = self.ledger.database.execute_sql(sql, parameters).fetchall()
        return found


def _any_live(freezes: Sequence[Freeze], now: int) -> bool:
    return any(freeze.expires_at is None or now < freeze.expires_at for freeze in freezes)


TestLedgerMachine = LedgerMachine.TestCase
TestLedgerMachine.settings = settings.get_profile("ledger machine")
