"""`python -m historycheck` and `daybreak history check`: what they print, and their exit codes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from daybreak.cli.main import main as daybreak
from historycheck import Report, write
from historycheck.command import main
from tests.support.stories import story

Command = Callable[[list[str]], int]
COMMANDS: dict[str, Command] = {"historycheck": main, "daybreak": lambda argv: daybreak(["history", "check", *argv])}

SKEW = "a 2..4: r x -, w y 1\nb 3..5: r y -, w x 1"
LOST = "a 2..4: r x -, w x 1\nb 3..5: r x -, w x 2"


@pytest.fixture(params=COMMANDS)
def command(request: pytest.FixtureRequest) -> tuple[str, Command]:
    """Its name and itself."""
    return request.param, COMMANDS[request.param]


@pytest.mark.parametrize(
    ("text", "options", "code", "begin"),
    [
        (SKEW, [], 0, "strong snapshot isolation: 2 transactions\n  allowed: write skew: a saw"),
        (LOST, [], 1, "NOT strong snapshot isolation: 1 anomaly in 2 transactions\n  lost update: "),
        (LOST, ["--black-box"], 1, "NOT strong snapshot isolation: 1 anomaly in 2 transactions\n  lost update: "),
    ],
)
def test_the_verdict(
    text: str,
    options: list[str],
    code: int,
    begin: str,
    command: tuple[str, Command],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write(story(text), tmp_path / "h.json")
    assert command[1]([str(tmp_path / "h.json"), *options]) == code
    assert capsys.readouterr().out.startswith(begin)


def test_json(command: tuple[str, Command], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(story(LOST), tmp_path / "h.ndjson")
    assert command[1]([str(tmp_path / "h.ndjson"), "--json"]) == 1
    report = msgspec.json.decode(capsys.readouterr().out, type=Report)
    assert [(each.name, each.transactions) for each in report.anomalies] == [("lost update", ("a", "b"))]


def test_a_page_with_pictures(command: tuple[str, Command], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(story(LOST), tmp_path / "h.json")
    assert command[1]([str(tmp_path / "h.json"), "--html", str(tmp_path / "h.html")]) == 1
    text = (tmp_path / "h.html").read_text()
    assert "<h2>lost update</h2>" in text and text.count("<svg") == 1
    assert "lost update" in capsys.readouterr().out
    assert command[1]([str(tmp_path / "h.json"), "--html", str(tmp_path / "none" / "h.html")]) == 2
    assert "none/h.html: cannot be written: No such file or directory" in capsys.readouterr().err


def test_bad_input_is_one_line(
    command: tuple[str, Command], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "h.json").write_text("nothing")
    assert command[1]([str(tmp_path / "h.json")]) == 2
    assert capsys.readouterr().err == f"{command[0]}: {tmp_path}/h.json:1: no JSON: Expecting value\n"
