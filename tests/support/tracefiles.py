"""Traces as data: read, written, cut short, and changed in ways that no number gives away."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

ADJUDICATOR, STORAGE = "A1/adj-0", "A1/storage-0"
CONFLICTS = {"W": {"W", "N", "S"}, "N": {"W", "N"}, "S": {"W"}, "R": {"W", "N"}}
"""For each class of access the classes of earlier ones that it conflicts with."""

OF_JOURNALS = ("CrossRegion", "Damage", "Trimming")
"""Specs of rung 4."""

Event = dict[str, Any]
Trace = dict[str, list[Event]]
"""The events of each node."""


class Place(NamedTuple):
    """Where an event stands."""

    node: str
    position: int


# --- files --------------------------------------------------------------------------------------------------------


def file_name(node: str) -> str:
    """The name of a node's log."""
    return f"{node.replace('/', '_')}.ndjson"


def read(directory: Path) -> Trace:
    """The logs of a directory, without the nodes that have logged nothing."""
    logs = [[json.loads(line) for line in file.read_text().splitlines()] for file in sorted(directory.glob("*.ndjson"))]
    return {events[0]["node"]: events for events in logs if events}


def write(trace: Trace, directory: Path) -> Path:
    """Write one file per node into `directory` and return it."""
    directory.mkdir(parents=True, exist_ok=True)
    for node, events in trace.items():
        text = "".join(json.dumps(event, separators=(",", ":")) + "\n" for event in events)
        (directory / file_name(node)).write_text(text)
    return directory


# --- finding ------------------------------------------------------------------------------------------------------


def is_act(event: Event, *acts: str) -> bool:
    """Whether an event is one of these actions, of whichever module but those of rung 4; or by its whole name."""
    module, _, action = event["act"].partition("!")
    return event["act"] in acts or (action in acts and module not in OF_JOURNALS)


def middle(found: list[Any]) -> Any:
    """The one in the middle: a spoilt trace begins well and would go on well."""
    assert found, "the trace has nothing to spoil"
    return found[len(found) // 2]


def find(events: list[Event], act: str, which: Callable[[int], bool] = lambda _: True) -> int:
    """The index of an event `act` in the middle of those whose index fits `which`."""
    index: int = middle([i for i, event in enumerate(events) if is_act(event, act) and which(i)])
    return index


def places(trace: Trace, *acts: str) -> Iterator[tuple[Place, Event]]:
    """All events of these actions, in the order in which they happened."""
    found = [
        (Place(node, i), event)
        for node, events in trace.items()
        for i, event in enumerate(events)
        if is_act(event, *acts)
    ]
    return iter(sorted(found, key=lambda one: (one[1]["at"], one[0])))


def cut(trace: Trace, last: Event) -> Trace:
    """What had happened when `last` did. All nodes must have had one clock: then no cause is cut away."""
    kept = {node: events[: bisect_right(events, last["at"], key=lambda e: e["at"])] for node, events in trace.items()}
    return {node: events for node, events in kept.items() if events}


# --- changing -----------------------------------------------------------------------------------------------------


def _renumber(trace: Trace, node: str, first: int, shift: int) -> None:
    """Move the numbers of a node's events from `first` on, and what names them as a cause."""
    for event in trace[node]:
        event["n"] += shift if event["n"] >= first else 0
    for events in trace.values():
        for event in events:
            moved = [[name, n + shift if name == node and n >= first else n] for name, n in event.get("cause", [])]
            event["cause"] = [[name, n] for name, n in moved if n > 0]


def drop(trace: Trace, place: Place) -> None:
    """Remove an event so that no gap shows; who knew of it now knows of the one before."""
    removed = trace[place.node].pop(place.position)
    _renumber(trace, place.node, removed["n"], -1)


def insert(trace: Trace, place: Place, act: str, args: dict[str, Any]) -> None:
    """Add an event, at the time of the one before it, so that no duplicate shows."""
    events = trace[place.node]
    model, n = events[max(0, place.position - 1)], place.position + 1
    _renumber(trace, place.node, n, 1)
    events.insert(place.position, model | {"n": n, "act": act, "args": args, "cause": []})


def swap(events: list[Event], i: int, j: int) -> None:
    """Exchange what two events of a node say."""
    for part in ("act", "args"):
        events[i][part], events[j][part] = events[j][part], events[i][part]


# --- following ----------------------------------------------------------------------------------------------------


@dataclass
class Court:
    """What an adjudicator's log says of its state."""

    floor: int = 0
    latest: int = 0
    promise: int = 0
    lease: int = 0
    appending: dict[str, int] = field(default_factory=dict)
    commits: list[Event] = field(default_factory=list)
    """The commits that it remembers."""

    def clashes(self, start: int, keys: dict[str, str]) -> list[Event]:
        """Those remembered commits after `start` that conflict with `keys`."""
        return [
            commit
            for commit in self.commits
            if commit["args"]["ts"] > start
            and any(commit["args"]["keys"].get(key) in CONFLICTS[access] for key, access in keys.items())
        ]

    def next_time(self, start: int) -> int:
        """The least commit time that it may give."""
        return max(start, self.latest, self.promise) + 1


def court(events: list[Event]) -> Court:
    """An adjudicator's state after the first `events` of its log."""
    now = Court()
    for event in events:
        args = event["args"]
        match event["act"].removeprefix("Adjudication!"):
            case "Commit":
                now.latest = now.appending[args["txn"]] = args["ts"]
                now.commits.append(event)
            case "Durable":
                now.appending.pop(args["txn"], None)
            case "Heartbeat":
                now.promise = args["upto"]
            case "Renew":
                now.lease = args["until"]
            case "Forget":
                now.floor = args["upto"]
                now.commits = [commit for commit in now.commits if commit["args"]["ts"] > now.floor]
            case "Recover":
                now = Court(floor=args["at"], latest=now.latest, promise=args["at"], lease=args["at"])
    return now
