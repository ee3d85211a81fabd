"""Links between processes of a region that are cut one by one: letters go around, and nobody at work notices."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.chaotic import Chaotic
from tests.support.server import Server
from tests.support.transfers import Transfers

SEED = 11
COMMITS = 8
"""Transfers that are acknowledged while a link is cut."""
CUTS = ("A1-A2", "A1-A", "A2-A3", "A3-A")
FLAP_SECONDS = float(os.environ.get("DAYBREAK_FLAP_SECONDS", "4"))
"""How long a link comes and goes."""
FLAP_PAUSE_SECONDS = (0.1, 0.4, 0.8, 1.6)
"""Shorter and longer than it takes to notice."""


class Link:
    """A link between two processes of one region."""

    def __init__(self, name: str) -> None:
        self._one, _, self._other = name.partition("-")

    def gone_around(self, found: dict[str, Any]) -> bool:
        """Whether letters go around it, both ways."""
        zones = found["zones"]
        if self._other == "A":
            return bool(zones[self._one]["unheard"].get("A") and zones[self._one]["connection"]["around"])
        ends = ((self._one, self._other), (self._other, self._one))
        return all(zones[end]["unheard"].get(other) for end, other in ends)


def all_heard(found: dict[str, Any]) -> bool:
    """Whether every zone hears every process."""
    return not any(zone["unheard"] for zone in found["zones"].values())


@pytest.mark.timeout(240)
def test_each_link_of_a_region_is_cut_and_nobody_notices(tmp_path: Path) -> None:
    """Four adjudicators: whatever is cut, some of them need it. And then one link comes and goes."""
    with Server(tmp_path / "data", "--adjudicators", "4", "--chaos") as server, Chaotic(server, SEED) as chaos:
        load = Transfers(server, SEED)
        load.create()
        load.start()
        try:
            load.wait_for(1, "at first")
            for link in CUTS:
                chaos.order(f"cut {link}")
                chaos.until(f"around {link}", Link(link).gone_around)
                looked = load.sums.total()
                load.wait_for(COMMITS, f"cut {link}")
                assert load.sums.total() > looked, "readers go on"
                chaos.order("heal")
                chaos.until(f"heal {link}", all_heard)
            flap(chaos, load)
        finally:
            load.stop()
        chaos.well("all zones")
        load.check()
        assert {state for _, state, _ in load.errors} <= {"40001"}, load.errors
        assert server.stop() == 0


def flap(chaos: Chaotic, load: Transfers) -> None:
    """The link between the zones with storage comes and goes."""
    end, count = time.monotonic() + FLAP_SECONDS, 0
    while time.monotonic() < end:
        chaos.order("heal" if count % 2 else "cut A1-A2")
        pause = time.monotonic() + FLAP_PAUSE_SECONDS[count % len(FLAP_PAUSE_SECONDS)]
        load.wait_for(1, "while A1-A2 comes and goes")
        while time.monotonic() < pause:
            chaos.status()
        count += 1
    chaos.order("heal")
    load.wait_for(COMMITS, "after A1-A2 came and went")
