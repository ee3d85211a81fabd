"""Transactions with many keys: TLC, which takes a sample of all steps again, takes theirs in bounded time."""

from __future__ import annotations

from pathlib import Path

import pytest

from daybreak.base.places import Rung, rungs
from daybreak.runtime.sim.world import Faults
from daybreak.simulation.run import Options
from tests.support.checked import simulate
from tests.support.tracefiles import read
from tracecheck import CONFORMS, check

WIDE = Options(clients=1, transactions=1, accounts=60, faults=Faults(crash_every_us=0))
"""Its first transaction writes all accounts: some thirty keys of each of two owners."""
RUNGS = [rung for rung in rungs(WIDE.adjudicators) if rung.name in ("commit", "isolation", "placement")]


@pytest.mark.timeout(120)
@pytest.mark.parametrize("rung", RUNGS, ids=[rung.name for rung in RUNGS])
def test_each_step_of_a_wide_transaction_is_one_for_tlc(rung: Rung, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    simulate(1, trace, WIDE)
    votes = [e["args"]["keys"] for file in read(trace).values() for e in file if e["act"] == "Commit!Vote"]
    assert max(map(len, votes)) >= 24
    result = check(rung.spec, rung.mapping, [trace], engine="tlc")
    assert result.verdict == CONFORMS, result.reason
