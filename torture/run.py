"""One run: books are made, the crowd let loose, the server tormented; then everything is asked for, and judged."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from torture import deeds
from torture.books import faults_in_file
from torture.checker import faults_in, gathered
from torture.crowd import Client, Keyring, Stage, Warden, now
from torture.history import Evidence, Journal, Record, Resolution, Scope, Standing
from torture.intentions import World
from torture.process import ROOT, NotServingError, Server
from torture.torments import Torment, begin, torment
from torture.wire import Line

TELLERS, MANAGERS, ACCOUNTS = 1, 2, 16
LINES = 8
PATIENCE_S = 30.0

Pace = Callable[[], Awaitable[None]]


async def at_once() -> None:
    """Wait for nothing."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done: by chance of the seed, for so long, by so many clients, to a server of so many workers."""

    seed: int
    seconds: float
    clients: int = 24
    workers: int = 1
    root: Path = ROOT


@dataclass(slots=True)
class Outcome:
    """What was done, what was met, and what is wrong."""

    torments: Counter[str] = field(default_factory=Counter)
    met: Counter[str] = field(default_factory=Counter)
    counts: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


class Run:
    """A run in a folder of its own."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self._plan = plan
        self._random = Random(plan.seed)
        settings = {
            "COUNTINGHOUSE_PORT": "0",
            "COUNTINGHOUSE_EXPLORER": "off",
            "COUNTINGHOUSE_WORKERS": str(plan.workers),
            "COUNTINGHOUSE_REFUSAL_BURST": "1000000000",  # refusals are wanted here
            "COUNTINGHOUSE_MAX_COST": "100000",  # a batch shows how each account stood
        }
        self.server = Server(folder, settings, plan.root)
        self.stage = Stage(self.server, Journal(folder / "journal.jsonl"), Keyring(), World())
        self._warden = Warden(self.stage, "warden", self._chance("warden"))
        self._admin = ""
        self._folder = folder

    async def prepare(self) -> None:
        """Make the books, the clients and their first accounts; leave the server running."""
        await self.server.run("migrate")
        await begin(self.server)
        secret = (self._folder / "countinghouse.admin-key").read_text().strip()
        self._admin = await self._viewer(secret)
        self.stage.keyring.add(self._admin, f"key_{secret.split('_')[1]}", secret)
        world, surely = self.stage.world, self._warden.surely
        for name, role, clients in (
            *((f"teller-{n}", "TELLER", world.tellers) for n in range(TELLERS)),
            *((f"manager-{n}", "MANAGER", world.managers) for n in range(MANAGERS)),
        ):
            answer, _ = await surely(self._admin, "CREATE_API_CLIENT", {"name": name, "role": role})
            clients.append(str(answer.made))
            await self._warden.issue(self._admin, clients[-1])
        for number in range(ACCOUNTS):
            currency = ("EUR", "EUR", "JPY", "BHD")[number % 4]
            answer, _ = await surely(world.managers[0], "OPEN_ACCOUNT", {"currency": currency, "overdraft": 0})
            world.accounts.append((str(answer.made), currency))

    async def torture(self, torments: Sequence[Torment]) -> Counter[str]:
        """Let the crowd loose for the time of the plan, and torment the server meanwhile; leave it ended."""
        await self.server.stop()
        ends = now() + int(self._plan.seconds * 1_000_000)
        async with asyncio.TaskGroup() as tasks:
            self.loose(tasks, "client", at_once)
            done = await torment(self.server, self._chance("torments"), torments, lambda: now() > ends)
            self.calm()
        return done

    def loose(self, tasks: asyncio.TaskGroup, crowd: str, pace: Pace) -> None:
        """Let a crowd loose, which nobody has met before."""
        for number in range(self._plan.clients):
            name = f"{crowd}-{number}"
            tasks.create_task(Client(self.stage, name, self._chance(name)).run(pace))
        tasks.create_task(self._warden.run(self._admin))

    def calm(self) -> None:
        """Have the crowd go home: who waits for a server that has ended hears that it is over."""
        self.stage.is_over = True
        self.server.up.set()

    async def judge(self) -> Outcome:
        """Start the server anew, ask for all that can be asked, end it, and judge it."""
        self.server.up.clear()
        await begin(self.server)
        await self._warden.enable_all(self._admin)
        resolutions = await self._resolve()
        records = [record async for record in self._audit_log()]
        standings = dict([await self._standing(id_) for id_ in sorted({r.made("acct_") for r in records if _opens(r)})])
        await self.server.stop()
        self.stage.journal.close()
        attempts, reads = self.stage.journal.attempts, self.stage.journal.reads
        evidence = Evidence(attempts, reads, records, resolutions, standings)
        counts = {
            "requests": len(attempts) + len(reads),
            "movements": sum(record.has_moved_money for record in records),
            "records": len(records),
            "resolved": len(resolutions),
            "resolved as done": sum(one.outcome == "SUCCEEDED" for one in resolutions.values()),
        }
        faults = [*faults_in(evidence), *faults_in_file(self._folder / "countinghouse.db"), *await self._verify()]
        if not counts["movements"]:
            faults.append("no money was moved at all: nothing is proved")
        return Outcome(met=self.stage.met, counts=counts, faults=faults)

    async def _resolve(self) -> dict[Scope, Resolution]:
        """Ask what became of every key of which no answer told."""
        cases = gathered(self.stage.journal.attempts)
        unknown = [scope for scope, case in cases.items() if not case.decided]
        found = dict(await self._of_all(unknown, self._resolution))
        for scope, resolution in found.items():
            # What was decided of several inputs, the same answer to the same input tells.
            if resolution.outcome in {"SUCCEEDED", "REFUSED"} and len(cases[scope].inputs) > 1:
                for asked in cases[scope].inputs:
                    await self._warden.attempt(scope, asked)
        return found

    async def _of_all(
        self, scopes: list[Scope], ask: Callable[[Line, Scope], Awaitable[Any]]
    ) -> list[tuple[Scope, Any]]:
        """Ask about each, on several connections."""
        waiting = iter(scopes)

        async def work(line: Line) -> list[tuple[Scope, Any]]:
            return [(scope, await ask(line, scope)) for scope in waiting]

        found = await asyncio.gather(*(work(Line(self.server)) for _ in range(LINES)))
        return [one for some in found for one in some]

    async def _resolution(self, line: Line, scope: Scope) -> Resolution:
        variables = {"operation": scope.operation, "key": scope.key, "client": scope.client}
        record = (await self._ask(line, deeds.RECORD, variables))["idempotencyRecord"]
        return Resolution(record["outcome"], int(record["sequence"])) if record else Resolution(None, None)

    async def _audit_log(self) -> Any:
        """Yield all of it, page by page."""
        line, after = Line(self.server), None
        while True:
            page = (await self._ask(line, deeds.AUDIT_LOG, {"after": after}))["auditLog"]
            for edge in page["edges"]:
                yield _record(edge["node"])
            if not page["pageInfo"]["hasNextPage"]:
                return
            after = page["pageInfo"]["endCursor"]

    async def _standing(self, account: str) -> tuple[str, Standing]:
        return account, deeds.standing((await self._ask(Line(self.server), deeds.ACCOUNT, {"id": account}))["account"])

    async def _ask(self, line: Line, document: str, variables: Mapping[str, Any]) -> Any:
        _, secret = self.stage.keyring.any_of(self._admin, self._random)
        return (await line.ask(secret, document, variables, PATIENCE_S))["data"]

    async def _viewer(self, secret: str) -> str:
        body = await Line(self.server).ask(secret, deeds.VIEWER, {}, PATIENCE_S)
        return str(body["data"]["viewer"]["id"])

    async def _verify(self) -> list[str]:
        try:
            await self.server.run("verify")
        except NotServingError as fault:
            return [str(fault)]
        return []

    def _chance(self, name: str) -> Random:
        return Random(f"{self._plan.seed} {name}")


def _opens(record: Record) -> bool:
    return record.scope.operation == "OPEN_ACCOUNT" and record.outcome == "SUCCEEDED"


def _record(node: Mapping[str, Any]) -> Record:
    return Record(
        sequence=int(node["sequence"]),
        at=deeds.microseconds(node["at"]),
        outcome=node["outcome"],
        scope=Scope(node["apiClient"]["id"], node["operation"], node["idempotencyKey"] or ""),
        api_key=node["apiKeyId"],
        targets=tuple(node["targetIds"]),
        code=node["errorCode"],
    )
