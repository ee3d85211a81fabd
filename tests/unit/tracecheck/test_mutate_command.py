"""The commands: what they print, and what they exit with."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from tests.support.ledger import GUARDS, make_files, make_log
from tracecheck import UsageError
from tracecheck.commands import coverage, mutate


def run(*words: str) -> int:
    """The exit code of a command."""
    parser = argparse.ArgumentParser()
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--library", action="append", default=[])
    common.add_argument("--heap-mb", type=int, default=1024)
    commands = parser.add_subparsers(required=True)
    for module in (mutate, coverage):
        module.add_parser(commands, common)
    arguments = parser.parse_args(words)
    return int(arguments.run(arguments))


def files(directory: Path, guards: list[str] = GUARDS) -> list[str]:
    spec, mapping = make_files(directory, guards)
    return ["--spec", str(spec), "--mapping", str(mapping), str(make_log(directory / "logs"))]


def test_all_killed_is_success(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("mutate", "--count", "1", "--specs", "0", *files(tmp_path)) == 0
    assert capsys.readouterr().out.startswith("traces: 100.0 % of ")


def test_below_the_bar_is_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    weak = files(tmp_path, [guard for guard in GUARDS if not guard.startswith("even")])
    assert run("mutate", "--count", "1", "--specs", "0", "--json", *weak) == 1
    told = json.loads(capsys.readouterr().out)["traces"]
    assert told["rate"] < 100.0
    assert run("mutate", "--count", "1", "--specs", "0", "--bar", "50", *weak) == 0


def test_an_oracle_is_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    oracle = tmp_path / "oracle.py"
    oracle.write_text("def everything_goes(entries):\n    return True\n")
    words = ["mutate", "--count", "1", "--specs", "0", "--oracle", f"{oracle}:everything_goes"]
    assert run(*words, *files(tmp_path)) == 1
    assert "refused, and a behaviour" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("oracle", "complaint"), [("none.py:f", "none.py is no Python file"), ("{here}:f", "defines no function f")]
)
def test_an_oracle_that_is_not_there_is_named(oracle: str, complaint: str, tmp_path: Path) -> None:
    (tmp_path / "empty.py").write_text("")
    text = oracle.replace("{here}", str(tmp_path / "empty.py"))
    with pytest.raises(UsageError, match=complaint):
        mutate.load_oracle(text)


def test_numbers_that_make_no_sense_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--count wants at least 1"):
        run("mutate", "--count", "0", *files(tmp_path))


def test_coverage_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("coverage", *files(tmp_path)) == 0
    out = capsys.readouterr().out
    assert "actions: 2 of 2 seen" in out
    assert "Close: never true: n > 100" in out
    assert run("coverage", "--json", "--all", *files(tmp_path)) == 0
    assert json.loads(capsys.readouterr().out)["sampled"] == 9


def test_coverage_of_a_log_that_stops_conforming_is_incomplete(tmp_path: Path) -> None:
    words = files(tmp_path)
    make_log(tmp_path / "logs", closes=(1,))
    assert run("coverage", *words) == 2
