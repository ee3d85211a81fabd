"""Which roles there are, and that they know each other's addresses."""

from __future__ import annotations

from random import Random

import pytest

from daybreak import cluster
from daybreak.base.ids import NodeId
from daybreak.base.topology import ONE_REGION, TWO_REGIONS
from daybreak.cluster import Layout, Surroundings
from daybreak.journal.messages import Probe
from daybreak.runtime.protocols import Clock, Send
from daybreak.runtime.role import Role
from daybreak.runtime.sim.disk import SimDisk
from daybreak.trace.recorder import NoTrace, Trace
from tests.support.roles import ManualClock, sent

LAYOUT = Layout(3)
CROSSBARS, STORAGES = LAYOUT.crossbars, LAYOUT.storages
JOURNAL = LAYOUT.journals[0]
REPLICAS = [node for nodes in LAYOUT.replicas.values() for node in nodes]
ADJUDICATORS = [node for nodes in LAYOUT.candidates.values() for node in nodes]


def roles() -> tuple[list[Role], list[NodeId]]:
    """All roles of a cluster with one session, and the nodes for which clocks and traces were asked."""
    asked: list[NodeId] = []

    def clock(node: NodeId) -> Clock:
        asked.append(node)
        return ManualClock()

    def trace(node: NodeId, clock: Clock) -> Trace:
        asked.append(node)
        return NoTrace()

    around = Surroundings(clock, trace, LAYOUT)
    made: list[Role] = [cluster.journal(around, node, SimDisk(Random(0))) for node in REPLICAS]
    made += [cluster.storage(around, node, SimDisk(Random(0))) for node in STORAGES]
    made += [cluster.crossbar(around, node) for node in CROSSBARS]
    made += [cluster.adjudicator(around, node) for node in ADJUDICATORS]
    made.append(cluster.query_processor(around, 12))
    return made, asked


def test_every_role_has_a_node_of_its_own_with_a_clock_and_a_trace() -> None:
    made, asked = roles()
    nodes = [role.node for role in made]
    assert nodes == [*REPLICAS, *STORAGES, *CROSSBARS, *ADJUDICATORS, NodeId("A/qp-12")]
    assert asked == [node for node in nodes for _ in range(2)]


def test_what_a_role_says_when_it_starts_goes_to_another_role_of_the_cluster() -> None:
    made, _ = roles()
    nodes = {role.node: role for role in made}
    said = 0
    for role in made:
        for effect in role.start():
            if isinstance(effect, Send):
                said += 1
                nodes[effect.to].receive(role.node, effect.message)
    assert said == len(ADJUDICATORS) * 3 + 2, (
        "what the candidates ask the journals' replicas, and storage's attachments"
    )


def test_each_candidate_asks_its_own_journal_in_all_zones_who_leads() -> None:
    for journal, nodes in LAYOUT.candidates.items():
        for role in (role for role in roles()[0] if role.node in nodes):
            effects = role.start()
            assert [len(sent(effects, Probe, replica)) for replica in LAYOUT.replicas[journal]] == [1, 1, 1]
            assert len(sent(effects, Probe)) == 3


def test_the_first_candidate_of_each_adjudicator_is_in_another_zone() -> None:
    assert [nodes[0] for nodes in LAYOUT.candidates.values()] == ["A1/adj-0", "A2/adj-1", "A3/adj-2"]
    assert all(len({node.partition("/")[0] for node in nodes}) == 3 for nodes in LAYOUT.candidates.values())


def test_a_zone_has_its_replicas_of_all_journals_its_candidates_and_perhaps_storage() -> None:
    journals = {zone: [f"{zone}/journal-{n}" for n in range(3)] for zone in cluster.ZONES}
    storage = {zone: [f"{zone}/crossbar-0", f"{zone}/storage-0"] for zone in ("A1", "A2")}
    for zone in cluster.ZONES:
        candidates = [node for node in LAYOUT.in_zone(zone) if cluster.role_of(node) == "adj"]
        assert [*LAYOUT.in_zone(zone)] == [*journals[zone], *candidates, *storage.get(zone, [])]
        assert set(candidates) <= {f"{zone}/adj-{n}" for n in range(3)}
    assert sorted(LAYOUT.replicas[JOURNAL]) == [f"{zone}/journal-0" for zone in cluster.ZONES]


