"""What the crowd wants: deeds chosen by chance, from what it knows to be there."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from random import Random

from torture.history import OK, Answer, Input

MOST_REMEMBERED = 50
SOON = (200_000, 2_000_000)
"""How long a hold or a freeze lasts that runs out by itself, in microseconds."""


@dataclass(frozen=True, slots=True)
class Intention:
    """A deed that somebody wants done, under one key."""

    client: str
    operation: str
    input: Input


@dataclass(slots=True)
class World:
    """What the crowd knows of. Some of it may be gone by now: to be refused is part of life."""

    tellers: list[str] = field(default_factory=list)
    managers: list[str] = field(default_factory=list)
    accounts: list[tuple[str, str]] = field(default_factory=list)
    holds: deque[str] = field(default_factory=lambda: deque(maxlen=MOST_REMEMBERED))
    transactions: deque[tuple[str, str]] = field(default_factory=lambda: deque(maxlen=MOST_REMEMBERED))
    frozen: deque[str] = field(default_factory=lambda: deque(maxlen=MOST_REMEMBERED))

    def learn(self, intention: Intention, answer: Answer) -> None:
        """Remember what a success has made."""
        if answer.code != OK or answer.made is None:
            return
        asked = intention.input
        if answer.made.startswith("hold_"):
            self.holds.append(answer.made)
        elif answer.made.startswith("frz_"):
            self.frozen.append(asked["account"])
        elif answer.made.startswith("acct_"):
            self.accounts.append((answer.made, asked["currency"]))
            del self.accounts[2 : len(self.accounts) - MOST_REMEMBERED]
        elif intention.operation in {"DEPOSIT", "WITHDRAW", "TRANSFER"}:
            self.transactions.append((answer.made, asked["currency"]))

    def account(self, random: Random) -> tuple[str, str]:
        """Choose an account: the first two, which are never forgotten, every third time, so that they are hot."""
        return random.choice(self.accounts[:2] if random.random() < 1 / 3 else self.accounts)


def _amount(random: Random) -> int:
    return random.choice((1, 7, 50, random.randrange(1, 10_000)))


def _expiry(random: Random, now: int) -> int | None:
    return now + random.randrange(*SOON) if random.random() < 1 / 2 else None


def _open(world: World, random: Random, _: int) -> Intention:
    client, overdraft = random.choice([(world.tellers[0], 0), (world.managers[0], 0), (world.managers[0], 5_000)])
    return Intention(
        client, "OPEN_ACCOUNT", {"currency": random.choice(("EUR", "EUR", "JPY", "BHD")), "overdraft": overdraft}
    )


def _one_sided(world: World, random: Random) -> Input:
    account, currency = world.account(random)
    version = random.randrange(1, 30) if random.random() < 1 / 20 else None
    return {"account": account, "amount": _amount(random), "currency": currency, "version": version}


def _two_sided(world: World, random: Random) -> Input:
    source, currency = world.account(random)
    others = [id_ for id_, _ in world.accounts if id_ != source]
    alike = [id_ for id_, other in world.accounts if id_ != source and other == currency]
    sides = {"source": source, "target": random.choice(alike if alike and random.random() > 1 / 50 else others)}
    return {**sides, "amount": _amount(random), "currency": currency, "version": None}


def _deposit(world: World, random: Random, _: int) -> Intention:
    return Intention(random.choice(world.tellers + world.managers), "DEPOSIT", _one_sided(world, random))


def _withdraw(world: World, random: Random, _: int) -> Intention:
    client = random.choice(world.tellers if random.random() < 1 / 20 else world.managers)
    return Intention(client, "WITHDRAW", _one_sided(world, random))


def _transfer(world: World, random: Random, _: int) -> Intention:
    return Intention(random.choice(world.managers), "TRANSFER", _two_sided(world, random))


def _reverse(world: World, random: Random, now: int) -> Intention:
    if not world.transactions:
        return _deposit(world, random, now)
    transaction, currency = random.choice(world.transactions)
    amount = random.choice((None, 1, 40))
    asked = {"transaction": transaction, "amount": amount, "currency": currency}
    return Intention(random.choice(world.managers), "REVERSE_TRANSACTION", asked)


def _batch(world: World, random: Random, _: int) -> Intention:
    """Up to eight movements; the key of each is made of the batch's own."""
    deeds = {"DEPOSIT": _one_sided, "WITHDRAW": _one_sided, "TRANSFER": _two_sided}
    items = [
        (operation, f"item-{random.getrandbits(64):x}", deeds[operation](world, random))
        for operation in random.choices(list(deeds), k=random.randrange(1, 9))
    ]
    asked = {"mode": random.choice(("ATOMIC", "INDEPENDENT")), "items": items}
    return Intention(random.choice(world.managers), "EXECUTE_BATCH", asked)


def _hold(world: World, random: Random, now: int) -> Intention:
    account, currency = world.account(random)
    asked = {"account": account, "amount": _amount(random), "currency": currency, "expires": _expiry(random, now)}
    return Intention(random.choice(world.managers), "PLACE_HOLD", asked)


def _capture(world: World, random: Random, now: int) -> Intention:
    if not world.holds:
        return _hold(world, random, now)
    return Intention(
        random.choice(world.managers), "CAPTURE_HOLD", {"hold": random.choice(world.holds), "target": None}
    )


def _release(world: World, random: Random, now: int) -> Intention:
    if not world.holds:
        return _hold(world, random, now)
    return Intention(random.choice(world.managers), "RELEASE_HOLD", {"hold": random.choice(world.holds)})


def _freeze(world: World, random: Random, now: int) -> Intention:
    account, _ = random.choice(world.accounts)
    how = {"scope": random.choice(("ALL", "DEBITS")), "reason": random.choice(("OPERATIONS", "SUSPECTED_FRAUD"))}
    asked = {"account": account, **how, "expires": _expiry(random, now)}
    return Intention(random.choice(world.managers), "FREEZE_ACCOUNT", asked)


def _unfreeze(world: World, random: Random, now: int) -> Intention:
    if not world.frozen:
        return _deposit(world, random, now)
    return Intention(random.choice(world.managers), "UNFREEZE_ACCOUNT", {"account": world.frozen.pop()})


def _close(world: World, random: Random, _: int) -> Intention:
    """Close any but the hot ones, with a sweep half of the time."""
    account, currency = random.choice(world.accounts[2:])
    others = [id_ for id_, other in world.accounts if other == currency and id_ != account]
    target = random.choice(others) if others and random.random() < 1 / 2 else None
    return Intention(random.choice(world.managers), "CLOSE_ACCOUNT", {"account": account, "target": target})


_WISHES: Sequence[tuple[int, Callable[[World, Random, int], Intention]]] = (
    (40, _deposit), (18, _withdraw), (22, _transfer), (4, _reverse), (5, _batch), (7, _hold), (4, _capture),
    (2, _release), (1, _freeze), (3, _unfreeze), (2, _open), (1, _close),
)  # fmt: skip
_WEIGHTS = list(accumulate(weight for weight, _ in _WISHES))


def choose(world: World, random: Random, now: int) -> Intention:
    """Choose what to want next."""
    ((_, wish),) = random.choices(_WISHES, cum_weights=_WEIGHTS)
    return wish(world, random, now)
