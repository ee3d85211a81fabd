"""What a server asks the storage replicas itself, besides what its sessions read.

A question goes to all replicas, again and again as messages may be lost, and the first answer counts that says enough.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from daybreak.base.ids import NodeId, TxnId
from daybreak.base.time import Timestamp
from daybreak.runtime.protocols import Message
from daybreak.storage.messages import ForgetBefore, Forgot, OutcomeRead, ReadOutcome

REPEAT_SECONDS = 0.1
BETTER_SECONDS = 0.5
"""For so long a better answer than one that does not say enough is waited for."""
NOBODY = TxnId("")
"""No transaction has this name."""

Answer = OutcomeRead | Forgot


class _Question:
    """What was asked, and what was answered to it so far."""

    def __init__(self, is_enough: Callable[[Answer], bool]) -> None:
        self._is_enough = is_enough
        self.answered = asyncio.Event()
        self.answer: Answer | None = None
        self.settled = False

    def take(self, answer: Answer) -> None:
        if not self.settled:
            self.answer, self.settled = answer, self._is_enough(answer)
            self.answered.set()


class Replicas:
    """The replicas `nodes`; `post` sends a message from a node whose answers come to `on_message`."""

    def __init__(self, nodes: tuple[NodeId, ...], post: Callable[[NodeId, Message], None]) -> None:
        self._nodes = nodes
        self._post = post
        self._requests = 0
        self._asked: dict[int, _Question] = {}

    async def outcome(self, txn: TxnId, start: Timestamp, upto: Timestamp, seconds: float) -> OutcomeRead | None:
        """What is known of `txn` by a replica that has everything up to `upto`; None if there is none within `seconds`.

        One that has the names since `start` is preferred: another may have begun since, and says that it has none.
        """

        def knows(answer: Answer) -> bool:
            return isinstance(answer, OutcomeRead) and (answer.ts is not None or answer.since <= start)

        answer = await self._ask(lambda request: ReadOutcome(request, upto, txn), seconds, knows)
        return answer if isinstance(answer, OutcomeRead) else None

    async def complete(self, upto: Timestamp, seconds: float) -> bool:
        """Wait until a replica has everything up to `upto`; whether one has, within `seconds`."""
        return await self._ask(lambda request: ReadOutcome(request, upto, NOBODY), seconds) is not None

    async def forget(self, upto: Timestamp, seconds: float) -> bool:
        """Let the replicas drop what only snapshots before `upto` can see; whether one has, within `seconds`."""
        return await self._ask(lambda request: ForgetBefore(request, upto), seconds) is not None

    async def _ask(
        self, make: Callable[[int], Message], seconds: float, is_enough: Callable[[Answer], bool] = lambda answer: True
    ) -> Answer | None:
        self._requests += 1
        request = self._requests
        loop = asyncio.get_running_loop()
        question = self._asked[request] = _Question(is_enough)
        deadline = loop.time() + seconds
        try:
            while not question.settled and loop.time() < deadline:
                for node in self._nodes:
                    self._post(node, make(request))
                if question.answered.is_set():
                    deadline = min(deadline, loop.time() + BETTER_SECONDS)
                    question.answered.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(min(REPEAT_SECONDS, max(0.0, deadline - loop.time()))):
                        await question.answered.wait()
            return question.answer
        finally:
            del self._asked[request]

    def on_message(self, message: Message) -> None:
        """Take the answer of a storage replica."""
        assert isinstance(message, OutcomeRead | Forgot), "nothing else is said to it"
        question = self._asked.get(message.request)
        if question is not None:
            question.take(message)
