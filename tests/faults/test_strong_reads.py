"""Who was told at one endpoint of a commit sees it at the other one, with real processes.

The clock of one process may be off by what every clock declares, and messages between the regions are late; see
`tests/simulation/test_strong_reads.py` for many more, and for clocks that lie.
"""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.support.regions import Client, TwoRegions, persist

TRIALS = 240
ROWS = 4
CLOCKS = ("+0s", "+40us", "-40us")
"""Errors that are less than what `daybreak.runtime.local.clock.SystemClock` declares."""
LATE = ("0ms", "5ms", "10ms")


class Teller:
    """A client of one region that adds one to a row, and has one of the other region look."""

    def __init__(self, writer: Client, reader: Client, trials: int) -> None:
        self._writer, self._reader = writer, reader
        self._trials = trials
        self.acknowledged: Counter[int] = Counter()
        self.missed: list[tuple[int, int, int]] = []
        """Row, what was told, and what was seen."""

    def run(self) -> None:
        """All trials."""
        for number in range(self._trials):
            row = number % ROWS
            told = int(str(persist(self._writer, f"UPDATE t SET v = v + 1 WHERE id = {row} RETURNING v")))
            saw = int(str(persist(self._reader, f"SELECT v FROM t WHERE id = {row}")))
            self.acknowledged[row] += 1
            if saw < told:
                self.missed.append((row, told, saw))


def tell(server: TwoRegions, trials: int) -> Counter[int]:
    """Some trials in each direction at once, on the same rows; how often each row was added to."""
    with server.at("A") as a, server.at("B") as b, server.at("A") as c, server.at("B") as d:
        tellers = [Teller(a, b, trials), Teller(d, c, trials)]
        threads = [threading.Thread(target=teller.run) for teller in tellers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [teller.missed for teller in tellers] == [[], []]
    assert [sum(teller.acknowledged.values()) for teller in tellers] == [trials, trials]
    return tellers[0].acknowledged + tellers[1].acknowledged


@pytest.mark.timeout(240)
def test_who_was_told_sees_it_and_nothing_is_lost(tmp_path: Path) -> None:
    added: Counter[int] = Counter()
    with TwoRegions(tmp_path / "data") as server:
        with server.at("A") as client:
            client.execute("CREATE TABLE t (id int PRIMARY KEY, v int)")
            client.execute(f"INSERT INTO t SELECT n, 0 FROM generate_series(0, {ROWS - 1}) n")
        for clock, late in zip(CLOCKS, LATE, strict=True):
            server.order(f"latency A-B {late}")
            for process in ("A1", "B"):
                server.order(f"clock {process} {clock}")
            added += tell(server, TRIALS // len(CLOCKS) // 2)
        with server.at("B") as client:
            rows: list[Any] = client.execute("SELECT id, v FROM t").fetchall()
            assert dict(rows) == added
        assert server.stop() == 0
    assert sum(added.values()) == TRIALS
