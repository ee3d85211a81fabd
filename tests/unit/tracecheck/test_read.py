"""Lines become events, or findings that say what is wrong with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tracecheck import UsageError
from tracecheck.read import Entry, Finding, LogFile, log_files, parse_line

GOOD: dict[str, Any] = {
    "v": 1,
    "n": 18213,
    "node": "A/adj-0",
    "epoch": 4,
    "at": [1790000000123456, 1790000000123460],
    "act": "Adjudication!Commit",
    "slice": "adj-0",
    "args": {"txn": "t7f", "ts": 1790000000123460},
    "cause": [["A/qp-3", 991]],
}


def parse(change: dict[str, Any]) -> Entry | Finding:
    return parse_line(json.dumps(GOOD | change).encode(), "a.ndjson", 7)


def test_an_event_is_read_exactly() -> None:
    found = parse({})
    assert isinstance(found, Entry)
    assert found.event.at == (1790000000123456, 1790000000123460)
    assert found.event.cause == [("A/qp-3", 991)]
    assert found.event.args == GOOD["args"]
    assert found.place == "a.ndjson:7"


@pytest.mark.parametrize("field", ["epoch", "slice", "cause"])
def test_some_fields_may_be_left_out(field: str) -> None:
    line = json.dumps({k: v for k, v in GOOD.items() if k != field}).encode()
    assert isinstance(parse_line(line, "a", 1), Entry)


@pytest.mark.parametrize("field", ["v", "n", "node", "at", "act", "args"])
def test_other_fields_may_not(field: str) -> None:
    found = parse_line(json.dumps({k: v for k, v in GOOD.items() if k != field}).encode(), "a", 1)
    assert isinstance(found, Finding)
    assert (found.kind, field in found.message) == ("malformed", True)


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        ({"colour": 1}, "malformed", "unknown field `colour`"),
        ({"n": 0}, "malformed", "$.n"),
        ({"n": 1.5}, "malformed", "$.n"),
        ({"n": True}, "malformed", "$.n"),
        ({"node": ""}, "malformed", "$.node"),
        ({"at": [1]}, "malformed", "$.at"),
        ({"at": [2, 1]}, "malformed", "no interval of time"),
        ({"at": [-1, 1]}, "malformed", "no interval of time"),
        ({"args": []}, "malformed", "$.args"),
        ({"cause": [["a"]]}, "malformed", "$.cause"),
        ({"v": 2}, "version", "format 2; this checker reads format 1"),
    ],
)
def test_what_is_wrong_is_said(change: dict[str, Any], kind: str, words: str) -> None:
    found = parse(change)
    assert isinstance(found, Finding)
    assert (found.kind, found.file, found.line) == (kind, "a.ndjson", 7)
    assert words in found.message


def line(n: int) -> bytes:
    return json.dumps(GOOD | {"n": n}).encode() + b"\n"


@pytest.mark.parametrize("raw", [b"", b"{", b"nonsense", line(1) + b"x", line(1).replace(b"Commit", b"\xff")])
def test_what_is_no_json_is_said(raw: bytes) -> None:
    found = parse_line(raw, "a", 1)
    assert isinstance(found, Finding)
    assert found.kind == "unparsable"


def test_a_growing_log_is_read_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    path.write_bytes(line(1) + line(2)[:10])
    log = LogFile(path)
    assert [item.event.n for item in log.read() or () if isinstance(item, Entry)] == [1]
    assert (log.torn, log.read()) == (True, None)
    with path.open("ab") as stream:
        stream.write(line(2)[10:] + line(3))
    assert [item.event.n for item in log.read() or () if isinstance(item, Entry)] == [2, 3]
    assert (log.torn, log.line) == (False, 3)


def test_a_log_longer_than_a_piece_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    path.write_bytes(b"".join(line(n) for n in range(1, 1001)))
    log, found = LogFile(path), []
    while (items := log.read()) is not None:
        found += [item.event.n for item in items if isinstance(item, Entry)]
    assert found == list(range(1, 1001))


def test_a_log_that_shrinks_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    path.write_bytes(line(1) + line(2))
    log = LogFile(path)
    log.read()
    path.write_bytes(line(1))
    assert [item.kind for item in log.read() or () if isinstance(item, Finding)] == ["shrunk"]


def test_a_log_that_goes_away_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    path.write_bytes(line(1))
    log = LogFile(path)
    path.unlink()
    assert [item.kind for item in log.read() or () if isinstance(item, Finding)] == ["unreadable"]


def test_logs_are_files_and_directories_of_them(tmp_path: Path) -> None:
    for name in ("b.ndjson", "a.ndjson", "notes.txt"):
        (tmp_path / name).touch()
    assert [log.path.name for log in log_files([tmp_path])] == ["a.ndjson", "b.ndjson"]
    assert [log.path.name for log in log_files([tmp_path / "notes.txt", tmp_path, tmp_path])] == [
        "notes.txt",
        "a.ndjson",
        "b.ndjson",
    ]
    with pytest.raises(UsageError, match="no such log"):
        log_files([tmp_path / "none"])
