"""Bad input has one clear line, with file and line, and a verdict of its own: never CONFORMS by accident."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.tracefiles import ADJUDICATOR, Trace, file_name, write
from tests.unit.tracecheck.synthetic import World
from tracecheck import CONFORMS, INCONCLUSIVE, MappingError, Plan, SpecError, check, check_all
from tracecheck.cli import main
from tracecheck.read import LONGEST_LINE
from tracecheck.report import render

MakeSpec = Callable[..., Path]
MakeMapping = Callable[[str], Path]
Spoil = Callable[[list[bytes]], list[bytes]]

LOG = file_name(ADJUDICATOR)
LAST_BUT_TWO = -3
INSERTED = -4


def edit(**changes: Any) -> Spoil:
    """Changes what the last event but two says."""

    def spoil(lines: list[bytes]) -> list[bytes]:
        lines[LAST_BUT_TWO] = json.dumps(json.loads(lines[LAST_BUT_TWO]) | changes).encode()
        return lines

    return spoil


def argument(name: str, value: Any) -> Spoil:
    """Changes an argument of the last event but two, which is Durable."""

    def spoil(lines: list[bytes]) -> list[bytes]:
        event = json.loads(lines[LAST_BUT_TWO])
        event["args"] = {name: value, **{key: held for key, held in event["args"].items() if key != name}}
        lines[LAST_BUT_TWO] = json.dumps(event).encode()
        return lines

    return spoil


def insert(line: bytes) -> Spoil:
    """Adds a line before the last event but two."""
    return lambda lines: [*lines[:LAST_BUT_TWO], line, *lines[LAST_BUT_TWO:]]


def clock_back(lines: list[bytes]) -> list[bytes]:
    earlier = json.loads(lines[LAST_BUT_TWO - 1])["at"][0] - 10_000
    return edit(at=[earlier, earlier + 4])(lines)


@dataclass(frozen=True)
class Bad:
    """How the adjudicator's log is spoilt, on which line that shows, and what is said of it there."""

    spoil: Spoil
    words: str
    kind: str
    at: int = LAST_BUT_TWO
    ends: bytes = b"\n"


LOGS = {
    "the last line is cut off": Bad(lambda lines: lines, "the last line has no end", "truncated", -1, b""),
    "invalid JSON": Bad(insert(b'{"v":1,'), "the line is no JSON object", "unparsable", INSERTED),
    "no object": Bad(insert(b"[1]"), "the line is no event: Expected `object`", "malformed", INSERTED),
    "an empty line": Bad(insert(b""), "the line is no JSON object", "unparsable", INSERTED),
    "an unknown field": Bad(edit(colour=1), "unknown field `colour`", "malformed"),
    "a wrong type": Bad(edit(n="7"), "Expected `int`, got `str` - at `$.n`", "malformed"),
    "another format": Bad(edit(v=2), "this checker reads format 1", "version"),
    "no interval": Bad(edit(at=[5, 3]), "no interval of time", "malformed"),
    "an unknown event": Bad(edit(act="Adjudication!Bribe"), "says nothing of Adjudication!Bribe", "unmapped"),
    "an argument too many": Bad(argument("x", 1), "has x, which the mapping does not know", "arguments"),
    "an argument of a wrong type": Bad(argument("ts", "now"), "ts is 'now', not an integer", "arguments"),
    "a time beyond TLC's integers": Bad(argument("ts", 1 << 60), "not a time in microseconds", "arguments"),
    "a duplicate": Bad(lambda lines: [*lines[:-3], *lines[-4:]], "is also on line", "duplicate", INSERTED),
    "a gap": Bad(lambda lines: [*lines[:-3], *lines[-2:]], "missing before event", "gap", -2),
    "numbers going back": Bad(edit(n=1), "comes after event", "backwards"),
    "a clock going back": Bad(clock_back, "went backwards", "clock"),
    "binary data": Bad(insert(b"\x00\x01\x02\xff"), "binary data: the file is no log", "binary", INSERTED),
    "a cause that never comes": Bad(edit(cause=[["A/qp-0", 999]]), "is in no log that was", "missing-cause"),
    "a huge line": Bad(insert(b" " * (10 << 20)), f"more than {LONGEST_LINE} bytes", "too-long", INSERTED),
    "another node": Bad(edit(node="B/adj-9"), "an event of B/adj-9 in the log of A1/adj-0", "two-nodes"),
}


