"""All zones lose power at once: what was acknowledged is there, for it was synced before; `daybreak chaos` sees to it
that nothing else is."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from tests.support.chaotic import ZONES, Chaotic
from tests.support.injected import inject
from tests.support.pairs import Pairs, rows
from tests.support.server import Server

pytestmark = pytest.mark.timeout(240)
COMMITS = 20


def lose_power(chaos: Chaotic) -> None:
    """In every zone, while clients are at work; return when all run again."""
    before = {zone: said["restarts"] for zone, said in chaos.status()["zones"].items()}
    for zone in ZONES:
        chaos.order(f"disk {zone} lose-unsynced")
    chaos.until(
        "all zones run again",
        lambda found: all(
            found["zones"][zone]["restarts"] > before[zone] and found["zones"][zone]["connection"]["connected"]
            for zone in ZONES
        ),
    )


def test_what_was_acknowledged_survives_the_loss_of_power_in_all_zones(tmp_path: Path) -> None:
    with Server(tmp_path / "data", "--chaos") as server, Chaotic(server, 1) as chaos:
        load = Pairs()
        load.create(server)
        load.start(server)
        load.wait_for(COMMITS)
        lose_power(chaos)
        load.wait_for(COMMITS)
        load.stop()
        chaos.well("all zones")
        load.check(server)
        assert server.stop() == 0


def test_disks_that_only_say_that_they_have_synced_must_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So the test above does take away what was not synced."""
    inject(
        monkeypatch,
        tmp_path / "injected",
        """
        from daybreak.runtime.local.chaos import ChaosDisk
        ChaosDisk.sync = lambda self: None
        """,
    )
    with Server(tmp_path / "data", "--chaos", unchecked="its disks lie") as server, Chaotic(server, 1) as chaos:
        with server.connect() as client:
            client.execute("CREATE TABLE t (id int PRIMARY KEY)")
            client.execute("INSERT INTO t VALUES (1)")
        assert rows(server, "SELECT id FROM t") == {(1,)}
        lose_power(chaos)
        with pytest.raises(psycopg.errors.UndefinedTable):
            rows(server, "SELECT id FROM t")
