"""A directory of traces: one cluster's, over all its restarts."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from daybreak.base.ids import NodeId
from daybreak.errors import OperatorError
from daybreak.trace.directory import CHUNK_BYTES, TraceDirectory, last_number
from tests.support.roles import ManualClock

NODE = NodeId("A/qp-3")
CLUSTER = "c1"


def write(directory: Path, count: int, *, size: int = 1) -> Path:
    """Open a node's recorder, as a new life of it does, and record some events; it is not closed."""
    trace = TraceDirectory(directory, CLUSTER).recorder(NODE, ManualClock())
    for _ in range(count):
        trace.record("M!A", {"x": "y" * size})
    return directory / "A_qp-3.ndjson"


def numbers(file: Path) -> list[int]:
    """The numbers of all events of a file."""
    return [msgspec.json.decode(line)["n"] for line in file.read_bytes().splitlines()]


def test_counting_goes_on_where_the_previous_life_stopped(tmp_path: Path) -> None:
    directory = tmp_path / "deep" / "trace"
    for _ in range(3):
        file = write(directory, 4)
    assert numbers(file) == list(range(1, 13))


@pytest.mark.parametrize("size", [CHUNK_BYTES - 300, CHUNK_BYTES, 3 * CHUNK_BYTES])
def test_the_last_line_is_found_however_long_it_is(tmp_path: Path, size: int) -> None:
    file = write(tmp_path, 1, size=size)
    assert last_number(file) == 1
    write(tmp_path, 2, size=size)
    assert last_number(file) == 3


@pytest.mark.parametrize("padding", range(12, 19))
def test_the_last_line_is_found_wherever_a_chunk_ends(tmp_path: Path, padding: int) -> None:
    file = tmp_path / "node.ndjson"
    last = b'{"n":7,"x":"%s"}\n' % (b"y" * (CHUNK_BYTES - padding))
    file.write_bytes(b'{"n":6,"x":"%s"}\n' % (b"y" * 200) + last)
    assert last_number(file) == 7


def test_an_empty_or_absent_file_has_no_events(tmp_path: Path) -> None:
    file = tmp_path / "node.ndjson"
    assert last_number(file) == 0
    file.touch()
    assert last_number(file) == 0


@pytest.mark.parametrize("cut", [1, 2, 40])
def test_a_last_line_that_is_cut_short_is_refused_and_named(tmp_path: Path, cut: int) -> None:
    file = write(tmp_path, 2)
    file.write_bytes(file.read_bytes()[:-cut])
    with pytest.raises(OperatorError, match="last line is no event") as error:
        write(tmp_path, 1)
    assert error.value.message.startswith(str(file))


@pytest.mark.parametrize("line", [b"\n", b"nonsense\n", b'{"m":1}\n', b'{"n":"1"}\n'])
def test_a_last_line_that_is_no_event_is_refused(tmp_path: Path, line: bytes) -> None:
    file = write(tmp_path, 2)
    with file.open("ab") as handle:
        handle.write(line)
    with pytest.raises(OperatorError, match="last line is no event"):
        last_number(file)


def test_the_trace_of_another_cluster_is_refused(tmp_path: Path) -> None:
    write(tmp_path, 1)
    with pytest.raises(OperatorError, match="holds the trace of another cluster"):
        TraceDirectory(tmp_path, "c2")


@pytest.mark.parametrize("content", [b"", b"{", b"[]"])
def test_an_identity_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "cluster.json").write_bytes(content)
    with pytest.raises(OperatorError, match=r"cluster\.json: cannot be read"):
        TraceDirectory(tmp_path, CLUSTER)


def test_a_place_that_is_no_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in (tmp_path / "file", tmp_path / "file" / "trace"):
        with pytest.raises(OperatorError, match="cannot be used as trace directory"):
            TraceDirectory(place, CLUSTER)


def test_a_trace_file_that_cannot_be_opened_is_refused_and_named(tmp_path: Path) -> None:
    directory = TraceDirectory(tmp_path, CLUSTER)
    (tmp_path / "A_qp-3.ndjson").mkdir()
    with pytest.raises(OperatorError, match=r"A_qp-3\.ndjson: cannot be used"):
        directory.recorder(NODE, ManualClock())
