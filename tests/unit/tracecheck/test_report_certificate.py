"""A certificate of a small spec that has what Daybreak's have not: model values, hidden steps, operators in Next that
lead to actions, tuples that are drawn, an action for two places."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tracecheck import CONFORMS, Plan, UsageError, check_all
from tracecheck.certificate import recheck, runs_of, write
from tracecheck.feed import ordered
from tracecheck.read import log_files

MakeSpec = Callable[..., Path]
MakeMapping = Callable[[str], Path]

LOCK = """EXTENDS Naturals, Sequences
CONSTANTS Who, Nobody
VARIABLES holder, marks, ticks
Init == holder = Nobody /\\ marks = [w \\in Who |-> << >>] /\\ ticks = 0
Tick == /\\ ticks < 3 \\* it stops
        /\\ ticks' = ticks + 1
        /\\ UNCHANGED <<holder, marks>>
Take(w) == /\\ holder = Nobody
           /\\ ticks > 0
           /\\ holder' = w
           /\\ UNCHANGED <<marks, ticks>>
Mark(w, n) ==
    /\\ holder = w
    /\\ marks' = [marks EXCEPT ![w] = Append(@, n)]
    /\\ UNCHANGED <<holder, ticks>>
Drop(w) == holder = w /\\ holder' = Nobody /\\ UNCHANGED <<marks, ticks>>
Of(one) == \\/ Take(one)
           \\/ Drop(one)
Next == \\/ Tick
        \\/ \\E w \\in Who : Of(w)
        \\/ \\E <<w, n>> \\in Who \\X (1 .. 9) : Mark(w, n)
Sound == \\A w \\in Who : Len(marks[w]) < 5
"""
CONFIG = "INIT Init\nNEXT Next\nCONSTANTS\n  Who = {ann, bob} \\* two\n  Nobody = Nobody\nINVARIANT Sound\n"
MAPPING = """
[types]
w = "model"
n = "int"
[hidden]
most = 2
actions = ["Tick"]
[events]
"L!Take" = "Take(w)"
"L!Mark" = "Mark(w, n)"
"L!Drop" = "Drop(w)"
"L!Look" = { stutter = "nothing changes", after = { holder = "w" } }
"""
EVENTS: list[tuple[str, dict[str, Any]]] = [
    ("Take", {"w": "bob"}),
    ("Mark", {"w": "bob", "n": 4}),
    ("Look", {"w": "bob"}),
    ("Mark", {"w": "bob", "n": 1}),
    ("Drop", {"w": "bob"}),
    ("Take", {"w": "ann"}),
]


@pytest.fixture
def plan(make_spec: MakeSpec, make_mapping: MakeMapping) -> Plan:
    return Plan(make_spec("Lock", LOCK, CONFIG), make_mapping(MAPPING))


@pytest.fixture
def log(tmp_path: Path) -> Path:
    lines = (
        {"v": 1, "n": n, "node": "a", "at": [n, n], "act": f"L!{act}", "args": args}
        for n, (act, args) in enumerate(EVENTS, 1)
    )
    path = tmp_path / "a.ndjson"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_every_step_has_its_place_and_its_names(plan: Plan, log: Path, tmp_path: Path) -> None:
    (result,) = check_all([plan], [log])
    assert result.verdict == CONFORMS, result.reason
    (run,) = runs_of(plan, ordered(log_files([log])), accepted=[None])
    assert [step.leaf.action for step in run.steps] == ["Tick", "Take", "Mark", "Mark", "Drop", "Take"]
    assert (run.events, run.total) == (6, 6)
    assert run.steps[3].names.keys() == {"w", "n"} and run.steps[3].names["n"] == 1

    module = write(plan, [run], tmp_path / "certificate")
    assert {path.name for path in module.parent.iterdir()} == {"Certificate.tla", "Certificate.cfg", "Lock.tla"}
    again = recheck(module)
    assert again.ok, again.output
    assert again.states == len(run.steps) + 2

    module.write_text(module.read_text().replace("(1 .. 9)", "(5 .. 9)"))
    assert not recheck(module).ok, "values must be members of the sets that Next draws them from"


def test_of_a_long_run_the_beginning_is_certified(plan: Plan, log: Path, tmp_path: Path) -> None:
    (run,) = runs_of(plan, ordered(log_files([log])), accepted=[None], most_steps=2)
    assert ([step.leaf.action for step in run.steps], run.events, run.total) == (["Tick", "Take", "Mark"], 2, 6)
    assert "the first 2 of 6 events" in write(plan, [run], tmp_path / "certificate").read_text()


def test_a_run_that_is_none_is_not_certified(plan: Plan, log: Path) -> None:
    log.write_text(log.read_text().replace('"bob", "n": 1', '"ann", "n": 1'))
    with pytest.raises(UsageError, match=r"a\.ndjson:4: only what comes later lets this event in"):
        runs_of(plan, ordered(log_files([log])), accepted=[None])
