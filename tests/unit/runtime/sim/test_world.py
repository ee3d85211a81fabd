"""The simulated world: virtual time, delays, crashes, all from one seed."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial

import pytest

from daybreak.base.ids import NodeId
from daybreak.runtime.protocols import After, Effects, Message, Send, Sync, Synced
from daybreak.runtime.role import Role
from daybreak.runtime.sim.disk import SimDisk
from daybreak.runtime.sim.world import BEGINNING_US, Faults, SimClock, World
from daybreak.runtime.timeline import Timeline
from tests.support.roles import ManualClock, traced

A, B, SESSION = map(NodeId, ("A/a-0", "A/b-0", "A/session-0"))
QUIET = Faults(delay_us=(10, 20), spike=0.0, sync_us=(5, 6), crash_every_us=0)


class Note(Message, frozen=True):
    """Carries a number."""

    number: int


class Actor(Role):
    """Remembers what it hears, and when."""

    def __init__(self, world: World, node: NodeId, heard: list[tuple[int, int]], begin: Effects | None = None) -> None:
        clock = ManualClock()
        super().__init__(node, clock, traced(node, clock)[0])
        self._world = world
        self._heard = heard
        self._begin = begin or []

    def start(self) -> Effects:
        """Begin as it was told."""
        return self._begin

    def on_note(self, source: NodeId, message: Note) -> Effects:
        """Remember."""
        self._heard.append((self._world.now_us - BEGINNING_US, message.number))
        return []

    def on_synced(self, source: NodeId, message: Synced) -> Effects:
        """Remember."""
        return self.on_note(source, Note(message.token))


class Bench:
    """A world with two nodes."""

    def __init__(self, seed: int = 0, faults: Faults = QUIET, disk: SimDisk | None = None) -> None:
        self.world = World(seed, faults)
        self.heard: dict[NodeId, list[tuple[int, int]]] = {A: [], B: []}
        for node, its_disk in ((A, disk), (B, None)):
            self.world.add(node, partial(Actor, self.world, node, self.heard[node]), its_disk)

    def run(self, us: int = 1_000_000) -> None:
        """Let time pass until nothing is left to happen, or for `us`."""
        self.world.run_until(lambda: False, us)

    def numbers(self, node: NodeId) -> list[int]:
        """What a node has heard."""
        return [number for _, number in self.heard[node]]


def test_a_message_takes_as_long_as_the_faults_say() -> None:
    bench = Bench()
    bench.world.perform(A, [Send(B, Note(i)) for i in range(50)])
    bench.run()
    assert sorted(bench.numbers(B)) == list(range(50))
    times = {at for at, _ in bench.heard[B]}
    assert times <= set(range(10, 21))
    assert len(times) > 5
    assert bench.world.delivered == 50


def test_some_messages_take_ten_times_as_long() -> None:
    bench = Bench(faults=Faults(delay_us=(10, 10), spike=0.5, crash_every_us=0))
    bench.world.perform(A, [Send(B, Note(i)) for i in range(50)])
    bench.run()
    assert {at for at, _ in bench.heard[B]} == {10, 100}


def test_a_timer_fires_exactly_when_it_is_due() -> None:
    bench = Bench()
    bench.world.perform(A, [After(delay, Note(delay)) for delay in (500, 7, 0)])
    bench.run()
    assert bench.heard[A] == [(1, 0), (7, 7), (500, 500)]


def test_time_stops_when_the_goal_is_reached_or_the_limit() -> None:
    bench = Bench()
    bench.world.perform(A, [After(100, Note(1)), After(200, Note(2))])
    assert bench.world.run_until(lambda: bench.numbers(A) == [1], 1_000)
    assert bench.world.now_us == BEGINNING_US + 100
    assert not bench.world.run_until(lambda: False, 50)
    assert bench.numbers(A) == [1]
    assert not bench.world.run_until(lambda: False, 1_000), "nothing is left to happen"
    assert bench.numbers(A) == [1, 2]


def test_a_session_hears_at_once() -> None:
    bench = Bench()
    heard: list[Message] = []
    bench.world.listen(SESSION, heard.append)
    bench.world.perform(A, [Send(SESSION, Note(1))])
    assert heard == [Note(1)]


def test_a_crash_loses_what_was_on_its_way_to_the_node_and_its_timers() -> None:
    bench = Bench()
    bench.world.perform(B, [Send(A, Note(1)), After(15, Note(3))])
    bench.world.perform(A, [After(15, Note(2)), Send(B, Note(4))])
    crashed: list[NodeId] = []
    bench.world.on_crash = crashed.append
    bench.world.crash(A)
    bench.world.crash(A)
    assert (crashed, bench.world.crashes) == ([A], 1)
    assert bench.world.role(A) is None
    assert bench.world.up((A, B)) == [B]
    bench.world.restart(A)
    bench.run()
    assert bench.numbers(A) == []
    assert sorted(bench.numbers(B)) == [3, 4]


def test_a_restarted_node_begins_anew() -> None:
    world = World(0, QUIET)
    heard: list[tuple[int, int]] = []
    built: list[Role] = []

    def build() -> Role:
        built.append(Actor(world, A, heard, [After(5, Note(len(built)))]))
        return built[-1]

    world.add(A, build)
    world.run_until(lambda: False, 100)
    world.crash(A)
    world.restart(A)
    world.restart(A)
    world.run_until(lambda: False, 100)
    assert len(built) == 2
    assert [number for _, number in heard] == [0, 1]
    assert world.role(A) is built[1]


def synced_then_crashed(seed: int) -> tuple[bool, bytes]:
    """Write, ask for a sync, write more before it is done, crash: whether all is there, and what."""
    disk = SimDisk(random.Random(seed))
    bench = Bench(disk=disk)
    disk.create("f", 4)
    disk.write("f", 0, b"old!")
    bench.world.perform(A, [Sync(7)])
    disk.write("f", 0, b"new!")
    bench.run()
    assert bench.heard[A] in ([(5, 7)], [(6, 7)])
    bench.world.crash(A)
    return disk.names() == ["f"], disk.read("f", 0, 4)


def test_a_sync_makes_durable_what_was_written_before_it_was_asked_for_and_no_more() -> None:
    assert {synced_then_crashed(seed) for seed in range(20)} == {(True, b"old!"), (True, b"new!")}


def test_a_sync_under_way_when_its_node_crashes_is_never_reported() -> None:
    bench = Bench(disk=SimDisk(random.Random(1)))
    bench.world.perform(A, [Sync(7)])
    bench.world.crash(A)
    bench.world.restart(A)
    bench.run()
    assert bench.numbers(A) == []


def test_every_clock_holds_the_true_time_and_not_all_show_the_same() -> None:
    world = World(3, Faults(clock_error_us=300))
    intervals = [world.clock().now() for _ in range(50)]
    assert all(i.earliest <= world.now_us <= i.latest and i.latest - i.earliest == 600 for i in intervals)
    assert len(set(intervals)) > 10


def crashes(seed: int, may: Callable[[NodeId], bool]) -> tuple[int, int]:
    """How often nodes crash in a second of virtual time, and how many are down at its end."""
    bench = Bench(seed, Faults(crash_every_us=10_000, down_us=(100, 200)))
    bench.world.crash_at_random((A, B), may)
    bench.run()
    return bench.world.crashes, 2 - len(bench.world.up((A, B)))


def test_nodes_crash_about_as_often_as_the_faults_say_and_come_back() -> None:
    count, _ = crashes(1, lambda node: True)
    assert 60 < count < 140
    assert crashes(1, lambda node: True) == crashes(1, lambda node: True) == (count, 0)


def test_a_node_that_may_not_crash_does_not() -> None:
    assert crashes(1, lambda node: False) == (0, 0)
    bench = Bench(1, QUIET)
    bench.world.crash_at_random((A, B), lambda node: True)
    bench.run()
    assert bench.world.crashes == 0


@pytest.mark.parametrize("seed", [1, 2])
def test_a_seed_decides_everything(seed: int) -> None:
    def story() -> dict[NodeId, list[tuple[int, int]]]:
        bench = Bench(seed, Faults(crash_every_us=500, down_us=(10, 50)))
        bench.world.crash_at_random((B,), lambda node: True)
        bench.world.perform(A, [Send(B, Note(i)) for i in range(100)])
        bench.run(10_000)
        return bench.heard

    assert story() == story()
    assert 0 < len(story()[B]) < 100


def test_a_stopped_node_hears_everything_when_it_goes_on() -> None:
    bench = Bench()
    bench.world.stop(B)
    bench.world.perform(A, [Send(B, Note(1)), Send(B, Note(2))])
    bench.world.run_until(lambda: False, 1_000)
    assert bench.heard[B] == []
    bench.world.resume(B)
    assert sorted(number for _, number in bench.heard[B]) == [1, 2]
    assert all(time > 10 for time, _ in bench.heard[B]), "then, not when it was sent"


def test_a_node_that_is_cut_off_neither_hears_nor_is_heard_but_keeps_its_timers() -> None:
    bench = Bench()
    bench.world.cut_off.add(B)
    bench.world.perform(A, [Send(B, Note(1))])
    bench.world.perform(B, [Send(A, Note(2)), After(5, Note(3))])
    bench.world.run_until(lambda: False, 1_000)
    assert (bench.heard[A], [number for _, number in bench.heard[B]]) == ([], [3])
    bench.world.cut_off.discard(B)
    bench.world.perform(A, [Send(B, Note(4))])
    bench.world.run_until(lambda: False, 1_000)
    assert [number for _, number in bench.heard[B]] == [3, 4]


@pytest.mark.parametrize("error_us", [-200, 0, 300, 5_000])
def test_a_clock_that_never_jumps_shows_what_a_timeline_would(error_us: int) -> None:
    world, timeline = World(0, QUIET), Timeline(300)
    clock = SimClock(world, error_us, 300)
    for world.now_us in range(BEGINNING_US, BEGINNING_US + 2_000_000, 99_991):
        assert clock.now() == timeline.at((world.now_us + error_us) * 1_000, world.now_us * 1_000)


def test_what_a_clock_shows_does_not_depend_on_who_has_read_it() -> None:
    world = World(0, QUIET)
    often, seldom = SimClock(world, 100, 300), SimClock(world, 100, 300)
    jumps = {20: 3_600_000_000, 40: 0, 60: -1_000_000, 80: 0}
    for tick in range(100):
        world.now_us += 70_001
        before = often.now()
        assert before.earliest <= world.now_us <= before.latest
        for clock in (often, seldom):
            if tick in jumps:
                clock.jumped_us = jumps[tick]
        if tick % 10 == 5:
            assert often.now() == seldom.now()
