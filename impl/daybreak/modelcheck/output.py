"""The results for other programs: as JSON, and as JUnit's XML, which every build server shows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import msgspec

from daybreak.modelcheck.report import expectation
from daybreak.modelcheck.runner import NOTED, Result

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_json(path: Path, results: Sequence[Result]) -> None:
    """Writes all results, counterexamples included, to `path`."""
    document = [
        {**msgspec.to_builtins(result.outcome), "model": result.model.name, "rung": result.model.rung,
         "kind": result.model.kind, "tier": result.model.tier, "rules": result.model.rules,
         "expected": expectation(result.model), "ok": result.ok, "wrong": result.wrong}
        for result in results
    ]  # fmt: skip
    path.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")


def write_junit(path: Path, results: Sequence[Result]) -> None:
    """Writes one test case per model to `path`: a wrong result is a failure, no result is an error."""
    standings = [result.standing for result in results]
    suite = ElementTree.Element(
        "testsuite",
        name="daybreak modelcheck",
        tests=str(len(results)),
        failures=str(standings.count("WRONG")),
        errors=str(standings.count("UNUSABLE")),
        time=f"{sum(result.outcome.seconds for result in results):.2f}",
    )
    for result in results:
        suite.append(_case(result))
    root = ElementTree.Element("testsuites")
    root.append(suite)
    ElementTree.indent(root)
    ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def _case(result: Result) -> ElementTree.Element:
    model = result.model
    case = ElementTree.Element(
        "testcase",
        classname=f"rung{model.rung}.{model.kind}",
        name=model.name,
        time=f"{result.outcome.seconds:.2f}",
    )
    if not result.ok:
        tag = "error" if result.standing == "UNUSABLE" else "failure"
        trouble = ElementTree.SubElement(case, tag, message=_clean(result.wrong))
        trouble.text = _clean("\n".join([f"expected: {expectation(model)}", f"came: {result.wrong}", *_steps(result)]))
    return case


def _steps(result: Result) -> list[str]:
    return [
        f"{step.number}: {step.action.removesuffix(NOTED)}"
        + "".join(f"\n    {name} = {value}" for name, value in sorted(step.values.items()))
        for step in result.outcome.steps
    ]


def _clean(text: str) -> str:
    """Without the characters that XML has no way to write."""
    return _NOT_XML.sub("?", text)