@pytest.fixture(scope="module")
def good() -> Trace:
    """Ends with the durable commit of the last transaction and two events of the lease."""
    trace = World(20261123, keys=12, hot=2, crashes=False).run(20)
    events = trace[ADJUDICATOR]
    last = max(i for i, event in enumerate(events) if event["act"] == "Adjudication!Durable")
    return {**trace, ADJUDICATOR: events[: last + 3]}


@pytest.mark.parametrize("name", LOGS)
def test_a_bad_log_is_said_to_be_bad(name: str, good: Trace, adjudication: Plan, tmp_path: Path) -> None:
    bad = LOGS[name]
    file = write(good, tmp_path / "logs") / LOG
    lines = bad.spoil(file.read_bytes().splitlines())
    file.write_bytes(b"\n".join(lines) + bad.ends)
    where = len(lines) + 1 + bad.at
    (result,) = check_all([adjudication], [tmp_path / "logs"])
    assert (result.verdict, result.exit_code) == (INCONCLUSIVE, 2)
    problem = result.problems[0]
    assert (problem.kind, problem.file, problem.line) == (bad.kind, str(file), where)
    assert bad.words in problem.message
    assert result.reason.startswith(f"{file}:{where}: ")
    assert "\n" not in result.reason
    assert sum(result.consumed.values()) > 0


@pytest.mark.parametrize("content", [b"", b"\n"])
def test_a_log_without_events_is_no_success(content: bytes, adjudication: Plan, tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_bytes(content)
    (result,) = check_all([adjudication], [tmp_path])
    assert result.verdict == INCONCLUSIVE
    assert result.reason.startswith(f"{tmp_path / 'a.ndjson'}:1: " if content else "nothing was checked: ")


def test_a_log_may_end_within_a_transaction(good: Trace, adjudication: Plan, isolation: Plan, tmp_path: Path) -> None:
    """A beginning of a behaviour is one: nothing says that the system would not have gone on."""
    position = next(i for i, event in enumerate(good[ADJUDICATOR]) if event["act"] == "Adjudication!Durable")
    until = good[ADJUDICATOR][position - 1]["at"][0]
    cut = {node: [event for event in events if event["at"][0] <= until] for node, events in good.items()}
    results = check_all([adjudication, isolation], [write({n: e for n, e in cut.items() if e}, tmp_path)])
    assert [result.verdict for result in results] == [CONFORMS, CONFORMS]
    (note,) = results[1].notes
    begun = [(node, event) for node, events in cut.items() for event in events if event["act"].endswith("!Begin")]
    ended = [
        e for events in cut.values() for e in events if e["act"].endswith(("!Acknowledge", "!CommitReadOnly", "!Abort"))
    ]
    done = {event["args"]["txn"] for event in ended}
    node, first = min(((n, e) for n, e in begun if e["args"]["txn"] not in done), key=lambda one: one[1]["at"])
    assert (note.kind, note.file, note.line) == ("unfinished", str(tmp_path / file_name(node)), first["n"])
    words = f"split(txn, '~')[0] {first['args']['txn']} begins here and has not ended where the logs end"
    assert note.message.startswith(words)
    assert f"note:    {note}" in render(results[1])


def test_a_log_of_whole_transactions_has_no_note(isolation: Plan, tmp_path: Path) -> None:
    (result,) = check_all([isolation], [write(World(20261123, crashes=False).run(20), tmp_path)])
    assert (result.verdict, result.notes) == (CONFORMS, [])


def test_a_number_beyond_tlcs_integers(make_spec: MakeSpec, make_mapping: MakeMapping, tmp_path: Path) -> None:
    event = {"v": 1, "n": 1, "node": "a", "at": [1, 1], "act": "S!A", "args": {"n": 1 << 31}}
    (tmp_path / "a.ndjson").write_text(json.dumps(event) + "\n")
    result = check(make_spec("S", BODY), make_mapping(MAPPING), [tmp_path / "a.ndjson"])
    assert result.verdict == INCONCLUSIVE
    words = "n is 2147483648, beyond TLC's 32-bit integers; if it is a time, declare it as one"
    assert result.reason == f"{tmp_path / 'a.ndjson'}:1: {words}"


BODY = "EXTENDS Integers\nVARIABLE x\nInit == x = 0\nA(n) == x' = n\nNext == \\E n \\in Nat : A(n)"
MAPPING = '[types]\nn = "int"\n[events]\n"S!A" = "A(n)"\n'


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ('"A(n)"', '"B(n)"', 4, "S!A: B is no action of Next in S; there are: A"),
        ('"A(n)"', '{ step = "A(n)", after = { y = "n" } }', 4, "S!A: y is no variable of S; there are: x"),
        ('"A(n)"', '"A(_, m=n)"', 4, "S!A: m is no name that Next quantifies and A leaves open"),
        ('n = "int"', 'n = "option(int, None)"', 4, "None is no model value of the configuration"),
        ('"A(n)"', '"A(m)"', 4, "S!A: argument m has no type in [types]"),
        ("[types]", '[symmetry]\nconstants = ["RM"]\n[types]', None, "the spec has no such constant; it has none"),
        ("[types]", "[types", 1, "the mapping is no TOML"),
    ],
)
def test_a_bad_mapping_is_an_error(
    old: str, new: str, line: int | None, words: str, make_spec: MakeSpec, make_mapping: MakeMapping, tmp_path: Path
) -> None:
    (tmp_path / "a.ndjson").touch()
    path = make_mapping(MAPPING.replace(old, new))
    with pytest.raises(MappingError) as caught:
        check(make_spec("S", BODY), path, [tmp_path / "a.ndjson"])
    assert words in str(caught.value)
    assert str(caught.value).startswith(f"{path}:{line}: " if line else str(path))


