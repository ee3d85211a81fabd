"""Traces of two adjudicators whose key ranges move, told event by event. adj-0 begins with the lower half of all keys,
adj-1 with the upper one."""

from __future__ import annotations

from collections.abc import Mapping

from daybreak.base.keys import Key, key_text
from tests.support.commit_story import BEGIN_US, LEASE_US, Story

LOW, MIDDLE, HIGH = "10", "80", ""
"""From `LOW` to `MIDDLE` is the range that moves."""
KEPT, X, X2, Y = (
    key_text(Key(bytes.fromhex(text))) for text in ("0000000c01", "1000000c01", "1000000c02", "9000000c01")
)
"""A key of adj-0 that stays, two that move, and one of adj-1."""
MARK0 = key_text(Key(bytes.fromhex("00000002") + b"adj-0"))

History = Mapping[str, Mapping[str, int]]


class RangeStory(Story):
    """See the module."""

    def leases(self) -> None:
        """Both adjudicators begin, and say what they own."""
        self.recovers("adj-0", 0, [["", MIDDLE]])
        self.recovers("adj-1", 0, [[MIDDLE, HIGH]])

    def recovers(self, adj: str, at: int, ranges: list[list[str]], leaving: tuple[list[object], ...] = ()) -> None:
        """An adjudicator continues its journal, and has a lease."""
        self.tell(adj, "Adjudication!Recover", kept={}, at=at)
        self.tell(adj, "Placement!Seal", at=at, ranges=ranges, leaving=list(leaving))
        self.tell(adj, "Adjudication!Renew", until=max(at, BEGIN_US) + LEASE_US)

    def commits(self, txn: str, adj: str, *keys: str) -> int:
        """A transaction of one owner, from its beginning to its end; its commit time."""
        start = self.begins(txn)
        self.writes(txn, *keys)
        slices = {adj: dict.fromkeys(keys, "W")}
        self.tell("qp-0", "Commit!Ask", txn=txn, leader=adj, slices=slices)
        ts = self.decides(txn, adj, start, slices[adj])
        self.settles(txn, adj, ts)
        return ts

    def releases(self, *, ts: int = 0) -> int:
        """adj-0 gives the upper part of its range away; the time of the release."""
        self.tell("adj-0", "Placement!Split", at=LOW)
        ts = ts or BEGIN_US + self.now
        self.tell("adj-0", "Placement!Release", low=LOW, high=MIDDLE, to="adj-1", ts=ts)
        return ts

    def departs(self, ts: int, history: History) -> None:
        """The release is durable."""
        self.tell("adj-0", "Placement!Depart", low=LOW, high=MIDDLE, to="adj-1", ts=ts, history=history)

    def installs(self, ts: int, history: History, *, floor: int = 0) -> None:
        """adj-1 takes the range."""
        self.tell(
            "adj-1", "Placement!Install", low=LOW, high=MIDDLE, source="adj-0", ts=ts, floor=floor, history=history
        )

    def moves(self, history: History) -> int:
        """The range moves; the time of the release."""
        ts = self.releases()
        self.departs(ts, history)
        self.installs(ts, history)
        return ts

    def redirected(self, txn: str) -> int:
        """A transaction that writes X asks adj-0, which does not own it any more, and asks adj-1; its start."""
        start = self.begins(txn)
        self.writes(txn, X)
        self.tell("qp-0", "Commit!Ask", txn=txn, leader="adj-0", slices={"adj-0": {X: "W"}})
        self.tell("adj-0", "Placement!Redirect", txn=txn, start=start, keys={X: "W"})
        self.tell("qp-0", "Commit!AskAgain", txn=txn, again=f"{txn}~1", leader="adj-1", slices={"adj-1": {X: "W"}})
        return start
