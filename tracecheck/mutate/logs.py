"""The logs of one run as data, and how they are changed in ways that no number gives away.

Nothing here is changed in place: each function returns new logs that share what they leave alone.
"""

from __future__ import annotations

import copy
import json
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import msgspec

from tracecheck.checker import Checker
from tracecheck.errors import UsageError
from tracecheck.feed import ordered
from tracecheck.plan import Plan
from tracecheck.read import SUFFIX, Entry, Finding, LineFormat, log_files
from tracecheck.read import Event as ReadEvent
from tracecheck.search import Limits

Event: TypeAlias = dict[str, Any]
Line: TypeAlias = "Event | bytes"
Logs: TypeAlias = dict[str, list[Line]]
"""The lines of each node: events, or bytes where a line is to be written as it is."""

_CONTENT = ("act", "args", "slice", "epoch", "state")


class Place(NamedTuple):
    """Where an event stands: `position` counts the node's events from 0."""

    node: str
    position: int


# -- files ---------------------------------------------------------------------------------------------------


def read_logs(paths: Sequence[str | Path], form: LineFormat | None = None) -> Logs:
    """The events of finished logs, written in `form`. Raises UsageError when a line is no event."""
    logs: Logs = {}
    for file in log_files(paths, form):
        while (items := file.read()) is not None:
            for item in items:
                if isinstance(item, Finding):
                    raise UsageError(f"{item}; only sound logs are mutated")
                logs.setdefault(item.event.node, []).append(_plain(item.event))
    if not logs:
        raise UsageError("the logs hold no event, so there is nothing to mutate")
    return logs


def _plain(event: ReadEvent) -> Event:
    """An event as what its line would be in the checker's own format."""
    fields: Event = {name: value for name, value in json.loads(msgspec.json.encode(event)).items() if value is not None}
    return fields


def write_logs(logs: Logs, directory: Path) -> None:
    """Writes one file per node. A line given as bytes has to bring its own end."""
    for number, (node, lines) in enumerate(logs.items()):
        name = re.sub(r"\W", "_", node)
        text = b"".join(
            line if isinstance(line, bytes) else json.dumps(line, separators=(",", ":")).encode() + b"\n"
            for line in lines
        )
        (directory / f"{number:03d}_{name}{SUFFIX}").write_bytes(text)


# -- changes -------------------------------------------------------------------------------------------------


def event_at(logs: Logs, place: Place) -> Event:
    """The event at `place`, which is no raw line."""
    line = logs[place.node][place.position]
    assert isinstance(line, dict)
    return line


def changed(logs: Logs, place: Place, **fields: Any) -> Logs:
    """With other `fields` in the event at `place`."""
    return with_line(logs, place, {**event_at(logs, place), **fields})


def with_argument(logs: Logs, place: Place, path: tuple[Any, ...], value: Any) -> Logs:
    """With another value at `path` (an argument's name, then keys and positions) in the event at `place`."""
    args = copy.deepcopy(event_at(logs, place)["args"])
    inner = args
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return changed(logs, place, args=args)


def with_line(logs: Logs, place: Place, *lines: Line) -> Logs:
    """With other lines instead of the one at `place`; numbers stay as they are."""
    before = logs[place.node]
    return {**logs, place.node: [*before[: place.position], *lines, *before[place.position + 1 :]]}


def dropped(logs: Logs, place: Place) -> Logs:
    """Without an event, and without a gap; who knew of it now knows of the one before."""
    n = event_at(logs, place)["n"]
    return _renumbered(with_line(logs, place), place.node, n, -1)


def inserted(logs: Logs, place: Place, content: Event) -> Logs:
    """With one event more before `place`: what `content` says, at the time of the event before."""
    model = event_at(logs, Place(place.node, max(0, place.position - 1)))
    n = place.position + 1
    moved = _renumbered(logs, place.node, n, 1)
    added = {**_envelope(model), **_content(content), "n": n, "cause": []}
    return {**moved, place.node: [*moved[place.node][: place.position], added, *moved[place.node][place.position :]]}


def rearranged(logs: Logs, sources: dict[Place, Place]) -> Logs:
    """With the content of `sources[place]` at each place; numbers, times and causes stay where they are."""
    contents = {place: _content(event_at(logs, source)) for place, source in sources.items()}
    for place, content in contents.items():
        logs = with_line(logs, place, {**_envelope(event_at(logs, place)), **content})
    return logs


def cut_short(logs: Logs, node: str, count: int) -> Logs:
    """With the first `count` events of `node` only; who knew of a later one knows of the last that is left."""
    left = {**logs, node: logs[node][:count]}
    return {name: [_clipped(line, node, count) for line in lines] for name, lines in left.items() if lines}


def _envelope(event: Event) -> Event:
    return {name: value for name, value in event.items() if name not in _CONTENT}


def _content(event: Event) -> Event:
    return {name: value for name, value in event.items() if name in _CONTENT}


def _renumbered(logs: Logs, node: str, first: int, shift: int) -> Logs:
    """With the numbers of a node's events from `first` on moved, and what names them as a cause."""

    def moved(line: Line) -> Line:
        if isinstance(line, bytes):
            return line
        n = line["n"] + shift if line["node"] == node and line["n"] >= first else line["n"]
        cause = [[name, k + shift if name == node and k >= first else k] for name, k in line.get("cause", [])]
        return {**line, "n": n, "cause": [pair for pair in cause if pair[1] > 0]}

    return {name: [moved(line) for line in lines] for name, lines in logs.items()}


def _clipped(line: Line, node: str, count: int) -> Line:
    if isinstance(line, bytes):
        return line
    cause = [[name, min(k, count) if name == node else k] for name, k in line.get("cause", [])]
    return {**line, "cause": [pair for pair in cause if pair[1] > 0]}


# -- judging -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Judged:
    """What the checker said of some logs: `entries` in their order, up to the rejected one if there is one."""

    verdict: str
    reason: str
    entries: list[Entry]


def judge(plan: Plan, logs: Logs) -> Judged:
    """Checks logs as they would be checked from files, in the one order that their times and causes say first.

    Whether another order would do is a question about the order, not about the events: asked here, it would take
    mutants for right that say something wrong, and no program beside the checker could tell.
    """
    entries: list[Entry] = []
    checker = Checker(plan, limits=Limits(reorder=False))
    with tempfile.TemporaryDirectory(prefix="mutant-") as name:
        write_logs(logs, Path(name))
        for item in ordered(log_files([name])):
            if isinstance(item, Finding):
                checker.halt(item)
                break
            entries.append(item)
            checker.feed(item)
            if checker.first_rejection is not None:
                break
    checker.finish()
    result = checker.result()
    return Judged(result.verdict, result.reason, entries)
