"""Decides what becomes of transfers."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from disk import Disk
from recorder import Recorder
from wire import Message, ask

RETRY_SECONDS = 0.02


class Coordinator:
    """Asks the participants, which listen on `ports`, for their votes, and tells them the decision until they know it.

    A planted bug: one that is `hasty` takes more than half of the votes for all of them.
    """

    def __init__(self, directory: Path, ports: Mapping[str, int], *, hasty: bool = False) -> None:
        self._ports = ports
        self._hasty = hasty
        self._disk = Disk(directory / "coordinator.log")
        self._trace = Recorder(directory / "trace", "coordinator")

    async def transfer(self, tx: str, changes: Mapping[str, int]) -> str:
        """Change all of these balances, or none; returns `commit` or `abort`."""
        self._trace.record("begin", tx=tx, members=sorted(changes))
        votes = await asyncio.gather(*(self._vote(tx, name, change) for name, change in changes.items()))
        needed = len(changes) // 2 + 1 if self._hasty else len(changes)
        decision = "commit" if votes.count("yes") >= needed else "abort"
        self._disk.append(tx=tx, decision=decision)
        self._trace.record("decide", tx=tx, decision=decision)
        await asyncio.gather(*(self._tell(tx, name, decision) for name in changes))
        return decision

    async def balance(self, name: str) -> int:
        """What is in the account `name`."""
        answer = await self._ask(name, {"type": "balance"})
        return int(answer["balance"])

    async def _vote(self, tx: str, name: str, change: int) -> str:
        try:
            answer = await self._ask(name, {"type": "prepare", "tx": tx, "change": change})
        except OSError:
            return "no"
        self._trace.record("hear", tx=tx, member=name, vote=answer["vote"])
        return str(answer["vote"])

    async def _tell(self, tx: str, name: str, decision: str) -> None:
        while True:
            try:
                await self._ask(name, {"type": "finish", "tx": tx, "decision": decision})
                return
            except OSError:
                await asyncio.sleep(RETRY_SECONDS)

    async def _ask(self, name: str, request: Message) -> Message:
        answer = await ask(self._ports[name], {**request, "stamp": self._trace.stamp()})
        self._trace.learn(answer["stamp"])
        return answer
