"""The recorder: numbers, causes, and what is in the file at any moment."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from daybreak.base.ids import NodeId
from daybreak.base.writes import Access
from daybreak.errors import OperatorError
from daybreak.trace.recorder import FileSink, NoTrace, Recorder, Trace, plain
from daybreak.trace.schema import SCHEMA_VERSION, Event
from tests.support.roles import ManualClock, MemorySink, key, time

NODE = NodeId("A/qp-3")


def recorder(*, first: int = 1, slice_name: str | None = None) -> tuple[Recorder, MemorySink]:
    """A recorder that writes to memory."""
    sink = MemorySink()
    return Recorder(NODE, ManualClock(error_us=2), sink, first=first, slice_name=slice_name), sink


def causes(sink: MemorySink) -> list[dict[str, int]]:
    """The causes of all events."""
    return [dict(event.cause) for event in sink.events()]


def test_an_event_is_one_line_of_json_with_everything_the_checker_needs() -> None:
    trace, sink = recorder(slice_name="adj-0")
    trace.epoch = 4
    trace.observe((("A/adj-0", 9),))
    trace.record("M!Commit", {"txn": "t", "keys": {key("k"): Access.WRITE}, "ts": time(1)})
    (line,) = sink.lines
    assert line.endswith(b"}\n")
    assert line.count(b"\n") == 1
    assert msgspec.json.decode(line) == {
        "v": SCHEMA_VERSION,
        "n": 1,
        "node": "A/qp-3",
        "epoch": 4,
        "at": [time(-2), time(2)],
        "act": "M!Commit",
        "slice": "adj-0",
        "args": {"txn": "t", "keys": {"00000010/6b": "W"}, "ts": time(1)},
        "cause": [["A/adj-0", 9]],
    }


def test_what_is_absent_takes_no_room() -> None:
    trace, sink = recorder()
    trace.record("M!A", {})
    assert msgspec.json.decode(sink.lines[0]).keys() == {"v", "n", "node", "at", "act", "args"}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (frozenset({key("b"), key("a")}), ["00000010/61", "00000010/62"]),
        ({"b", "a"}, ["a", "b"]),
        ({key("a"): {key("b"): 1}}, {"00000010/61": {"00000010/62": 1}}),
        ([key("a"), ("x", 2)], ["00000010/61", ["x", 2]]),
        ({1: 2}, {"1": 2}),
        (key("a"), "00000010/61"),
        (None, None),
        (Access.SHARE, "S"),
    ],
)
def test_keys_are_shown_as_text_wherever_they_stand(value: object, shown: object) -> None:
    assert plain(value) == shown


def test_events_are_numbered_without_a_gap_from_where_the_node_stopped() -> None:
    trace, sink = recorder(first=42)
    for _ in range(3):
        trace.record("M!A", {})
    assert [event.n for event in sink.events()] == [42, 43, 44]
    assert trace.next_number == 45


def test_the_cause_of_an_event_is_the_newest_known_of_each_other_node() -> None:
    trace, sink = recorder()
    trace.observe((("a", 3), ("b", 1)))
    trace.observe((("a", 5),))
    trace.observe((("a", 4),))
    trace.record("M!A", {})
    assert causes(sink) == [{"a": 5, "b": 1}]


def test_a_cause_is_named_once() -> None:
    trace, sink = recorder()
    trace.observe((("a", 5),))
    trace.record("M!A", {})
    trace.observe((("a", 5),))
    trace.observe((("a", 4),))
    trace.record("M!B", {})
    trace.observe((("a", 6),))
    trace.record("M!C", {})
    assert causes(sink) == [{"a": 5}, {}, {"a": 6}]


def test_a_node_is_no_cause_of_its_own_events() -> None:
    trace, sink = recorder()
    trace.observe(((str(NODE), 7), ("a", 1)))
    trace.record("M!A", {})
    assert causes(sink) == [{"a": 1}]


def test_a_message_takes_along_the_own_last_event_and_what_was_learnt_since() -> None:
    trace, _ = recorder()
    assert trace.context() == ()
    trace.observe((("a", 5),))
    assert trace.context() == (("a", 5),)
    trace.record("M!A", {})
    assert trace.context() == ((NODE, 1),), "its event names the rest"
    trace.observe((("b", 2),))
    assert trace.context() == ((NODE, 1), ("b", 2))


def test_knowledge_passes_through_a_node_that_has_no_events() -> None:
    relay, _ = recorder()
    relay.observe((("a", 5),))
    trace, sink = recorder()
    trace.observe(relay.context())
    trace.record("M!A", {})
    assert causes(sink) == [{"a": 5}]


def test_a_restarted_node_still_speaks_of_its_previous_life() -> None:
    trace, _ = recorder(first=42)
    assert trace.context() == ((NODE, 41),)


def test_the_twin_that_records_nothing_takes_the_same_calls() -> None:
    wanted = {name for name in vars(Trace) if not name.startswith("_")} | set(Trace.__annotations__)
    for kind in (NoTrace, Recorder):
        made: Trace = NoTrace() if kind is NoTrace else recorder()[0]
        assert all(hasattr(made, name) for name in wanted)
        for name in wanted - set(Trace.__annotations__):
            expected = inspect.signature(getattr(Trace, name))
            assert inspect.signature(getattr(kind, name)).parameters.keys() == expected.parameters.keys()
    nothing = NoTrace()
    nothing.record("M!A", {})
    nothing.observe((("a", 1),))
    assert nothing.context() == ()
    nothing.close()


def test_a_line_is_in_the_file_before_the_call_returns(tmp_path: Path) -> None:
    file = tmp_path / "node.ndjson"
    trace = Recorder(NODE, ManualClock(), FileSink(file))
    for count in range(1, 4):
        trace.record("M!A", {})
        assert len(file.read_bytes().splitlines()) == count
    trace.close()
    trace.close()


def test_the_file_of_a_killed_process_has_every_event(tmp_path: Path) -> None:
    file = tmp_path / "node.ndjson"
    script = (
        "import os, signal, sys, pathlib\n"
        "from daybreak.base.ids import NodeId\n"
        "from daybreak.runtime.local.clock import SystemClock\n"
        "from daybreak.trace.recorder import FileSink, Recorder\n"
        "trace = Recorder(NodeId('n'), SystemClock(), FileSink(pathlib.Path(sys.argv[1])))\n"
        "for _ in range(100): trace.record('M!A', {'x': 'y' * 5000})\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert subprocess.run([sys.executable, "-c", script, str(file)], check=False).returncode == -9
    events = [msgspec.json.decode(line, type=Event) for line in file.read_bytes().splitlines()]
    assert [event.n for event in events] == list(range(1, 101))


def test_a_file_that_takes_no_more_is_the_operators_to_mend() -> None:
    sink = FileSink(Path("/dev/full"))
    with pytest.raises(OperatorError, match=r"/dev/full: .*No space left"):
        sink.write(b"{}\n")
    sink.close()


def test_a_line_that_is_written_in_part_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    sink = FileSink(tmp_path / "node.ndjson")
    monkeypatch.setattr(os, "write", lambda fd, line: len(line) - 1)
    with pytest.raises(OperatorError, match="cut short"):
        sink.write(b"{}\n")
    sink.close()
