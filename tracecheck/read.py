"""Reads logs: files of one JSON object per line, one file per node.

A line is an event:

    v      the version of this format, 1                        n      counts the node's events from 1 without gaps
    node   who took the step                                    at     [earliest, latest] in microseconds since 1970
    act    what was done, as Spec!Action                        args   the action's arguments
    cause  [node, n] of the last event known of each other node whose message led here
    epoch, slice, state are optional: the node's epoch, the slice it belongs to, a projection of its state
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec

from tracecheck.errors import UsageError

FORMAT = 1
SUFFIX = ".ndjson"
_CHUNK = 1 << 16


class Event(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One event, as described above."""

    v: int
    n: Annotated[int, msgspec.Meta(ge=1)]
    node: Annotated[str, msgspec.Meta(min_length=1)]
    at: tuple[int, int]
    act: Annotated[str, msgspec.Meta(min_length=1)]
    args: dict[str, Any]
    cause: list[tuple[str, int]] = []
    epoch: int | None = None
    slice: str | None = None
    state: Any = None


@dataclass(frozen=True, slots=True)
class Entry:
    """An event and where it stands."""

    event: Event
    file: str
    line: int
    raw: bytes

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Finding:
    """Something that keeps the checker from a verdict: `kind` names it for programs, `message` for people."""

    kind: str
    message: str
    file: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.line else f"{self.file}: " if self.file else ""
        return place + self.message


_decoder = msgspec.json.Decoder(Event)


def parse_line(raw: bytes, file: str, line: int) -> Entry | Finding:
    """The event that `raw` holds, or what is wrong with it."""
    try:
        event = _decoder.decode(raw)
    except msgspec.ValidationError as error:
        return Finding("malformed", f"the line is no event: {error}", file, line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return Finding("unparsable", f"the line is no JSON object: {error}", file, line)
    if event.v != FORMAT:
        return Finding("version", f"the event has format {event.v}; this checker reads format {FORMAT}", file, line)
    if not 0 <= event.at[0] <= event.at[1]:
        return Finding("malformed", f"`at` is {list(event.at)}: no interval of time", file, line)
    return Entry(event, file, line, raw)


class LogFile:
    """A log that is read piece by piece, and may still be growing."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = str(path)
        self.offset = 0
        self.line = 0
        self._rest = b""

    @property
    def torn(self) -> bool:
        """Whether the last line that was read has no end yet."""
        return bool(self._rest)

    def read(self) -> list[Entry | Finding] | None:
        """The next lines, up to and including the first that is no event; None when there is nothing new.

        A shorter file than before, or one that cannot be read, is a finding.
        """
        try:
            size = self.path.stat().st_size
            if size < self.offset:
                return [Finding("shrunk", "the log has become shorter while it was read", self.name)]
            if size == self.offset:
                return None
            with self.path.open("rb") as stream:
                stream.seek(self.offset)
                chunk = stream.read(_CHUNK)
        except OSError as error:
            return [Finding("unreadable", f"cannot read the log: {error.strerror or error}", self.name)]
        self.offset += len(chunk)
        lines = (self._rest + chunk).split(b"\n")
        self._rest = lines.pop()
        return self._parsed(lines)

    def unread(self) -> bool:
        """Whether the file holds more than was read."""
        try:
            return self.path.stat().st_size > self.offset
        except OSError:
            return False

    def _parsed(self, lines: list[bytes]) -> list[Entry | Finding]:
        found: list[Entry | Finding] = []
        for raw in lines:
            self.line += 1
            found.append(parse_line(raw, self.name, self.line))
            if isinstance(found[-1], Finding):
                break
        return found

    def torn_finding(self) -> Finding:
        """What to say when the file ends within a line."""
        return Finding("truncated", "the last line has no end: the log was cut off", self.name, self.line + 1)


def log_files(logs: Iterable[str | Path]) -> list[LogFile]:
    """The log files among `logs`: files as they are, of directories those named *.ndjson. Raises UsageError."""
    paths: dict[Path, None] = {}
    for log in map(Path, logs):
        if log.is_dir():
            paths.update(dict.fromkeys(sorted(log.glob(f"*{SUFFIX}"))))
        elif log.is_file():
            paths[log] = None
        else:
            raise UsageError(f"{log}: no such log file or directory")
    return [LogFile(path) for path in paths]
