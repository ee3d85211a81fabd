"""Rungs 1 and 2 a second time, as plain Python: whether events are a behaviour, decided without TLA+ and the checker.

Written from the prose of the specs; times are integers, functions are dicts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.support.tracefiles import CONFLICTS
from tracecheck.read import Entry

Args = dict[str, Any]


@dataclass
class Party:
    """A transaction under way."""

    start: int
    writes: set[str] = field(default_factory=set)
    phase: str = "running"
    ts: int = 0


@dataclass
class Clients:
    """What clients can see (rung 1)."""

    versions: dict[str, dict[int, int]] = field(default_factory=dict)
    """For each key the start of the transaction that made the version of each commit time."""
    active: dict[str, Party] = field(default_factory=dict)
    acked: int = 0
    horizon: int = 0
    base: int = 0

    def takes(self, act: str, args: Args) -> bool:
        """Whether an event is allowed now; if it is, it has happened. What is not of this rung is allowed."""
        steps: dict[str, Callable[..., bool]] = {
            "SnapshotIsolation!Begin": self.begin,
            "SnapshotIsolation!Read": self.read,
            "SnapshotIsolation!Write": self.write,
            "SnapshotIsolation!Acknowledge": self.acknowledge,
            "SnapshotIsolation!CommitReadOnly": self.commit_read_only,
            "SnapshotIsolation!Abort": self.abort,
            "SnapshotIsolation!Abandon": self.abandon,
            "SnapshotIsolation!Forget": self.forget,
            "Adjudication!Durable": self.durable,
            "Adjudication!Recover": lambda kept, at: self.recover(kept),
        }
        return act not in steps or steps[act](**args)

    def begin(self, txn: str, start: int) -> bool:
        if txn in self.active or start < self.acked:
            return False
        self.active[txn] = Party(start)
        return True

    def read(self, txn: str, seen: dict[str, int]) -> bool:
        party = self.active.get(txn)
        if party is None or party.phase != "running":
            return False
        if not all(self.is_newest(key, ts, party.start) for key, ts in seen.items()):
            return False
        self.horizon = max(self.horizon, party.start)
        return True

    def is_newest(self, key: str, ts: int, start: int) -> bool:
        known = [made for made in self.versions.get(key, ()) if made <= start]
        return ts == max(known) if known else ts <= min(start, self.base)

    def write(self, txn: str, keys: list[str]) -> bool:
        if txn not in self.active or self.active[txn].phase != "running":
            return False
        self.active[txn].writes |= set(keys)
        return True

    def may_commit(self, party: Party, ts: int) -> bool:
        later = [(made, start) for key in party.writes for made, start in self.versions.get(key, {}).items()]
        return (
            party.phase != "committed"
            and bool(party.writes)
            and self.base <= party.start
            and max(party.start, self.horizon) < ts
            and all(ts <= start for made, start in later if made > party.start)
        )

    def commit(self, found: dict[str, int]) -> bool:
        parties = {txn: self.active[txn] for txn in found}
        if not all(self.may_commit(party, found[txn]) for txn, party in parties.items()):
            return False
        for one, other in ((a, b) for a in found for b in found if a < b):
            if parties[one].writes & parties[other].writes and not (
                found[other] <= parties[one].start or found[one] <= parties[other].start
            ):
                return False
        for txn, party in parties.items():
            for key in party.writes:
                self.versions.setdefault(key, {})[found[txn]] = party.start
            if party.phase == "abandoned":
                del self.active[txn]
            else:
                party.phase, party.ts = "committed", found[txn]
        return True

    def durable(self, txn: str, ts: int) -> bool:
        return txn in self.active and self.commit({txn: ts})

    def recover(self, kept: dict[str, int]) -> bool:
        known = {txn: ts for txn, ts in kept.items() if txn in self.active}
        done = {txn: ts for txn, ts in known.items() if self.active[txn].phase == "committed"}
        if any(self.active[txn].ts != ts for txn, ts in done.items()):
            return False
        return self.commit({txn: ts for txn, ts in known.items() if txn not in done})

    def leave(self, txn: str, *phases: str) -> bool:
        if txn not in self.active or self.active[txn].phase not in phases:
            return False
        del self.active[txn]
        return True

    def acknowledge(self, txn: str) -> bool:
        party = self.active.get(txn)
        if not self.leave(txn, "committed"):
            return False
        assert party is not None
        self.acked = max(self.acked, party.ts)
        return True

    def commit_read_only(self, txn: str) -> bool:
        return txn in self.active and not self.active[txn].writes and self.leave(txn, "running")

    def abort(self, txn: str) -> bool:
        return self.leave(txn, "running")

    def abandon(self, txn: str) -> bool:
        if self.leave(txn, "committed"):
            return True
        if txn not in self.active or self.active[txn].phase != "running":
            return False
        self.active[txn].phase = "abandoned"
        return True

    def forget(self, upto: int) -> bool:
        self.base = max(self.base, upto)
        for key in list(self.versions):
            self.versions[key] = {ts: start for ts, start in self.versions[key].items() if ts > upto}
        for txn, party in list(self.active.items()):
            if party.phase != "committed" and party.start < upto:
                del self.active[txn]
        return True


@dataclass
class Bench:
    """One adjudicator (rung 2)."""

    history: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    floor: int = 0
    latest: int = 0
    promise: int = 0
    lease: int = 0
    appending: dict[tuple[str, int], None] = field(default_factory=dict)

    def takes(self, act: str, args: Args) -> bool:
        """Whether an event is allowed now; if it is, it has happened. What is not of this rung is allowed."""
        module, _, action = act.partition("!")
        return module != "Adjudication" or bool(getattr(self, action.lower())(**args))

    def admissible(self, start: int, keys: dict[str, str]) -> bool:
        clashes = (
            made.get(key) in CONFLICTS[access]
            for ts, made in self.history
            if ts > start
            for key, access in keys.items()
        )
        return self.floor <= start and not any(clashes)

    def is_above(self, start: int, ts: int) -> bool:
        return ts > max(start, self.latest, self.promise)

    def commit(self, txn: str, start: int, keys: dict[str, str], ts: int) -> bool:
        if not set(keys.values()) <= set(CONFLICTS) or not self.admissible(start, keys):
            return False
        if not self.is_above(start, ts) or ts > self.lease:
            return False
        self.history.append((ts, keys))
        self.latest = ts
        self.appending[txn, ts] = None
        return True

    def refuse(self, txn: str, start: int, keys: dict[str, str]) -> bool:
        return set(keys.values()) <= set(CONFLICTS) and not self.admissible(start, keys)

    def decline(self, txn: str, start: int, ts: int) -> bool:
        return self.is_above(start, ts) and ts > self.lease

    def durable(self, txn: str, ts: int) -> bool:
        if (txn, ts) not in self.appending or any(other < ts for _, other in self.appending):
            return False
        del self.appending[txn, ts]
        return True

    def heartbeat(self, upto: int) -> bool:
        if not self.promise < upto <= self.lease or any(ts <= upto for _, ts in self.appending):
            return False
        self.promise = upto
        return True

    def renew(self, until: int) -> bool:
        if until < max(self.promise, self.latest):
            return False
        self.lease = until
        return True

    def forget(self, upto: int) -> bool:
        if upto <= self.floor:
            return False
        self.floor = upto
        self.history = [(ts, keys) for ts, keys in self.history if ts > upto]
        return True

    def recover(self, kept: dict[str, int], at: int) -> bool:
        if at < max(self.lease, self.floor, *kept.values(), 0):
            return False
        for txn, ts in self.appending:
            if txn in kept and (kept[txn] != ts or any(u < ts and name not in kept for name, u in self.appending)):
                return False
        self.history, self.appending = [], {}
        self.floor = self.promise = self.lease = at
        return True


def is_isolation(entries: Sequence[Entry]) -> bool:
    """Whether events are a behaviour of rung 1."""
    clients = Clients()
    return all(clients.takes(entry.event.act, entry.event.args) for entry in entries)


def is_adjudication(entries: Sequence[Entry]) -> bool:
    """Whether events are a behaviour of rung 2, each slice for itself."""
    benches: dict[str | None, Bench] = {}
    events = [entry.event for entry in entries if entry.event.act.startswith("Adjudication!")]
    return all(benches.setdefault(event.slice, Bench()).takes(event.act, event.args) for event in events)
