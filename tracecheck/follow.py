"""Follows a directory of logs while it grows: files appear, grow, are renamed and deleted.

    X.ndjson           a node's log
    X.ndjson.1, .2 ...  older parts of it, rotated by renaming (also X.ndjson-20261123); which is which, the events say

Anything else, such as a compressed log, is left alone. A log that was rotated by copying it and cutting it short is
reported: what was written between the two would be lost without a trace.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from tracecheck.order import Merger
from tracecheck.read import Entry, Finding, LineFormat, is_log
from tracecheck.tail import FileId, Place, Tail

_WAITING_IN_ALL = 40_000
_WAITING_LEAST = 500


class SavedLog(msgspec.Struct, frozen=True):
    """How far a log was checked: `nodes` has the number of the last event of each node whose last event is in it."""

    place: Place
    nodes: dict[str, int]


class _Feed:
    """What a log gives to the merger: one source, or where its lines name their nodes, one for each node.

    Events up to the numbers in `known` were checked by an earlier run.
    """

    def __init__(
        self, tail: Tail, merger: Merger, known: dict[str, int], of_source: dict[str, _Feed], *, by_node: bool
    ) -> None:
        self.tail = tail
        self.sources: list[str] = []
        self._of_source = of_source
        self._merger = merger
        self._known = known
        self._by_node = by_node
        self._last = ""
        if not by_node:
            self._open(tail.key, next(iter(known), None))

    def _open(self, source: str, continues: str | None) -> None:
        self._merger.open(source, continues)
        self.sources.append(source)
        self._of_source[source] = self
        self._last = source

    def read(self) -> int:
        """Reads the next piece; returns how many lines it had."""
        items = self.tail.read()
        for item in items:
            if self._by_node:
                self._push_by_node(item)
            else:
                self._merger.push(self._last, item)
        return len(items)

    def _push_by_node(self, item: Entry | Finding) -> None:
        source = self._last or self.tail.key
        known = 0
        if isinstance(item, Entry):
            source = f"{self.tail.key}: {item.event.node}"
            known = self._known.get(item.event.node, 0)
            if item.event.n <= known:
                return
        if source not in self.sources:
            self._open(source, item.event.node if isinstance(item, Entry) and known else None)
        self._last = source
        self._merger.push(source, item)

    @property
    def waiting(self) -> int:
        """How many of its entries wait in the merger."""
        return sum(map(self._merger.waiting_of, self.sources))

    @property
    def over(self) -> bool:
        """Whether all that was read has been passed on, and the events of its nodes go on elsewhere."""
        return bool(self.sources) and not self.tail.unread and all(map(self._merger.is_over, self.sources))

    def save(self) -> SavedLog | None:
        """How far it was checked; None if it was not."""
        nodes: dict[str, int] = {}
        waiting: list[Entry] = []
        for source in self.sources:
            node, unpassed, is_last = self._merger.unpassed(source)
            waiting += unpassed
            if node is not None and is_last:
                nodes[node] = self._merger.checked_of(node)
        place = self.tail.place(waiting)
        return SavedLog(place, nodes) if place is not None else None

    def close(self) -> None:
        """Gives nothing more."""
        self.tail.release()
        for source in self.sources:
            self._merger.close(source)
            del self._of_source[source]


class Follower:
    """Feeds what is new in `directory` to a merger, as long as not too much of it waits there. `form` is the format of
    the logs' lines, if that is not Daybreak's.

    Invariant: between `poll` and `pop`, a log of which nothing waits in the merger has been read to its end.
    """

    def __init__(self, directory: Path, merger: Merger, form: LineFormat | None = None) -> None:
        self.directory = directory
        self._merger = merger
        self._form = form
        self._feeds: dict[FileId, _Feed] = {}
        self._of_source: dict[str, _Feed] = {}
        self._expected: list[SavedLog] = []
        self._opened = 0

    def poll(self) -> int:
        """Reads one piece of each log that has grown; returns how many lines were read."""
        self._scan()
        most = max(_WAITING_LEAST, _WAITING_IN_ALL // max(1, len(self._feeds)))
        new = [feed for feed in self._feeds.values() if feed.tail.size != feed.tail.offset]
        return sum(feed.read() for feed in new if feed.waiting < most)

    def refill(self) -> None:
        """Reads on in the log from which the last entry came that the merger gave, if nothing of it waits any more."""
        source = self._merger.starved
        feed = self._of_source.get(source) if source is not None else None
        if feed is not None:
            feed.tail.look()
            while not feed.waiting and feed.tail.unread:
                feed.read()

    # -- the directory -------------------------------------------------------------------------------------

    def _scan(self) -> None:
        """Learns which logs there are, under which names, and how large they are."""
        seen = self._listed()
        inodes = {log.place.inode for log in self._expected}
        for identity in sorted(seen, key=lambda found: (found[1] not in inodes, seen[found][0])):
            path, size = seen[identity]
            feed = self._feeds.get(identity)
            if feed is not None and (feed.tail.path != path or feed.tail.size != size):
                feed.tail.path = path
                if not feed.tail.held and not feed.tail.begins_as_before():
                    self._drop(feed)  # Another file has got the number of a deleted one.
                    feed = None
            if feed is None:
                feed = self._feeds[identity] = self._open(path, identity)
            feed.tail.size = size
        for feed in list(self._feeds.values()):
            nameless = feed.tail.identity not in seen
            if nameless:
                feed.tail.look()
            if feed.over:
                feed.tail.release()
            if nameless and not feed.tail.held:
                self._drop(feed)

    def _listed(self) -> dict[FileId, tuple[Path, int]]:
        found: dict[FileId, tuple[Path, int]] = {}
        try:
            with os.scandir(self.directory) as entries:
                for entry in entries:
                    if is_log(entry.name) and entry.is_file():
                        status = entry.stat()
                        found[status.st_dev, status.st_ino] = (self.directory / entry.name, status.st_size)
        except FileNotFoundError:
            pass  # Renamed or deleted meanwhile: the next look will tell.
        return found

    def _open(self, path: Path, identity: FileId) -> _Feed:
        self._opened += 1
        key = f"{path.name}#{self._opened}"
        tail, known = None, {}
        for log in sorted(self._expected, key=lambda log: log.place.inode != identity[1]):
            tail = Tail.resume(path, identity, key, self._form, log.place)
            if tail is not None:
                known = log.nodes
                self._expected.remove(log)
                break
        tail = tail or Tail(path, identity, key, self._form)
        return _Feed(tail, self._merger, known, self._of_source, by_node=self._form is not None)

    def _drop(self, feed: _Feed) -> None:
        feed.close()
        del self._feeds[feed.tail.identity]

    # -- what is known -------------------------------------------------------------------------------------

    @property
    def logs(self) -> int:
        """How many logs are followed."""
        return len(self._feeds)

    def torn(self) -> list[str]:
        """The logs whose last line has no end yet."""
        return [str(feed.tail.path) for feed in self._feeds.values() if feed.tail.torn]

    def newest_written(self) -> int:
        """The earliest time of the newest event that is written, be it read already or not; microseconds."""
        unread = (feed.tail.last_time() for feed in self._feeds.values() if feed.tail.unread)
        return max((self._merger.newest, *unread))

    def gone(self) -> Finding | None:
        """A log that was being read when the state was saved, is there no more, and no other goes on from there."""
        for log in self._expected:
            if log.nodes and all(self._merger.checked_of(node) == n for node, n in log.nodes.items()):
                text = f"the log is gone of which {log.place.line} lines were checked; whether it held more is unknown"
                return Finding("gone", text, str(self.directory / log.place.name))
        return None

    # -- across restarts -----------------------------------------------------------------------------------

    def save(self) -> list[SavedLog]:
        """Where to read on in each log."""
        saved = [feed.save() for feed in self._feeds.values()]
        return self._expected + [log for log in saved if log is not None]

    def restore(self, logs: list[SavedLog]) -> None:
        """Reads on from there, when the merger has been restored; what was not passed on is read again."""
        self._expected = list(logs)
