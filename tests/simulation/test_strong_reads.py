"""Who was told at one endpoint of a commit at the other one sees it (P3): ten thousand trials, in virtual time."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from daybreak.adjudicator.conflicts import History
from daybreak.base.ids import TxnId
from daybreak.base.time import Timestamp
from daybreak.base.topology import TWO_REGIONS
from daybreak.control.chaos.words import Due, parse
from daybreak.query.messages import CommitDone
from daybreak.query.processor import QueryProcessor
from daybreak.runtime.protocols import Effects, Send
from daybreak.runtime.sim.world import Faults
from daybreak.simulation.run import Options
from daybreak.simulation.strong import StrongReads
from tests.support.checked import check_against_specs, strong_reads

TRIALS = int(os.environ.get("STRONG_READS", "10000"))
"""In all; more if the environment says so."""
PAIRS, TURNS = 25, 20
CALM = Faults(crash_every_us=0)
CASES: dict[str, tuple[Faults, tuple[str, ...]]] = {
    "good clocks": (Faults(crash_every_us=0, clock_error_us=50), ("0 latency A-B 30ms",)),
    "bad clocks": (Faults(crash_every_us=0, clock_error_us=20_000), ("0 latency A-B 30ms", "1 latency B-W 40ms")),
    "clocks that jump": (
        Faults(crash_every_us=0, clock_error_us=2_000, clock_jump_every_us=100_000),
        ("0 latency A1 20ms",),
    ),
    "messages that are lost, doubled and overtaken": (
        Faults(crash_every_us=0, clock_error_us=1_000, duplicate=0.1, reorder=0.1, loss=0.01),
        ("1 latency W 60ms", "2 reorder A 30%"),
    ),
    "leaders that are lost": (
        Faults(crash_every_us=0, clock_error_us=5_000),
        ("0.5 kill A1", "1.5 latency A-B 30ms", "2 pause B1", "5.5 resume B1", "6.5 disk A1 lose-unsynced"),
    ),
}
"""What is wrong, in each of which as many trials are made."""


def run(seed: int, faults: Faults, *timeline: str, trace: Path | None = None, turns: int = TURNS) -> StrongReads:
    """Some trials; no addition is lost in them, whatever else is."""
    due = [Due(float(line.split()[0]), parse(line.split()[1:], TWO_REGIONS.processes)) for line in timeline]
    options = Options(
        regions=2, clients=2 * PAIRS, accounts=2 * PAIRS, transactions=turns, faults=faults, timeline=tuple(due)
    )
    trials = strong_reads(seed, options, trace=trace, unchecked="ten thousand are too many; another test's are")
    trials.run()
    return trials


@pytest.mark.parametrize("case", CASES)
def test_who_was_told_sees_it(case: str) -> None:
    faults, timeline = CASES[case]
    done = seed = refused = 0
    while done < TRIALS // len(CASES):
        trials = run(seed, faults, *timeline)
        assert trials.missed == [], f"seed {seed}"
        done += trials.trials
        refused += trials.refused
        seed += 1
    assert refused, "pairs get in each other's way"


def test_such_trials_conform_to_the_specs(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    trace.mkdir()
    check_against_specs(trace, Options().adjudicators)
    trials = run(1, *CASES["bad clocks"][:1], *CASES["bad clocks"][1], trace=trace, turns=3)
    assert trials.missed == []
    assert trials.trials >= 3 * PAIRS


# --- must fail ----------------------------------------------------------------------------------------------------


def test_with_clocks_that_lie_somebody_sees_too_little_and_yet_no_update_is_lost() -> None:
    """Their error is twenty times what they declare; that nothing is lost is what `StrongReads` looks at in the end."""
    trials = run(1, Faults(crash_every_us=0, clock_error_us=5_000, clock_lie_us=100_000))
    assert trials.missed
    assert trials.refused


def test_without_the_commit_wait_somebody_sees_too_little(monkeypatch: pytest.MonkeyPatch) -> None:
    def at_once(self: QueryProcessor, txn: TxnId, ts: Timestamp) -> Effects:
        self.acknowledge(txn=txn)
        return [Send(self._session, CommitDone(txn, ts))]

    monkeypatch.setattr(QueryProcessor, "_commit_wait", at_once)
    assert run(1, Faults(crash_every_us=0, clock_error_us=20_000)).missed


def test_an_update_that_is_lost_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(History, "conflict", lambda *arguments: None)
    with pytest.raises(AssertionError, match=r"counter \d+ is \d+, but \d+ to \d+ additions were made"):
        run(1, CALM)
