"""Logs and specs that have nothing to do with Daybreak: other names, vector clocks, no clocks, many nodes in a file."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.unit.tracecheck.votes import CONFIG, MODULE
from tracecheck import CONFORMS, INCONCLUSIVE, VIOLATES, Result, UsageError, check
from tracecheck.mapping import load_mapping
from tracecheck.mapping.log import ENDLESS_US
from tracecheck.read import Entry, Finding, LogFile

MakeSpec = Callable[..., Path]
MakeMapping = Callable[[str], Path]
Line = dict[str, Any]

EVENTS = '[events]\nask = "Ask"\n'


def read(log: str, lines: Sequence[Any], make_mapping: MakeMapping, tmp_path: Path) -> list[Entry | Finding]:
    """The events of a file of these lines, in the format that the mapping's [log] says."""
    file = tmp_path / "a.log"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    found: list[Entry | Finding] = []
    source = LogFile(file, load_mapping(make_mapping(f"[log]\n{log}\n{EVENTS}")).log)
    while (items := source.read()) is not None:
        found += items
    return found


def one(log: str, line: Any, make_mapping: MakeMapping, tmp_path: Path) -> Entry:
    (found,) = read(log, [line], make_mapping, tmp_path)
    assert isinstance(found, Entry), found
    return found


# -- one line ----------------------------------------------------------------------------------------------------


def test_the_parts_of_an_event_stand_where_the_mapping_says(make_mapping: MakeMapping, tmp_path: Path) -> None:
    log = """
        event = "body.kind"
        node = "meta.host"
        sequence = "meta.seq"
        time = "meta.when"
        unit = "ms"
        error = 2.5
        causes = "meta.after"
        arguments = "body.fields"
        slice = "meta.shard"
        epoch = "meta.term"
    """
    meta = {"host": "h1", "seq": 7, "when": 1000, "after": [["h2", 3]], "shard": 4, "term": 2}
    line = {"meta": meta, "body": {"kind": "ask", "fields": {"who": "r1"}}, "other": None}
    event = one(log, line, make_mapping, tmp_path).event
    assert (event.act, event.node, event.n, event.args) == ("ask", "h1", 7, {"who": "r1"})
    assert (event.at, event.cause) == ((997_500, 1_002_500), [("h2", 3)])
    assert (event.slice, event.epoch) == ("4", 2)


def test_what_the_lines_do_not_say_follows_from_the_file(make_mapping: MakeMapping, tmp_path: Path) -> None:
    lines = [{"kind": "ask", "who": "r1"}, {"kind": "tell"}]
    first, second = read('event = "kind"', lines, make_mapping, tmp_path)
    assert isinstance(first, Entry)
    assert isinstance(second, Entry)
    assert (first.event.node, first.event.n, first.event.args) == ("a", 1, lines[0])
    assert (second.event.n, second.event.cause, second.event.at[1]) == (2, [], ENDLESS_US)


@pytest.mark.parametrize(
    ("unit", "time", "at"),
    [
        ("s", 1_790_000_000, (1_790_000_000_000_000, 1_790_000_000_000_000)),
        ("s", 1.5, (1_500_000, 1_500_000)),
        ("ms", 1_790_000_000_123, (1_790_000_000_123_000, 1_790_000_000_123_000)),
        ("us", 1_790_000_000_123_457, (1_790_000_000_123_457, 1_790_000_000_123_457)),
        ("ns", 1_790_000_000_123_457_891, (1_790_000_000_123_457, 1_790_000_000_123_457)),
        ("us", [3, 9], (3, 9)),
    ],
)
def test_times_are_exact(unit: str, time: Any, at: tuple[int, int], make_mapping: MakeMapping, tmp_path: Path) -> None:
    log = f'event = "kind"\ntime = "t"\nunit = "{unit}"'
    assert one(log, {"kind": "ask", "t": time}, make_mapping, tmp_path).event.at == at


def test_a_vector_clock_gives_number_and_causes(make_mapping: MakeMapping, tmp_path: Path) -> None:
    log = 'event = "kind"\nnode = "who"\nclock = "vc"'
    event = one(log, {"kind": "ask", "who": "b", "vc": {"a": 3, "b": 2, "c": 0}}, make_mapping, tmp_path).event
    assert (event.n, event.cause, event.at) == (2, [("a", 3)], (5, ENDLESS_US))


def test_lines_that_are_no_events_are_passed_over(make_mapping: MakeMapping, tmp_path: Path) -> None:
    lines = [{"msg": "hello"}, {"trace": {"kind": "ask"}}, {"msg": "bye"}, {"trace": {"kind": "ask"}}]
    found = read('event = "trace.kind"\nonly = "has(trace)"', lines, make_mapping, tmp_path)
    assert [(item.event.n, item.line) for item in found if isinstance(item, Entry)] == [(1, 2), (2, 4)]


