"""The arguments of `daybreak node`, and what it must not import."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from daybreak.cli.main import main
from daybreak.cli.node import parse


@pytest.mark.parametrize(
    ("argv", "role", "data"),
    [
        (["--zone", "A2"], None, ".daybreak"),
        (["--zone", "A2", "--role", "journal", "--role", "all", "--data", "d"], ["journal", "all"], "d"),
    ],
)
def test_arguments(argv: list[str], role: list[str] | None, data: str) -> None:
    found = parse(argv)
    assert (found.zone, found.role, found.data, found.with_stdin) == ("A2", role, Path(data), False)


@pytest.mark.parametrize(
    ("argv", "complaint"),
    [
        ([], "which zone? give --zone, or --config"),
        (["--config", "f", "--data", "d"], "--data, --listen and --peer are said by the file of --config"),
        (["--config", "f", "--zone", "A1", "--peer", "A=h:1"], "--data, --listen and --peer are said by the file"),
        (["--config", "f", "--role", "journal"], "--role and --with-stdin are for one zone; give --zone"),
    ],
)
def test_what_does_not_go_together_is_bad_usage(
    argv: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_:
        parse(argv)
    said = capsys.readouterr().err
    assert (exit_.value.code, said.count("\n")) == (2, 1)
    assert complaint in said


def test_a_node_does_not_wait_for_what_only_others_need() -> None:
    """A server starts three: neither the checker nor PostgreSQL's grammar may be loaded for them."""
    heavy = "{'tracecheck', 'postgast', 'prometheus_client', 'rich', 'cryptography'}"
    code = f"import sys, daybreak.cli.main, daybreak.cli.node; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "set()\n"


def test_help_is_that_of_the_subcommand(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["node", "--help"])
    assert exit_.value.code == 0
    assert "--zone" in capsys.readouterr().out
