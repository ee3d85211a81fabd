"""Results to report on, and traces of any length, without a check."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tracecheck.read import Entry, parse_line
from tracecheck.report import (
    CONFORMS,
    INCONCLUSIVE,
    VIOLATES,
    Minimised,
    Nearest,
    Problem,
    Rejection,
    Result,
    SliceResult,
    Step,
)

SPEC = Path(__file__).parents[2] / "specs" / "isolation" / "SnapshotIsolation.tla"
NODES = ("A/qp-0", "A/qp-1", "A/qp-2", "A/adj-0")
ACTS = ("Begin", "Read", "Write", "Commit")
EPOCH_US = 1_790_000_000_000_000

NEAREST = Nearest(
    "Read",
    "seen = newest",
    str(SPEC),
    74,
    {"txn": '"t7"', "seen": '("k1" :> <<1, 2>>)'},
    {"k": '"k1"', "seen": "<<1, 2>>", "newest": "<<0, 9>>", "versions": "<< >>"},
    inside="\\A k \\in DOMAIN seen : IsNewest(k, seen[k], start)",
)
REJECTION = Rejection(
    act="SnapshotIsolation!Read",
    node="A/qp-1",
    n=41,
    file="log/qp 1.ndjson",
    line=41,
    raw='{"v":1,"act":"SnapshotIsolation!Read"}',
    slice=None,
    nearest=[NEAREST],
    state={"acked": "<<0, 5>>", "versions": "x" * 1000},
    instead=["Abort(txn)"],
)
MINIMISED = Minimised(
    [Step("log/qp 1.ndjson", n, "A/qp-1", act, '{"n":1}') for n, act in ((1, "S!Begin"), (41, "S!Read"))], 39, True
)
CONFORMING = Result(
    "S.tla", "m.toml", CONFORMS, "all 3 events", {"A": 3}, {"T!B": 2}, [SliceResult("s1", CONFORMS, 3, 0, None)]
)
PROBLEM = Problem("gap", "event 3 of a missing before event 4", "a.ndjson", 3)
UNDECIDED = Result("S.tla", "m.toml", INCONCLUSIVE, str(PROBLEM), problems=[PROBLEM])


def violating(rejection: Rejection = REJECTION) -> Result:
    """A result with one rejection."""
    parts = [SliceResult(rejection.slice, VIOLATES, 40, 0, rejection)]
    return Result(str(SPEC), "m.toml", VIOLATES, str(rejection), {"Read": 40}, {}, parts, rejection)


def rejection_of(entry: Entry) -> Rejection:
    """The rejection of an event."""
    event = entry.event
    return replace(REJECTION, node=event.node, n=event.n, file=entry.file, line=entry.line, raw=entry.raw.decode())


def made_up(count: int) -> Iterator[Entry]:
    """`count` events of some nodes, every third with a cause."""
    counts = dict.fromkeys(NODES, 0)
    for i in range(count):
        node, other = NODES[(i * 3 + i // 7) % 4], NODES[i % 4]
        counts[node] += 1
        known = i % 3 == 0 and other != node and counts[other] > 0
        event = {
            "v": 1,
            "n": counts[node],
            "node": node,
            "at": [EPOCH_US + 10 * i, EPOCH_US + 10 * i + 20],
            "act": f"SnapshotIsolation!{ACTS[i % 4]}",
            "args": {"txn": f"65bfeda{i // 8:x}.{i % 8}", "seen": {f"t100/{i % 977:08x}": EPOCH_US + 9 * i}},
            "cause": [[other, counts[other]]] if known else [],
        }
        entry = parse_line(json.dumps(event).encode(), f"log/{node.replace('/', '_')}.ndjson", counts[node])
        assert isinstance(entry, Entry)
        yield entry
