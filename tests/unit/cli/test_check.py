"""`daybreak check`: one verdict per spec, and the worst of them as exit code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from daybreak.base.places import Rung
from daybreak.cli import check as command
from daybreak.cli.main import main
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

    monkeypatch.setattr(command, "rungs", lambda: RUNGS[: len(verdicts)])
    monkeypatch.setattr(command, "Plan", lambda spec, mapping: spec)
    monkeypatch.setattr(command, "check_all", check_all)
    assert main(["check", str(tmp_path)]) == code
    said = capsys.readouterr().out
    assert all(f"{rung.name}: " in said for rung in RUNGS[: len(verdicts)])
    assert asked == [{"plans": [rung.spec for rung in RUNGS[: len(verdicts)]], "logs": [tmp_path]}]
    asked.clear()
    assert main(["check", "--json", str(tmp_path)]) == code
    shown = msgspec.json.decode(capsys.readouterr().out)
    assert [shown[rung.name]["verdict"] for rung in RUNGS[: len(verdicts)]] == verdicts


def test_a_directory_that_is_not_there_is_no_verdict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(tmp_path / "none")]) == 2
    assert capsys.readouterr().err == f"daybreak: {tmp_path / 'none'}: no such trace directory\n"
