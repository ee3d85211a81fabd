"""A valid trace of many adjudicators without a system: a correct commit protocol in virtual time, told as a story.

Everything follows from the seed. Each transaction is a generator that tells one event at a time, and the next one to go
on is drawn; so all meet, and each event is still caused by the one before it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.support.commit_story import BEGIN_US, ERROR_US, HOLD_US, LEASE_US, Story
from tests.support.tracefiles import CONFLICTS

AGE_US = 1_500_000
_ROUND = 400
"""Events between two renewals."""


@dataclass
class Owner:
    """The state of an adjudicator in rung 3, as plain Python."""

    last: dict[tuple[str, str], int] = field(default_factory=dict)
    holds: dict[str, tuple[dict[str, str], int]] = field(default_factory=dict)
    floor: int = 0
    latest: int = 0
    promise: int = 0
    lease: int = 0
    appending: list[str] = field(default_factory=list)

    def admits(self, start: int, keys: dict[str, str]) -> bool:
        if start < self.floor:
            return False
        if any(self.last.get((k, other), 0) > start for k, mine in keys.items() for other in CONFLICTS[mine]):
            return False
        held = [keys_held for keys_held, _ in self.holds.values()]
        return not any(other.get(k) in CONFLICTS[mine] for other in held for k, mine in keys.items())

    def remember(self, keys: dict[str, str], ts: int) -> None:
        self.latest = max(self.latest, ts)
        for key, access in keys.items():
            if access != "R" and ts > self.floor:
                self.last[key, access] = max(self.last.get((key, access), 0), ts)


class Chorus:
    """Adjudicators, and the transactions under way."""

    def __init__(self, seed: int, *, adjudicators: int = 3, keys: int = 60, active: int = 12) -> None:
        self.random = random.Random(seed)
        self.story = Story()
        self.owners = {f"adj-{i}": Owner() for i in range(adjudicators)}
        self.keys = {f"k{i:03}": f"adj-{i % adjudicators}" for i in range(keys)}
        self.versions: dict[str, list[int]] = {}
        self.active = active
        self.begun = 0

    @property
    def now(self) -> int:
        return BEGIN_US + self.story.now

    def run(self, events: int) -> Story:
        """A story of about so many events, all of whose transactions have ended."""
        for adj in self.owners:
            self.story.tell(adj, "Adjudication!Recover", kept={}, at=0)
            self.renew(adj)
        under_way: list[Iterator[None]] = []
        renewed = 0
        while under_way or len(self.story.events) < events:
            if len(self.story.events) - renewed > _ROUND:
                renewed = len(self.story.events)
                self.keep_house()
            while len(under_way) < self.active and len(self.story.events) < events:
                self.begun += 1
                under_way.append(self.transaction(f"t{self.begun}"))
            one = self.random.choice(under_way)
            try:
                next(one)
            except StopIteration:
                under_way.remove(one)
        return self.story

    # -- adjudicators by themselves ------------------------------------------------------------------------

    def renew(self, adj: str) -> None:
        self.owners[adj].lease = self.now + LEASE_US
        self.story.tell(adj, "Adjudication!Renew", until=self.now + LEASE_US)

    def keep_house(self) -> None:
        """Leases are renewed, and all forget what is older than any transaction."""
        for adj, owner in self.owners.items():
            self.renew(adj)
            upto = self.now - AGE_US
            if upto > BEGIN_US:
                owner.floor = upto
                owner.last = {key: ts for key, ts in owner.last.items() if ts > upto}
                self.story.tell(adj, "Adjudication!Forget", upto=upto)
        self.story.tell("storage-0", "SnapshotIsolation!Forget", upto=self.now - AGE_US)

    def promise(self, upto: int) -> bool:
        """Whether all adjudicators have promised up to a time."""
        done = True
        for adj, owner in self.owners.items():
            if owner.appending:
                done = False
            elif owner.promise < upto:
                owner.promise = upto
                owner.latest = max(owner.latest, upto)
                self.story.tell(adj, "Adjudication!Heartbeat", upto=upto)
        return done

    # -- transactions --------------------------------------------------------------------------------------

    def transaction(self, txn: str) -> Iterator[None]:
        """Begins, reads, writes, asks, and ends."""
        story, start = self.story, self.now + ERROR_US
        story.tell("qp-0", "SnapshotIsolation!Begin", txn=txn, start=start)
        yield
        while not self.promise(start):
            yield
        read = self.random.sample(sorted(self.keys), 2)
        seen = {k: max([t for t in self.versions.get(k, []) if t <= start], default=0) for k in read}
        story.tell("qp-0", "SnapshotIsolation!Read", txn=txn, seen=seen)
        yield
        writes = {k: self.random.choice("WN") for k in self.random.sample(sorted(self.keys), self.random.randint(1, 3))}
        story.tell("qp-0", "SnapshotIsolation!Write", txn=txn, keys=sorted(writes))
        yield
        locks = {k: "S" for k in self.random.sample(sorted(self.keys), 1) if self.random.random() < 0.3}
        slices = self.slices(locks | writes)
        leader = max(slices, key=lambda adj: len(slices[adj]))
        slices[leader][f"mark/{leader}"] = "R"
        story.tell("qp-0", "Commit!Ask", txn=txn, leader=leader, slices=slices)
        yield
        yield from self.decide(txn, start, leader, slices, writes)

    def slices(self, keys: dict[str, str]) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        for key, access in keys.items():
            found.setdefault(self.keys[key], {})[key] = access
        return found

    def decide(
        self, txn: str, start: int, leader: str, slices: dict[str, dict[str, str]], writes: dict[str, str]
    ) -> Iterator[None]:
        """Every voter answers, then the leader, and then the voters learn of it, or their holds expire."""
        story, refused, bounds, ends = self.story, False, [start], []
        for adj in sorted(set(slices) - {leader}):
            voter, keys = self.owners[adj], slices[adj]
            until = min(self.now + HOLD_US, voter.lease)
            if voter.admits(start, keys) and until > max(start, voter.latest):
                voter.holds[txn] = keys, until
                bounds.append(voter.latest)
                ends.append(until)
                story.tell(adj, "Commit!Vote", txn=txn, start=start, keys=keys, until=until)
            else:
                refused = True
                story.tell(adj, "Adjudication!Refuse", txn=txn, start=start, keys=keys)
            yield
        owner = self.owners[leader]
        ts = max(self.now, owner.latest, *bounds) + 1
        if refused or ts > min([owner.lease, *ends]):
            story.tell(leader, "Commit!Decline", txn=txn)
            ts = 0
        elif not owner.admits(start, slices[leader]):
            story.tell(leader, "Adjudication!Refuse", txn=txn, start=start, keys=slices[leader])
            ts = 0
        else:
            owner.remember(slices[leader], ts)
            owner.appending.append(txn)
            story.tell(leader, "Adjudication!Commit", txn=txn, start=start, keys=slices[leader], ts=ts)
        yield
        if ts:
            yield from self.settle(txn, leader, ts, writes)
        else:
            story.tell("qp-0", "SnapshotIsolation!Abort", txn=txn)
        yield from self.resolve(txn, slices, ts)

    def settle(self, txn: str, leader: str, ts: int, writes: dict[str, str]) -> Iterator[None]:
        while self.owners[leader].appending[0] != txn:
            yield
        self.owners[leader].appending.pop(0)
        for key in writes:
            self.versions[key] = sorted([*self.versions.get(key, []), ts])[-20:]
        self.owners[leader].promise = ts
        self.story.tell(leader, "Adjudication!Durable", txn=txn, ts=ts)
        yield
        while self.now - ERROR_US < ts:
            self.story.now += ERROR_US
        self.story.tell("qp-0", "SnapshotIsolation!Acknowledge", txn=txn)
        yield

    def resolve(self, txn: str, slices: dict[str, dict[str, str]], ts: int) -> Iterator[None]:
        for adj in sorted(slices):
            voter = self.owners[adj]
            if txn not in voter.holds:
                continue
            keys, until = voter.holds[txn]
            if self.random.random() < 0.05:
                self.story.now = max(self.story.now, until - BEGIN_US + 2 * ERROR_US)
            del voter.holds[txn]
            if self.now - ERROR_US > until:
                voter.remember(keys, until)
                self.story.tell(adj, "Commit!Expire", txn=txn, until=until)
            else:
                if ts:
                    voter.remember(keys, ts)
                self.story.tell(adj, "Commit!Resolve", txn=txn, ts=ts)
            yield
