"""The crowd: clients that want things done, lose patience, try again, change their minds, and give up."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from torture import deeds
from torture.checker import UNDECIDED
from torture.history import UNKNOWN, Answer, Attempt, Input, Journal, Read, Scope
from torture.intentions import Intention, World, choose
from torture.process import Server
from torture.wire import Line, NoAnswerError

PATIENCE_S = 10.0
IMPATIENCE_S = 0.02
RESPITE_S = 0.05
_SINCE_1970 = time.time_ns() - time.monotonic_ns()


def now() -> int:
    """Return the time in microseconds since 1970, by a clock that never steps."""
    return (_SINCE_1970 + time.monotonic_ns()) // 1000


@dataclass(slots=True)
class Keyring:
    """The secrets that each API client has, with the ids of their keys, the newest last."""

    _secrets: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    def add(self, client: str, api_key: str, secret: str) -> None:
        """Give a client a key."""
        self._secrets.setdefault(client, []).append((api_key, secret))

    def any_of(self, client: str, random: Random) -> tuple[str, str]:
        """Return one of its keys: an old one as well as the newest."""
        return random.choice(self._secrets[client])

    def oldest_of(self, client: str) -> str:
        """Return the id of its oldest key."""
        return self._secrets[client][0][0]

    def count(self, client: str) -> int:
        """Return how many it has."""
        return len(self._secrets[client])

    def drop(self, client: str, api_key: str) -> None:
        """Forget a key that no longer opens anything."""
        self._secrets[client] = [one for one in self._secrets[client] if one[0] != api_key]


@dataclass(slots=True)
class Stage:
    """What all of the crowd share."""

    server: Server
    journal: Journal
    keyring: Keyring
    world: World
    is_over: bool = False
    met: Counter[str] = field(default_factory=Counter)


class Asker:
    """Somebody with a connection of their own, who tells the journal of everything."""

    def __init__(self, stage: Stage, name: str, random: Random) -> None:
        self.stage = stage
        self.random = random
        self._name = name
        self._line = Line(stage.server)
        self._count = 0

    def fresh_key(self) -> str:
        """Return an idempotency key that nobody has used."""
        self._count += 1
        return f"{self._name}-{self._count}"

    async def attempt(
        self, scope: Scope, asked: Input, patience: float = PATIENCE_S
    ) -> tuple[Answer, Mapping[str, Any]]:
        """Send a deed once, as soon as somebody serves; return its answer, and all of it as it came."""
        await self.stage.server.up.wait()
        api_key, secret = self.stage.keyring.any_of(scope.client, self.random)
        deed = deeds.DEEDS[scope.operation]
        variables = {"key": scope.key, "input": deed.write(asked)}
        invoked = now()
        told: Mapping[str, Any] = {}
        try:
            body = await self._line.ask(secret, deed.document, variables, patience)
        except NoAnswerError:
            answer = Answer(UNKNOWN)
        else:
            told = (body.get("data") or {}).get("answer") or {}
            answer = deeds.answer_of(told) if told else Answer(deeds.code_of(body))
        self.stage.met[answer.code] += 1
        self.stage.journal.attempted(Attempt(scope, api_key, asked, invoked, now(), answer))
        return answer, told

    async def read(self, client: str, account: str) -> None:
        """Look at an account."""
        _, secret = self.stage.keyring.any_of(client, self.random)
        invoked = now()
        try:
            body = await self._line.ask(secret, deeds.ACCOUNT, {"id": account}, PATIENCE_S)
        except NoAnswerError:
            return
        if shown := (body.get("data") or {}).get("account"):
            self.stage.journal.read(Read(account, invoked, now(), deeds.standing(shown)))
            self.stage.met["READ"] += 1


class Client(Asker):
    """One of the crowd."""

    async def run(self, pace: Callable[[], Any]) -> None:
        """Want one thing after another until it is over."""
        while not self.stage.is_over:
            await self.stage.server.up.wait()
            await pace()
            if self.random.random() < 1 / 8:
                await self.read(self.random.choice(self.stage.world.managers), self.stage.world.account(self.random)[0])
            else:
                await self._pursue(choose(self.stage.world, self.random, now()))

    async def _pursue(self, wish: Intention) -> None:
        """Send it until it is decided, or until there are better things to do."""
        scope = Scope(wish.client, wish.operation, self.fresh_key())
        asked = wish.input
        while not self.stage.is_over:
            is_hasty = self.random.random() < 1 / 12
            answer, _ = await self.attempt(
                scope, asked, self.random.uniform(0, IMPATIENCE_S) if is_hasty else PATIENCE_S
            )
            if answer.code not in UNDECIDED:
                self.stage.world.learn(wish, answer)
                return await self._insist(scope, asked)
            if answer.code == "FORBIDDEN" or self.random.random() < 1 / 10:
                return None
            if self.random.random() < 1 / 10:
                return await self._abandon(scope)
            asked = self._changed(asked)
            await asyncio.sleep(self.random.uniform(0, RESPITE_S))
        return None

    async def _insist(self, scope: Scope, asked: Input) -> None:
        """Send what was decided again, sometimes; and sometimes something else under its key."""
        if self.random.random() < 1 / 10:
            await self.attempt(scope, self._changed(asked))

    async def _abandon(self, scope: Scope) -> None:
        asked = {"operation": scope.operation, "key": scope.key}
        await self.attempt(Scope(scope.client, "ABANDON_IDEMPOTENCY_KEY", self.fresh_key()), asked)

    def _changed(self, asked: Input) -> Input:
        """Return what was asked, or one time in six, where money moves, another amount of it."""
        if "version" not in asked or self.random.random() > 1 / 6:
            return asked
        return {**asked, "amount": asked["amount"] + 1}


class Warden(Asker):
    """The ADMIN, who gives keys and takes them away while they are in use, and stops and starts a client."""

    async def run(self, admin: str) -> None:
        """Go on until it is over."""
        while not self.stage.is_over:
            await self.stage.server.up.wait()
            await asyncio.sleep(self.random.uniform(0.05, 0.5))
            client = self.random.choice([*self.stage.world.tellers, *self.stage.world.managers])
            if self.random.random() < 1 / 5:
                await self.surely(admin, "DISABLE_API_CLIENT", {"client": client})
                await self.surely(admin, "ENABLE_API_CLIENT", {"client": client})
            else:
                await self.rotate(admin, client)

    async def enable_all(self, admin: str) -> None:
        """Let everybody act again."""
        for client in (*self.stage.world.tellers, *self.stage.world.managers):
            await self.surely(admin, "ENABLE_API_CLIENT", {"client": client})

    async def rotate(self, admin: str, client: str) -> None:
        """Issue a key, and revoke the oldest while others still use it."""
        await self.issue(admin, client)
        if self.stage.keyring.count(client) > 1:
            oldest = self.stage.keyring.oldest_of(client)
            await self.surely(admin, "REVOKE_API_KEY", {"api_key": oldest})
            self.stage.keyring.drop(client, oldest)

    async def issue(self, admin: str, client: str) -> None:
        """Give a client another key. One whose secret was lost with its answer is revoked."""
        answer, told = await self.surely(admin, "ISSUE_API_KEY", {"client": client})
        if told.get("secret"):
            self.stage.keyring.add(client, told["apiKey"]["id"], told["secret"])
        elif answer.made:
            await self.surely(admin, "REVOKE_API_KEY", {"api_key": answer.made})

    async def surely(self, admin: str, operation: str, asked: Input) -> tuple[Answer, Mapping[str, Any]]:
        """Send a deed until it is decided, or all is over."""
        scope = Scope(admin, operation, self.fresh_key())
        answer, told = await self.attempt(scope, asked)
        while answer.code in UNDECIDED and not self.stage.is_over:
            answer, told = await self.attempt(scope, asked)
        return answer, told