@pytest.mark.parametrize(
    ("log", "line", "words"),
    [
        ("", {"kinds": "ask"}, "the line is no event: kind: the event has no kind"),
        ("", [1], "the line is no event: it is no JSON object"),
        ("", {"kind": 3}, "kind is 3, not a name"),
        ("", {"kind": ""}, "kind is '', not a name"),
        ('node = "who"', {"kind": "ask", "who": None}, "who is None, not a name"),
        ('sequence = "n"', {"kind": "ask", "n": True}, "n is True, not an integer"),
        ('sequence = "n"', {"kind": "ask", "n": 0}, "has the number 0; numbers begin with 1"),
        ('time = "t"', {"kind": "ask", "t": "noon"}, "t is 'noon': neither a time nor [earliest, latest]"),
        ('time = "t"', {"kind": "ask", "t": [9, 3]}, "t is [9, 3]: no interval of time"),
        ('time = "t"', {"kind": "ask", "t": -1}, "t is -1: no interval of time"),
        ('clock = "vc"', {"kind": "ask", "vc": {"a": "1"}}, "vc is {'a': '1'}, no vector clock"),
        ('clock = "vc"', {"kind": "ask", "vc": {"b": 1}}, "the event of a has the number 0"),
        ('clock = "vc"\nsequence = "n"', {"kind": "ask", "n": 2, "vc": {"a": 3}}, "has 3 as its own entry"),
        ('causes = "c"', {"kind": "ask", "c": [["a"]]}, "c is no list of [node, number]"),
        ('arguments = "body"', {"kind": "ask", "body": 3}, "body is 3, not an object"),
        ('only = "kind"', {"kind": "ask"}, "kind is 'ask', neither true nor false"),
    ],
)
def test_what_is_wrong_with_a_line_is_said(
    log: str, line: Any, words: str, make_mapping: MakeMapping, tmp_path: Path
) -> None:
    (found,) = read(f'event = "kind"\n{log}', [line], make_mapping, tmp_path)
    assert isinstance(found, Finding)
    assert (found.kind, found.line) == ("malformed", 1)
    assert words in found.message


# -- whole logs --------------------------------------------------------------------------------------------------

SHIVIZ = """
[log]
event = "event"
node = "host"
clock = "clock"
only = "has(event)"

[types]
"event.node" = "model"
who = "model"
term = "int"

[events]
ask   = "Ask(event.node)"
grant = { step = "Grant(event.node, who)", changes = "state" }
win   = { step = "Win(event.node, _)", append = { "log[event.node]" = "term" } }

[unused]
"*" = "host and clock are in each line"
"""

GOOD: list[Line] = [
    {"host": "r1", "event": "ask", "clock": {"r1": 1}},
    {"host": "r2", "event": "ask", "clock": {"r2": 1}},
    {"note": "no event at all"},
    # Out of order in the file, as its clock says.
    {"host": "r1", "event": "win", "clock": {"r1": 2, "r2": 2, "r3": 1}, "term": 2},
    {
        "host": "r2",
        "event": "grant",
        "clock": {"r1": 1, "r2": 2},
        "who": "r1",
        "state": {"votes": [{"op": "add", "path": ["r1"], "value": "r2"}]},
    },
    {
        "host": "r3",
        "event": "grant",
        "clock": {"r1": 1, "r3": 1},
        "who": "r1",
        "state": {"voted": [{"op": "Update", "path": ["r3"], "args": ["r1"]}]},
    },
]


def write(lines: list[Line], file: Path) -> Path:
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return file


@pytest.fixture
def judge(make_spec: MakeSpec, make_mapping: MakeMapping, tmp_path: Path) -> Callable[..., Result]:
    """Checks logs of these lines, one per argument, against the voters' spec."""

    def judged(*logs: list[Line], mapping: str = SHIVIZ) -> Result:
        files = [write(lines, tmp_path / f"log{i}.ndjson") for i, lines in enumerate(logs)]
        return check(make_spec("Votes", MODULE, CONFIG), make_mapping(mapping), files)

    return judged


def changed(lines: list[Line], position: int, **more: Any) -> list[Line]:
    return [line | more if i == position else line for i, line in enumerate(lines)]


def test_a_log_with_vector_clocks_and_changes_conforms(judge: Callable[..., Result]) -> None:
    result = judge(GOOD)
    assert (result.verdict, result.consumed) == (CONFORMS, {"Ask": 2, "Grant": 2, "Win": 1}), result.reason


