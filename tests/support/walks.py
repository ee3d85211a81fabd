"""Random walks through rungs 1 and 2: what may happen and, at each step, what may not, as the references say.

Few names, keys and times that lie close to each other, so that most steps come near a border of what is allowed. Some
walks go past a full second, where the two halves of a time carry over, and some begin at zero.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

from tests.support.references import Bench, Clients
from tests.support.tracefiles import ADJUDICATOR
from tracecheck.mutate.corpus import Corpus
from tracecheck.read import Entry, Event

NAMES = ["t1", "t2", "t3", "t4"]
KEYS = ["k1", "k2", "k3"]
FIRST_US = (999_994, 0)
ATTEMPTS = 4
"""How many steps are tried for each that is taken, at most."""

Make = Callable[["Draw", Any], tuple[str, dict[str, Any]]]
Said = tuple[str, dict[str, Any], bool]
"""An event, its arguments, and whether it is allowed."""


class Draw:
    """Draws names, keys and times; of each walk its own: some have few keys, some few reads, some forget often."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.times: list[int] = [rng.choice(FIRST_US)]
        self.keys = KEYS[: rng.choice([1, 2, 2, 3])]
        self.steps = rng.choice([(-1, 0, 0, 1, 1, 2), (-3, -1, 0, 1, 2, 4)])
        self.weights = [rng.choice([0.2, 1, 4, 12]) for _ in range(8)]
        self.rare = [0.1 if rng.random() < 0.7 else weight for weight in self.weights]

    def time(self) -> int:
        """A time beside one that occurred, mostly lately."""
        known = self.times[-5:] if self.rng.random() < 0.7 else self.times
        time = self.rng.choice(known) + self.rng.choice(self.steps)
        self.times.append(max(0, time))
        return self.times[-1]

    def time_from(self, least: int) -> int:
        """A time that is mostly not before `least`."""
        self.times.append(max(self.time(), least) if self.rng.random() < 0.8 else self.time())
        return self.times[-1]

    def some(self) -> list[str]:
        """Some of the keys."""
        return self.rng.sample(self.keys, self.rng.randint(0, min(2, len(self.keys))))


def isolation_events(draw: Draw, clients: Clients) -> tuple[str, dict[str, Any]]:
    """An event of rung 1 that may be allowed."""
    rng = draw.rng
    txn, keys = rng.choice(NAMES), draw.some()
    makes: list[Callable[[], tuple[str, dict[str, Any]]]] = [
        lambda: ("SnapshotIsolation!Begin", {"txn": txn, "start": draw.time()}),
        lambda: ("SnapshotIsolation!Read", {"txn": txn, "seen": {key: seen(rng, clients, txn, key) for key in keys}}),
        lambda: ("SnapshotIsolation!Write", {"txn": txn, "keys": keys}),
        lambda: (
            "SnapshotIsolation!" + rng.choice(["Acknowledge", "Abort", "CommitReadOnly", "Abandon"]),
            {"txn": txn},
        ),
        lambda: ("SnapshotIsolation!Forget", {"upto": draw.time()}),
        lambda: ("Adjudication!Durable", {"txn": txn, "ts": draw.time()}),
        lambda: ("Adjudication!Recover", {"kept": kept(draw, clients), "at": draw.time()}),
    ]
    weights = [*draw.weights[:4], draw.rare[4], draw.weights[5], draw.weights[6] / 2]
    return rng.choices(makes, weights)[0]()


def seen(rng: random.Random, clients: Clients, txn: str, key: str) -> int:
    """A version of the key that a read may return."""
    known = [0, *clients.versions.get(key, ())]
    start = clients.active[txn].start if txn in clients.active else 0
    fitting = max(ts for ts in known if ts <= max(start, 0))
    base = clients.base
    chosen: int = rng.choice([fitting, fitting, fitting, *known, start, base, base + 1])
    return chosen


def kept(draw: Draw, clients: Clients) -> dict[str, int]:
    """What an adjudicator may find in its journal: often what all writers under way might have committed at."""
    rng = draw.rng
    writers = [name for name, party in clients.active.items() if party.writes]
    chosen = rng.sample(NAMES, rng.choice([0, 1, 2, 2, 3])) if rng.random() < 0.4 else writers
    known = {name: party.ts for name, party in clients.active.items() if party.ts}
    soon = {name: max(party.start, clients.horizon) + rng.choice([1, 1, 2]) for name, party in clients.active.items()}
    likely = soon | known
    return {name: likely[name] if name in likely and rng.random() < 0.8 else draw.time() for name in chosen}


def adjudication_events(draw: Draw, bench: Bench) -> tuple[str, dict[str, Any]]:
    """An event of rung 2 that may be allowed."""
    rng = draw.rng
    txn, start = rng.choice(NAMES), draw.time()
    keys = {key: rng.choice("WNSR") for key in draw.some()}
    under_way = list(bench.appending) or [(txn, start)]
    found = rng.sample(under_way, rng.randint(0, len(under_way)))
    drawn = {name: ts if rng.random() < 0.8 else ts + 1 for name, ts in found}
    makes: list[Callable[[], tuple[str, dict[str, Any]]]] = [
        lambda: ("Commit", {"txn": txn, "start": start, "keys": keys, "ts": draw.time()}),
        lambda: ("Refuse", {"txn": txn, "start": start, "keys": keys}),
        lambda: ("Decline", {"txn": txn, "start": start, "ts": draw.time()}),
        lambda: ("Durable", dict(zip(("txn", "ts"), rng.choice([*under_way, (txn, start)]), strict=True))),
        lambda: ("Heartbeat", {"upto": draw.time()}),
        lambda: ("Renew", {"until": draw.time() + rng.choice([0, 3])}),
        lambda: ("Forget", {"upto": max(0, draw.time() - rng.choice([0, 3]))}),
        lambda: ("Recover", {"kept": drawn, "at": draw.time_from(bench.lease)}),
    ]
    act, args = rng.choices(makes, [*draw.weights[:6], draw.rare[6], draw.weights[7] / 2])[0]()
    return f"Adjudication!{act}", args


