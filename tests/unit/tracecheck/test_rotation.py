"""Logs that are rotated, deleted, copied and cut short, and nodes that restart, while they are followed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.support.growing import Log
from tests.unit.tracecheck.test_follow import Reader, names
from tracecheck import read
from tracecheck.feed import ordered
from tracecheck.read import Entry, Finding, log_files


def test_a_log_that_is_renamed_is_read_to_its_end_and_then_its_successor(tmp_path: Path) -> None:
    log, reader = Log(tmp_path, "a"), Reader(tmp_path)
    log.write(3)
    assert reader.take() == names("a", 1, 3)
    log.write(2)
    log.rotate()
    log.write(2)
    log.rotate()
    log.write(1)
    assert reader.take() == names("a", 4, 8)
    assert reader.finding is None


def test_findings_name_the_file_as_it_is_called_now(tmp_path: Path) -> None:
    log, reader = Log(tmp_path, "a"), Reader(tmp_path)
    log.write(3)
    reader.take()
    log.rotate()
    with log.older(1).open("ab") as stream:
        stream.write(b"no event\n")
    reader.take()
    assert reader.merger.stopped is not None
    assert (reader.merger.stopped.file, reader.merger.stopped.line) == (str(log.older(1)), 4)


def test_older_parts_are_found_when_the_follower_comes_later(tmp_path: Path) -> None:
    log = Log(tmp_path, "a")
    for _ in range(12):
        log.write(2)
        log.rotate(keep=20)
    log.write(1)
    os.rename(log.older(3), log.path.with_name("a.ndjson-20261123"))
    reader = Reader(tmp_path)
    assert reader.take() == names("a", 1, 25)
    assert reader.finding is None


def test_finished_logs_may_have_been_rotated_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each part is longer than what is read at a time."""
    monkeypatch.setattr(read, "_CHUNK", 300)
    log, other = Log(tmp_path, "a"), Log(tmp_path, "b", start=5)
    for _ in range(4):
        log.write(20)
        other.write(20)
        log.rotate()
    log.write(1)
    found = [item for item in ordered(log_files([tmp_path])) if isinstance(item, Entry)]
    assert [f"{entry.event.node}{entry.event.n}" for entry in found] == [
        f"{node}{n}" for n in range(1, 82) for node in "ab" if (node, n) != ("b", 81)
    ]
    log.older(2).rename(tmp_path / "a.ndjson.2.gz")
    *_, last = ordered(log_files([tmp_path]))
    assert isinstance(last, Finding)
    assert (last.kind, last.file) == ("gap", str(log.older(1)))


def test_an_older_part_that_was_compressed_away_is_a_gap(tmp_path: Path) -> None:
    log, other = Log(tmp_path, "a"), Log(tmp_path, "b")
    log.write(3)
    log.rotate()
    log.write(1)
    log.older(1).rename(log.path.with_name("a.ndjson.1.gz"))
    other.write(1)
    reader = Reader(tmp_path)
    assert reader.take() == [], "whatever b did may depend on what a did"
    missing = reader.merger.stuck()
    assert missing is not None
    assert (missing.kind, missing.file, missing.line) == ("gap", str(log.path), 1)
    assert "events 1 to 3 of a" in missing.message


def test_a_writer_may_go_on_in_the_renamed_file_for_a_while(tmp_path: Path) -> None:
    log, other, reader = Log(tmp_path, "a"), Log(tmp_path, "b", start=100), Reader(tmp_path)
    log.write(2)
    assert reader.take() == names("a", 1, 2)
    old = os.open(log.path, os.O_WRONLY | os.O_APPEND)
    log.rotate()
    text = len(log.older(1).read_bytes())
    log.path = log.older(1)
    log.write(2)
    late = log.path.read_bytes()[text:]
    os.truncate(log.path, text)
    log.path = log.path.with_name("a.ndjson")
    log.write(1)
    other.write(1)
    assert reader.take() == [], "events 3 and 4 are still to come"
    os.write(old, late)
    os.close(old)
    assert reader.take() == [*names("a", 3, 5), "b1"]
    assert reader.finding is None


