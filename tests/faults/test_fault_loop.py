"""Every fault there is, one zone at a time, again and again under clients of four adjudicators."""

from __future__ import annotations

import random
import time
from collections import Counter
from pathlib import Path

import pytest

from daybreak.cluster import ZONES
from tests.support.chaotic import Chaotic
from tests.support.server import Server
from tests.support.transfers import Transfers

SECONDS = 60.0
SEED = 5
COMMITS = 8
"""Commits that are acknowledged while a fault lasts: none stops the others."""
CLOCKS = ("+3600s", "-3600s", "+0s", "+2ms")
LINKS = ("duplicate {} 20%", "reorder {} 20%", "latency {} 15ms", "loss {} 2%")


class Loop:
    """The faults of one run; each method hurts one zone, and leaves when it is whole again."""

    def __init__(self, chaos: Chaotic, load: Transfers, seed: int) -> None:
        self._chaos, self._load = chaos, load
        self._random = random.Random(seed)
        self.done: Counter[str] = Counter()
        self.told: list[tuple[float, float, str]] = []
        """When each fault began, when all was well again, and what it was."""

    def run(self, seconds: float) -> None:
        """All kinds in a random order, over and over until the time is up, each at least once."""
        end = time.monotonic() + seconds
        kinds = (
            *(self.cut, self.part, self.strand, self.pause, self.kill, self.lose),
            *(self.fill, self.fail_syncs, self.slow, self.corrupt),
        )
        while time.monotonic() < end:
            for kind in self._random.sample(kinds, len(kinds)):
                if time.monotonic() < end or not self.done[kind.__name__]:
                    zone = self._random.choice(ZONES)
                    self._disturb()
                    begun = time.monotonic()
                    kind(zone)
                    self._chaos.well(f"{kind.__name__} {zone}")
                    self._load.wait_for(COMMITS, f"after {kind.__name__} {zone}")
                    self.told.append((begun, time.monotonic(), f"{kind.__name__} {zone}"))
                    self.done[kind.__name__] += 1
        self._chaos.order("heal")

    def _disturb(self) -> None:
        """What hurts nobody: a clock that jumps, messages that come twice, late, or in another order."""
        self._chaos.order("heal")
        process = self._random.choice(("A", *ZONES))
        self._chaos.order(f"clock {process} {self._random.choice(CLOCKS)}")
        for order in self._random.sample(LINKS, 2):
            self._chaos.order(order.format(self._random.choice(("A", *ZONES))))
            self.done[order.split()[0]] += 1
        self.done["clock"] += 1

    def cut(self, zone: str) -> None:
        self._chaos.order(f"cut {zone}")
        self._load.wait_for(COMMITS, f"cut {zone}")
        self._chaos.order("heal")

    def part(self, zone: str) -> None:
        """From another zone: letters go around."""
        other = self._random.choice([name for name in ZONES if name != zone])
        self._chaos.order(f"cut {zone}-{other}")
        self._load.wait_for(COMMITS, f"cut {zone}-{other}")
        self._chaos.order("heal")

    def strand(self, zone: str) -> None:
        """From the clients' region: the other zones hear it, so it leads on, and they pass on what it says."""
        self._chaos.order(f"cut {zone}-A")
        self._load.wait_for(COMMITS, f"cut {zone}-A")
        self._chaos.order("heal")

    def pause(self, zone: str) -> None:
        self._chaos.order(f"pause {zone}")
        self._chaos.until(f"pause {zone}", lambda found: not found["zones"][zone]["connection"]["connected"])
        self._load.wait_for(COMMITS, f"pause {zone}")
        self._chaos.order(f"resume {zone}")

    def kill(self, zone: str) -> None:
        self._chaos.order(f"kill {zone}")

    def lose(self, zone: str) -> None:
        self._chaos.order(f"disk {zone} lose-unsynced")

    def fill(self, zone: str) -> None:
        self._chaos.order(f"disk {zone} full")
        self._load.wait_for(COMMITS, f"disk {zone} full")
        self._chaos.order(f"disk {zone} ok")

    def fail_syncs(self, zone: str) -> None:
        """What has failed once stays away until its process starts again."""
        self._chaos.order(f"disk {zone} sync-fails")
        self._load.wait_for(COMMITS, f"disk {zone} sync-fails")
        self._chaos.until(f"sync-fails {zone}", lambda found: failed(found["zones"][zone]["roles"]))
        self._chaos.order(f"kill {zone}")

    def slow(self, zone: str) -> None:
        self._chaos.order(f"disk {zone} slow")
        self._load.wait_for(COMMITS, f"disk {zone} slow")
        self._chaos.order(f"disk {zone} ok")

    def corrupt(self, zone: str) -> None:
        self._chaos.order(f"corrupt {zone}")
        self._chaos.until(f"corrupt {zone}", lambda found: mended(found["zones"][zone]["roles"]))


def failed(roles: dict[str, dict[str, object]]) -> bool:
    """Whether a replica has left its quorum."""
    return any(said.get("failure") for said in roles.values())


def mended(roles: dict[str, dict[str, object]]) -> bool:
    """Whether a replica has mended something since it started."""
    return any(said.get("mended") for said in roles.values())


@pytest.mark.timeout(900)
def test_a_bank_through_every_fault_for_a_minute(tmp_path: Path) -> None:
    server = Server(tmp_path / "data", "--adjudicators", "4", "--chaos")
    with server:
        load = Transfers(server, SEED)
        load.create()
        with Chaotic(server, SEED) as chaos:
            loop = Loop(chaos, load, SEED)
            load.start()
            try:
                loop.run(SECONDS)
            finally:
                load.stop()
        load.check()
        print(f"faults: {dict(loop.done)}; {len(load.acknowledged)} transfers, {sum(load.sums.values())} sums")
        print(f"errors: {Counter(state for _, state, _ in load.errors)}, {len(load.unknown)} unknown")
        for begun, end, what in loop.told:
            during = Counter(state for at, state, _ in load.errors if begun <= at < end)
            print(f"{what}: {end - begun:.1f} s, {dict(during)}")
        assert [error for error in load.errors if error[1] != "40001"] == []
        assert server.stop() == 0
