"""The file of a case holds all that its run depends on; what is wrong with one is said in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from daybreak.control.chaos.words import read_timeline
from daybreak.errors import OperatorError, RequestError
from daybreak.simulation.case import Case, read_case, write_case
from daybreak.simulation.profiles import PROFILES, draw
from daybreak.simulation.run import Options


@pytest.mark.parametrize("profile", PROFILES)
def test_a_case_survives_its_file(profile: str, tmp_path: Path) -> None:
    for seed in range(20):
        case = Case(seed, draw(profile, seed))
        write_case(case, tmp_path / "case.json")
        assert read_case(tmp_path / "case.json") == case


def test_timelines_survive_too(tmp_path: Path) -> None:
    story = tmp_path / "story"
    story.write_text("0 cut A1-A2\n1 disk A2 slow\n2 kill A1\n2.5 clock A3 +3600s\n3 disk A2 lose-unsynced\n4 heal\n")
    case = Case(1, Options(timeline=tuple(read_timeline(story, ("A", "A1", "A2", "A3")))))
    write_case(case, tmp_path / "case.json")
    assert read_case(tmp_path / "case.json") == case


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "Input data was truncated"),
        ('{"seed": 1}', "Object missing required field `options`"),
        ('{"seed": 1, "options": {"clients": "many"}}', r"Expected `int`, got `str` - at `\$\.options\.clients`"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, complaint: str, tmp_path: Path) -> None:
    file = tmp_path / "case.json"
    file.write_text(text)
    with pytest.raises(RequestError, match=f"^{file}: {complaint}"):
        read_case(file)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=r"none: cannot be read: No such file or directory$"):
        read_case(tmp_path / "none")
