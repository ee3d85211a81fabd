"""Commands in words, and timelines of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from daybreak.base.topology import TWO_REGIONS
from daybreak.control.chaos.words import USAGE, Command, Due, parse, read_timeline
from daybreak.errors import OperatorError, RequestError
from daybreak.runtime.chaos import Disturb, Heal, Jump, Keep, LoseUnsynced, SetDisk

PROCESSES = ("A", "A1", "A2")


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ("cut A1", Command("A1", Disturb(None, "cut", 1.0))),
        ("cut A1-A", Command("A1", Disturb("A", "cut", 1.0))),
        ("latency A1-A2 60ms", Command("A1", Disturb("A2", "latency", 60_000))),
        ("latency A1 1.5s", Command("A1", Disturb(None, "latency", 1_500_000))),
        ("duplicate A1-A2 20%", Command("A1", Disturb("A2", "duplicate", 0.2))),
        ("reorder A2 12.5%", Command("A2", Disturb(None, "reorder", 0.125))),
        ("loss A-A2 100%", Command("A", Disturb("A2", "loss", 1.0))),
        ("heal", Command(None, Heal())),
        ("pause A1", Command("A1", "pause")),
        ("resume A1", Command("A1", "resume")),
        ("kill A", Command("A", "kill")),
        ("clock A1 +3600s", Command("A1", Jump(3_600_000_000))),
        ("clock A1 -1h", Command("A1", Jump(-3_600_000_000))),
        ("clock A1 +0s", Command("A1", Jump(0))),
        ("disk A2 sync-fails", Command("A2", SetDisk("sync-fails"))),
        ("disk A2 ok", Command("A2", SetDisk("ok"))),
        ("disk A2 lose-unsynced", Command("A2", LoseUnsynced())),
        ("corrupt A2", Command("A2", "corrupt")),
    ],
)
def test_commands(words: str, command: Command) -> None:
    assert parse(words.split(), PROCESSES) == command
    assert any(line.startswith(words.split()[0]) for line in USAGE.splitlines() for line in line.split(", "))


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ("", "no command was given"),
        ("fly A1", "'fly A1' is no command"),
        ("cut", "'cut' is no command"),
        ("cut A1 A2", "'cut A1 A2' is no command"),
        ("heal A1", "'heal A1' is no command"),
        ("latency A1", "'latency A1' is no command"),
        ("cut A9", "'A9' is no process of this cluster: A, A1, A2"),
        ("cut A1-A9", "'A9' is no process"),
        ("cut A1-", "'' is no process"),
        ("cut A1-A1", "A1-A1: both ends are the same process"),
        ("latency A1 60", "'60' is no length of time, like 60ms"),
        ("latency A1 -60ms", "'-60ms' is no length of time, like 60ms"),
        ("clock A1 noon", "'noon' is no length of time, like +3600s"),
        ("duplicate A1 0.2", "'0.2' is no share, like 20%"),
        ("loss A1 101%", "'101%' is no share"),
        ("disk A1 empty", "'empty' is no state of a disk: ok, full, sync-fails, slow, lose-unsynced"),
    ],
)
def test_what_is_no_command_is_told_in_one_line(words: str, complaint: str) -> None:
    with pytest.raises(RequestError) as refused:
        parse(words.split(), PROCESSES)
    assert complaint in refused.value.message
    assert "\n" not in refused.value.message


def test_a_witness_has_a_name_although_no_process_is_called_so() -> None:
    assert parse(["down", "W"], TWO_REGIONS.processes) == Command("W", Keep("W", up=False))
    assert parse(["up", "W1"], TWO_REGIONS.processes) == Command("W1", Keep("W1", up=True))
    with pytest.raises(RequestError, match="'W' is no process of this cluster: A, A1, A2"):
        parse(["down", "W"], PROCESSES)


def test_a_timeline_has_a_command_a_line(tmp_path: Path) -> None:
    file = tmp_path / "timeline"
    file.write_text("# begins\n0 cut A1\n\n1.5 heal  # ends\n1.5 kill A2\n")
    assert read_timeline(file, PROCESSES) == [
        Due(0.0, parse(["cut", "A1"], PROCESSES)),
        Due(1.5, parse(["heal"], PROCESSES)),
        Due(1.5, parse(["kill", "A2"], PROCESSES)),
    ]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("cut A1", "'cut' is no time in seconds, like 12.5"),
        ("2 cut A9", "'A9' is no process"),
        ("2", "no command was given"),
        ("0.5 heal", "0.5 lies before the line above; sort the lines by time"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, complaint: str) -> None:
    file = tmp_path / "timeline"
    file.write_text(f"1 cut A1\n{line}\n")
    with pytest.raises(RequestError) as refused:
        read_timeline(file, PROCESSES)
    assert refused.value.message.startswith(f"{file}:2: ")
    assert complaint in refused.value.message


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=r"timeline: cannot be read: .*No such file"):
        read_timeline(tmp_path / "timeline", PROCESSES)
