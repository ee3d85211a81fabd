"""What goes wrong at random, as data: any strike may be left out, and no other is another because of that."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from daybreak.base.ids import NodeId
from daybreak.runtime.sim.strikes import Hit, Strike, kind_of, read_hits, write_hits
from daybreak.runtime.sim.world import Faults, World
from daybreak.simulation.run import Options
from tests.support.checked import simulation

NODES = tuple(map(NodeId, "abcdef"))
SECOND_US = 1_000_000


def struck(
    only: Iterable[str] | None = None, salts: Iterable[tuple[str, str]] = (), draws: int = 1, seed: int = 1
) -> list[Hit]:
    """What two kinds of strikes do within a second, each of which may draw more than it needs."""
    world = World(seed, Faults(), only, salts)

    def hit(strike: Strike) -> None:
        node = strike.choose(NODES)
        for _ in range(draws):
            strike.random.random()
        strike.hit(node)

    world.strikes.now_and_then("crash", SECOND_US // 20, hit)
    world.strikes.now_and_then("cut", SECOND_US // 10, hit)
    world.strikes.now_and_then("never", 0, hit)
    world.run_until(lambda: False, SECOND_US)
    return world.strikes.hits


def of_kind(hits: list[Hit], kind: str) -> list[Hit]:
    return [hit for hit in hits if kind_of(hit.name) == kind]


def test_every_strike_has_a_name_and_they_are_in_order_of_time() -> None:
    hits = struck()
    crashes = of_kind(hits, "crash")
    assert [hit.name for hit in crashes] == [f"crash#{number}" for number, _ in enumerate(crashes, 1)]
    assert 8 < len(crashes) < 40 and len(of_kind(hits, "cut")) > 3
    assert [hit.at_us for hit in hits] == sorted(hit.at_us for hit in hits)
    assert struck() == hits != struck(seed=2)


def test_to_leave_one_strike_out_shifts_no_other() -> None:
    hits = struck()
    for left_out in hits:
        kept = [hit for hit in hits if hit != left_out]
        assert struck(only=[hit.name for hit in kept]) == kept
    assert struck(only=[]) == []


def test_what_a_strike_draws_shifts_no_other() -> None:
    assert struck(draws=0) == struck(draws=5)


def test_another_salt_changes_its_kind_only() -> None:
    hits, salted = struck(), struck(salts=[("cut", "x")])
    assert of_kind(salted, "crash") == of_kind(hits, "crash")
    assert of_kind(salted, "cut") != of_kind(hits, "cut")


def test_a_choice_is_the_same_when_what_was_not_chosen_is_missing() -> None:
    strike = Strike(World(1, Faults()).strikes, "crash#1", 5)
    chosen = strike.choose(NODES)
    for node in NODES:
        fewer = [other for other in NODES if other != node]
        assert (strike.choose(fewer) == chosen) is (node != chosen)
    many = [Strike(World(1, Faults()).strikes, "crash#1", seed).choose(NODES) for seed in range(100)]
    assert all(many.count(node) > 5 for node in NODES), "every one is chosen now and then"


def test_a_strike_brings_others_about_with_its_number() -> None:
    def used(only: tuple[str, ...] | None = None) -> list[str]:
        strikes = World(1, Faults(), only).strikes
        crashes = [Strike(strikes, f"crash#{number}", number) for number in range(100)]
        return [wipe.name for crash in crashes if (wipe := crash.perhaps("wipe", 0.3)) is not None]

    names = used()
    assert 15 < len(names) < 45
    assert used(only=tuple(names[1:])) == names[1:]


def test_messages_are_counted_and_have_no_names() -> None:
    strikes = World(1, Faults(), only=()).strikes
    happened = [strikes.happens("loss", 0.3) for _ in range(100)]
    assert strikes.counts == {"loss": sum(happened)} and 15 < sum(happened) < 45
    assert not strikes.hits
    assert not any(strikes.happens("duplicate", 0.0) for _ in range(100))


@pytest.mark.parametrize(("name", "kind"), [("crash#3", "crash"), ("rot.1#12", "rot"), ("torn.A1/journal-0", "torn")])
def test_the_kind_of_a_name(name: str, kind: str) -> None:
    assert kind_of(name) == kind


@pytest.mark.parametrize("hits", [[], [Hit("crash#1", 5, "A1/adj-0", lasts_us=7), Hit("rot.1#2", 9, "A1", "bit 3")]])
def test_what_happened_is_written_with_a_line_for_each(hits: list[Hit], tmp_path: Path) -> None:
    path = tmp_path / "faults.json"
    write_hits(hits, path)
    assert read_hits(path) == hits
    assert len(path.read_text().splitlines()) == (len(hits) + 2 if hits else 1)


MUCH = Options(
    transactions=8,
    regions=2,
    moves_every_us=150_000,
    handovers_every_us=200_000,
    wiped=0.5,
    faults=Faults(
        duplicate=0.02,
        reorder=0.02,
        loss=0.01,
        crash_every_us=60_000,
        rot_every_us=200_000,
        disk_full_every_us=200_000,
        sync_error_every_us=200_000,
        clock_jump_every_us=200_000,
        pause_every_us=400_000,
        cut_every_us=400_000,
        part_every_us=900_000,
    ),
)


def test_every_kind_of_fault_is_told_of_a_run_and_what_was_only_considered_may_be_left_out() -> None:
    def run(options: Options) -> World:
        made = simulation(2, options, unchecked="it is about what goes wrong")
        made.run()
        return made.world

    world = run(MUCH)
    again = run(replace(MUCH, only=tuple(hit.name for hit in world.strikes.hits)))
    first, second = world.strikes, again.strikes
    messages = {"loss", "duplicate", "reorder"}
    disks_and_clocks = {"rot", "disk_full", "sync_error", "clock_jump"}
    others = {"crash", "wipe", "pause", "cut", "part", "reshape", "handover"}
    assert first.counts.keys() == messages | disks_and_clocks | others
    assert second.hits == first.hits
    assert (again.delivered, again.now_us) == (world.delivered, world.now_us)
