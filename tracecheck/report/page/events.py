"""The events of a report's page, column by column: so 100,000 of them are a few megabytes.

nodes, acts, files    the names that the columns refer to by number
node, act, file       one number per event, in the order in which the events were checked
n, line               the event's number on its node, its line in its file
at, error             its earliest time in microseconds after the one before; how much later it may have been
cause                 [node, n, node, n, ...]: the last events of other nodes that were known
args                  the logged arguments as JSON, cut where they are long
rejected              the positions of the rejected events
before, after         how many events of the logs are left out, before the first and after the last
"""

from __future__ import annotations

import base64
import gzip
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from tracecheck.read import Entry, Finding
from tracecheck.report.rejection import Rejection, shown_path

MOST_EVENTS = 100_000
"""Events that a page holds; of a longer trace those around the first rejected one."""
_SHARE_AFTER = 10
"""One in so many of them comes after the rejected one."""
_LONGEST_ARGUMENTS = 600


class _Names:
    """Names in the order in which they came, each with its number."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def number(self, name: str) -> int:
        return self.numbers.setdefault(name, len(self.numbers))


@dataclass
class Events:
    """What a page holds of the logs; `rejected` are positions among `entries`."""

    entries: Sequence[Entry] = ()
    rejected: list[int] = field(default_factory=list)
    before: int = 0
    after: int = 0

    def columns(self) -> dict[str, Any]:
        """The columns described above."""
        nodes, acts, files = _Names(), _Names(), _Names()
        events = [entry.event for entry in self.entries]
        times = [event.at[0] for event in events]
        steps = [now - before for before, now in zip([times[0], *times], times, strict=False)] if times else []
        columns = {
            "node": [nodes.number(event.node) for event in events],
            "act": [acts.number(event.act) for event in events],
            "file": [files.number(shown_path(entry.file)) for entry in self.entries],
            "n": [event.n for event in events],
            "line": [entry.line for entry in self.entries],
            "at": steps,
            "error": [event.at[1] - event.at[0] for event in events],
            "cause": [[part for node, n in event.cause for part in (nodes.number(node), n)] for event in events],
            "args": [_text(event.args) for event in events],
        }
        names = {"nodes": list(nodes.numbers), "acts": list(acts.numbers), "files": list(files.numbers)}
        rest = {"rejected": self.rejected, "before": self.before, "after": self.after}
        return {**names, "start": times[0] if times else 0, **columns, **rest}

    def packed(self) -> str:
        """The columns as JSON, compressed by gzip, in base64."""
        return base64.b64encode(gzip.compress(msgspec.json.encode(self.columns()), 6, mtime=0)).decode()


def _text(args: dict[str, Any]) -> str:
    text = msgspec.json.encode(args).decode()
    left = len(text) - _LONGEST_ARGUMENTS
    return text if left <= 0 else f"{text[:_LONGEST_ARGUMENTS]}... ({left} more characters)"


def collect(items: Iterable[Entry | Finding], rejections: Sequence[Rejection], most: int = MOST_EVENTS) -> Events:
    """The events of a trace that a page holds: all, or `most` of them around the first that was rejected; without
    one, the last."""
    wanted = {(rejection.node, rejection.n) for rejection in rejections}
    kept: deque[Entry] = deque()
    marked: set[tuple[str, int]] = set()
    before = after = room = 0
    for entry in _entries(items):
        key = (entry.event.node, entry.event.n)
        if key in wanted:
            room = most // _SHARE_AFTER if not marked and len(kept) >= most - most // _SHARE_AFTER else room
            marked.add(key)
        if marked and len(kept) >= most and room <= 0:
            after += 1
            continue
        kept.append(entry)
        room -= 1
        if len(kept) > most:
            kept.popleft()
            before += 1
    rejected = [i for i, entry in enumerate(kept) if (entry.event.node, entry.event.n) in wanted]
    return Events(kept, rejected, before, after)


def _entries(items: Iterable[Entry | Finding]) -> Iterator[Entry]:
    return (item for item in items if isinstance(item, Entry))
