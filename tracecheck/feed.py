"""Puts the events of finished logs in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tracecheck.order import Merger
from tracecheck.read import Entry, Finding, LogFile


def ordered(files: Sequence[LogFile]) -> Iterator[Entry | Finding]:
    """The events of `files` in order; at last what kept the order from going on, if something did."""
    merger = Merger()
    feeds = {file.name: _Feed(merger, file) for file in files}
    for feed in feeds.values():
        feed.refill()
    while True:
        entry = merger.pop()
        if entry is not None:
            yield entry
            feeds[entry.file].refill()
        elif merger.stopped is not None or not _read_on(feeds.values()):
            break
    finding = merger.stopped or merger.stuck()
    if finding is not None:
        yield finding


def _read_on(feeds: Iterable[_Feed]) -> bool:
    """Reads one more piece of each file that may hold, further down, what the events at its top wait for."""
    return any([feed.read() for feed in feeds if feed.names_nodes])  # noqa: C419 each of them, not the first


class _Feed:
    """Gives the merger what a file holds. A file in which lines name their nodes is a source of its own for each."""

    def __init__(self, merger: Merger, file: LogFile) -> None:
        self._merger = merger
        self._file = file
        self._sources: list[str] = []
        self._last = ""
        self._at_end = False
        self.names_nodes = file.names_nodes
        if not file.names_nodes:
            self._open(file.name)

    def _open(self, source: str) -> None:
        self._merger.open(source)
        self._sources.append(source)
        self._last = source

    def refill(self) -> None:
        """Reads on as long as what comes next may lie in this file."""
        while self._is_hungry() and self.read():
            pass

    def _is_hungry(self) -> bool:
        if self._at_end:
            return False
        if not self.names_nodes or self._file.is_timed:
            return not self._sources or any(map(self._merger.is_hungry, self._sources))
        # Whatever is still to come in the file, it is no reason to wait: causes alone order its events.
        return not any(map(self._merger.waiting_of, self._sources))

    def read(self) -> bool:
        """Reads the next piece; false when there is none."""
        if self._at_end:
            return False
        items = self._file.read()
        if items is None:
            if self._file.torn:
                self._push(self._file.torn_finding())
            self._end()
            return False
        for item in items:
            self._push(item)
        if self.names_nodes and items and isinstance(items[-1], Finding):
            # Whose event is missing nobody knows, so nothing below that line can be ordered.
            self._end()
        return True

    def _push(self, item: Entry | Finding) -> None:
        if self.names_nodes:
            source = self._last or self._file.name
            if isinstance(item, Entry):
                source = f"{self._file.name}: {item.event.node}"
            if source not in self._sources:
                self._open(source)
            self._last = source
        self._merger.push(self._last, item)

    def _end(self) -> None:
        self._at_end = True
        for source in self._sources:
            self._merger.close(source)
