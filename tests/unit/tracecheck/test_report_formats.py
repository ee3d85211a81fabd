"""JUnit, SARIF and annotations: what build servers and code hosts read."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import jsonschema
import pytest

from tests.support.reports import CONFORMING, MINIMISED, REJECTION, UNDECIDED, violating
from tests.support.sarif import SARIF
from tracecheck.report import VIOLATES, Problem, Result, SliceResult
from tracecheck.report.annotations import annotate
from tracecheck.report.junit import junit
from tracecheck.report.page import collect, page
from tracecheck.report.sarif import sarif

WHOLE = replace(REJECTION, minimised=MINIMISED)
ALL = [CONFORMING, UNDECIDED, violating(WHOLE)]
SLICED = replace(
    violating(replace(REJECTION, slice="adj\x00-1")),
    slices=[
        SliceResult("adj-0", "CONFORMS", 9, 0, None),
        SliceResult("adj\x00-1", VIOLATES, 40, 2, replace(REJECTION, slice="adj-1")),
        SliceResult("adj-2", "INCONCLUSIVE", 1, 0, None),
    ],
)


# --- JUnit --------------------------------------------------------------------------------------------------------


def test_junit_has_a_suite_per_spec_and_a_case_per_slice() -> None:
    suites = list(ElementTree.fromstring(junit([*ALL, SLICED])))
    counts = [(s.get("tests"), s.get("failures"), s.get("errors")) for s in suites]
    assert counts == [("2", "0", "0"), ("1", "0", "1"), ("1", "1", "0"), ("4", "2", "1")]
    assert [case.get("name") for case in suites[3]] == ["slice adj-0", "slice adj?-1", "slice adj-2", "trace"]


def test_junit_tells_what_is_wrong() -> None:
    failure = ElementTree.fromstring(junit([violating(WHOLE)])).find("*/testcase/failure")
    assert failure is not None and failure.text is not None
    assert failure.get("message") == str(REJECTION)
    assert "last good state:" in failure.text


# --- SARIF --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("results", [[result] for result in ALL] + [ALL, []])
def test_sarif_is_as_the_standard_wants_it(results: list[Result]) -> None:
    document = sarif(results)
    jsonschema.validate(document, SARIF)
    (run,) = document["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert all(rules[found["ruleIndex"]] == found["ruleId"] for found in run["results"])


def test_sarif_points_to_the_log_and_to_the_spec() -> None:
    problem, rejected = sarif(ALL)["runs"][0]["results"]
    assert (problem["ruleId"], problem["level"]) == ("gap", "warning")
    assert (rejected["ruleId"], rejected["level"]) == ("event-not-allowed", "error")
    place = rejected["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("log/qp%201.ndjson", 41)
    spec = rejected["relatedLocations"][0]["physicalLocation"]
    assert spec["artifactLocation"]["uri"].endswith("specs/isolation/SnapshotIsolation.tla")
    assert spec["region"]["startLine"] == 74
    steps = rejected["codeFlows"][0]["threadFlows"][0]["locations"]
    assert len(steps) == len(MINIMISED.steps)


@pytest.mark.parametrize("key", ["version", "runs"])
def test_what_is_no_sarif_is_found(key: str) -> None:
    document = sarif(ALL)
    del document[key]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, SARIF)


# --- annotations --------------------------------------------------------------------------------------------------


def test_annotations_are_of_the_log_and_of_the_spec() -> None:
    log, spec, gap = annotate(ALL)
    assert log == f"::error file=log/qp 1.ndjson,line=41,title=not allowed by the spec::{REJECTION}"
    assert spec.startswith("::error file=specs/isolation/SnapshotIsolation.tla,line=74,title=Read not allowed::")
    assert gap.startswith("::warning file=a.ndjson,line=3,title=no verdict::a.ndjson:3: event 3 of a missing")


def test_annotations_are_on_one_line_each_and_not_too_many() -> None:
    odd = replace(REJECTION, file="a,b:c%.ndjson", node="x\ny")
    first = annotate([violating(odd)])[0]
    assert first.startswith("::error file=a%2Cb%3Ac%25.ndjson,line=41,")
    assert "x%0Ay" in first
    assert len(annotate([violating()] * 50)) == 10


# --- notes --------------------------------------------------------------------------------------------------------


def test_a_note_is_told_everywhere_and_changes_nothing() -> None:
    noted = replace(CONFORMING, notes=[Problem("unfinished", "t7 has begun and not ended", "a.ndjson", 5)])
    text = "a.ndjson:5: t7 has begun and not ended"
    assert annotate([noted]) == [f"::notice file=a.ndjson,line=5,title=unfinished::{text}"]
    suite = ElementTree.fromstring(junit([noted]))[0]
    assert (suite.get("failures"), suite.get("errors")) == ("0", "0")
    assert [out.text for out in suite.iter("system-out")] == [text]
    (found,) = sarif([noted])["runs"][0]["results"]
    assert (found["level"], found["message"]["text"]) == ("note", text)
    assert text in page([noted], collect((), ()))