def test_a_deleted_log_is_read_to_its_end(tmp_path: Path) -> None:
    log, reader = Log(tmp_path, "a"), Reader(tmp_path)
    log.write(1)
    assert reader.take() == ["a1"]
    with log.path.open("ab") as stream:
        log.path.rename(tmp_path / "elsewhere")
        elsewhere = Log(tmp_path, "elsewhere")
        elsewhere.path, elsewhere.node, elsewhere.n, elsewhere.now = tmp_path / "elsewhere", "a", log.n, log.now
        elsewhere.write(1)
        (tmp_path / "elsewhere").unlink()
        log.n, log.now = elsewhere.n, elsewhere.now
        assert stream.writable()
        assert reader.take() == ["a2"]
    log.write(1)
    assert reader.take() == ["a3"]
    assert reader.finding is None


def test_a_node_that_restarts_may_go_on_in_a_new_file(tmp_path: Path) -> None:
    log, reader = Log(tmp_path, "a"), Reader(tmp_path)
    log.write(2)
    assert reader.take() == names("a", 1, 2)
    log.path = tmp_path / "a-second-life.ndjson"
    log.write(2)
    assert reader.take() == names("a", 3, 4)
    log.path = tmp_path / "a.ndjson"
    log.n, log.now = 2, 20
    log.write(1)
    reader.take()
    assert reader.finding == "two-files", "the first file may not go on with numbers that the second has had"


def test_a_node_that_begins_to_count_anew_is_reported(tmp_path: Path) -> None:
    log, reader = Log(tmp_path, "a"), Reader(tmp_path)
    log.write(3)
    assert reader.take() == names("a", 1, 3)
    log.rotate()
    log.n = 0
    log.write(1)
    assert reader.take() == []
    assert reader.finding == "two-files"


@pytest.mark.parametrize("grows", [0, 1, 40])
def test_a_log_that_is_copied_and_cut_short_is_reported(tmp_path: Path, grows: int) -> None:
    """However much has been written to it by the time the follower looks again."""
    log, reader = Log(tmp_path, "a"), Reader(tmp_path)
    log.write(10)
    assert len(reader.take()) == 10
    shutil.copy(log.path, log.older(1))
    os.truncate(log.path, 0)
    log.write(grows)
    reader.take()
    assert reader.finding in ("shrunk", "two-files")
    assert reader.merger.stopped is not None
    words = "cut short" if reader.finding == "shrunk" else "not by copying"
    assert words in reader.merger.stopped.message


def test_a_log_that_is_written_over_is_reported(tmp_path: Path) -> None:
    log, reader = Log(tmp_path, "a"), Reader(tmp_path)
    log.write(10)
    assert len(reader.take()) == 10
    os.truncate(log.path, 0)
    log.write(40)
    reader.take()
    assert reader.finding == "shrunk"


def test_a_log_that_loses_its_end_is_reported(tmp_path: Path) -> None:
    log, reader = Log(tmp_path, "a"), Reader(tmp_path)
    log.write(40)
    assert len(reader.take()) == 40
    os.truncate(log.path, log.path.stat().st_size // 2)
    reader.take()
    assert reader.finding == "shrunk"


def test_a_copy_of_a_log_is_reported(tmp_path: Path) -> None:
    log, reader = Log(tmp_path, "a"), Reader(tmp_path)
    log.write(3)
    reader.take()
    shutil.copy(log.path, log.older(1))
    reader.take()
    assert reader.finding == "two-files"
    assert reader.merger.stopped is not None
    assert reader.merger.stopped.message.startswith("event 1 of a is also in")


def test_a_new_log_with_the_number_of_a_deleted_file_is_another(tmp_path: Path) -> None:
    """File systems give an inode's number again, as soon as nobody holds it."""
    log, reader = Log(tmp_path, "a"), Reader(tmp_path)
    for _ in range(3):
        log.write(2)
        log.rotate(keep=1)
        log.write(2)
        reader.take()
        log.older(1).unlink()
        Log(tmp_path, "b", start=log.now).path.unlink(missing_ok=True)
    log.write(1)
    assert reader.take() == ["a13"]
    assert reader.finding is None
