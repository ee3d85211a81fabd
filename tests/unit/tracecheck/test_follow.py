"""A directory of logs that grows: what is read of it, and in which order it is given on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.growing import Log, line
from tracecheck import follow, tail
from tracecheck.follow import Follower
from tracecheck.order import Merger
from tracecheck.read import LineFormat


class Reader:
    """A follower whose events are taken as they come; `newer_by` is how far the newest ones are held back."""

    def __init__(self, directory: Path, form: LineFormat | None = None) -> None:
        self.merger = Merger()
        self.follower = Follower(directory, self.merger, form)

    def take(self, held_back: int = 0) -> list[str]:
        """What may come next now."""
        found: list[str] = []
        before = -1
        while self.follower.poll() or len(found) > before:
            before = len(found)
            while (entry := self.merger.pop(self.merger.newest - held_back)) is not None:
                found.append(f"{entry.event.node}{entry.event.n}")
                self.follower.refill()
        return found

    @property
    def finding(self) -> str | None:
        return self.merger.stopped.kind if self.merger.stopped is not None else None


def names(node: str, first: int, last: int) -> list[str]:
    return [f"{node}{n}" for n in range(first, last + 1)]


def test_logs_that_grow_are_read_on(tmp_path: Path) -> None:
    a, b, reader = Log(tmp_path, "a"), Log(tmp_path, "b", start=5), Reader(tmp_path)
    a.write(2)
    b.write(2)
    assert reader.take() == ["a1", "b1", "a2", "b2"]
    assert reader.take() == []
    a.write(1)
    assert reader.take() == ["a3"]
    assert reader.finding is None


def test_a_log_that_appears_late_is_taken_if_nothing_after_it_was(tmp_path: Path) -> None:
    a, reader = Log(tmp_path, "a"), Reader(tmp_path)
    a.write(3)
    assert reader.take() == ["a1", "a2", "a3"]
    Log(tmp_path, "b", start=25).write(1)
    assert reader.take() == ["b1"]
    Log(tmp_path, "c", start=5).write(1)
    assert reader.take() == []
    assert reader.finding == "late"
    assert reader.merger.stopped is not None
    assert (reader.merger.stopped.file, reader.merger.stopped.line) == (str(tmp_path / "c.ndjson"), 1)


def test_a_late_log_that_knew_of_what_was_passed_on_is_taken(tmp_path: Path) -> None:
    a, c, reader = Log(tmp_path, "a"), Log(tmp_path, "c", start=5), Reader(tmp_path)
    a.write(3)
    assert reader.take() == ["a1", "a2", "a3"]
    c.write(1, cause=[("a", 3)])
    assert reader.take() == ["c1"]


def test_a_line_is_taken_when_it_has_its_end(tmp_path: Path) -> None:
    reader, path, text = Reader(tmp_path), tmp_path / "a.ndjson", line("a", 1, 5)
    path.write_bytes(text[:20])
    assert reader.take() == []
    assert reader.follower.torn() == [str(path)]
    with path.open("ab") as stream:
        stream.write(text[20:])
    assert reader.take() == ["a1"]
    assert reader.follower.torn() == []


def test_a_line_without_end_is_not_kept_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail, "LONGEST_LINE", 10_000)
    reader = Reader(tmp_path)
    (tmp_path / "a.ndjson").write_bytes(line("a", 1, 5) + b"x" * 20_000)
    reader.take()
    assert reader.finding == "too-long"
    assert reader.merger.stopped is not None
    assert reader.merger.stopped.line == 2


def test_other_files_are_left_alone(tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    for name in ("a.ndjson.1.gz", "a.ndjson.gz", "a.json", ".ndjson", "a.ndjson.bak", "a.ndjson~", "notes.txt"):
        (tmp_path / name).write_bytes(b"\x1f\x8b no log\n")
    (tmp_path / "directory.ndjson").mkdir()
    assert reader.take() == []
    assert (reader.finding, reader.follower.logs) == (None, 0)


def test_a_log_that_cannot_be_read_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: object, flags: int) -> int:
        raise PermissionError(13, "Permission denied")

    Log(tmp_path, "a").write(1)
    reader = Reader(tmp_path)
    monkeypatch.setattr(os, "open", refused)
    reader.take()
    assert reader.finding == "unreadable"
    assert reader.merger.stopped is not None
    assert "Permission denied" in str(reader.merger.stopped)


def test_a_line_that_is_no_event_ends_the_order_there(tmp_path: Path) -> None:
    a, reader = Log(tmp_path, "a"), Reader(tmp_path)
    a.write(2)
    with a.path.open("ab") as stream:
        stream.write(b"no event\n" + line("a", 3, 30) + b"torn")
    assert reader.take() == ["a1", "a2"]
    assert reader.finding == "unparsable"
    assert reader.merger.stopped is not None
    assert reader.merger.stopped.line == 3
    (saved,) = reader.follower.save()
    assert (saved.place.line, saved.place.offset) == (2, a.path.read_bytes().index(b"no event"))


def test_not_more_than_a_bound_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail, "_CHUNK", 1_000)
    monkeypatch.setattr(follow, "_WAITING_IN_ALL", 100)
    monkeypatch.setattr(follow, "_WAITING_LEAST", 10)
    logs = [Log(tmp_path, node) for node in "abcd"]
    for log in logs:
        log.write(1_000)
    reader = Reader(tmp_path)
    for _ in range(100):
        reader.follower.poll()
    assert reader.merger.waiting_entries < 250
    assert reader.take() == [f"{node}{n}" for n in range(1, 1_001) for node in "abcd"]


def test_a_log_is_read_on_before_anything_later_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of both logs a first piece is read: the second event of `b` is in it, but comes after all of `a`."""
    monkeypatch.setattr(tail, "_CHUNK", 1_000)
    a, b, reader = Log(tmp_path, "a"), Log(tmp_path, "b"), Reader(tmp_path)
    a.write(100)
    b.now = 5_000
    b.write(1)
    assert reader.take() == [*names("a", 1, 100), "b1"]
    assert reader.finding is None


def test_the_newest_event_is_known_before_it_is_read(tmp_path: Path) -> None:
    a, reader = Log(tmp_path, "a"), Reader(tmp_path)
    a.write(3)
    reader.take()
    a.write(5_000)
    reader.follower.poll()
    assert reader.follower.newest_written() == a.now > reader.merger.newest


def test_deleted_logs_leave_nothing_behind(tmp_path: Path) -> None:
    log, reader = Log(tmp_path, "a"), Reader(tmp_path)
    open_before = len(os.listdir("/proc/self/fd"))
    for _ in range(50):
        log.write(3)
        log.rotate(keep=2)
        reader.take()
    log.write(1)
    assert reader.take() == ["a151"]
    assert reader.finding is None
    assert reader.follower.logs <= 3
    assert len(reader.merger._sources) <= 3
    assert len(os.listdir("/proc/self/fd")) - open_before <= 2
