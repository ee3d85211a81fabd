"""How one process asks others how they are: answers that come are taken, and no silence is waited for long."""

from __future__ import annotations

import asyncio

from daybreak.base.ids import NodeId
from daybreak.control.messages import StatusTold, StatusWanted
from daybreak.control.questions import Questions, answer_with, control_node
from daybreak.runtime.local.network import LocalNetwork
from daybreak.runtime.protocols import Message
from tests.support.processes import limited

ASKER = NodeId("A/status-0")


def test_those_that_answer_are_told_of_and_a_silent_one_is_left_out() -> None:
    async def test() -> None:
        network = LocalNetwork()
        questions = Questions(network, ASKER)
        answer_with(network, "A1", lambda: {"pid": 1})
        answer_with(network, "A2", lambda: {"pid": 2})
        found = await questions.ask(("A1", "A2", "A3"), 0.01)
        assert found == {"A1": {"pid": 1}, "A2": {"pid": 2}}
        assert await questions.ask((), 20.0) == {}
        network.close()

    limited(test())


def test_an_answer_that_comes_late_or_twice_is_dropped() -> None:
    async def test() -> None:
        network = LocalNetwork()
        questions = Questions(network, ASKER)
        heard: list[StatusWanted] = []

        def listen(message: Message) -> None:
            assert isinstance(message, StatusWanted)
            heard.append(message)

        network.listen(control_node("A1"), listen)
        assert await questions.ask(("A1",), 0.001) == {}
        asking = asyncio.create_task(questions.ask(("A1",), 20.0))
        await asyncio.sleep(0)
        assert [question.request for question in heard] == [1, 2]
        for request, status in ((1, b"{}"), (2, b'{"pid": 7}'), (2, b'{"pid": 8}')):
            network.post(ASKER, StatusTold(request, "A1", status), control_node("A1"))
        assert await asking == {"A1": {"pid": 7}}
        network.close()

    limited(test())
