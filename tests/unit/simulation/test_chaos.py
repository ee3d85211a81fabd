"""What the words of `daybreak chaos` do to a simulated cluster."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from daybreak.base.ids import NodeId
from daybreak.base.topology import TOPOLOGIES
from daybreak.cluster import journal_node
from daybreak.control.chaos.words import parse, read_timeline
from daybreak.errors import OperatorError, RequestError
from daybreak.journal.replica import Journal
from daybreak.runtime.chaos import HELD_US
from daybreak.runtime.sim.disk import SimDisk
from daybreak.runtime.sim.world import Faults
from daybreak.simulation.chaos import RESTART_US
from daybreak.simulation.run import Options, Simulation
from tests.support.checked import simulation

CALM = Faults(crash_every_us=0)
ENTRIES_US = 3_000_000
A1, A2 = journal_node("A1", 0), journal_node("A2", 0)
QP, B1 = NodeId("A/qp-2"), journal_node("B1", 0)


def idle(regions: int = 1) -> Simulation:
    """A cluster without clients, whose nodes run."""
    run = simulation(1, Options(regions=regions, faults=CALM), unchecked="no client does anything")
    run._add_nodes()
    assert run.world.run_until(lambda: all(t.sound() for t in run.troubles.values()), ENTRIES_US)
    return run


@pytest.fixture
def one() -> Simulation:
    return idle()


@pytest.fixture
def two() -> Simulation:
    return idle(regions=2)


def order(run: Simulation, *commands: str) -> str:
    """Give some commands; what was said of the last one."""
    said = ""
    for command in commands:
        said = run.chaos.carry_out(parse(command.split(), run.layout.topology.processes))
    return said


def passes(run: Simulation, limit_us: int, true: Callable[[], bool] = lambda: False) -> bool:
    """Let time pass."""
    return run.world.run_until(true, limit_us)


def disk(run: Simulation, node: NodeId) -> SimDisk:
    """The disk of a node that has one."""
    found = run.world.disk(node)
    assert found is not None
    return found


# --- messages -----------------------------------------------------------------------------------------------------


def test_messages_between_two_processes_are_lost_or_late_both_ways_until_healed(one: Simulation) -> None:
    order(one, "latency A1-A2 60ms", "cut A1-A", "duplicate A2-A 100%", "reorder A1-A2 100%")
    for source, to in ((A1, A2), (A2, A1)):
        (late_us,) = one.world.arrivals_us(source, to)
        assert 60_000 < late_us <= 60_000 + HELD_US
    assert one.world.arrivals_us(A1, QP) == one.world.arrivals_us(QP, A1) == []
    assert one.world.arrivals_us(QP, A2) == [0, 0]
    assert one.world.arrivals_us(A1, journal_node("A1", 1)) == [0], "within a process"
    order(one, "heal")
    assert one.world.arrivals_us(QP, A1) == one.world.arrivals_us(A1, A2) == [0]


def test_the_world_asks_for_every_message(one: Simulation) -> None:
    order(one, "cut A1", "cut A2")
    passes(one, ENTRIES_US)
    heard = one.world.delivered
    one.world.arrivals_us = lambda source, to: [0, 1]
    passes(one, 100_000)
    assert one.world.delivered > heard


def test_a_region_s_name_stands_for_all_processes_in_it(two: Simulation) -> None:
    order(two, "cut A-B")
    assert two.world.arrivals_us(QP, B1) == two.world.arrivals_us(B1, A1) == []
    assert two.world.arrivals_us(QP, A1) == two.world.arrivals_us(A1, journal_node("W1", 0)) == [0]


def test_a_cut_outlives_one_of_its_ends(one: Simulation) -> None:
    order(one, "cut A1-A2", "latency A1-A3 5ms", "kill A1")
    assert one.world.arrivals_us(A1, A2) == []
    assert one.world.arrivals_us(A1, journal_node("A3", 0)) == [0], "who was told of it is gone"


# --- processes ----------------------------------------------------------------------------------------------------


def test_a_killed_process_keeps_its_files_and_comes_back(one: Simulation) -> None:
    file = disk(one, A1)
    file.create("scratch", 4)
    order(one, "kill A1")
    nodes = [node for node in one.world.nodes if node.startswith("A1/")]
    assert len(nodes) == 6 and one.world.up(tuple(nodes)) == []
    one.world.restart(A1)
    assert one.world.role(A1) is None, "nobody else starts it"
    assert "scratch" in file.names(), "the machine goes on"
    assert passes(one, RESTART_US[1], lambda: one.world.up(tuple(nodes)) == nodes)


def test_what_was_not_synced_is_gone_when_the_power_fails(one: Simulation) -> None:
    file = disk(one, A1)
    before = file.names()
    file.create("scratch", 4)
    order(one, "disk A1 lose-unsynced")
    assert file.names() == before
    assert passes(one, RESTART_US[1], lambda: one.world.role(A1) is not None)


def test_a_process_that_is_kept_down_stays_so(two: Simulation) -> None:
    order(two, "kill A1", "down A")
    passes(two, 3 * RESTART_US[1])
    assert two.world.role(A1) is two.world.role(QP) is None
    order(two, "up A1")
    assert isinstance(two.world.role(A1), Journal)
    assert two.world.role(QP) is None


def test_a_paused_process_does_nothing_and_goes_on(one: Simulation) -> None:
    order(one, "pause A1")
    role = one.world.role(A1)
    assert isinstance(role, Journal)
    last = role.status()["last_index"]
    passes(one, ENTRIES_US)
    assert role.status()["last_index"] == last
    with pytest.raises(OperatorError, match="A1: does not answer"):
        order(one, "disk A1 full")
    order(one, "resume A1")
    assert passes(one, ENTRIES_US, lambda: role.status()["last_index"] != last)


# --- clocks and disks ---------------------------------------------------------------------------------------------


def test_the_clock_of_a_machine_jumps_for_all_nodes_of_its_process(one: Simulation) -> None:
    order(one, "clock A1 +1h")
    jumped = {node for node, clock in one._clocks.items() if clock.jumped_us}
    assert jumped == {node for node in one.world.nodes if node.startswith("A1/")}
    order(one, "kill A1")
    assert not any(clock.jumped_us for clock in one._clocks.values())


def test_disks_are_full_slow_or_broken_until_they_are_well(one: Simulation) -> None:
    order(one, "disk A1 full")
    assert disk(one, A1).capacity == disk(one, A1).used()
    order(one, "disk A1 slow")
    assert (disk(one, A1).capacity, A1 in one.world.slow) == (None, True)
    order(one, "disk A1 sync-fails")
    assert (A1 in one.world.slow, A1 in one.world.broken, A2 in one.world.broken) == (False, True, False)
    role = one.world.role(A1)
    assert isinstance(role, Journal)
    assert passes(one, ENTRIES_US, lambda: role.failure is not None)
    order(one, "kill A1")
    assert A1 not in one.world.broken


def test_an_entry_is_spoilt_that_a_zone_has_vouched_for(one: Simulation) -> None:
    passes(one, ENTRIES_US)
    before = content(one, "A1")
    assert ": entry " in order(one, "corrupt A1")
    after = content(one, "A1")
    assert sum((a ^ b).bit_count() for name in before for a, b in zip(before[name], after[name], strict=True)) == 1
    with pytest.raises(OperatorError, match="A: there is no entry yet that could be spoilt"):
        order(one, "corrupt A")


def content(run: Simulation, process: str) -> dict[tuple[NodeId, str], bytes]:
    """All files of a process."""
    found = {node: run.world.disk(node) for node in run.world.nodes if node.startswith(f"{process}/")}
    return {
        (node, name): disk.read(name, 0, disk.size(name))
        for node, disk in found.items()
        if disk is not None
        for name in disk.names()
    }


# --- what is refused ----------------------------------------------------------------------------------------------


def test_who_does_not_run_takes_no_orders(one: Simulation) -> None:
    order(one, "kill A1")
    for command in ("kill A1", "pause A1", "disk A1 full", "clock A1 +1s", "corrupt A1"):
        with pytest.raises(OperatorError, match="process A1 takes no such orders"):
            order(one, command)


def test_where_there_is_one_region_nobody_keeps_processes_down(one: Simulation) -> None:
    with pytest.raises(OperatorError, match="process serve takes no such orders"):
        order(one, "down A1")


def test_the_words_are_those_of_the_command(one: Simulation) -> None:
    with pytest.raises(RequestError, match="'B1' is no process of this cluster: A, A1, A2, A3"):
        order(one, "kill B1")


# --- timelines ----------------------------------------------------------------------------------------------------


def test_a_timeline_is_carried_out_in_virtual_time_until_the_end(two: Simulation, tmp_path: Path) -> None:
    file = tmp_path / "timeline"
    file.write_text("1 down B\n2 latency A 5ms\n2 pause W\n2 disk A1 full\n2 clock A1 +1h\n9 kill A1\n")
    two.chaos.play(read_timeline(file, TOPOLOGIES[2].processes))
    passes(two, 900_000)
    assert two.world.role(B1) is not None
    passes(two, 5_000_000)
    assert (two.world.role(B1), two.chaos.playing) == (None, True)
    two.chaos.end()
    assert two.world.role(B1) is not None
    assert two.world.arrivals_us(A1, B1) == [0]
    assert disk(two, A1).capacity is None
    assert not any(clock.jumped_us for clock in two._clocks.values())
    heard = two.world.role(journal_node("W1", 0))
    assert isinstance(heard, Journal)
    last = heard.status()["last_index"]
    assert passes(two, ENTRIES_US, lambda: heard.status()["last_index"] != last), "it goes on"
    crashes = two.world.crashes
    passes(two, 9_000_000)
    assert two.world.crashes == crashes, "nothing more happens"
