"""Results as SARIF 2.1.0, which code hosts show beside the lines that they are about."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tracecheck.report.rejection import Rejection, because, shown_path
from tracecheck.report.result import Problem, Result

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
REJECTED = "event-not-allowed"


def sarif(results: Sequence[Result]) -> dict[str, Any]:
    """The SARIF document: a result for each rejected event, and one for each problem that left no verdict."""
    found = [item for result in results for item in _results(result)]
    rules = list(dict.fromkeys(item["ruleId"] for item in found))
    for item in found:
        item["ruleIndex"] = rules.index(item["ruleId"])
    driver = {"name": "tracecheck", "rules": [_rule(name) for name in rules]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": True}],
        "results": found,
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(name: str) -> dict[str, Any]:
    text = "An event that no behaviour of the spec allows" if name == REJECTED else f"About the logs: {name}"
    return {"id": name, "shortDescription": {"text": text}}


def _results(result: Result) -> Iterator[dict[str, Any]]:
    parts = [part.rejection for part in result.slices if part.rejection is not None]
    for rejection in parts or ([result.rejection] if result.rejection else []):
        yield _rejected(result, rejection)
    for problem in result.problems:
        yield _problem(result, problem, "warning")
    for note in result.notes:
        yield _problem(result, note, "note")


def _rejected(result: Result, rejection: Rejection) -> dict[str, Any]:
    related = [
        {"id": number, **_location(nearest.file, nearest.line, because(nearest))}
        for number, nearest in enumerate(rejection.nearest)
    ]
    reason = rejection.nearest[0] if rejection.nearest else None
    same = "|".join((result.spec, rejection.act, reason.conjunct if reason else ""))
    found: dict[str, Any] = {
        "ruleId": REJECTED,
        "level": "error",
        "message": {"text": str(rejection)},
        "locations": [_location(rejection.file, rejection.line)],
        "relatedLocations": related,
        "partialFingerprints": {"condition/v1": hashlib.sha256(same.encode()).hexdigest()},
    }
    if rejection.minimised is not None:
        steps = [
            {"location": _location(step.file, step.line, f"{step.node}: {step.act}")}
            for step in rejection.minimised.steps
        ]
        found["codeFlows"] = [{"threadFlows": [{"locations": steps}]}]
    return found


def _problem(result: Result, problem: Problem, level: str) -> dict[str, Any]:
    return {
        "ruleId": problem.kind,
        "level": level,
        "message": {"text": str(problem)},
        "locations": [_location(problem.file or result.spec, problem.line)],
    }


def _location(file: str, line: int | None, text: str = "") -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": _uri(file)}}
    if line is not None and line > 0:
        place["region"] = {"startLine": line}
    return {"physicalLocation": place, **({"message": {"text": text}} if text else {})}


def _uri(file: str) -> str:
    """Relative to the working directory, as code hosts want it, if the file lies there."""
    shown = shown_path(file)
    return Path(shown).as_uri() if Path(shown).is_absolute() else quote(Path(shown).as_posix())
