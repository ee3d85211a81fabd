"""Two regions, 30 ms from each other and 10 ms from the witness, in virtual time: a read waits for none of these ways,
and COMMIT for the nearest zone once, or twice if its leader is elsewhere."""

from __future__ import annotations

import statistics

import pytest

from daybreak import cluster
from daybreak.adjudicator.adjudicator import Adjudicator
from daybreak.adjudicator.messages import CommitRequest, Committed, HeartbeatRequest
from daybreak.base.ids import NodeId
from daybreak.base.topology import TWO_REGIONS, region_of
from daybreak.cluster import process_of
from daybreak.runtime.protocols import Message
from daybreak.runtime.sim.world import Faults
from daybreak.simulation.distance import WAY_US, WITNESS_WAY_US
from daybreak.simulation.run import Options, Simulation
from daybreak.storage.messages import ReadKeys, ReadRange, ReadResult
from tests.support.checked import simulation

CALM = Faults(crash_every_us=0, spike=0.0)
HOPS_US = 4 * CALM.delay_us[1] + CALM.sync_us[1]
"""What messages between query processor, leader and replica, and a sync, take besides the ways between regions."""
ROUND_US = 2 * WITNESS_WAY_US
"""To the nearest other zone and back."""
UNCHECKED = "the runs of test_regions are"


class Times:
    """How long reads and decisions took, in microseconds, from the request's leaving to the answer's."""

    def __init__(self, run: Simulation) -> None:
        self._world = run.world
        self._asked: dict[object, int] = {}
        self.reads: list[int] = []
        self.here: list[int] = []
        """Decisions of a leader in the region of who asked …"""
        self.elsewhere: list[int] = []
        """… and in the other one, until they left there."""
        self.wishes = 0
        run.world.on_send = self._sent

    def _sent(self, source: NodeId, to: NodeId, message: Message) -> None:
        now = self._world.now_us
        match message:
            case ReadKeys() | ReadRange():
                self._asked[source, message.request] = now
            case ReadResult(request):
                self.reads.append(now - self._asked.pop((to, request)))
            case CommitRequest() if not message.voters:
                self._asked[message.txn] = now
            case Committed(txn) if txn in self._asked:
                near = region_of(process_of(source)) == region_of(process_of(to))
                (self.here if near else self.elsewhere).append(now - self._asked.pop(txn))
            case HeartbeatRequest() if region_of(process_of(source)) != region_of(process_of(to)):
                self.wishes += 1


def timed() -> Times:
    """What a run took in which nothing fails, and half of the clients are in each region."""
    run = simulation(1, Options(regions=2, transactions=60, faults=CALM), unchecked=UNCHECKED)
    times = Times(run)
    run.run()
    return times


def test_reads_wait_for_nothing_that_is_far_away() -> None:
    times = timed()
    assert len(times.reads) > 200
    assert statistics.median(times.reads) <= CALM.delay_us[1]
    assert times.wishes == 0


def test_without_the_lead_they_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Adjudicator, "on_lag", lambda self, source, message: [])
    assert statistics.median(timed().reads) > WITNESS_WAY_US


def test_a_commit_takes_one_round_to_the_nearest_zone_and_one_more_to_a_leader_elsewhere() -> None:
    times = timed()
    assert min(len(times.here), len(times.elsewhere)) >= 5
    assert min(times.here) > ROUND_US and max(times.here) <= ROUND_US + HOPS_US < 2 * ROUND_US
    assert max(times.elsewhere) <= WAY_US + ROUND_US + HOPS_US


def test_promises_reach_a_little_further_than_the_way_takes() -> None:
    run = simulation(1, Options(regions=2, transactions=20, faults=CALM), unchecked=UNCHECKED)
    run.run()
    settings = cluster.adjudicator_settings(TWO_REGIONS)
    surplus_us = settings.lead_every_us + settings.lead_us + CALM.delay_us[1] + 2 * CALM.clock_error_us
    for nodes in run.layout.candidates.values():
        role = run.world.role(nodes[0])
        assert isinstance(role, Adjudicator)
        lead = role.status()["lead_us"]
        assert isinstance(lead, int) and WAY_US < lead <= WAY_US + surplus_us
