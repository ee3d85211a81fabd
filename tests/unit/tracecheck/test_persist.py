"""Files that belong to the newest monitor, and the state that is of no use to it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.unit.tracecheck.conftest import MakeSpec
from tracecheck import Plan, UsageError
from tracecheck.past import SavedPast
from tracecheck.persist import OwnedFile, State, StateFile, SupersededError, fingerprint

EMPTY = SavedPast(0, [], {})


def content(run: str, value: int) -> bytes:
    return msgspec.json.encode({"run": run, "value": value})


def test_only_the_last_claimant_writes(tmp_path: Path) -> None:
    path = tmp_path / "status.json"
    old, new = OwnedFile(path, "old"), OwnedFile(path, "new")
    old.claim(content("old", 1))
    old.write(content("old", 2))
    new.claim(content("new", 3))
    with pytest.raises(SupersededError, match="another monitor has taken over"):
        old.write(content("old", 4))
    assert path.read_bytes() == content("new", 3)
    new.write(content("new", 5))
    assert path.read_bytes() == content("new", 5)


def test_a_file_that_was_removed_or_spoilt_is_written_again(tmp_path: Path) -> None:
    path = tmp_path / "status.json"
    file = OwnedFile(path, "one")
    file.claim(content("one", 1))
    path.unlink()
    file.write(content("one", 2))
    assert file.read() == content("one", 2)
    path.write_bytes(b"no JSON")
    file.write(content("one", 3))
    assert file.read() == content("one", 3)


def test_where_nothing_can_be_written_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written: No such file or directory"):
        OwnedFile(tmp_path / "none" / "status.json", "one").claim(b"{}")


def test_a_failed_write_leaves_the_old_content(tmp_path: Path) -> None:
    path = tmp_path / "status.json"
    file = OwnedFile(path, "one")
    file.claim(content("one", 1))
    (tmp_path / "status.json.new").mkdir()
    with pytest.raises(UsageError, match="cannot be written: Is a directory"):
        file.write(content("one", 2))
    assert file.read() == content("one", 1)


def test_a_state_is_found_again_and_claimed(tmp_path: Path, adjudication: Plan) -> None:
    path = tmp_path / "state.json"
    first = StateFile(path, "first", [adjudication])
    assert first.take_over() == (None, "there was no saved state")
    first.save(7, 70, EMPTY, [], [{"a": 1}])
    second = StateFile(path, "second", [adjudication])
    state, reason = second.take_over()
    assert reason is None
    assert state is not None
    assert (state.events, state.checked_up_to, state.checkers) == (7, 70, [{"a": 1}])
    with pytest.raises(SupersededError):
        first.save(8, 80, EMPTY, [], [{}])
    third, _ = StateFile(path, "third", [adjudication]).take_over()
    assert third is not None
    assert third.events == 7, "claimed, not emptied"


@pytest.mark.parametrize(
    ("spoilt", "words"),
    [
        (b"no JSON", "holds no state of a monitor"),
        (b'{"run":"x"}', "holds no state of a monitor"),
        (b"", "holds no state of a monitor"),
    ],
)
def test_a_state_that_cannot_be_read_is_not_used(tmp_path: Path, adjudication: Plan, spoilt: bytes, words: str) -> None:
    path = tmp_path / "state.json"
    path.write_bytes(spoilt)
    state, reason = StateFile(path, "one", [adjudication]).take_over()
    assert state is None
    assert reason is not None
    assert words in reason


def test_a_state_of_another_format_or_of_other_specs_is_not_used(
    tmp_path: Path, adjudication: Plan, isolation: Plan
) -> None:
    path = tmp_path / "state.json"
    file = StateFile(path, "one", [adjudication])
    file.take_over()
    file.save(7, 70, EMPTY, [], [{}])
    state, reason = StateFile(path, "two", [isolation]).take_over()
    assert (state, reason) == (None, f"{path} was saved with other specs or mappings")
    file.take_over()
    file.save(7, 70, EMPTY, [], [{}])
    later = msgspec.structs.replace(msgspec.json.decode(path.read_bytes(), type=State), format=2)
    path.write_bytes(msgspec.json.encode(later))
    state, reason = StateFile(path, "two", [adjudication]).take_over()
    assert (state, reason) == (None, f"{path} has format 2, this monitor reads format 1")


def test_the_fingerprint_changes_with_each_file_that_matters(make_spec: MakeSpec, tmp_path: Path) -> None:
    """Also with a module that the spec only extends."""
    make_spec("Base", "VARIABLE x\nInit == x = 0\nStep == x' = x")
    spec = make_spec("S", "EXTENDS Base\nNext == Step")
    mapping = tmp_path / "mapping.toml"
    mapping.write_text('[events]\n"S!Step" = "Step"\n')
    plan = Plan(spec, mapping)
    known = {fingerprint([plan])}
    for path in (spec, spec.with_suffix(".cfg"), spec.with_name("Base.tla"), mapping):
        path.write_text(path.read_text() + "\n")
        known.add(fingerprint([plan]))
    assert len(known) == 5
    assert fingerprint([plan]) in known