def late_commit(first: int) -> list[tuple[str, dict[str, Any]]]:
    """A commit that comes to light after a later one of its key, and a reader of the version before both."""
    begun = [("t1", first + 1), ("t2", first + 3), ("t4", first + 4), ("t3", first + 8)]
    return [
        *(("SnapshotIsolation!Begin", {"txn": txn, "start": start}) for txn, start in begun),
        *(("SnapshotIsolation!Write", {"txn": txn, "keys": KEYS[:1]}) for txn in ("t1", "t2", "t3")),
        *(("Adjudication!Durable", {"txn": txn, "ts": first + ts}) for txn, ts in (("t1", 2), ("t3", 9), ("t2", 6))),
        ("SnapshotIsolation!Read", {"txn": "t4", "seen": {KEYS[0]: first + 2}}),
    ]


def found_in_the_journal(first: int) -> list[tuple[str, dict[str, Any]]]:
    """Restarts that find two records: of concurrent writers of two keys, of one key (which cannot be), in turn; and a
    reader of what they left."""

    def writer(txn: str, start: int, key: str) -> list[tuple[str, dict[str, Any]]]:
        begin = ("SnapshotIsolation!Begin", {"txn": txn, "start": first + start})
        return [begin, ("SnapshotIsolation!Write", {"txn": txn, "keys": [key]})]

    def restart(one: int, other: int) -> tuple[str, dict[str, Any]]:
        return "Adjudication!Recover", {"kept": {"t1": first + one, "t2": first + other}, "at": first}

    left = [("SnapshotIsolation!Abandon", {"txn": txn}) for txn in ("t1", "t2")]
    return [
        *(*writer("t1", 1, "k1"), *writer("t2", 1, "k2"), restart(3, 4), *left),
        *(*writer("t1", 5, "k1"), *writer("t2", 5, "k1"), restart(7, 8)),
        *(("SnapshotIsolation!Abort", {"txn": "t2"}), *writer("t2", 9, "k1"), restart(7, 11), *left),
        *(*writer("t1", 12, "k1"), *writer("t2", 15, "k2"), restart(13, 16), *left),
        ("SnapshotIsolation!Begin", {"txn": "t3", "start": first + 17}),
        ("SnapshotIsolation!Read", {"txn": "t3", "seen": {"k1": first + 13, "k2": first + 16}}),
    ]


def journal_cut(first: int) -> list[tuple[str, dict[str, Any]]]:
    """Two records under way: the first is durable first, and after a restart it is found at its own time or not."""
    commits = [
        ("Adjudication!Commit", {"txn": f"t{i}", "start": first, "keys": {f"k{i}": "W"}, "ts": first + i})
        for i in (1, 2)
    ]
    found = [{"t2": first + 2}, {"t1": first + 2}, {"t1": first + 1}]
    restarts = [("Adjudication!Recover", {"kept": kept, "at": first + 9}) for kept in found]
    overtaking = ("Adjudication!Durable", {"txn": "t2", "ts": first + 2})
    return [("Adjudication!Renew", {"until": first + 9}), *commits, overtaking, *restarts]


def class_meets_class(first: int) -> list[tuple[str, dict[str, Any]]]:
    """A commit with keys of every class, and for each key and class one that began before it."""
    pairs = list(product("WNS", "WNSR"))
    before = {"txn": "t0", "start": first, "keys": {"".join(pair): pair[0] for pair in pairs}, "ts": first + 1}
    tries = [
        {"txn": f"u{i}", "start": first, "keys": {"".join(pair): pair[1]}, "ts": first + 2 + i}
        for i, pair in enumerate(pairs)
    ]
    renew = ("Adjudication!Renew", {"until": first + 99})
    return [renew, *(("Adjudication!Commit", args) for args in (before, *tries))]


SCRIPTS = {"isolation": [late_commit, found_in_the_journal], "adjudication": [journal_cut, class_meets_class]}
"""How some walks begin."""


def walk(
    rng: random.Random, steps: int, make: Make, state: Clients | Bench, begin: Callable[[int], Any] | None
) -> Iterator[Said]:
    """Steps until `steps` were allowed; each is tried on `state`, which changes only when it is allowed."""
    draw, taken = Draw(rng), 0
    script = begin(draw.times[0]) if begin is not None else []
    draw.times += [ts for _, args in script for ts in args.values() if isinstance(ts, int)]
    for number in range(steps * ATTEMPTS):
        act, args = script[number] if number < len(script) else make(draw, state)
        allowed = state.takes(act, args)
        yield act, args, allowed
        taken += allowed
        if taken == steps:
            return


def corpus_of(rung: str, seed: int, walks: int, steps: int) -> Corpus:
    """What the reference of a rung says of random steps."""
    corpus = Corpus()
    scripts = SCRIPTS[rung]
    for number in range(walks):
        rng = random.Random(f"{rung}/{seed}/{number}")
        make: Make = isolation_events if rung == "isolation" else adjudication_events
        state = Clients() if rung == "isolation" else Bench()
        begin = scripts[number] if number < len(scripts) else None
        taken: list[Entry] = []
        for act, args, allowed in walk(rng, steps, make, state, begin):
            event = Event(1, len(taken) + 1, ADJUDICATOR, (0, 0), act, args, slice="adj-0")
            tried = [*taken, Entry(event, "walk", len(taken) + 1, b"")]
            corpus.add(tried, refused=not allowed)
            taken = tried if allowed else taken
    return corpus
