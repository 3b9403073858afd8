"""Judges a run: from what the clients were told, and from what the books say afterwards. Nothing here asks the server.

What is demanded: no acknowledged deed lost, none twice, all of them in an order that nobody could have seen otherwise,
and every balance that was ever shown is the one that the model has at that place.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from torture.history import NEVER, OK, UNKNOWN, Answer, Attempt, Evidence, Input, Read, Record, Scope, Standing
from torture.model import Model, RefusedError

UNDECIDED = frozenset(
    {UNKNOWN, "UNAVAILABLE", "OVERLOADED", "RATE_LIMITED", "UNAUTHENTICATED", "FORBIDDEN", "DEADLINE_EXCEEDED"}
)
"""Answers after which nothing is known of the key, or nothing became of it."""

KEYLESS = frozenset({"IDEMPOTENCY_KEY_REUSED", "IDEMPOTENCY_KEY_ABANDONED", "INVALID_INPUT", "FORBIDDEN"})
"""Refusals that leave their key as it was. The crowd sends nothing invalid but an end that has passed meanwhile."""

BUSINESS = frozenset(
    {
        OK, "ACCOUNT_CLOSED", "ACCOUNT_FROZEN", "ACCOUNT_NOT_FROZEN", "AMBIGUOUS_FREEZE", "ACCOUNT_NOT_EMPTY",
        "API_CLIENT_DISABLED", "API_KEY_NOT_FOUND", "BATCH_REFUSED", "CURRENCY_MISMATCH", "HOLD_NOT_OPEN",
        "INSUFFICIENT_FUNDS", "NOT_PERMITTED", "NOT_REVERSIBLE", "PRECONDITION_FAILED",
    }
)  # fmt: skip
"""What a deed can come to. Anything else is not to be answered at all."""


@dataclass(slots=True)
class Case:
    """All that was sent and answered under one key. Its decision lies between `invoked` and `acknowledged`."""

    inputs: list[Input] = field(default_factory=list)
    invoked: int = NEVER
    acknowledged: int = NEVER
    decided: list[tuple[Input, Answer]] = field(default_factory=list)
    others: set[str] = field(default_factory=set)

    def add(self, attempt: Attempt, input_: Input, answer: Answer | None) -> None:
        """Add one request, and what it was answered, if that is known."""
        if input_ not in self.inputs:
            self.inputs.append(input_)
        self.invoked = min(self.invoked, attempt.invoked)
        if answer is None or answer.code in UNDECIDED | KEYLESS:
            self.others.add(answer.code if answer else UNKNOWN)
            return
        self.decided.append((input_, answer._replace(items=())))
        self.acknowledged = min(self.acknowledged, attempt.answered)


@dataclass(frozen=True, slots=True)
class Moment:
    """How an account stands after a deed, and whenever a hold or a freeze runs out by itself before the next."""

    invoked: int
    acknowledged: int
    standing_at: dict[int, Standing]
    """Its standing from each of these times on."""


def faults_in(evidence: Evidence) -> Iterator[str]:
    """Yield everything that must not be, in words."""
    cases = gathered(evidence.attempts)
    decisions = dict(_decisions(evidence.records))
    yield from _contradictions(cases)
    yield from _decided_twice(evidence.records)
    yield from _lost(cases, decisions)
    yield from _unasked(cases, decisions)
    yield from _wrongly_resolved(evidence, cases, decisions)
    yield from _out_of_order(cases, decisions)
    yield from _served_after_revocation(evidence.attempts)
    yield from Replay(cases, evidence).faults()


def gathered(attempts: Iterable[Attempt]) -> dict[Scope, Case]:
    """Sort what was sent by its key; the items of a batch have keys of their own."""
    cases: dict[Scope, Case] = defaultdict(Case)
    for attempt in attempts:
        answer = attempt.answer
        cases[attempt.scope].add(attempt, attempt.input, answer)
        answers = answer.items or (None,) * len(attempt.input.get("items", ()))
        for (operation, key, item), told in zip(attempt.input.get("items", ()), answers, strict=True):
            cases[Scope(attempt.scope.client, operation, key)].add(attempt, item, told)
    return cases


def _decisions(records: Iterable[Record]) -> Iterator[tuple[Scope, Record]]:
    """Yield the records that decided a key."""
    for record in records:
        if not record.is_by_system and record.code not in KEYLESS:
            yield record.scope, record


def _contradictions(cases: dict[Scope, Case]) -> Iterator[str]:
    """Yield the keys whose answers are not one answer, given for one input, of which only the first is no replay."""
    for scope, case in cases.items():
        told = [(input_, answer._replace(replayed=False)) for input_, answer in case.decided]
        if any(one != told[0] for one in told):
            yield f"{scope} was answered in two ways: {told[0]} and {next(one for one in told if one != told[0])}"
        if sum(not answer.replayed for _, answer in case.decided) > 1:
            yield f"{scope} was done twice: two answers are no replay"
        if "IDEMPOTENCY_KEY_REUSED" in case.others and len(case.inputs) == 1:
            yield f"{scope} is said to be used for something else, which was never sent"
        for _, answer in case.decided:
            if answer.code not in BUSINESS:
                yield f"{scope} was answered {answer.code}"


def _decided_twice(records: list[Record]) -> Iterator[str]:
    """Yield what was decided more than once, and where the log has a gap."""
    seen: dict[Scope, int] = {}
    for place, record in enumerate(records, start=1):
        if record.sequence != place:
            yield f"audit record {record.sequence} is at place {place}"
        if not record.is_by_system and record.code not in KEYLESS:
            if record.scope in seen:
                yield f"{record.scope} was decided twice, by {seen[record.scope]} and {record.sequence}"
            seen[record.scope] = record.sequence


def _lost(cases: dict[Scope, Case], decisions: dict[Scope, Record]) -> Iterator[str]:
    """Yield what was answered, and is not in the books as it was answered."""
    for scope, case in cases.items():
        for _, answer in case.decided:
            record = decisions.get(scope)
            if record is None:
                yield f"{scope} was answered {answer.code} and is not in the books"
            elif (record.code or OK, record.at) != (answer.code, answer.decided_at):
                yield f"{scope} was answered {answer.code}, and the books say {record.code or OK} at another time"
            elif answer.made and answer.made not in record.targets:
                yield f"{scope} was answered with {answer.made}, which record {record.sequence} does not name"


def _unasked(cases: dict[Scope, Case], decisions: dict[Scope, Record]) -> Iterator[str]:
    for scope in decisions.keys() - cases.keys():
        yield f"{scope} was decided and never asked for"


def _wrongly_resolved(evidence: Evidence, cases: dict[Scope, Case], decisions: dict[Scope, Record]) -> Iterator[str]:
    """Yield what no answer told, and `idempotencyRecord` does not tell as the log does."""
    for scope, case in cases.items():
        if case.decided:
            continue
        found, record = evidence.resolutions.get(scope), decisions.get(scope)
        if found is None:
            yield f"{scope} is unknown, and was never resolved"
        elif (found.outcome in {None, "ABANDONED"}) != (record is None):
            yield f"{scope} is {found.outcome} by its key, and the log says {record}"
        elif record and (found.outcome, found.sequence) != (record.outcome, record.sequence):
            yield f"{scope} is {found.outcome} by its key, and the log says {record.outcome}"


def _out_of_order(cases: dict[Scope, Case], decisions: dict[Scope, Record]) -> Iterator[str]:
    """Yield what was sent after something else was acknowledged, and has the smaller number."""
    soonest, which = NEVER, 0
    for record in sorted(decisions.values(), key=lambda record: -record.sequence):
        case = cases.get(record.scope)
        if case is None:
            continue
        if case.invoked > soonest:
            yield f"record {record.sequence} was sent after {which} was acknowledged, and comes before it"
        if case.acknowledged < soonest:
            soonest, which = case.acknowledged, record.sequence


def _served_after_revocation(attempts: list[Attempt]) -> Iterator[str]:
    """Yield who got an answer, even an old one, by a key whose revocation was acknowledged before."""
    revoked: dict[str, int] = {}
    for attempt in attempts:
        if attempt.scope.operation == "REVOKE_API_KEY" and attempt.answer.code == OK:
            api_key = attempt.input["api_key"]
            revoked[api_key] = min(revoked.get(api_key, NEVER), attempt.answered)
    for attempt in attempts:
        is_answered = attempt.answer.code not in UNDECIDED
        if is_answered and attempt.invoked > revoked.get(attempt.api_key, NEVER):
            yield f"{attempt.scope} was answered {attempt.answer.code} by {attempt.api_key}, which was revoked before"


class Replay:
    """The log told to the model, record by record, and how each account stood after each."""

    def __init__(self, cases: dict[Scope, Case], evidence: Evidence) -> None:
        self._cases = cases
        self._evidence = evidence
        self._model = Model()
        self._moments: dict[str, list[Moment]] = defaultdict(list)

    def faults(self) -> Iterator[str]:
        """Yield where the model and the log part; from there on it could only follow one of them, so it ends there."""
        for record in self._evidence.records:
            try:
                fault = self._fault_in(record)
            except KeyError as unheard_of:
                fault = f"is about {unheard_of}, of which nothing was said before"
            if fault:
                yield f"record {record.sequence} ({record.scope}): {fault}"
                return
        for id_, standing in self._evidence.standings.items():
            ought = self._model.accounts[id_].standing(NEVER)
            if ought != standing:
                yield f"{id_} is left with {standing}, and ought to have {ought}"
        if missing := self._model.accounts.keys() - self._evidence.standings.keys():
            yield f"not shown at the end: {sorted(missing)}"
        yield from self._wrong_reads()

    def _fault_in(self, record: Record) -> str | None:
        if record.is_by_system:
            return self._of_the_system(record)
        if record.scope not in self._cases:
            return "was never asked for"
        if record.outcome == "DENIED" or not self._model.may(record):
            return self._of_the_caller(record)
        if record.code in KEYLESS:
            return self._of_the_key(record, self._cases[record.scope])
        return self._of_the_books(record, self._cases[record.scope])

    def _of_the_system(self, record: Record) -> str | None:
        try:
            self._model.settle(record)
        except RefusedError:
            return "was done by the system before its time"
        return None

    def _of_the_caller(self, record: Record) -> str | None:
        if record.outcome != "DENIED":
            return f"is {record.outcome} for one who may not: {record.scope.client} by {record.api_key}"
        return "was denied to one who may" if self._model.may(record) else None

    def _of_the_key(self, record: Record, case: Case) -> str | None:
        if record.code == "INVALID_INPUT":
            return None if case.inputs[0].get("expires", NEVER) <= record.at else "its input was valid"
        was = self._model.decided.get(record.scope)
        if record.code == "IDEMPOTENCY_KEY_ABANDONED":
            return None if was == "ABANDONED" else "its key was not abandoned"
        return None if was in {"SUCCEEDED", "REFUSED"} else "its key was not used before"

    def _of_the_books(self, record: Record, case: Case) -> str | None:
        if was := self._model.decided.get(record.scope):
            return f"its key was {was} before"
        asked = case.decided[0][0] if case.decided else case.inputs[0]
        answer = self._model.decide(record, asked)
        self._model.decided[record.scope] = record.outcome
        if answer.code != (record.code or OK):
            return f"is {record.code or OK}, and ought to be {answer.code}; asked was {asked}"
        if wrong := next((told for _, told in case.decided if told.standings != answer.standings), None):
            return f"was answered with {wrong.standings}, and ought to be {answer.standings}"
        if answer.code == OK:
            self._remember(record, case, answer)
        return None

    def _remember(self, record: Record, case: Case, answer: Answer) -> None:
        """Note how the accounts that it touched stand from here on."""
        for id_ in {*(target for target in record.targets if target.startswith("acct_")), *dict(answer.standings)}:
            account = self._model.accounts[id_]
            standing_at = {at: account.standing(at) for at in (record.at, *account.ends()) if at >= record.at}
            self._moments[id_].append(Moment(case.invoked, case.acknowledged, standing_at))

    def _wrong_reads(self) -> Iterator[str]:
        """Yield the reads that show what nobody can have seen just then."""
        acknowledged = {id_: _running(moments) for id_, moments in self._moments.items()}
        for read in self._evidence.reads:
            if read.account not in self._moments:
                yield f"{read.account} was shown, and never opened"
                continue
            moments = self._moments[read.account]
            times, lasts = acknowledged[read.account]
            place = bisect_left(times, read.invoked)
            oldest = lasts[place - 1] if place else 0
            if not any(read.standing in seen for seen in _visible(moments, oldest, read)):
                yield f"{read.account} was shown as {read.standing}, as it stood at no moment of the time of asking"


def _running(moments: list[Moment]) -> tuple[list[int], list[int]]:
    """Return times of acknowledgement, ascending, and the place of the newest moment that was acknowledged by then."""
    times: list[int] = []
    lasts: list[int] = []
    for time, place in sorted((moment.acknowledged, place) for place, moment in enumerate(moments)):
        times.append(time)
        lasts.append(max(place, lasts[-1]) if lasts else place)
    return times, lasts


def _visible(moments: list[Moment], oldest: int, read: Read) -> Iterator[set[Standing]]:
    """Yield, for each moment that may have been the present one, how the account stood then."""
    for moment in moments[oldest:]:
        if moment.invoked > read.answered:
            return
        ends = sorted(moment.standing_at)
        before = [end for end in ends if end <= read.invoked] or ends[:1]
        yield {moment.standing_at[before[-1]]} | {
            moment.standing_at[e] for e in ends if before[-1] < e <= read.answered
        }
