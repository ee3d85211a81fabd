"""The command: exit codes, one clear line for each wrong use, and a process that ends."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.tracefiles import ADJUDICATOR, Trace, write
from tracecheck.cli import main

SPECS = Path(__file__).parents[3] / "specs"
SPEC = str(SPECS / "adjudication/Adjudication.tla")
MAPPING = str(SPECS / "adjudication/mapping.toml")


def check(*more: str) -> int:
    return main(["check", "--spec", SPEC, "--mapping", MAPPING, *more])


def test_exit_code_0_when_the_logs_conform(trace: Trace, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(str(write(trace, tmp_path))) == 0
    printed = capsys.readouterr().out
    assert f"CONFORMS: all {len(trace[ADJUDICATOR])} events are steps of the spec" in printed
    assert "Commit" in printed


def test_exit_code_1_when_they_do_not(trace: Trace, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    heartbeats = [e for e in trace[ADJUDICATOR] if e["act"].endswith("!Heartbeat")]
    heartbeats[5]["args"]["upto"] = heartbeats[4]["args"]["upto"]
    assert check("--json", "-", str(write(trace, tmp_path))) == 1
    result = json.loads(capsys.readouterr().out)
    assert (result["verdict"], result["rejection"]["n"]) == ("VIOLATES", heartbeats[5]["n"])


def test_exit_code_2_when_there_is_no_verdict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(str(tmp_path)) == 2
    assert "INCONCLUSIVE: nothing was checked" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["check", "--spec", "none.tla", "--mapping", MAPPING, "."], "none.tla: no such spec"),
        (
            ["check", "--spec", SPEC, "--mapping", "none.toml", "."],
            "none.toml: cannot read the mapping: No such file or directory",
        ),
        (["check", "--spec", SPEC, "--mapping", MAPPING, "none"], "none: no such log file or directory"),
        (["monitor", "--spec", SPEC, "--mapping", MAPPING, "--follow", "none"], "none: no such directory to follow"),
        (
            ["monitor", "--spec", SPEC, "--spec", SPEC, "--mapping", MAPPING, "--follow", "."],
            "2 --spec but 1 --mapping; give them in pairs",
        ),
        (["actions", "none.tla"], "none.tla: no such spec"),
    ],
)
def test_exit_code_2_and_one_line_for_wrong_usage(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr().err == f"tracecheck: {words}\n"


@pytest.mark.parametrize("arguments", [[], ["check"], ["check", "--colour"], ["dance"]])
def test_exit_code_2_for_unknown_arguments(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2


def test_actions_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["actions", SPEC]) == 0
    assert "Durable(txn, ts)" in capsys.readouterr().out.splitlines()


def test_modules_in_the_working_directory_are_not_taken_for_the_specs(tmp_path: Path) -> None:
    (tmp_path / "Times.tla").write_text("---- MODULE Times ----\nnonsense\n====\n")
    command = [sys.executable, "-m", "tracecheck", "actions", SPEC]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_process_ends_by_itself(trace: Trace, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tracecheck", "check", "--spec", SPEC, "--mapping", MAPPING]
    done = subprocess.run([*command, str(write(trace, tmp_path))], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_budget_that_is_met_is_no_verdict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "C.tla").write_text(
        "---- MODULE C ----\nEXTENDS Naturals\nVARIABLES x, sum\nInit == x = 0 /\\ sum = 0\n"
        "Add(n) == x' = n /\\ sum' = sum + n\nNext == \\E n \\in 1 .. 5 : Add(n)\n====\n"
    )
    (tmp_path / "C.cfg").write_text("INIT Init\nNEXT Next\n")
    (tmp_path / "m.toml").write_text(
        '[types]\nsum = "int"\n[events]\n"Some" = "Add(_)"\n"All" = { step = "Add(_)", after = { sum = "sum" } }\n'
    )
    events = [*({"act": "Some", "args": {}} for _ in range(6)), {"act": "All", "args": {"sum": 99}}]
    lines = [json.dumps(event | {"v": 1, "node": "a", "n": n, "at": [n, n]}) for n, event in enumerate(events, 1)]
    (tmp_path / "a.ndjson").write_text("\n".join([*lines, ""]))
    options = ["--spec", str(tmp_path / "C.tla"), "--mapping", str(tmp_path / "m.toml"), str(tmp_path / "a.ndjson")]
    assert main(["check", *options]) == 1
    capsys.readouterr()
    assert main(["check", "--steps", "3", *options]) == 2
    assert "no way was found in 3 steps of the spec" in capsys.readouterr().out
