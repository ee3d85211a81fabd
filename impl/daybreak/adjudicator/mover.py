"""An adjudicator as the owner of key ranges that are split, merged and moved (P9; specs/placement/Placement.tla).

It answers for what it owns and for nothing else. A range is given away by an entry in the journal: from the moment it
is appended the old owner judges nothing on the range, and when it is durable the new owner is sent the range, with what
was committed on it, until it says that it has it. The new owner has it when an entry of its own says so, durably.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import msgspec

from daybreak.adjudicator.messages import (
    HoldTick,
    Installed,
    Load,
    MergeRanges,
    Moved,
    MoveRange,
    OrderDone,
    Outcome,
    OwnedRanges,
    Reason,
    Redirect,
    SplitRange,
    Tick,
    VoteRequest,
)
from daybreak.adjudicator.place import Place
from daybreak.adjudicator.placement import Placement
from daybreak.adjudicator.reign import Told
from daybreak.adjudicator.settings import Settings
from daybreak.adjudicator.undecided import Verdict
from daybreak.adjudicator.voter import Voter
from daybreak.base.ids import JournalId, NodeId, TxnId
from daybreak.base.keys import Key
from daybreak.base.placed import Known, Leaving, Owned, Placed
from daybreak.base.placementmap import PlacementMap
from daybreak.base.ranges import Ranges, marked
from daybreak.base.time import ZERO, Timestamp
from daybreak.base.writes import Access
from daybreak.runtime.protocols import Effects, Message, Send
from daybreak.runtime.stepclock import StepClock
from daybreak.trace.action import performs
from daybreak.trace.recorder import Trace

MOVED_ACCESSES = 10_000
"""About so much of a range's history goes with it, of a busy one the last seconds; who began before is refused."""

NOT_SERVING = "the adjudicator is not serving now"
LOST = "it has lost its journal; who leads now may know of it, see daybreak ranges list"
FULL = "the disks of the journal are full"

Luggage = dict[Key, dict[Access, Timestamp]]
"""History as events name it."""


class Wanted(NamedTuple):
    """A move that was asked for, and who is to be told when it is done."""

    told: Told
    low: bytes
    to: JournalId


