"""A region is lost, all of its processes at once, while clients write in both: the other one goes on, and has
everything that either has acknowledged; then the lost one comes back, and serves again."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import pytest

from daybreak.base.topology import TWO_REGIONS
from tests.support.counters import Counters
from tests.support.regions import Client, TwoRegions
from tests.support.transfers import Transfers, judge

SEED = 3
CLIENTS = 8
"""At each endpoint; one more reads."""
ROWS = 32
"""In each of the bank's tables: few clients meet."""
COMMITS = 24
THINK_SECONDS = 0.5
LOOKS = 4
AGAIN_SECONDS = 10.0
"""The other region commits again after this time at the latest; usually after two or three seconds."""


def kill(server: TwoRegions, region: str) -> None:
    """SIGKILL to every process of a region, and those that they have started; they stay down."""
    processes = server.status()["processes"]
    family = [pid for name in TWO_REGIONS.of_region(region) for pid in descendants(processes[name]["pid"])]
    server.order(f"down {region}")
    for pid in family:
        with suppress(ProcessLookupError):  # it has noticed already
            os.kill(pid, signal.SIGKILL)


def descendants(pid: int) -> list[int]:
    """The children of a process, and theirs."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found += [child, *descendants(child)]
    return found


def look(client: Client, loads: Iterable[Transfers]) -> None:
    """A read begun now sees every transfer that was acknowledged, wherever that was."""
    known = {name for load in loads for name in sorted(load.acknowledged)}
    seen = {row[0] for row in client.execute("SELECT name FROM receipts").fetchall()}
    assert known <= seen, f"acknowledged, but not seen: {sorted(known - seen)}"


@pytest.mark.timeout(300)
def test_a_region_is_lost_under_load_and_comes_back(tmp_path: Path) -> None:
    counters = Counters()
    with TwoRegions(tmp_path / "data") as server:
        at_a, at_b = loads = [
            Transfers(
                server.endpoint(region), SEED, writers=CLIENTS, rows=ROWS, think=THINK_SECONDS, prefix=f"{region}."
            )
            for region in TWO_REGIONS.regions
        ]
        at_a.create()
        with server.at("A") as client:
            counters.create(client)
        for load in loads:
            load.start()
        try:
            with server.at("B") as reading, server.at("B", autocommit=False) as writing:
                for load in loads:
                    load.wait_for(COMMITS, "before")
                assert "A1" in server.leaders().values(), "else nothing has to be taken over"
                kill(server, "A")
                lost = time.monotonic()
                counters.add(writing)
                again = time.monotonic() - lost
                for _ in range(LOOKS):
                    look(reading, loads)
                    at_b.wait_for(COMMITS // LOOKS, "A is lost")
                assert set(server.leaders().values()) == {"B1"}
                server.order("up A")
                server.well()
                with server.at("A") as back:
                    look(back, loads)
                    at_a.wait_for(COMMITS, "A is back")
                    look(back, loads)
                    look(reading, loads)
        finally:
            for load in loads:
                load.stop()
        for region in TWO_REGIONS.regions:
            judge(server.endpoint(region), loads)
        told = [{state for _, state, _ in load.errors} for load in loads]
        print(f"B commits again after {again:.1f} s; {len(at_a.acknowledged)} and {len(at_b.acknowledged)} transfers")
        print(f"told at A: {sorted(told[0])}, {len(at_a.unknown)} unknown; at B: {sorted(told[1])}")
        assert again < AGAIN_SECONDS
        assert told[0] <= {"40001", "57P03", ""}
        assert told[1] <= {"40001"}
        assert server.stop() == 0
