"""`daybreak check`: one verdict per spec, and the worst of them as exit code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from daybreak.base.places import Rung
from daybreak.cli import check as command
from daybreak.cli.main import main
from daybreak.runtime.sim.world import Faults
from daybreak.simulation.run import Options
from tests.support.checked import simulation
from tracecheck import CONFORMS, INCONCLUSIVE, VIOLATES, Result

RUNGS = [Rung(name, Path(f"{name}.tla"), Path(f"{name}.toml")) for name in ("adjudication", "isolation")]


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        ([CONFORMS, CONFORMS], 0),
        ([CONFORMS, VIOLATES], 1),
        ([VIOLATES, INCONCLUSIVE], 1),
        ([INCONCLUSIVE, VIOLATES], 1),
        ([CONFORMS, INCONCLUSIVE], 2),
        ([], 2),
    ],
)
def test_the_worst_verdict_decides(
    verdicts: list[str],
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked: list[dict[str, Any]] = []

    def check_all(plans: list[Path], logs: list[Path]) -> list[Result]:
        asked.append({"plans": plans, "logs": logs})
        return [
            Result(str(plan), "", verdict, f"said {verdict}") for plan, verdict in zip(plans, verdicts, strict=True)
        ]

    monkeypatch.setattr(command, "rungs", lambda adjudicators: RUNGS[: len(verdicts)])
    monkeypatch.setattr(command, "Plan", lambda spec, mapping: spec)
    monkeypatch.setattr(command, "check_all", check_all)
    assert main(["check", str(tmp_path)]) == code
    said = capsys.readouterr().out
    assert all(f"{rung.name}: " in said for rung in RUNGS[: len(verdicts)])
    assert asked == [{"plans": [rung.spec for rung in RUNGS[: len(verdicts)]], "logs": [tmp_path]}]


def test_the_reports_speak_of_every_spec(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    quiet = Options(adjudicators=1, transactions=4, faults=Faults(crash_every_us=0))
    simulation(3, quiet, trace=logs, unchecked="the command checks it").run()
    monkeypatch.chdir(tmp_path)
    files = ["--junit", "check.xml", "--sarif", "check.sarif", "--html", "check.html", "--json", "-"]
    assert main(["check", str(logs), *files]) == 0
    shown = msgspec.json.decode(capsys.readouterr().out)
    assert [(Path(result["spec"]).stem, result["verdict"]) for result in shown] == [
        ("TraceAdjudication", CONFORMS),
        ("TraceCommit", CONFORMS),
        ("TraceCrossRegion", CONFORMS),
        ("TraceSnapshotIsolation", CONFORMS),
        ("TracePlacement", CONFORMS),
    ]
    assert msgspec.json.decode((tmp_path / "check.sarif").read_bytes())["runs"][0]["results"] == []
    for name in ("check.xml", "check.html"):
        text = (tmp_path / name).read_text()
        assert "Adjudication" in text and "SnapshotIsolation" in text, name


def test_a_report_that_cannot_be_written_is_no_verdict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    simulation(3, Options(adjudicators=1, transactions=4), trace=logs, unchecked="the command checks it").run()
    assert main(["check", str(logs), "--junit", str(tmp_path)]) == 2
    assert capsys.readouterr().err == f"daybreak: {tmp_path}: cannot write the report: Is a directory\n"


def test_a_directory_that_is_not_there_is_no_verdict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(tmp_path / "none")]) == 2
    assert capsys.readouterr().err == f"daybreak: {tmp_path / 'none'}: no such trace directory\n"
