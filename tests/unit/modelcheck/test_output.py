"""Results as JSON and as JUnit's XML."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import msgspec

from daybreak.modelcheck.manifest import Model
from daybreak.modelcheck.messages import Step
from daybreak.modelcheck.output import write_json, write_junit
from daybreak.modelcheck.runner import Result
from daybreak.modelcheck.tlc import Outcome

MODEL = Model("Some", "", 2, "must-fail", "M.tla", "M.cfg", "violates", 1, property="Safe", rules=["P10"])
STEPS = [Step(1, "Initial predicate", {"x": "0"}), Step(2, "GrowNoted", {"x": '"a\x01<b>"', "y": "1"})]
VIOLATES = Outcome("violates", 1.5, property="Other", distinct=3, length=2, steps=STEPS)
RESULTS = [
    Result(MODEL, msgspec.structs.replace(VIOLATES, property="Safe"), ""),
    Result(MODEL, VIOLATES, "violates Other\x02"),
    Result(MODEL, Outcome("unusable", 0.5, reason="M.tla:1: no memory"), "M.tla:1: no memory"),
]


def test_junit_tells_failures_from_errors_and_shows_the_counterexample(tmp_path: Path) -> None:
    write_junit(tmp_path / "report.xml", RESULTS)
    (suite,) = ElementTree.parse(tmp_path / "report.xml").getroot()
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors"), suite.get("time")) == (
        "3",
        "1",
        "1",
        "3.50",
    )
    fine, failure, error = suite
    assert (fine.get("classname"), fine.get("name"), fine.get("time"), len(fine)) == (
        "rung2.must-fail",
        "Some",
        "1.50",
        0,
    )
    assert failure[0].tag == "failure" and failure[0].get("message") == "violates Other?"
    assert failure[0].text == (
        "expected: violates Safe\ncame: violates Other?\n"
        '1: Initial predicate\n    x = 0\n2: Grow\n    x = "a?<b>"\n    y = 1'
    )
    assert error[0].tag == "error" and error[0].get("message") == "M.tla:1: no memory"


def test_json_has_everything(tmp_path: Path) -> None:
    write_json(tmp_path / "report.json", RESULTS)
    first, second, third = json.loads((tmp_path / "report.json").read_text())
    assert (first["model"], first["rung"], first["kind"], first["tier"], first["rules"]) == (
        "Some", 2, "must-fail", "ci", ["P10"],
    )  # fmt: skip
    assert (first["ok"], first["length"], first["steps"][1]["action"]) == (True, 2, "GrowNoted")
    assert (second["ok"], second["wrong"], second["expected"]) == (False, "violates Other\x02", "violates Safe")
    assert (third["verdict"], third["reason"]) == ("unusable", "M.tla:1: no memory")
