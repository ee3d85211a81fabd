"""Trace checking in pytest.

    @pytest.mark.conforms("specs/commit")                    a directory with one spec and mapping.toml
    @pytest.mark.conforms("specs/commit/mapping.toml")       a mapping; the spec lies beside it
    @pytest.mark.conforms("Commit.tla", "mapping.toml")      both
    @pytest.mark.conforms(..., logs="data/trace")            where the logs are; the fixture `trace_dir` if left out
    @pytest.mark.conforms(..., verdict="VIOLATES")           the verdict that is wanted; CONFORMS if left out

Paths of specs are looked up beside the test's file, then from pytest's root directory; `logs` lies in the test's own
`tmp_path`, if it has one, else it is looked up as a spec is. A test may have several marks. When its body has run
without failing, its logs are checked, and another verdict than the one wanted, INCONCLUSIVE too, fails it. When the
body fails, what the checker has to say is a section of its report.

Whatever starts a traced program for tests calls `check_at_end`, and the test in which the program has ended is judged.
A spec is loaded once per process, also under xdist.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tracecheck.check import check
from tracecheck.errors import TraceCheckError, UsageError
from tracecheck.report import CONFORMS, EXIT_CODES, Result, render
from tracecheck.tlc.spec import TRACE_PREFIX

MAPPING = "mapping.toml"


@dataclass(frozen=True)
class Expectation:
    """That `logs` have this `verdict` under `spec` with `mapping`."""

    spec: Path
    mapping: Path
    logs: Path
    verdict: str = CONFORMS

    def check(self) -> Result:
        """What the checker says. Raises TraceCheckError."""
        return check(self.spec, self.mapping, [self.logs])


_ended: list[Expectation] = []
"""Of programs that have ended since the last check."""


def check_at_end(logs: str | Path, spec: str | Path, mapping: str | Path, *, verdict: str = CONFORMS) -> None:
    """Says that a program has ended whose logs are to be checked when the test's body has run; or, when it ends with a
    fixture, after the test's last fixture has ended. Asked twice, they are checked once."""
    expectation = Expectation(Path(spec), Path(mapping), Path(logs), verdict)
    if expectation not in _ended:
        _ended.append(expectation)


def marked(item: pytest.Item) -> list[Expectation]:
    """What the marks of a test demand, before it runs. Fails the test when a mark cannot be understood."""
    try:
        return [_expectation(item, mark) for mark in item.iter_markers("conforms")]
    except TraceCheckError as error:
        pytest.fail(f"@pytest.mark.conforms: {error}", pytrace=False)


def judge(item: pytest.Item, when: str, expectations: list[Expectation]) -> None:
    """Checks what is due. Fails the test, with the first sentence of each report, when a verdict is not as wanted."""
    complaints = _complaints(item, when, expectations)
    if complaints:
        pytest.fail("\n".join(dict.fromkeys(complaints)), pytrace=False)


def remark(item: pytest.Item, expectations: list[Expectation], error: BaseException) -> None:
    """Of a test whose body has failed: its report says what the checker thinks of its logs. Not so if it is skipped."""
    if isinstance(error, Exception | pytest.fail.Exception):
        _complaints(item, "call", expectations)
    _ended.clear()


def _complaints(item: pytest.Item, when: str, expectations: list[Expectation]) -> list[str]:
    """One line for each check that is due and does not end as wanted; the whole of it goes into a section."""
    due = [*expectations, *_ended]
    _ended.clear()
    found = []
    for expectation in due:
        try:
            result = expectation.check()
        except TraceCheckError as error:
            found.append(f"tracecheck: {error}")
            continue
        if result.verdict != expectation.verdict:
            wanted = "" if expectation.verdict == CONFORMS else f", not {expectation.verdict}"
            found.append(f"{expectation.spec.stem}: {result.verdict}{wanted}: {result.reason}")
            item.add_report_section(when, f"tracecheck {expectation.spec.stem}", render(result))
    return found


def _expectation(item: pytest.Item, mark: pytest.Mark) -> Expectation:
    options = dict(mark.kwargs)
    logs, verdict = options.pop("logs", None), options.pop("verdict", CONFORMS)
    arguments = [*mark.args, *([options.pop("mapping")] if "mapping" in options else [])]
    if options or not 1 <= len(arguments) <= 2 or not all(isinstance(name, str | Path) for name in arguments):
        raise UsageError("it takes a spec and its mapping, or a directory with both, and by name logs= and verdict=")
    if verdict not in EXIT_CODES:
        raise UsageError(f"{verdict!r} is no verdict; there are {', '.join(EXIT_CODES)}")
    paths = [_find(item, name) for name in arguments]
    spec, mapping = paths if len(paths) == 2 else _pair(paths[0])
    return Expectation(spec, mapping, _logs(item, logs), verdict)


def _find(item: pytest.Item, name: str | Path) -> Path:
    """A file or directory, looked up beside the test, then from the root directory."""
    places = (item.path.parent / name, item.config.rootpath / name)
    for place in places:
        if place.exists():
            return place
    raise UsageError(f"{name}: there is neither {places[0]} nor {places[1]}")


def _pair(path: Path) -> tuple[Path, Path]:
    """The spec and the mapping that a directory, or a mapping in it, stands for."""
    directory, mapping = (path, path / MAPPING) if path.is_dir() else (path.parent, path)
    if not mapping.is_file():
        raise UsageError(f"{directory}: no {MAPPING} there; name the spec and the mapping")
    if mapping.suffix != ".toml":
        raise UsageError(f"{mapping} is no mapping; name the spec and the mapping")
    ready = [spec for spec in sorted(directory.glob("*.tla")) if spec.with_suffix(".cfg").is_file()]
    traced = [spec for spec in ready if spec.name.startswith(TRACE_PREFIX)]
    specs = traced or ready
    if len(specs) != 1:
        names = ", ".join(spec.name for spec in specs) or "none"
        raise UsageError(f"{directory}: which spec? Those with a configuration: {names}; name the spec and the mapping")
    return specs[0], mapping


def _logs(item: pytest.Item, logs: object) -> Path:
    arguments = getattr(item, "funcargs", {})
    if logs is None:
        if not isinstance(directory := arguments.get("trace_dir"), Path):
            raise UsageError("where are the logs? Ask for the fixture trace_dir, or say logs=")
        return directory
    if not isinstance(logs, str | Path):
        raise UsageError(f"logs={logs!r} is no path")
    own = arguments.get("tmp_path")
    return own / logs if isinstance(own, Path) else _find(item, logs)
