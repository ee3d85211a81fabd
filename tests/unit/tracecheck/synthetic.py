"""A valid trace without a system: one correct adjudicator, query processors and a storage node in virtual time.

Everything follows from the seed. `World(seed).run(n)` returns the events of each node.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.support.tracefiles import ADJUDICATOR, CONFLICTS, STORAGE, Event, Trace

ERROR_US = 2
LEASE_US = 400_000
AGE_US = 60_000
EPOCH_US = 1_790_000_000_000_000


@dataclass
class Transaction:
    """One transaction and what its query processor knows of it."""

    name: str
    processor: str
    start: int
    keys: dict[str, str] = field(default_factory=dict)
    abandoned: bool = False


@dataclass
class Adjudicator:
    """The state of rung 2, as plain Python."""

    history: dict[tuple[str, str], int] = field(default_factory=dict)
    floor: int = 0
    latest: int = 0
    promise: int = 0
    lease: int = 0
    appending: list[tuple[Transaction, int]] = field(default_factory=list)

    def admits(self, txn: Transaction) -> bool:
        return self.floor <= txn.start and not any(
            self.history.get((key, other), 0) > txn.start for key, mine in txn.keys.items() for other in CONFLICTS[mine]
        )


class World:
    """The nodes, their clock, and the queue of what happens next."""

    def __init__(self, seed: int, *, processors: int = 4, keys: int = 40, hot: int = 4, crashes: bool = True) -> None:
        self.random = random.Random(seed)
        self.now = EPOCH_US
        self.keys = [f"t12/{0x80000000 + i:08x}" for i in range(keys)]
        self.hot = hot
        self.crashes = crashes
        self.trace: Trace = {ADJUDICATOR: [], STORAGE: []}
        self.adj = Adjudicator()
        self.epoch = 1
        self.versions: dict[str, list[int]] = {}
        self.queue: list[tuple[int, int, Callable[[], None]]] = []
        self.tick = 0
        self.begun = 0
        self.target = 0
        self.processors = [f"A/qp-{i}" for i in range(processors)]

    # -- the machinery -------------------------------------------------------------------------------------

    def later(self, delay_us: int, action: Callable[[], None]) -> None:
        self.tick += 1
        heapq.heappush(self.queue, (self.now + delay_us, self.tick, action))

    def delay(self) -> int:
        return self.random.randint(20, 120)

    def log(self, node: str, act: str, args: dict[str, Any], causes: tuple[str, ...] = ()) -> None:
        events = self.trace.setdefault(node, [])
        event: Event = {
            "v": 1,
            "n": len(events) + 1,
            "node": node,
            "epoch": self.epoch,
            "at": [self.now - ERROR_US, self.now + ERROR_US],
            "act": act,
            "args": args,
        }
        if node == ADJUDICATOR:
            event["slice"] = "adj-0"
        event["cause"] = [[n, len(self.trace[n])] for n in causes if self.trace.get(n)]
        events.append(event)

    def run(self, transactions: int) -> Trace:
        """The trace of `transactions` transactions from their begin to their end."""
        self.target = transactions
        self.renew()
        for name in self.processors:
            self.later(self.delay(), lambda name=name: self.begin(name))  # type: ignore[misc]
        self.later(AGE_US // 2, self.forget)
        if self.crashes:
            self.later(self.random.randint(1_000, 2_000), self.crash)
        while self.queue:
            due, _, action = heapq.heappop(self.queue)
            self.now = max(self.now, due)
            action()
        return self.trace

    @property
    def finished(self) -> bool:
        return self.begun >= self.target

    # -- query processors ----------------------------------------------------------------------------------

    def begin(self, processor: str) -> None:
        if self.finished:
            return
        self.begun += 1
        txn = Transaction(f"t{self.begun:x}", processor, self.now + ERROR_US)
        self.log(processor, "SnapshotIsolation!Begin", {"txn": txn.name, "start": txn.start})
        self.later(self.delay(), lambda: self.read(txn))

    def pick(self) -> str:
        crowd = self.keys[: self.hot] if self.random.random() < 0.05 else self.keys
        return self.random.choice(crowd)

    def read(self, txn: Transaction) -> None:
        """Reads some keys once nothing can commit at or below the start any more (P5, P6)."""
        if self.adj.promise < txn.start:
            self.heartbeat()
        if self.adj.promise < txn.start:
            self.later(50, lambda: self.read(txn))
            return
        asked = {self.pick() for _ in range(self.random.randint(1, 4))}
        seen = {key: max([t for t in self.versions.get(key, []) if t <= txn.start], default=0) for key in asked}
        self.log(txn.processor, "SnapshotIsolation!Read", {"txn": txn.name, "seen": seen}, (ADJUDICATOR,))
        chance = self.random.random()
        following = self.read_only if chance < 0.1 else self.rollback if chance < 0.13 else self.write
        self.later(self.delay(), lambda: following(txn))

    def read_only(self, txn: Transaction) -> None:
        self.end(txn, "CommitReadOnly")

    def rollback(self, txn: Transaction) -> None:
        self.end(txn, "Abort")

    def write(self, txn: Transaction) -> None:
        for _ in range(self.random.randint(1, 2)):
            keys = {self.pick() for _ in range(self.random.randint(1, 3))}
            txn.keys |= {key: self.random.choice("WN") for key in keys}
            self.log(txn.processor, "SnapshotIsolation!Write", {"txn": txn.name, "keys": sorted(keys)})
            self.now += 1
        if self.random.random() < 0.2:
            txn.keys.setdefault(self.pick(), self.random.choice("SR"))
        self.later(self.delay(), lambda: self.adjudicate(txn))
        if self.random.random() < 0.02:
            self.later(150, lambda: self.abandon(txn))

    def abandon(self, txn: Transaction) -> None:
        if not txn.abandoned:
            txn.abandoned = True
            self.end(txn, "Abandon")

    def acknowledge(self, txn: Transaction, ts: int) -> None:
        """Tells the client after the commit wait (P3)."""
        if txn.abandoned:
            return
        if self.now - ERROR_US < ts:
            self.later(ts + ERROR_US - self.now, lambda: self.acknowledge(txn, ts))
            return
        txn.abandoned = True
        self.end(txn, "Acknowledge", (ADJUDICATOR,))

    def end(self, txn: Transaction, how: str, causes: tuple[str, ...] = ()) -> None:
        self.log(txn.processor, f"SnapshotIsolation!{how}", {"txn": txn.name}, causes)
        self.later(self.delay(), lambda: self.begin(txn.processor))

    def refused(self, txn: Transaction) -> None:
        if not txn.abandoned:
            txn.abandoned = True
            self.end(txn, "Abort", (ADJUDICATOR,))

    # -- the adjudicator -----------------------------------------------------------------------------------

    def judge(self, act: str, causes: tuple[str, ...] = (), **args: Any) -> None:
        self.log(ADJUDICATOR, f"Adjudication!{act}", args, causes)
        self.now += 1

    def adjudicate(self, txn: Transaction) -> None:
        adj, cause = self.adj, (txn.processor,)
        if self.random.random() < 0.03:
            self.give_back()
        ts = max(txn.start, adj.latest, adj.promise, self.now) + 1
        if not adj.admits(txn):
            self.judge("Refuse", cause, txn=txn.name, start=txn.start, keys=dict(txn.keys))
            self.later(self.delay(), lambda: self.refused(txn))
        elif ts > adj.lease:
            self.judge("Decline", cause, txn=txn.name, start=txn.start, ts=ts)
            self.later(self.delay(), lambda: self.refused(txn))
        else:
            adj.latest = ts
            adj.appending.append((txn, ts))
            adj.history |= {(key, mode): ts for key, mode in txn.keys.items() if mode != "R"}
            self.judge("Commit", cause, txn=txn.name, start=txn.start, keys=dict(txn.keys), ts=ts)
            epoch = self.epoch
            self.later(100, lambda: self.durable(epoch))

    def durable(self, epoch: int) -> None:
        if epoch != self.epoch:
            return
        txn, ts = self.adj.appending.pop(0)
        self.judge("Durable", txn=txn.name, ts=ts)
        self.install(txn, ts)
        self.later(self.delay(), lambda: self.acknowledge(txn, ts))

    def install(self, txn: Transaction, ts: int) -> None:
        for key, mode in txn.keys.items():
            if mode in "WN":
                self.versions.setdefault(key, []).append(ts)

    def heartbeat(self) -> None:
        adj = self.adj
        upto = min([self.now + ERROR_US, adj.lease, *(ts - 1 for _, ts in adj.appending)])
        if upto > adj.promise:
            adj.promise = upto
            self.judge("Heartbeat", upto=upto)

    def extend(self) -> None:
        self.adj.lease = self.now + LEASE_US
        self.judge("Renew", until=self.adj.lease)

    def give_back(self) -> None:
        """Gives the rest of the lease back, and soon asks for another."""
        self.adj.lease = max(self.adj.promise, self.adj.latest)
        self.judge("Renew", until=self.adj.lease)
        self.later(200, self.extend)

    def renew(self) -> None:
        self.extend()
        if not self.finished:
            self.later(LEASE_US // 2, self.renew)

    def forget(self) -> None:
        """The adjudicator and storage forget what is older than any transaction (P15, P22)."""
        upto = self.now - AGE_US
        if upto > self.adj.floor:
            self.adj.floor = upto
            self.adj.history = {key: ts for key, ts in self.adj.history.items() if ts > upto}
            self.judge("Forget", upto=upto)
        self.log(STORAGE, "SnapshotIsolation!Forget", {"upto": self.now - 20 * AGE_US})
        if not self.finished:
            self.later(AGE_US // 2, self.forget)

    def crash(self) -> None:
        """All but the journal is lost; of the records under way a prefix was kept (P18, P19)."""
        adj = self.adj
        kept = adj.appending[: self.random.randint(0, len(adj.appending))]
        lost = adj.appending[len(kept) :]
        at = max(adj.lease, adj.floor)
        self.now = max(self.now, at + 2 * ERROR_US)
        self.epoch += 1
        self.adj = Adjudicator(floor=at, latest=adj.latest, promise=at, lease=at)
        self.judge("Recover", kept={txn.name: ts for txn, ts in kept}, at=at)
        for txn, ts in kept:
            self.install(txn, ts)
            self.later(self.delay(), lambda txn=txn, ts=ts: self.acknowledge(txn, ts))  # type: ignore[misc]
        for txn, _ in lost:
            self.later(self.delay(), lambda txn=txn: self.abandon(txn))  # type: ignore[misc]
        self.later(300, self.extend)
        if not self.finished:
            self.later(LEASE_US // 3, self.crash)
