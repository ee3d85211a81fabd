"""Giving leases back: all are asked at once, and one that does not answer is not waited for long."""

from __future__ import annotations

from collections.abc import Sequence

from daybreak.adjudicator.messages import Release, Released
from daybreak.base.ids import NodeId
from daybreak.control.leases import give_back
from daybreak.runtime.local.network import LocalNetwork
from daybreak.runtime.protocols import Effects, Send
from daybreak.runtime.role import Role
from daybreak.trace.recorder import NoTrace
from tests.support.processes import limited
from tests.support.roles import ManualClock

NODES = (NodeId("A1/adj-0"), NodeId("A2/adj-1"))


class Candidate(Role):
    """Has been asked, and answers `times`."""

    def __init__(self, node: NodeId, times: int) -> None:
        super().__init__(node, ManualClock(), NoTrace())
        self.asked = 0
        self._times = times

    def on_release(self, source: NodeId, message: Release) -> Effects:
        """Answer."""
        self.asked += 1
        return [Send(source, Released())] * self._times


def released(answers: Sequence[int], seconds: float) -> list[int]:
    """How often each candidate was asked, when each answers so often."""
    candidates = [Candidate(node, times) for node, times in zip(NODES, answers, strict=True)]

    async def test() -> None:
        network = LocalNetwork()
        for candidate in candidates:
            network.add(candidate)
        await give_back(network, "A", NODES, seconds)
        network.close()

    limited(test())
    return [candidate.asked for candidate in candidates]


def test_it_is_over_when_all_have_answered() -> None:
    assert released((1, 1), 1_000.0) == [1, 1]


def test_two_answers_of_one_are_not_those_of_two() -> None:
    assert released((2, 0), 0.01) == [1, 1]
