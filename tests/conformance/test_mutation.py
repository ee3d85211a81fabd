"""Traces of simulated clusters, and the specs they are checked by, mutated in more than 40 ways: what is no behaviour
any more is refused, each time, and a spec that says something else is noticed.

Whether a mutant is a behaviour all the same is decided without the checker: by what holds for every spec (it says the
same, or less), or by a second, independent writing-down of the rungs in Python. The two must agree on every mutant, so
what the checker refuses wrongly is found as well.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from daybreak.base.places import Rung, rungs
from daybreak.simulation.run import Options
from tests.support.checked import simulate
from tests.support.references import is_adjudication, is_isolation
from tests.support.tracefiles import write
from tests.unit.tracecheck.synthetic import World
from tracecheck import Plan
from tracecheck.mutate.equivalence import Rule, load_rules
from tracecheck.mutate.tally import Tally
from tracecheck.mutate.traces import KINDS, mutate_traces, read_good

ROOT = Path(__file__).parents[2]
ORACLES = {"isolation": is_isolation, "adjudication": is_adjudication}
RUNGS: dict[str, Rung] = {rung.name: rung for rung in rungs() if rung.name in ORACLES}
"""Those of one adjudicator; wrong stories of several are in `test_commit_stories.py`."""
SEED = 20261123
OF_EACH_KIND = 4
OF_SPECS = 24
BAR = 40

NOT_IN_DAYBREAK = {"truth reversed", "sequence reversed", "element of a sequence twice"}
"""Kinds for types that no event of Daybreak has."""
NEVER_WRONG = {"causes dropped", "cause one earlier"}
"""Kinds after which the events still come in one of the orders that the true causes allow, so that nothing is wrong."""


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> list[list[Path]]:
    """Three runs of one to two hundred events, with conflicts and crashes."""
    directory = tmp_path_factory.mktemp("runs")
    for seed in (4, 7):
        simulate(seed, directory / str(seed), Options(clients=3, transactions=8, accounts=4, adjudicators=1))
    write(World(SEED, keys=10, hot=2).run(30), directory / "world")
    return [[directory / name] for name in ("4", "7", "world")]


@pytest.fixture(scope="module")
def tallies(logs: list[list[Path]]) -> dict[str, dict[str, Tally]]:
    """What became of the mutants, by rung and kind."""
    rules = [*load_rules(), Rule("oracle", "the rung, written a second time in Python, allows it")]
    found = {}
    for name, rung in RUNGS.items():
        traces = read_good(Plan(rung.spec, rung.mapping), logs)
        made = mutate_traces(traces, seed=SEED, count=OF_EACH_KIND, rules=rules, oracle=ORACLES[name])
        found[name] = {tally.kind: tally for tally in made}
    return found


def test_every_mutant_that_is_no_behaviour_is_refused(tallies: dict[str, dict[str, Tally]]) -> None:
    misses = [f"{name}: {t.kind}: {miss}" for name, made in tallies.items() for t in made.values() for miss in t.misses]
    assert misses == []


def test_more_than_forty_kinds_are_refused(tallies: dict[str, dict[str, Tally]]) -> None:
    killed = {kind for made in tallies.values() for kind, tally in made.items() if tally.killed}
    assert {kind.name for kind in KINDS} - killed == NOT_IN_DAYBREAK | NEVER_WRONG
    assert len(killed) >= BAR


@pytest.mark.parametrize("name", RUNGS)
def test_the_share_of_each_rung_is_substantial(name: str, tallies: dict[str, dict[str, Tally]]) -> None:
    made = tallies[name].values()
    assert sum(tally.killed > 0 and not tally.breaks for tally in made) >= 24
    assert sum(tally.killed for tally in made) >= 150


def mutated(name: str) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "tests.support.mutate_specs", name, str(SEED), str(OF_SPECS)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    kinds: list[dict[str, Any]] = json.loads(done.stdout)["kinds"]
    return kinds


@pytest.mark.parametrize("name", RUNGS)
def test_every_mutated_spec_is_noticed(name: str) -> None:
    kinds = mutated(name)
    assert [(kind["kind"], miss) for kind in kinds for miss in kind["misses"]] == []
    assert sum(kind["killed"] > 0 for kind in kinds) >= 12
    assert sum(kind["killed"] for kind in kinds) >= OF_SPECS // 2
