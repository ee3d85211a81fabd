"""Follows a directory of logs while it grows: new files appear, files grow."""

from __future__ import annotations

from pathlib import Path

from tracecheck.order import Merger
from tracecheck.read import SUFFIX, Entry, LogFile, parse_line

_TAIL = 1 << 16
_MOST_WAITING = 20_000


class Follower:
    """Feeds what is new in `directory` to a merger, as long as not too much of it waits there.

    Invariant: between `poll` and `pop`, a log of which nothing waits in the merger has been read to its end.
    """

    def __init__(self, directory: Path, merger: Merger) -> None:
        self.directory = directory
        self._merger = merger
        self._files: dict[str, LogFile] = {}

    def poll(self) -> int:
        """Reads one piece of each log that has grown; returns how many lines were read."""
        for path in sorted(self.directory.glob(f"*{SUFFIX}")):
            if str(path) not in self._files:
                self._files[str(path)] = LogFile(path)
                self._merger.open(str(path))
        few = (f for f in self._files.values() if self._merger.waiting_of(f.name) < _MOST_WAITING)
        return sum(self._read(file) for file in few)

    def refill(self, file: str) -> None:
        """Reads on in `file` if nothing of it waits any more."""
        while self._merger.is_hungry(file) and self._files[file].unread():
            self._read(self._files[file])

    def _read(self, file: LogFile) -> int:
        items = file.read() or ()
        for item in items:
            self._merger.push(file.name, item)
        return len(items)

    def torn(self) -> list[str]:
        """The logs whose last line has no end yet."""
        return [file.name for file in self._files.values() if file.torn]

    def newest_written(self) -> int:
        """The earliest time of the newest event that is written, be it read already or not; microseconds."""
        times = [self._merger.newest]
        for file in self._files.values():
            if file.unread():
                times.append(_last_time(file))
        return max(times)


def _last_time(file: LogFile) -> int:
    """The earliest time of the last whole line of a log, 0 if that is no event."""
    try:
        with file.path.open("rb") as stream:
            size = stream.seek(0, 2)
            stream.seek(max(0, size - _TAIL))
            lines = stream.read().split(b"\n")
    except OSError:
        return 0
    entry = parse_line(lines[-2], file.name, 0) if len(lines) > 1 else None
    return entry.event.at[0] if isinstance(entry, Entry) else 0
