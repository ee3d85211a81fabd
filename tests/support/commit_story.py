"""Traces of two adjudicators, told event by event: each event is caused by the one before it, a moment later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from tracecheck.read import Entry, Event

BEGIN_US = 1_790_000_000_000_000
STEP_US = 100
ERROR_US = 2
LEASE_US = 2_000_000
HOLD_US = 100_000


class Story:
    """Events in their order. Times are microseconds after the beginning; `now` is that of the next event."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self._last: dict[str, int] = {}
        self.now = 0
        self.zones: dict[str, str] = {}
        self.linked = True
        """Whether each event knows of the one before it; else clocks alone say which was first."""

    def tell(self, node: str, act: str, **args: Any) -> None:
        """The next event. An adjudicator's name is that of its slice; it leads in the zone `zones` says, else in A."""
        zone = self.zones.get(node, "A")
        node_id = f"{zone}/{node}"
        cause = [[e["node"], e["n"]] for e in self.events[-1:] if e["node"] != node_id] if self.linked else []
        n = self._last[node_id] = self._last.get(node_id, 0) + 1
        at = [BEGIN_US + self.now - ERROR_US, BEGIN_US + self.now + ERROR_US]
        event = {"v": 1, "n": n, "node": node_id, "epoch": 1, "at": at, "act": act, "args": args, "cause": cause}
        self.events.append(event | ({"slice": node} if node.startswith("adj") else {}))
        self.now += STEP_US

    def entries(self) -> list[Entry]:
        """The events as the checker takes them, each in the line of its number here."""
        return [Entry(msgspec.convert(e, Event), "story", i, b"") for i, e in enumerate(self.events, 1)]

    # -- what the nodes do --------------------------------------------------------------------------------

    def leases(self) -> None:
        """Both adjudicators begin."""
        for adj in ("adj-0", "adj-1"):
            self.tell(adj, "Adjudication!Recover", kept={}, at=0)
            self.tell(adj, "Adjudication!Renew", until=BEGIN_US + LEASE_US)

    def promises(self, *adjudicators: str) -> None:
        """These adjudicators promise up to now."""
        for adj in adjudicators:
            self.tell(adj, "Adjudication!Heartbeat", upto=BEGIN_US + self.now)

    def begins(self, txn: str) -> int:
        """A transaction begins; its start."""
        start = BEGIN_US + self.now + ERROR_US
        self.tell("qp-0", "SnapshotIsolation!Begin", txn=txn, start=start)
        return start

    def writes(self, txn: str, *keys: str) -> None:
        """A transaction writes."""
        self.tell("qp-0", "SnapshotIsolation!Write", txn=txn, keys=list(keys))

    def asks(self, txn: str, leader: str, **slices: Mapping[str, str]) -> None:
        """A transaction wants to commit; slices are named as in `adj_0`."""
        named = {name.replace("_", "-"): dict(keys) for name, keys in slices.items()}
        self.tell("qp-0", "Commit!Ask", txn=txn, leader=leader, slices=named)

    def votes(self, txn: str, adj: str, start: int, keys: Mapping[str, str]) -> int:
        """A voter holds keys; until when."""
        until = BEGIN_US + self.now + HOLD_US
        self.tell(adj, "Commit!Vote", txn=txn, start=start, keys=dict(keys), until=until)
        return until

    def decides(self, txn: str, adj: str, start: int, keys: Mapping[str, str], *, ts: int = 0) -> int:
        """A leader decides, at a time a little ahead; the commit time."""
        ts = ts or BEGIN_US + self.now + 10
        self.tell(adj, "Adjudication!Commit", txn=txn, start=start, keys=dict(keys), ts=ts)
        return ts

    def settles(self, txn: str, adj: str, ts: int) -> None:
        """The record is durable, and the client is told."""
        self.tell(adj, "Adjudication!Durable", txn=txn, ts=ts)
        self.tell("qp-0", "SnapshotIsolation!Acknowledge", txn=txn)

    def across(self, txn: str) -> tuple[int, int, int]:
        """A transaction that writes x, of adj-0 which leads, and y, of adj-1, until it is decided: its start, until
        when adj-1 holds y, and its commit time."""
        start = self.begins(txn)
        self.writes(txn, "x", "y")
        self.asks(txn, "adj-0", adj_0={"x": "W", "mark0": "R"}, adj_1={"y": "N"})
        until = self.votes(txn, "adj-1", start, {"y": "N"})
        ts = self.decides(txn, "adj-0", start, {"x": "W", "mark0": "R"})
        return start, until, ts