class Mover(Voter):
    """What an adjudicator has and does as the owner of ranges."""

    def __init__(self, place: Place, clock: StepClock, trace: Trace, settings: Settings | None = None) -> None:
        super().__init__(place, clock, trace, settings)
        self._placement = Placement(place.journal, place.first)
        self._map = PlacementMap(Ranges({b"": self._place.journal}))
        """Where ranges went that were given away from here: only of help to those who ask."""
        # Invariant: at most one of them is there; a range that is wanted is owned.
        self._wanted_move: Wanted | None = None
        self._moving: Told | None = None
        """Who is to be told when what is leaving has arrived."""
        self._sent_at = self._announced_at = ZERO

    # --- its journal --------------------------------------------------------------------------------------------

    def _ranges(self) -> msgspec.Raw:
        return self._placement.encoded

    def _found_ranges(self, found: Placed | None) -> None:
        self._placement.begin(found)
        self._wanted_move = self._moving = None
        self._sent_at = self._announced_at = ZERO

    def recover(self, *, kept: Mapping[TxnId, Timestamp], at: Timestamp) -> None:
        """What was released and may not have arrived is handed out again, bare: its history is lost."""
        super().recover(kept=kept, at=at)
        placement, leaving = self._placement, self._placement.leaving
        ranges = [[r.low.hex(), r.high.hex()] for r in placement.owned]
        left = [[leaving.low.hex(), leaving.high.hex(), leaving.to, leaving.ts]] if leaving is not None else []
        self.seal(at=at, ranges=ranges, leaving=left)

    @performs("Placement!Seal")
    def seal(self, *, at: Timestamp, ranges: list[list[str]], leaving: list[list[object]]) -> None:
        """P18, P19: the ranges are those that the journal tells of, and nothing older than `at` is known of them."""
        left = self._placement.leaving
        if left is not None:
            self._placement.luggage = Moved(
                self._place.journal, JournalId(left.to), left.low, left.high, Timestamp(left.ts), at, (), left.kept
            )

    def _abdicate(self) -> Effects:
        """Who wants ranges changed is told that it may not happen, or has not been heard of any more."""
        askers = [pending.place for pending in self._appending if isinstance(pending.place, Told)]
        askers += [self._wanted_move.told] if self._wanted_move is not None else []
        askers += [self._moving] if self._moving is not None else []
        self._wanted_move = self._moving = None
        told: Effects = [Send(asker, OrderDone(request, LOST)) for asker, request in askers]
        return told + super()._abdicate()

    def _has_placed(self, place: Moved | Leaving | Told) -> Effects:
        if isinstance(place, Moved):
            return self._has_arrived(place)
        if isinstance(place, Leaving):
            return self._has_departed(place)
        return [*self._announce(), Send(place.asker, OrderDone(place.request))]

    # --- who asks for keys of others ----------------------------------------------------------------------------

    def _elsewhere(self, txn: TxnId, start: Timestamp, keys: Mapping[Key, Access], asker: NodeId) -> Effects:
        """Tell who asks who may own the keys."""
        self.redirect(txn=txn, start=start, keys=keys)
        lacking = [key for key in keys if self._placement.range_of(key) is None and marked(key) is None]
        found = dict.fromkeys(self._map.find(key) for key in lacking)
        known = [*self._placement.known(), *(k for k in found if k.owner != self._place.journal)]
        return [Send(asker, Redirect(txn, tuple(known)))]

    @performs("Placement!Redirect")
    def redirect(self, *, txn: TxnId, start: Timestamp, keys: Mapping[Key, Access]) -> None:
        """P9: another one owns a key; nothing is decided here about `txn`."""

    def on_vote_request(self, source: NodeId, message: VoteRequest) -> Effects:
        """Vote only on what it owns, and is not about to give away: a range is released when nothing of it is held."""
        txn, keys = message.txn, message.keys
        is_new = self._outcomes.get(txn) is None and self._holds.get(txn) is None
        if not is_new or not self.serving or message.start < self._begun:
            return super().on_vote_request(source, message)
        effects: Effects = []
        if not self._placement.owns(keys):
            effects = self._elsewhere(txn, message.start, keys, source)
        elif not self._is_wanted(keys):
            self._placement.loads.note(keys, source)
            return super().on_vote_request(source, message)
        self._close(txn, Verdict(ZERO, Reason.MOVED))
        return effects + self._say_no(message, Reason.MOVED, source)

    def _is_wanted(self, keys: Mapping[Key, Access]) -> bool:
        """Whether one of the keys is to be moved as soon as nothing is held of its range."""
        if self._wanted_move is None:
            return False
        found = self._placement.starting(self._wanted_move.low)
        return found is not None and any(map(_within(found), keys))

    # --- splitting and merging ----------------------------------------------------------------------------------

    def _cannot(self) -> str | None:
        if not self.serving:
            return NOT_SERVING
        return None if self._leader.room else FULL

    def on_split_range(self, source: NodeId, message: SplitRange) -> Effects:
        """Cut a range in two."""
        error = self._cannot() or self._placement.cannot_split(message.at)
        if error is not None:
            return [Send(source, OrderDone(message.request, error))]
        self.split(at=message.at.hex())
        if message.kept:
            self._placement.keep_split(message.at)
        return self._append_place(Told(source, message.request))

    @performs("Placement!Split")
    def split(self, *, at: str) -> None:
        """P9: a part of a busy range can then be moved."""
        self._placement.split(bytes.fromhex(at))

    def on_merge_ranges(self, source: NodeId, message: MergeRanges) -> Effects:
        """Make one range of two."""
        error = self._cannot() or self._placement.cannot_merge(message.at)
        if error is not None:
            return [Send(source, OrderDone(message.request, error))]
        self.merge(at=message.at.hex())
        return self._append_place(Told(source, message.request))

    @performs("Placement!Merge")
    def merge(self, *, at: str) -> None:
        """P15: an idle range costs nothing."""
        self._placement.merge(bytes.fromhex(at))

    # --- giving away --------------------------------------------------------------------------------------------

    def on_move_range(self, source: NodeId, message: MoveRange) -> Effects:
        """Give a range away, as soon as nothing of it is held."""
        error = self._cannot() or self._cannot_move(message)
        if error is not None:
            return [Send(source, OrderDone(message.request, error))]
        self._wanted_move = Wanted(Told(source, message.request), message.low, message.to)
        return self._try_release()

    def _cannot_move(self, message: MoveRange) -> str | None:
        if self._placement.starting(message.low) is None:
            return "no range of this adjudicator begins there"
        if message.to not in self._place.candidates:
            return f"there is no adjudicator {message.to}"
        if message.to == self._place.journal:
            return "it has the range already"
        if self._wanted_move is not None or self._placement.leaving is not None:
            return "another range is being moved away from this adjudicator"
        return None

    def _try_release(self) -> Effects:
        """Release what is wanted, if nothing of it is held and there is a time for it."""
        wanted = self._wanted_move
        if wanted is None or not self.serving:
            return []
        found = self._placement.starting(wanted.low)
        if found is None:
            self._wanted_move = None
            return [Send(wanted.told.asker, OrderDone(wanted.told.request, "the range has changed meanwhile"))]
        ts = Timestamp(max(self.clock.now().latest, self._promise + 1, self._latest + 1))
        has = _within(found)
        if ts > self._lease or any(has(key) for hold in self._holds for key in hold.keys):
            return []
        self._wanted_move, self._moving = None, wanted.told
        luggage = self._pack(found, wanted.to, ts)
        self.release(low=found.low.hex(), high=found.high.hex(), to=wanted.to, ts=ts)
        self._placement.luggage = luggage
        leaving = self._placement.leaving
        assert leaving is not None, "it has just been released"
        return self._append_place(leaving)

    def _pack(self, found: Owned, to: JournalId, ts: Timestamp) -> Moved:
        """A range as its new owner is given it. What was committed on it long ago stays behind if there is too much:
        the floor tells the new owner."""
        accesses, floor = self._history.recent(_within(found), self._floor, MOVED_ACCESSES)
        self._history.drop(key for _, key, _ in accesses)
        history = tuple((key, access, at) for at, key, access in sorted(accesses))
        return Moved(self._place.journal, to, found.low, found.high, ts, floor, history, found.kept)

    @performs("Placement!Release")
    def release(self, *, low: str, high: str, to: JournalId, ts: Timestamp) -> None:
        """P9: from `ts` on the range has another owner; nothing of it is judged here any more."""
        self._placement.release(bytes.fromhex(low), to, ts)
        self._latest = ts

    def _has_departed(self, leaving: Leaving) -> Effects:
        luggage = self._placement.luggage
        assert luggage is not None and luggage.ts == leaving.ts, "one range leaves at a time"
        history = _named(luggage)
        self.depart(low=leaving.low.hex(), high=leaving.high.hex(), to=luggage.to, ts=luggage.ts, history=history)
        return self._send_away() + self._announce()

    @performs("Placement!Depart")
    def depart(self, *, low: str, high: str, to: JournalId, ts: Timestamp, history: Luggage) -> None:
        """P11: what was committed on the range has settled, and no crash gives it back; so others may hear of it."""
        self._placement.departed = True
        self._map.learn([Known(bytes.fromhex(low), bytes.fromhex(high), to, ts)])

    def _send_away(self) -> Effects:
        """Offer the range to its new owner, now and then until it is taken; who has just begun, only once it serves,
        when all that it found is durable."""
        luggage, now = self._placement.luggage, self.clock.now().latest
        if luggage is None or not self.serving or now < self._sent_at + self._settings.offer_us:
            return []
        if any(isinstance(pending.place, Leaving) for pending in self._appending):
            return []
        self._sent_at = now
        return self._tell_owner(luggage.to, luggage)

    def on_installed(self, source: NodeId, message: Installed) -> Effects:
        """The new owner has what left."""
        if not self.leads:
            return []
        leaving = self._placement.leaving
        if leaving is None or (leaving.to, leaving.ts) != (message.by, message.ts):
            return []
        return self._arrived_there()

    def _arrived_there(self) -> Effects:
        """What left has a new owner, by now perhaps the next one."""
        self._placement.gone()
        told, self._moving = self._moving, None
        self._sent_at = ZERO
        return [Send(told.asker, OrderDone(told.request))] if told is not None else []

    # --- taking -------------------------------------------------------------------------------------------------

    def on_moved(self, source: NodeId, message: Moved) -> Effects:
        """Take a range that was given to this adjudicator, once."""
        placement = self._placement
        if not self.serving or message.to != self._place.journal:
            return []
        if message.ts <= placement.taken.get(message.source, ZERO):
            return [Send(source, Installed(self._place.journal, message.ts))]
        if message.source in placement.arriving or not self._leader.room or message.ts > self._lease:
            return []
        effects: Effects = []
        if placement.leaving is not None and message.ts > placement.leaving.ts and placement.overlaps(message):
            # It was taken where it went, and comes back before the news of that.
            effects = self._arrived_there()
        placement.arrive(message)
        return effects + self._append_place(message)

    def _has_arrived(self, moved: Moved) -> Effects:
        """A successor finds the range in the journal, if this epoch ends here."""
        if not self.serving:
            return []
        if moved.floor > self._floor:
            self.forget(upto=moved.floor)
        low, high, history = moved.low.hex(), moved.high.hex(), _named(moved)
        self.install(low=low, high=high, source=moved.source, ts=moved.ts, floor=moved.floor, history=history)
        return self._tell_owner(moved.source, Installed(self._place.journal, moved.ts)) + self._announce()

    def _tell_owner(self, journal: JournalId, message: Message) -> Effects:
        """Tell an adjudicator, whoever leads its journal: of its candidates only that one listens."""
        return [Send(node, message) for node in self._place.candidates[journal]]

    @performs("Placement!Install")
    def install(
        self, *, low: str, high: str, source: JournalId, ts: Timestamp, floor: Timestamp, history: Luggage
    ) -> None:
        """P9: now it judges; P2: above the time of the release, and with all that was committed before."""
        self._latest = max(self._latest, ts)
        self._placement.install(self._placement.arriving[source])
        for key, classes in history.items():
            for access, at in classes.items():
                self._history.learn({key: access}, at)

    # --- telling ------------------------------------------------------------------------------------------------

    def on_tick(self, source: NodeId, message: Tick) -> Effects:
        """Go on with what waits, and tell of what it owns."""
        effects = super().on_tick(source, message) + self._try_release() + self._send_away()
        if self.clock.now().latest >= self._announced_at + self._settings.announce_us:
            effects += self._announce()
        return effects

    def on_outcome(self, source: NodeId, message: Outcome) -> Effects:
        """A range may be waiting for the end of a hold."""
        return super().on_outcome(source, message) + self._try_release()

    def on_hold_tick(self, source: NodeId, message: HoldTick) -> Effects:
        """A range may be waiting for the end of a hold."""
        return super().on_hold_tick(source, message) + self._try_release()

    def _announce(self) -> Effects:
        if not self.serving or not self._place.told:
            return []
        now = self.clock.now().latest
        elapsed = now - self._announced_at if self._announced_at else self._settings.announce_us
        self._announced_at = now
        figures = self._placement.loads.settle(self._placement.owned, elapsed)
        kept = {owned.low for owned in self._placement.owned if owned.kept}
        loads = tuple(Load(low, rate, sample, low in kept) for low, (rate, sample) in figures.items())
        placement = self._placement
        message = OwnedRanges(self._place.journal, placement.known(), loads, placement.loads.origins, placement.kept_in)
        return [Send(node, message) for node in self._place.told]

    def check_invariants(self) -> None:
        """The relations stated where the state is declared."""
        super().check_invariants()
        assert self._wanted_move is None or self._placement.leaving is None, "one range leaves at a time"


def _within(found: Owned) -> Callable[[Key], bool]:
    """Whether a key goes where a range goes: catalog marks stay with their adjudicators."""
    low, high = found.low, found.high
    return lambda key: low <= key and (not high or key < high) and marked(key) is None


def _named(moved: Moved) -> Luggage:
    history: Luggage = {}
    for key, access, ts in moved.history:
        history.setdefault(key, {})[access] = ts
    return history