def test_a_field_that_the_event_does_not_have(make_spec: MakeSpec, make_mapping: MakeMapping, tmp_path: Path) -> None:
    event = {"v": 1, "n": 1, "node": "a", "at": [1, 1], "act": "S!A", "args": {"m": {"k": 1}}}
    (tmp_path / "a.ndjson").write_text(json.dumps(event) + "\n")
    mapping = make_mapping(MAPPING.replace("A(n)", "A(m.n)"))
    result = check(make_spec("S", BODY), mapping, [tmp_path / "a.ndjson"])
    assert result.verdict == INCONCLUSIVE
    assert result.reason == f"{tmp_path / 'a.ndjson'}:1: m.n: there is no 'n' in {{'k': 1}}"


@pytest.mark.parametrize(
    ("old", "new", "config", "words"),
    [
        ("x = 0", "x = ", "INIT Init\nNEXT Next\n", "line 5, column 1"),
        (
            "x = 0",
            "y = 0",
            "INIT Init\nNEXT Next\n",
            "line 4, col 9 of module S Unknown operator: `y'",
        ),
        ("Integers", "Nowhere", "INIT Init\nNEXT Next\n", "Cannot find source file for module Nowhere"),
        ("x", "x", "INIT Init\nNEXT Then\n", "The next state action Then"),
        ("x", "x", "INIT Init\n", "names no next-state relation"),
        ("x", "x", "nonsense", "an error in the configuration file at line 1"),
    ],
)
def test_a_spec_that_cannot_be_loaded_is_an_error(
    old: str, new: str, config: str, words: str, make_spec: MakeSpec, make_mapping: MakeMapping, tmp_path: Path
) -> None:
    (tmp_path / "a.ndjson").touch()
    spec = make_spec("S", BODY.replace(old, new), config)
    with pytest.raises(SpecError) as caught:
        check(spec, make_mapping(MAPPING), [tmp_path / "a.ndjson"])
    assert words in str(caught.value)
    assert str(caught.value).startswith(str(spec.parent))
    assert "\n" not in str(caught.value)


def test_the_command_says_it_in_one_line(
    make_spec: MakeSpec, make_mapping: MakeMapping, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.ndjson").touch()
    mapping = make_mapping("no TOML")
    code = main(["check", "--spec", str(make_spec("S", BODY)), "--mapping", str(mapping), str(tmp_path / "a.ndjson")])
    assert code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"tracecheck: {mapping}:1: the mapping is no TOML")
