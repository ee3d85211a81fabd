"""What a server asks the storage replicas itself, besides what its sessions read.

A question goes to all replicas, again and again as messages may be lost, and the first answer counts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from daybreak.base.ids import NodeId, TxnId
from daybreak.base.time import Timestamp
from daybreak.runtime.protocols import Message
from daybreak.storage.messages import ForgetBefore, Forgot, OutcomeRead, ReadOutcome

REPEAT_SECONDS = 0.1
NOBODY = TxnId("")
"""No transaction has this name."""

Answer = OutcomeRead | Forgot


class Replicas:
    """The replicas `nodes`; `post` sends a message from a node whose answers come to `on_message`."""

    def __init__(self, nodes: tuple[NodeId, ...], post: Callable[[NodeId, Message], None]) -> None:
        self._nodes = nodes
        self._post = post
        self._requests = 0
        self._asked: dict[int, asyncio.Future[Answer]] = {}

    async def outcome(self, txn: TxnId, upto: Timestamp, seconds: float) -> OutcomeRead | None:
        """What a replica knows of `txn` that has everything up to `upto`; None if there is none within `seconds`."""
        answer = await self._ask(lambda request: ReadOutcome(request, upto, txn), seconds)
        return answer if isinstance(answer, OutcomeRead) else None

    async def complete(self, upto: Timestamp, seconds: float) -> bool:
        """Wait until a replica has everything up to `upto`; whether one has, within `seconds`."""
        return await self.outcome(NOBODY, upto, seconds) is not None

    async def forget(self, upto: Timestamp, seconds: float) -> bool:
        """Let the replicas drop what only snapshots before `upto` can see; whether one has, within `seconds`."""
        return await self._ask(lambda request: ForgetBefore(request, upto), seconds) is not None

    async def _ask(self, make: Callable[[int], Message], seconds: float) -> Answer | None:
        self._requests += 1
        request = self._requests
        loop = asyncio.get_running_loop()
        future = self._asked[request] = loop.create_future()
        deadline = loop.time() + seconds
        try:
            while not future.done() and loop.time() < deadline:
                for node in self._nodes:
                    self._post(node, make(request))
                await asyncio.wait((future,), timeout=min(REPEAT_SECONDS, max(0.0, deadline - loop.time())))
            return future.result() if future.done() else None
        finally:
            del self._asked[request]

    def on_message(self, message: Message) -> None:
        """Take the answer of a storage replica."""
        assert isinstance(message, OutcomeRead | Forgot), "nothing else is said to it"
        future = self._asked.get(message.request)
        if future is not None and not future.done():
            future.set_result(message)
