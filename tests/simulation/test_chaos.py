"""Timelines of `daybreak chaos` in virtual time, over banks of one and of two regions: money is conserved, nothing
acknowledged is lost, and every run conforms to the specs, which `simulate` sees to."""

from __future__ import annotations

from pathlib import Path

import pytest

from daybreak.base.topology import TOPOLOGIES
from daybreak.control.chaos.words import Due, read_timeline
from daybreak.journal.follower import Follower
from daybreak.runtime.protocols import Effects, Synced
from daybreak.runtime.sim.world import Faults
from daybreak.simulation.run import Options
from tests.support.checked import check_against_specs, simulation

SEEDS = 2
CALM = Faults(crash_every_us=0)
ONE_REGION = """
0    latency A1-A3 30ms
0.3  kill A1
1.2  disk A2 slow
1.6  disk A2 ok
1.7  disk A3 lose-unsynced
2.6  duplicate A 20%
2.6  reorder A1 20%
3    cut A2
6    heal
6    pause A1
10   resume A1
10.5 disk A1 full
11.5 disk A1 ok
11.5 disk A2 sync-fails
12.5 kill A2
13.5 corrupt A3
14   clock A1 +3600s
14   loss A-A2 5%
16   heal
16   clock A1 +0s
16   kill A
"""
TWO_REGIONS = """
0    latency A-B 30ms
0.3  kill A1
1.2  disk B slow
2    disk B ok
2    disk W lose-unsynced
3    cut A-B
7    heal
7    pause A1
11   resume A1
11   cut A
16   heal
16   down B
21   up B
22   disk A lose-unsynced
24   corrupt W
24   clock B -1h
24   reorder B 20%
26   heal
"""
POWER = """
1    kill A1
1.7  kill A2
2.4  disk A lose-unsynced
2.4  disk A1 lose-unsynced
2.4  disk A2 lose-unsynced
2.4  disk A3 lose-unsynced
5    disk A3 slow
5.5  kill A3
6.2  disk A2 lose-unsynced
6.2  disk A3 lose-unsynced
"""


def timeline(text: str, regions: int, directory: Path) -> tuple[Due, ...]:
    """As `daybreak chaos run FILE` reads it."""
    file = directory / "timeline"
    file.write_text(text)
    return tuple(read_timeline(file, TOPOLOGIES[regions].processes))


@pytest.mark.parametrize(
    ("text", "regions"), [(ONE_REGION, 1), (TWO_REGIONS, 2), (POWER, 1)], ids=["one-region", "two-regions", "power"]
)
def test_a_bank_through_a_timeline(text: str, regions: int, tmp_path: Path) -> None:
    for seed in range(SEEDS):
        trace = tmp_path / f"trace-{seed}"
        trace.mkdir()
        options = Options(regions=regions, accounts=12, faults=CALM, timeline=timeline(text, regions, tmp_path))
        check_against_specs(trace, options.adjudicators)
        run = simulation(seed, options, trace=trace, unchecked="it is: see the line above")
        ledger = run.run().ledger
        assert not run.chaos.playing
        assert len(ledger.committed) > 40


# --- must fail ------------------------------------------------------------------------------------------------------


def lost(directory: Path) -> str | None:
    """What the first seed says that notices it; None if none does."""
    options = Options(faults=CALM, timeline=timeline(POWER, 1, directory))
    for seed in range(20):
        try:
            simulation(seed, options, unchecked="it has a bug that is to be noticed").run()
        except Exception as error:
            return f"{type(error).__name__}: {error}"
    return None


def test_a_replica_that_takes_what_it_has_written_for_synced_must_fail(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def at_once(self: Follower) -> Effects:
        return self.on_synced(self.node, Synced(self._token)) if sync(self) else []

    sync = Follower._sync
    monkeypatch.setattr(Follower, "_sync", at_once)
    said = str(lost(tmp_path))
    assert "acknowledged but lost" in said or "are gone; " in said, "the clients notice, or who leads"
