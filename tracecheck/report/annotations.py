"""Results as annotations: lines of output that GitHub shows beside the lines of files that they are about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tracecheck.report.rejection import because, shown_path
from tracecheck.report.result import Result

_MOST = 10
"""GitHub shows ten errors and ten warnings of a step; more would only hide these."""


def annotate(results: Sequence[Result]) -> list[str]:
    """An error for each rejected event and for the condition that it breaks, a warning for each problem, a notice for
    each note."""
    errors = [line for result in results for line in _errors(result)]
    warnings = [
        _line("warning", problem.file or result.spec, problem.line, "no verdict", str(problem))
        for result in results
        for problem in result.problems
    ]
    notices = [
        _line("notice", note.file or result.spec, note.line, note.kind, str(note))
        for result in results
        for note in result.notes
    ]
    return errors[:_MOST] + warnings[:_MOST] + notices[:_MOST]


def _errors(result: Result) -> Iterator[str]:
    parts = [part.rejection for part in result.slices if part.rejection is not None]
    for rejection in parts or ([result.rejection] if result.rejection else []):
        yield _line("error", rejection.file, rejection.line, "not allowed by the spec", str(rejection))
        for nearest in rejection.nearest[:1]:
            yield _line("error", nearest.file, nearest.line, f"{nearest.action} not allowed", because(nearest))


def _line(level: str, file: str, line: int | None, title: str, text: str) -> str:
    at = f",line={line}" if line else ""
    return f"::{level} file={_property(shown_path(file))}{at},title={_property(title)}::{_message(text)}"


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
