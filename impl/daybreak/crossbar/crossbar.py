"""The crossbar: merges all journals by commit time and feeds the storage replicas.

Owns   nothing durable: how far each journal is known to be durable, who leads it, and per replica what it has been
       sent and what it has in its checkpoints.
Hears  Deliver from adjudicators; Attach, Checkpointed, HeartbeatRequest, Reading from storage; Fetched, Trimmed from
       journal replicas.
Says   Stream, JournalTrimmed to storage; HeartbeatRequest, Lag to adjudicators; Fetch, Trim to journal replicas.
Spec   none of its own before rung 3; rung 1 sees what it does through the reads of clients.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from daybreak.adjudicator.messages import HeartbeatRequest, Lag
from daybreak.base.ids import JournalId, NodeId
from daybreak.base.records import decode
from daybreak.base.time import SECOND_US, ZERO, Timestamp
from daybreak.crossbar.lags import Lags
from daybreak.crossbar.merge import Queue, Queued, release, waiting_bytes
from daybreak.crossbar.messages import Attach, CatchUpTick, Checkpointed, Deliver, JournalTrimmed, Reading, Stream
from daybreak.crossbar.trimming import Trimming
from daybreak.crossbar.watermark import watermark
from daybreak.journal.messages import Entry, Fetch, Fetched, Trim, Trimmed
from daybreak.runtime.protocols import After, Clock, Effects, Send
from daybreak.runtime.role import Role
from daybreak.trace.recorder import Trace

CATCH_UP_US = 50_000
"""Microseconds after which entries that did not come are asked for again, from another replica."""
MARGIN_US = 5 * SECOND_US
"""Microseconds for which entries that are in every checkpoint stay in the journals all the same: longer than any lease
or hold, so that who takes a journal over finds all outcomes that he may be asked for."""
READERS_US = 5 * SECOND_US
"""Microseconds after the last read for which promises are to be there before they are needed."""
STREAM_BYTES = 4 * 1024 * 1024
"""A message to a replica has not much more bytes of records than this, however much has come at once."""
QUEUE_BYTES = 8 * 1024 * 1024
"""With so many bytes of a journal waiting for records of other journals, no more of it is fetched."""


@dataclass
class Tip:
    """What is known of a journal: durable up to `index`, and complete there up to the time `upto`."""

    index: int = 0
    upto: Timestamp = ZERO


@dataclass
class Feed:
    """One journal on its way to one replica."""

    sent: int
    """Index of the last entry that the replica has been sent."""
    read: int
    """Index of the last entry in the queue, or sent."""
    queue: Queue = field(default_factory=deque)
    complete: Timestamp = ZERO
    """Queue and replica together have everything of this journal up to here."""
    bytes: int = 0
    """Of all entries that were ever queued."""
    asked: int = 0
    """From where on entries were asked for last."""


class Crossbar(Role):
    """See the module's card."""

    def __init__(
        self,
        node: NodeId,
        clock: Clock,
        trace: Trace,
        *,
        journals: Mapping[JournalId, tuple[NodeId, ...]],
        candidates: Mapping[JournalId, tuple[NodeId, ...]],
        storages: tuple[NodeId, ...],
        margin_us: int = MARGIN_US,
        led: bool = False,
    ) -> None:
        """`candidates` may lead the journals. `storages` are all replicas of storage there are: the journals are
        trimmed when all have checkpoints. If `led`, adjudicators may be far away: they promise ahead of their clocks,
        as far as they are told that it needs, and are not asked for promises (P23)."""
        super().__init__(node, clock, trace)
        self._trimming = Trimming(storages, margin_us)
        self._replicas = dict(journals)
        self._journal_of = {replica: journal for journal, nodes in journals.items() for replica in nodes}
        self._tips = {journal: Tip() for journal in journals}
        self._leading = dict(candidates)
        """Who was the last to deliver anything of each journal; all its candidates, if nobody has."""
        # Invariant: for every feed, sent <= read, and the queue holds exactly the entries in (sent, read].
        self._feeds: dict[NodeId, dict[JournalId, Feed]] = {}
        self._attempt = 0
        self._lags = Lags() if led else None
        self._read_at: Timestamp | None = None
        """When a replica said last that it is read."""

    def start(self) -> Effects:
        """Begin to look after entries that do not come."""
        return [After(CATCH_UP_US, CatchUpTick())]

    def on_deliver(self, source: NodeId, message: Deliver) -> Effects:
        """A journal has grown, or is complete up to a later time."""
        tip = self._tips[message.journal]
        self._leading[message.journal] = (source,)
        end = message.prev_index + len(message.entries)
        if end < tip.index:
            return []
        tip.index, tip.upto = end, max(tip.upto, message.upto)
        effects = self._measure(source, message)
        for replica, feeds in self._feeds.items():
            feed = feeds[message.journal]
            if message.prev_index <= feed.read:
                self._take(message.journal, feed, message.entries)
                effects += self._emit(replica)
            else:
                effects += self._fetch(message.journal, feed)
        return effects

    def _measure(self, source: NodeId, message: Deliver) -> Effects:
        """Measure how late is heard here what is said far away; tell the sender now and then, if readers rely on it."""
        if self._lags is None:
            return []
        now = self.clock.now().latest
        lag = self._lags.heard(message.journal, message.at, now)
        return [Send(source, Lag(lag))] if lag is not None and self._has_readers(now) else []

    def _has_readers(self, now: Timestamp) -> bool:
        return self._read_at is not None and now - self._read_at <= READERS_US

    def on_reading(self, source: NodeId, message: Reading) -> Effects:
        """There are readers; if there were none, tell who leads how late they hear of it, as far as that is known."""
        now = self.clock.now().latest
        had_readers = self._has_readers(now)
        self._read_at = now
        if self._lags is None or had_readers:
            return []
        lags = self._lags.last
        return [Send(leader, Lag(lags[journal])) for journal in lags for leader in self._leading[journal]]

    def on_attach(self, source: NodeId, message: Attach) -> Effects:
        """A replica wants everything after its positions."""
        positions = message.positions
        self._trimming.attached(source, positions)
        feeds = {journal: Feed(positions.get(journal, 0), positions.get(journal, 0)) for journal in self._tips}
        self._feeds[source] = feeds
        for journal, feed in feeds.items():
            self._take(journal, feed, ())
        return self._emit(source)

    def on_heartbeat_request(self, source: NodeId, message: HeartbeatRequest) -> Effects:
        """A replica has readers that wait for promises of all journals: pass it on to who leads them. From far away
        promises come by themselves, sooner than an answer would."""
        if self._lags is not None:
            return []
        return [Send(leader, message) for leaders in self._leading.values() for leader in leaders]

    def on_fetched(self, source: NodeId, message: Fetched) -> Effects:
        """Entries of a journal that some replica lacks."""
        journal = self._journal_of[source]
        effects: Effects = []
        for replica, feeds in self._feeds.items():
            feed = feeds[journal]
            if message.entries and message.low <= feed.read + 1 <= message.entries[-1].index:
                self._take(journal, feed, message.entries)
                effects += self._emit(replica)
        return effects

    def on_trimmed(self, source: NodeId, message: Trimmed) -> Effects:
        """Entries that some replica lacks are gone from its journal."""
        journal = self._journal_of[source]
        return [
            Send(replica, JournalTrimmed(journal, message.index))
            for replica, feeds in self._feeds.items()
            if feeds[journal].read < message.index
        ]

    def on_checkpointed(self, source: NodeId, message: Checkpointed) -> Effects:
        """What every replica of storage has in its checkpoints the journals need not keep."""
        allowed = self._trimming.checkpointed(source, message.positions, self.clock.now().latest)
        return [
            Send(replica, Trim(upto))
            for journal, upto in allowed.items()
            for replica in self._replicas.get(journal, ())
        ]

    def on_catch_up_tick(self, source: NodeId, message: CatchUpTick) -> Effects:
        """Ask again, elsewhere, for what has not come."""
        self._attempt += 1
        effects: Effects = [After(CATCH_UP_US, message)]
        for feeds in self._feeds.values():
            for journal, feed in feeds.items():
                feed.asked = 0
                effects += self._fetch(journal, feed)
        return effects

    def _take(self, journal: JournalId, feed: Feed, entries: tuple[Entry, ...]) -> None:
        """Queue those of `entries` that follow what the feed has and are known to be durable."""
        tip = self._tips[journal]
        for entry in entries:
            if feed.read < entry.index <= tip.index:
                assert entry.index == feed.read + 1, "entries are in order without a gap"
                record = decode(entry.payload).record
                size = len(entry.payload)
                feed.bytes += size
                feed.queue.append(Queued(entry.index, record, size, feed.bytes))
                feed.read = entry.index
                if record is not None:
                    feed.complete = Timestamp(max(feed.complete, record.ts))
        if feed.read == tip.index:
            feed.complete = max(feed.complete, tip.upto)

    def _fetch(self, journal: JournalId, feed: Feed) -> Effects:
        """Ask a replica of the journal for what the feed lacks, once, and only while there is room for it.

        There always is for the journal that all others wait for: nothing of it has to wait itself.
        """
        tip = self._tips[journal]
        if feed.read >= tip.index or feed.asked == feed.read + 1 or waiting_bytes(feed.queue) >= QUEUE_BYTES:
            return []
        feed.asked = feed.read + 1
        replicas = self._replicas[journal]
        return [Send(replicas[self._attempt % len(replicas)], Fetch(feed.read + 1, tip.index))]

    def _emit(self, replica: NodeId) -> Effects:
        """Send a replica what all journals are complete up to, and fetch what there is room for now."""
        feeds = self._feeds[replica]
        mark = watermark(self._tips, {journal: feed.complete for journal, feed in feeds.items()})
        effects: Effects = []
        before = {journal: feed.sent for journal, feed in feeds.items()}
        for batch in release({journal: feed.queue for journal, feed in feeds.items()}, mark, STREAM_BYTES):
            after = before | batch.positions
            effects.append(Send(replica, Stream(before, after, tuple(batch.records), batch.upto)))
            before = after
        for journal, feed in feeds.items():
            feed.sent = before[journal]
            effects += self._fetch(journal, feed)
        return effects

    def status(self) -> dict[str, object]:
        """What an operator may want to know; times in microseconds since 1970."""
        return {
            "journals": {journal: {"durable": tip.index, "upto": tip.upto} for journal, tip in self._tips.items()},
            "feeds": {
                node: {journal: {"sent": feed.sent, "waiting": len(feed.queue)} for journal, feed in feeds.items()}
                for node, feeds in self._feeds.items()
            },
        }

    def check_invariants(self) -> None:
        """A feed's queue is what lies between what was sent and what was read."""
        for feeds in self._feeds.values():
            for feed in feeds.values():
                assert len(feed.queue) == feed.read - feed.sent, "sent and read enclose the queue"
                for position, entry in enumerate(feed.queue, feed.sent + 1):
                    assert entry.position == position, "the queue has no gap"
