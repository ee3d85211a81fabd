"""What a trace has exercised of a spec: every figure is one that can be counted by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.ledger import make_files, make_log
from tests.support.tracefiles import write
from tracecheck import Plan
from tracecheck.coverage import Coverage, Spot, cover, render

# Two lamps and a switch for each; the second lamp can only be lit while the first is.
SPEC = """---- MODULE Lamps ----
EXTENDS Naturals
VARIABLES one, two
Init == one = FALSE /\\ two = FALSE
First(on) ==
    /\\ on # one
    /\\ on \\/ ~two
    /\\ one' = on
    /\\ UNCHANGED two
Second(on) ==
    /\\ on => one
    /\\ two' = IF on THEN TRUE ELSE FALSE
    /\\ UNCHANGED one
Blink == one' = ~one /\\ UNCHANGED two
Next == (\\E on \\in BOOLEAN : First(on)) \\/ (\\E on \\in BOOLEAN : Second(on)) \\/ Blink
Safe == two => one
====
"""
MAPPING = '[types]\non = "bool"\n[events]\n"L!First" = "First(on)"\n"L!Second" = "Second(on)"\n'


@pytest.fixture(scope="module")
def lamps(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    directory = tmp_path_factory.mktemp("lamps")
    (directory / "Lamps.tla").write_text(SPEC)
    (directory / "Lamps.cfg").write_text("INIT Init\nNEXT Next\nINVARIANT Safe\n")
    (directory / "mapping.toml").write_text(MAPPING)
    return Plan(directory / "Lamps.tla", directory / "mapping.toml")


def log(directory: Path, *said: tuple[str, bool]) -> Path:
    events = [
        {"v": 1, "n": n, "node": "wall", "at": [n, n], "act": f"L!{act}", "args": {"on": on}}
        for n, (act, on) in enumerate(said, 1)
    ]
    return write({"wall": events}, directory)


def spot(coverage: Coverage, text: str, form: str) -> Spot:
    (found,) = [spot for spot in coverage.spots if (spot.text, spot.form) == (text, form)]
    return found


def test_actions_and_invariants_are_counted(lamps: Plan, tmp_path: Path) -> None:
    coverage = cover(lamps, [[log(tmp_path, ("First", True), ("Second", True), ("Second", False))]])
    assert coverage.actions == {"First": 1, "Second": 2, "Blink": 0}
    assert coverage.unmapped == ["Blink"]
    assert coverage.invariants == {"Safe": 3}
    assert coverage.followed == {("First", "Second"): 1, ("Second", "Second"): 1}
    assert coverage.stopped == []


def test_a_branch_that_no_step_took_is_a_gap(lamps: Plan, tmp_path: Path) -> None:
    one = cover(lamps, [[log(tmp_path / "1", ("First", True), ("Second", True))]])
    assert (spot(one, "on", "condition").true, spot(one, "on", "condition").gaps) == (1, ["never false"])
    both = cover(lamps, [[log(tmp_path / "2", ("First", True), ("Second", True), ("Second", False))]])
    assert spot(both, "on", "condition").gaps == []
    assert both.seen > one.seen
    assert both.wanted == one.wanted


def test_a_premise_that_was_never_true_is_a_gap(lamps: Plan, tmp_path: Path) -> None:
    coverage = cover(lamps, [[log(tmp_path, ("Second", False))]])
    assert spot(coverage, "on", "premise").gaps == ["never true, so what follows was never asked for"]


def test_a_disjunct_that_was_never_true_is_a_gap(lamps: Plan, tmp_path: Path) -> None:
    coverage = cover(lamps, [[log(tmp_path, ("First", True))]])
    assert spot(coverage, "~two", "disjunct").gaps == ["never true"]


def test_a_guard_keeps_out_what_is_tried_again(lamps: Plan, tmp_path: Path) -> None:
    """After First(TRUE) the same event is refused by its first conjunct; nothing shows what the second is for."""
    coverage = cover(lamps, [[log(tmp_path, ("First", True), ("Second", True))]])
    assert spot(coverage, "on # one", "conjunct").kept_out == 1
    assert spot(coverage, "on \\/ ~two", "conjunct").gaps == ["never kept anything out"]
    more = [("First", True), ("First", False), ("First", True), ("Second", True), ("Second", False)]
    assert spot(cover(lamps, [[log(tmp_path / "2", *more)]]), "on \\/ ~two", "conjunct").kept_out == 0
    most = [("First", True), ("First", False), ("First", True)]
    text = render(cover(lamps, [[log(tmp_path / "3", *most)]]))
    assert "First: never kept anything out: on \\/ ~two" in text


def test_pairs_are_compared_with_the_model(lamps: Plan, tmp_path: Path) -> None:
    coverage = cover(lamps, [[log(tmp_path, ("First", True), ("Second", True))]], model=lamps.exact.files.module)
    assert coverage.model is not None
    assert (coverage.model.states, coverage.model.complete) == (4, True)
    assert ("First", "Second") not in coverage.unfollowed()
    assert ("Second", "Second") in coverage.unfollowed()
    assert "never seen: Second, then Second" in render(coverage)
    cut = cover(lamps, [[tmp_path]], model=lamps.exact.files.module, model_states=1).model
    assert cut is not None
    assert (cut.states, cut.complete) == (1, False)


def test_a_log_is_looked_at_as_far_as_it_conforms(lamps: Plan, tmp_path: Path) -> None:
    coverage = cover(lamps, [[log(tmp_path, ("First", True), ("First", True), ("Second", True))]])
    assert coverage.actions["First"] == 1
    (stopped,) = coverage.stopped
    assert stopped.endswith("wall.ndjson:2: L!First is no step of the spec from here on")


def test_it_turns_into_json(lamps: Plan, tmp_path: Path) -> None:
    coverage = cover(lamps, [[log(tmp_path, ("First", True))]], model=lamps.exact.files.module)
    told = json.loads(json.dumps(coverage.to_json()))
    assert told["actions"]["First"] == 1
    assert ["Second", "Second"] in told["model"]["never_seen"]
    assert told["seen"] == coverage.seen < told["wanted"]


def test_a_sample_leaves_steps_out_and_all_does_not(tmp_path: Path) -> None:
    spec, mapping = make_files(tmp_path)
    plan = Plan(spec, mapping)
    logs = [[make_log(tmp_path / "logs", closes=(40,))]]
    sampled, everything = cover(plan, logs), cover(plan, logs, everything=True)
    assert sampled.steps == everything.steps == everything.sampled == 41
    assert sampled.sampled == 32
