"""The command `daybreak chaos`: what is wrong with it is said in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from daybreak.cli.main import main


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ((), "no command was given (see daybreak chaos --help)"),
        (("cut", "A9"), "'A9' is no process of this cluster: A, A1, A2, A3"),
        (("clock", "A1", "-3600"), "'-3600' is no length of time, like +3600s"),
        (("cut", "A1"), "process A1 takes no such orders; start the server with --chaos to allow them"),
        (("run",), "'run' is no command"),
        (("run", "nowhere"), "nowhere: cannot be read"),
    ],
)
@pytest.mark.parametrize("late", [False, True])
def test_one_line_and_exit_code_1(
    words: tuple[str, ...], complaint: str, late: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--data", str(tmp_path))
    assert main(["chaos", *words, *options] if late else ["chaos", *options, *words]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("daybreak: ") and said.err.count("\n") == 1
    assert complaint in said.err


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["chaos", "--help"])
    said = capsys.readouterr().out
    for word in ("cut", "latency", "duplicate", "reorder", "loss", "heal", "pause", "kill", "clock", "disk", "corrupt"):
        assert f"\n  {word} " in said
