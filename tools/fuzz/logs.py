"""Event logs against the checker: a verdict always, with a place where there is something wrong, and never CONFORMS
where a second writing-down of the rung in Python says that a step is impossible."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import msgspec
from hypothesis import strategies as st

from daybreak.base.places import rungs
from tests.support.references import is_adjudication
from tests.support.tracefiles import ADJUDICATOR, file_name, write
from tests.unit.tracecheck.synthetic import World
from tools.fuzz.damage import Damage, Files, damaged, damages
from tools.fuzz.target import Check, Target
from tracecheck import CONFORMS, INCONCLUSIVE, VIOLATES, Plan, check_all
from tracecheck.read import Entry, Finding, is_log, parse_line

LOG = file_name(ADJUDICATOR)
RUNG = "adjudication"


class Edit(msgspec.Struct, frozen=True):
    """A change of one line: what stands `digit` digits into it becomes another digit, or it moves, or goes."""

    kind: str
    line: int
    digit: int = 0
    to: int = 0


class Case(msgspec.Struct, frozen=True):
    """A good run, edits of the adjudicator's lines, and damage to all files."""

    seed: int
    edits: tuple[Edit, ...]
    damages: tuple[Damage, ...]


@lru_cache(maxsize=32)
def made(seed: int, directory: Path) -> Files:
    """The logs of a good run."""
    found = write(World(seed, keys=8, hot=2, processors=2).run(12), directory / f"good-{seed}")
    return {path.name: path.read_bytes() for path in sorted(found.iterdir())}


def edited(data: bytes, edits: tuple[Edit, ...]) -> bytes:
    """The log with its lines changed; the numbers `n` stay as they were where lines only change what they say."""
    lines = data.splitlines(keepends=True)
    for edit in edits:
        at, to = edit.line % len(lines), edit.to % len(lines)
        if edit.kind == "digit":
            places = [n for n, byte in enumerate(lines[at]) if byte in b"0123456789"]
            place = places[edit.digit % len(places)]
            lines[at] = lines[at][:place] + b"%d" % (edit.to % 10) + lines[at][place + 1 :]
        elif edit.kind == "exchange":
            lines[at], lines[to] = lines[to], lines[at]
        elif edit.kind == "repeat":
            lines.insert(to, lines[at])
        elif len(lines) > 1:
            del lines[at]
    return b"".join(lines)


def _is_behaviour(files: Files) -> bool:
    """Whether all lines are events and the adjudicator's, numbered without a gap, are allowed by rung 2."""
    events: list[Entry] = []
    for name, data in files.items():
        if not is_log(name):
            continue
        if data and not data.endswith(b"\n"):
            return False
        for number, raw in enumerate(data.split(b"\n")[:-1], 1):
            found = parse_line(raw, name, number)
            if isinstance(found, Finding):
                return False
            if found.event.node == ADJUDICATOR:
                events.append(found)
    if [entry.event.n for entry in events] != list(range(1, len(events) + 1)):
        return False
    try:
        return is_adjudication(events)
    except (KeyError, TypeError, ValueError, AttributeError):
        return False  # arguments that are none


@contextmanager
def opened(directory: Path) -> Iterator[Check]:
    """The specs' plan is made once."""
    (rung,) = (rung for rung in rungs() if rung.name == RUNG)
    plan, logs = Plan(rung.spec, rung.mapping), directory / "logs"
    logs.mkdir()

    def check(case: Case) -> None:
        files = dict(made(case.seed, directory))
        files[LOG] = edited(files[LOG], case.edits)
        files = damaged(files, case.damages, ("other.ndjson", "notes.txt"))
        for old in logs.iterdir():
            old.unlink()
        for name, data in files.items():
            (logs / name).write_bytes(data)
        (result,) = check_all([plan], [logs])
        assert result.verdict in (CONFORMS, VIOLATES, INCONCLUSIVE)
        if result.verdict == CONFORMS:
            assert _is_behaviour(files), "a run that is no behaviour conforms"
            return
        assert result.reason and "\n" not in result.reason.splitlines()[0]
        if result.verdict == VIOLATES:
            assert result.rejection is not None and result.rejection.line >= 1

    yield check


_EDITS = st.builds(
    Edit,
    kind=st.sampled_from(["digit", "digit", "digit", "exchange", "repeat", "drop"]),
    line=st.integers(0, 200),
    digit=st.integers(0, 200),
    to=st.integers(0, 200),
)
_FOREIGN_BYTES = st.binary(max_size=40) | st.sampled_from(
    [b"", b"{", b'{"v":1}\n', b"\xff\xfe", b"[1]\n", b"\n\n", b'"', b"1e999", b"{}" * 20, b"[" * 100]
)

TARGET = Target(
    name="logs",
    guards="a spoilt event log has a verdict, and no run that is no behaviour conforms",
    form=Case,
    cases=st.builds(
        Case,
        seed=st.integers(0, 5),
        edits=st.lists(_EDITS, max_size=3).map(tuple),
        damages=st.just(()) | damages(_FOREIGN_BYTES),
    ),
    open=opened,
    round=200,
)