@pytest.mark.parametrize(
    ("position", "more", "line"),
    [
        (5, {"who": "r2"}, 6),
        (4, {"state": {"votes": [{"op": "remove", "path": ["r1"], "value": "r2"}]}}, 5),
        (3, {"term": 9}, 4),
        (5, {"clock": {"r1": 1, "r2": 2, "r3": 1}, "who": "r2", "state": {}}, 4),
    ],
)
def test_a_log_that_says_what_cannot_be_is_refused(
    position: int, more: Line, line: int, judge: Callable[..., Result]
) -> None:
    result = judge(changed(GOOD, position, **more))
    assert result.verdict == VIOLATES, result.reason
    assert result.rejection is not None
    assert result.rejection.line == line


def test_a_gap_in_a_vector_clock_is_said(judge: Callable[..., Result]) -> None:
    lines = changed(GOOD, 1, clock={"r2": 1})
    result = judge([line for i, line in enumerate(lines) if i != 1])
    assert (result.verdict, "missing" in result.reason) == (INCONCLUSIVE, True)
    assert "event 1 of r2" in result.reason


def test_many_nodes_in_one_file_without_any_clock_come_in_its_order(judge: Callable[..., Result]) -> None:
    mapping = SHIVIZ.replace('clock = "clock"\n', "")
    in_order = [GOOD[i] for i in (0, 1, 4, 2, 5, 3)]
    assert judge(in_order, mapping=mapping).verdict == CONFORMS
    result = judge([GOOD[i] for i in (0, 1, 3, 4, 5)], mapping=mapping)
    assert result.verdict == VIOLATES
    assert result.rejection is not None
    assert result.rejection.line == 3


def test_a_long_log_of_many_nodes_is_read_piece_by_piece(judge: Callable[..., Result]) -> None:
    mapping = SHIVIZ.replace('clock = "clock"\n', "").replace("[events]", '[events]\nidle = { ignore = "nothing" }')
    lines = [{"host": f"h{i % 7}", "event": "idle", "pad": "x" * 50} for i in range(3000)]
    result = judge([*lines, *GOOD[:2], GOOD[1], *lines], mapping=mapping)
    assert result.verdict == VIOLATES
    assert result.rejection is not None
    assert result.rejection.line == 3003


def test_a_bad_line_among_those_of_many_nodes_ends_the_order(judge: Callable[..., Result]) -> None:
    mapping = SHIVIZ.replace('clock = "clock"\n', "")
    result = judge([*GOOD[:2], {"event": 3, "host": "r1"}, GOOD[0]], mapping=mapping)
    assert (result.verdict, result.consumed) == (INCONCLUSIVE, {"Ask": 2})
    assert "log0.ndjson:3: the line is no event: event is 3, not a name" in result.reason


def test_nothing_below_a_bad_line_among_those_of_many_nodes_counts(judge: Callable[..., Result]) -> None:
    """Whose event is missing there nobody knows, so the numbers of all that follow are doubtful, whatever the time."""
    mapping = SHIVIZ.replace('clock = "clock"', 'time = "at"')
    result = judge([GOOD[0] | {"at": 5}, {"event": 3, "host": "r1"}, GOOD[1] | {"at": 3}], mapping=mapping)
    assert (result.verdict, result.consumed) == (INCONCLUSIVE, {"Ask": 1})


def test_a_cause_may_stand_far_below_in_the_file(judge: Callable[..., Result]) -> None:
    notes: list[Line] = [{"note": "x" * 100}] * 2000
    result = judge([GOOD[0], GOOD[3], *notes, GOOD[1], *notes, *GOOD[4:]])
    assert (result.verdict, result.consumed) == (CONFORMS, {"Ask": 2, "Grant": 2, "Win": 1}), result.reason


def test_several_files_that_nothing_orders_are_refused(judge: Callable[..., Result]) -> None:
    with pytest.raises(UsageError, match="nothing orders the events of several files: name a time, clock or causes"):
        judge(GOOD[:1], GOOD[1:2], mapping=SHIVIZ.replace('clock = "clock"\n', ""))


def test_times_order_several_files(judge: Callable[..., Result]) -> None:
    mapping = SHIVIZ.replace('clock = "clock"', 'time = "at"\nunit = "ms"')
    stamped = [line | {"at": at} for line, at in zip([GOOD[i] for i in (0, 1, 4, 5, 3)], range(5), strict=True)]
    one = [line for line in stamped if line["host"] == "r1"]
    others = [line for line in stamped if line["host"] != "r1"]
    assert judge(one, others, mapping=mapping).verdict == CONFORMS
    late = judge([line | {"at": line["at"] * 0} for line in one], others, mapping=mapping)
    assert late.verdict == VIOLATES
