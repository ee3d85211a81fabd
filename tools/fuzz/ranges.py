"""Who owns which keys, as owners and processes reckon with it (P9), against a list that has an owner for every key.

The keys are all strings of up to two letters of three, so that every cut lies beside keys that it separates.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise, product
from pathlib import Path

import msgspec
from hypothesis import strategies as st

from daybreak.adjudicator.messages import Moved
from daybreak.adjudicator.placement import Placement
from daybreak.base.ids import JournalId
from daybreak.base.keys import Key
from daybreak.base.placed import Known, Owned, Placed
from daybreak.base.placementmap import PlacementMap
from daybreak.base.ranges import Ranges, mark_key
from daybreak.base.time import Timestamp
from tools.fuzz.target import Check, Target

LETTERS = (b"\x00", b"m", b"\xff")
KEYS = [b"", *LETTERS, *(a + b for a, b in product(LETTERS, repeat=2))]
KEYS.sort()
JOURNALS = tuple(JournalId(f"adj-{number}") for number in range(3))
_decode = msgspec.msgpack.Decoder(Placed).decode
_STEPS = ("split", "merge", "release", "gone", "install", "restart", "hear", "hear late")


class Case(msgspec.Struct, frozen=True):
    """The first ranges by low end, and steps: what, by whom, at which key, to whom. All of these are numbers."""

    first: dict[int, int]
    steps: tuple[tuple[str, int, int, int], ...]


class World:
    """Three adjudicators that move ranges without losing a message, a process that hears of it, and the list."""

    def __init__(self, first: dict[int, int]) -> None:
        ranges = Ranges({b"": JOURNALS[0]} | {KEYS[low]: JOURNALS[owner] for low, owner in first.items()})
        self.owners = {key: ranges.owner(Key(key)) for key in KEYS}
        lows = {0: 0} | first
        for number, key in enumerate(KEYS):
            assert self.owners[key] == JOURNALS[lows[max(low for low in lows if low <= number)]], "the first ranges"
        self.placements = {journal: Placement(journal, ranges.of(journal)) for journal in JOURNALS}
        self.map = PlacementMap(ranges, JOURNALS)
        self.now = 0
        self.told: list[tuple[Known, ...]] = []
        """All that was ever told; it may be heard at any time, and again."""
        self.moving: dict[JournalId, Moved] = {}

    def split(self, journal: JournalId, at: bytes, to: JournalId) -> None:
        """Cut a range in two; nobody's keys change."""
        placement = self.placements[journal]
        starts = {owned.low for owned in placement.owned}
        can = any(owned.has(at) for owned in placement.owned) and at not in starts
        assert (placement.cannot_split(at) is None) == can
        if can:
            placement.split(at)
            assert {owned.low for owned in placement.owned} == starts | {at}

    def merge(self, journal: JournalId, at: bytes, to: JournalId) -> None:
        """Join two ranges."""
        placement = self.placements[journal]
        can = any(low.high == high.low == at for low, high in pairwise(placement.owned))
        assert (placement.cannot_merge(at) is None) == can
        if can:
            placement.merge(at)

    def release(self, journal: JournalId, at: bytes, to: JournalId) -> None:
        """Give away the range that begins there; until it is installed nobody owns its keys."""
        placement = self.placements[journal]
        found = placement.starting(at)
        assert (found is not None) == any(owned.low == at for owned in placement.owned)
        if found is None or placement.leaving is not None or to == journal:
            return
        self.now += 1
        placement.release(at, to, Timestamp(self.now))
        assert Known(found.low, found.high, to, self.now) not in placement.known(), "it may yet come back"
        placement.departed = True
        self.moving[journal] = Moved(journal, to, found.low, found.high, Timestamp(self.now), Timestamp(0), ())

    def install(self, journal: JournalId, at: bytes, to: JournalId) -> None:
        """What this one has released arrives."""
        moved = self.moving.get(journal)
        if moved is None:
            return
        taker = self.placements[moved.to]
        if taker.overlaps(moved):
            left = taker.leaving
            assert left is not None and any(_within(moved, key) and left.has(key) for key in [*KEYS, left.low])
            return
        del self.moving[journal]
        taker.arrive(moved)
        assert not any(taker.owns([Key(key)]) for key in KEYS if _within(moved, key)), "not before it is durable"
        assert Owned(moved.low, moved.high, moved.ts) in _decode(taker.encoded).owned, "its entry says so"
        taker.install(moved)
        self.owners |= {key: moved.to for key in KEYS if _within(moved, key)}

    def gone(self, journal: JournalId, at: bytes, to: JournalId) -> None:
        """The old owner learns of it."""
        if journal not in self.moving and self.placements[journal].leaving is not None:
            self.placements[journal].gone()

    def restart(self, journal: JournalId, at: bytes, to: JournalId) -> None:
        """Go on from what the journal says."""
        placement = self.placements[journal]
        before = placement.known()
        placement.begin(_decode(placement.encoded))
        assert placement.known() == before

    def hear(self, journal: JournalId, at: bytes, to: JournalId) -> None:
        """The process hears what this one says now."""
        self.told.append(self.placements[journal].known())
        self.map.learn(self.told[-1])

    def hear_late(self, journal: JournalId, at: bytes, to: JournalId) -> None:
        """The process hears once more what was said long ago, backwards."""
        if self.told:
            self.map.learn(reversed(self.told[(KEYS.index(at) + JOURNALS.index(to)) % len(self.told)]))

    def look(self) -> None:
        """Every key has the owner that the list has for it, and no other."""
        for key in KEYS:
            is_moving = any(_within(moved, key) for moved in self.moving.values())
            owners = [journal for journal, placement in self.placements.items() if placement.owns([Key(key)])]
            assert owners == ([] if is_moving else [self.owners[key]]), f"{key!r} is owned by {owners}"
        self._look_at_map()

    def _look_at_map(self) -> None:
        listed = self.map.listed()
        assert listed[0].low == listed[-1].high == b"", "no key is left out"
        assert all(low.high == high.low and low.low < high.low for low, high in pairwise(listed))
        for key in KEYS:
            (known,) = [part for part in listed if part.low <= key and (not part.high or key < part.high)]
            assert (self.map.find(key), self.map.owner(Key(key))) == (known, known.owner)
        assert [self.map.owner(mark_key(journal)) for journal in JOURNALS] == list(JOURNALS)

    def settle(self) -> None:
        """All that is moving arrives, all is heard, what was heard before does not matter."""
        for _ in JOURNALS:
            for journal in JOURNALS:
                self.install(journal, b"", journal)
                self.gone(journal, b"", journal)
        assert not self.moving
        self.look()
        for journal in JOURNALS:
            self.hear(journal, b"", journal)
        version = self.map.version
        for said in self.told:
            self.map.learn(said)
        assert self.map.version == version, "old words are no news"
        assert {key: self.map.owner(Key(key)) for key in KEYS} == self.owners


def _within(moved: Moved, key: bytes) -> bool:
    return moved.low <= key and (not moved.high or key < moved.high)


def check(case: Case) -> None:
    """Take the steps, look after each, and let it settle."""
    world = World(case.first)
    world.look()
    for what, who, at, to in case.steps:
        getattr(world, what.replace(" ", "_"))(JOURNALS[who], KEYS[at], JOURNALS[to])
        world.look()
    world.settle()


@contextmanager
def opened(directory: Path) -> Iterator[Check]:
    """Needs nothing."""
    yield check


_WHO = st.integers(0, len(JOURNALS) - 1)
_AT = st.integers(0, len(KEYS) - 1)

TARGET = Target(
    name="ranges",
    guards="however ranges are split, merged and moved, each key has one owner, and who hears of it late finds it",
    form=Case,
    cases=st.builds(
        Case,
        first=st.dictionaries(st.integers(1, len(KEYS) - 1), _WHO, max_size=4),
        steps=st.lists(st.tuples(st.sampled_from(_STEPS), _WHO, _AT, _WHO), max_size=30).map(tuple),
    ),
    open=opened,
)
