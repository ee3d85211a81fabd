"""Results as JUnit's XML, which every build server shows: a suite per spec, a case per slice."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from xml.etree import ElementTree

from tracecheck.report.result import INCONCLUSIVE, VIOLATES, Result, SliceResult
from tracecheck.report.text import explain

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TAGS = {VIOLATES: "failure", INCONCLUSIVE: "error"}


def junit(results: Sequence[Result]) -> bytes:
    """The XML document. What is violated is a failure, what has no verdict is an error."""
    root = ElementTree.Element("testsuites")
    for result in results:
        cases = list(_cases(result))
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=_clean(f"tracecheck {result.spec}"),
            tests=str(len(cases)),
            failures=str(sum(case.find("failure") is not None for case in cases)),
            errors=str(sum(case.find("error") is not None for case in cases)),
            time=f"{result.seconds:.3f}",
        )
        suite.extend(cases)
    ElementTree.indent(root)
    document: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _cases(result: Result) -> Iterator[ElementTree.Element]:
    """A case for each slice that is in the result, and one for the whole, which has what is of no slice."""
    for part in result.slices:
        if part.name is not None:
            yield _of_slice(result, part)
    case = ElementTree.Element("testcase", classname=_clean(result.spec), name="trace", time=f"{result.seconds:.3f}")
    rejected = result.rejection
    text = explain(rejected) if rejected is not None else "\n".join(map(str, result.problems))
    yield _judged(case, result.verdict, result.reason, text)
    if result.notes:
        ElementTree.SubElement(case, "system-out").text = _clean("\n".join(map(str, result.notes)))


def _of_slice(result: Result, part: SliceResult) -> ElementTree.Element:
    case = ElementTree.Element("testcase", classname=_clean(result.spec), name=_clean(f"slice {part.name}"), time="0")
    if part.rejection is not None:
        return _judged(case, part.verdict, str(part.rejection), explain(part.rejection))
    return _judged(case, part.verdict, f"no verdict after {part.checked} events", result.reason)


def _judged(case: ElementTree.Element, verdict: str, message: str, text: str) -> ElementTree.Element:
    if verdict in _TAGS:
        trouble = ElementTree.SubElement(case, _TAGS[verdict], message=_clean(message), type=verdict)
        trouble.text = _clean(text)
    return case


def _clean(text: str) -> str:
    """Without the characters that XML has no way to write."""
    return _NOT_XML.sub("?", text)
