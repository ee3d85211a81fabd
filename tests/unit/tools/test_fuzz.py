"""The fuzzers' command and search, on a target that fails when it is told to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from hypothesis import strategies as st

from tools.fuzz import __main__ as command
from tools.fuzz.target import Check, Target, case_of, keep, kept, search


class Case(msgspec.Struct, frozen=True):
    data: bytes


def check(case: Case) -> None:
    assert b"\x07" not in case.data, "seven"


@contextmanager
def opened(directory: Path) -> Iterator[Check]:
    yield check


TARGET = Target("sevens", "there are none", Case, st.builds(Case, st.binary(max_size=50)), opened)
FINE = Target("fine", "all is well", Case, st.builds(Case, st.just(b"a")), opened)


@pytest.fixture(autouse=True)
def targets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "TARGETS", {"sevens": TARGET, "fine": FINE})


def test_what_fails_is_shrunk() -> None:
    tally = search(TARGET, check, number=1, inputs=500)
    assert tally.found is not None and tally.found.case == Case(b"\x07")


def test_a_seed_says_which_inputs_there_are() -> None:
    seen: list[list[Case]] = [[], [], []]
    for number, cases in zip((1, 1, 2), seen, strict=True):
        search(TARGET, lambda case: None, number=number, inputs=20, before=cases.append)
    assert seen[0] == seen[1] != seen[2]


def test_what_is_found_is_kept_with_the_command_that_shows_it_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["sevens", "--keep", str(tmp_path), "--seed", "3"]) == 1
    (path,) = tmp_path.iterdir()
    assert path.name == "sevens-3.json"
    assert case_of(path, TARGET, kept(path)) == Case(b"\x07")
    assert command.main(["--input", str(path)]) == 1
    assert "it still fails" in capsys.readouterr().out


def test_an_input_that_is_well_again_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keep(tmp_path / "one.json", TARGET, Case(b"abc"))
    assert command.main(["--input", str(tmp_path / "one.json")]) == 0
    assert capsys.readouterr().out == "sevens: taken as it should be\n"


def test_time_that_is_over_ends_the_search(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["fine", "--minutes", "0", "--keep", str(tmp_path)]) == 0
    assert "nothing found" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["sixes"], "no target 'sixes': there are sevens, fine, and all"),
        (["--input", "none.json"], "none.json: no such file"),
        (["--input", "{}"], "not an input that tools.fuzz has kept"),
        (["--input", '{"target":"fine","case":{"data":1}}'], "not an input of fine as it is now"),
    ],
)
def test_a_mistake_has_one_line(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if words[-1].startswith("{"):
        (tmp_path / "bad.json").write_text(words[-1])
        words = [*words[:-1], str(tmp_path / "bad.json")]
    assert command.main(words) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1