def test_every_node_of_a_zone_has_a_role_and_a_directory_of_its_own_if_it_keeps_anything() -> None:
    around = Surroundings(lambda node: ManualClock(), lambda node, clock: NoTrace(), LAYOUT)
    for zone in cluster.ZONES:
        nodes = LAYOUT.in_zone(zone)
        for node in nodes:
            disk = SimDisk(Random(0)) if cluster.directory_of(node) is not None else None
            assert cluster.zone_role(around, node, disk).node == node
            assert cluster.role_of(node) in cluster.ZONE_ROLES
        places = [place for node in nodes if (place := cluster.directory_of(node)) is not None]
        assert len(places) == len(set(places)) == (4 if zone in LAYOUT.topology.storing else 3)
    with pytest.raises(ValueError, match="A/qp-0 is no node of a zone"):
        cluster.zone_role(around, NodeId("A/qp-0"), None)


def test_two_regions_share_the_adjudicators_and_the_witness_has_journals_alone() -> None:
    layout = Layout(2, TWO_REGIONS)
    journals = ("journal-0", "journal-1")
    full = (*journals, "adj-0", "adj-1", "crossbar-0", "storage-0")
    for zone, roles in (("A1", full), ("B1", full), ("W1", journals)):
        assert sorted(layout.in_zone(zone)) == sorted(f"{zone}/{role}" for role in roles)
    assert [nodes[0] for nodes in layout.candidates.values()] == ["A1/adj-0", "B1/adj-1"]
    assert layout.replicas[JOURNAL] == ("A1/journal-0", "B1/journal-0", "W1/journal-0")
    assert layout.balancers == ("A/balancer-0", "B/balancer-0")


def test_whoever_reads_in_a_region_begins_with_the_storage_there() -> None:
    layout = Layout(2, TWO_REGIONS)
    assert layout.storages_from("A") == ("A1/storage-0", "B1/storage-0")
    assert layout.storages_from("B") == ("B1/storage-0", "A1/storage-0")
    assert Layout().storages_from("A") == Layout().storages


def test_the_processes_of_a_region_are_its_own_and_its_zones() -> None:
    assert TWO_REGIONS.processes == ("A", "B", "A1", "B1", "W1")
    assert [TWO_REGIONS.of_region(region) for region in TWO_REGIONS.places] == [("A", "A1"), ("B", "B1"), ("W1",)]
    assert ONE_REGION.of_region("A") == ONE_REGION.processes


def test_only_the_first_region_s_balancer_has_ranges_split_and_moved() -> None:
    around = Surroundings(lambda node: ManualClock(), lambda node, clock: NoTrace(), Layout(2, TWO_REGIONS))
    starts = [cluster.balancer(around, region=region).start() for region in TWO_REGIONS.regions]
    assert [len(effects) for effects in starts] == [1, 0]


def test_of_two_regions_adjudicators_wait_longer_for_the_zones() -> None:
    one, two = (cluster.adjudicator_settings(topology) for topology in (ONE_REGION, TWO_REGIONS))
    assert one.resend_after == 1
    assert two.resend_after * two.heartbeat_us > two.lead_most_us, "an answer may take longer than a promise"


def test_every_adjudicator_owns_a_part_of_the_keys() -> None:
    assert LAYOUT.ranges.journals == LAYOUT.journals == ("adj-0", "adj-1", "adj-2")


def test_events_of_an_adjudicator_and_of_its_journal_belong_to_one_slice() -> None:
    assert [cluster.slice_of(node) for node in ADJUDICATORS] == [n for n in LAYOUT.journals for _ in range(3)]
    assert [cluster.slice_of(node) for node in REPLICAS] == [n for n in LAYOUT.journals for _ in range(3)]
    assert {cluster.slice_of(node) for node in (*CROSSBARS, *STORAGES, NodeId("A/qp-0"))} == {None}


def test_a_session_has_the_number_of_its_query_processor() -> None:
    assert (cluster.query_processor_node(3), cluster.session_node(3)) == ("A/qp-3", "A/session-3")


def test_every_node_of_a_zone_lives_in_the_process_of_that_zone() -> None:
    for zone in cluster.ZONES:
        assert {cluster.process_of(node) for node in LAYOUT.in_zone(zone)} == {zone}


def test_a_node_that_is_not_there_yet_has_a_process() -> None:
    assert cluster.process_of(NodeId("A/qp-17")) == cluster.process_of(NodeId("A/session-3")) == cluster.REGION
    assert cluster.process_of(NodeId("A3/journal-9")) == "A3"
