"""Two zones that fail in turn, never both at once, under clients of four adjudicators."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.support.chaotic import Chaotic
from tests.support.server import Server
from tests.support.transfers import Transfers

TURNS = 50
SEED = 7
COMMITS = 3


@pytest.mark.timeout(900)
def test_two_zones_killed_in_turn_fifty_times(tmp_path: Path) -> None:
    """The next one when the last one is back and has everything."""
    server = Server(tmp_path / "data", "--adjudicators", "4", "--chaos")
    with server:
        load = Transfers(server, SEED)
        load.create()
        with Chaotic(server, SEED) as chaos:
            load.start()
            try:
                for turn in range(TURNS):
                    zone = ("A1", "A2")[turn % 2]
                    chaos.order(f"kill {zone}")
                    load.wait_for(COMMITS, f"turn {turn}, {zone} is gone")
                    chaos.well(f"turn {turn}, {zone} comes back")
            finally:
                load.stop()
            restarts = {zone: said["restarts"] for zone, said in chaos.status()["zones"].items()}
        load.check()
        print(f"{len(load.acknowledged)} transfers, {sum(load.sums.values())} sums, restarts {restarts}")
        print(f"errors: {Counter(state for _, state, _ in load.errors)}, {len(load.unknown)} unknown")
        assert restarts == {"A1": TURNS // 2, "A2": TURNS // 2, "A3": 0}
        assert {state for _, state, _ in load.errors} <= {"40001"}, load.errors
        assert server.stop() == 0
