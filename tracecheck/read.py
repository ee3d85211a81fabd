"""Reads logs: files of one JSON object per line, one file per node.

A line is an event:

    v      the version of this format, 1                        n      counts the node's events from 1 without gaps
    node   who took the step                                    at     [earliest, latest] in microseconds since 1970
    act    what was done, as Spec!Action                        args   the action's arguments
    cause  [node, n] of the last event known of each other node whose message led here
    epoch, slice, state are optional: the node's epoch, the slice it belongs to, a projection of its state
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Protocol, TypeAlias

import msgspec

from tracecheck.errors import UsageError

FORMAT = 1
SUFFIX = ".ndjson"
LONGEST_LINE = 4 << 20
"""In bytes. What is longer is taken for something else than a log."""
_CHUNK = 1 << 16
_LOG_NAME = re.compile(r".+" + re.escape(SUFFIX) + r"([.-][0-9][0-9T:_.-]*)?")


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


LineReader: TypeAlias = "Callable[[bytes, str, int], Entry | Finding | None]"
"""From the next line of a file, the file and the line's number, to the event that it holds, None when the log says of
it that it is none, or what is wrong with it."""


class LineFormat(Protocol):
    """How the lines of a log are to be read, when not as `parse_line` does."""

    def reader(self) -> LineReader:
        """What reads the lines of one file, in their order."""

    @property
    def names_nodes(self) -> bool:
        """Whether a line says whose event it is, so that a file may hold the events of many nodes."""

    @property
    def is_timed(self) -> bool:
        """Whether a line says when its event was."""

    @property
    def is_ordered(self) -> bool:
        """Whether something in the lines orders the events of several files."""


_decoder = msgspec.json.Decoder(Event)


def parse_line(raw: bytes, file: str, line: int) -> Entry | Finding:
    """The event that `raw` holds, or what is wrong with it."""
    try:
        event = _decoder.decode(raw)
    except msgspec.ValidationError as error:
        return Finding("malformed", f"the line is no event: {error}", file, line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return not_json(raw, error, file, line)
    if event.v != FORMAT:
        return Finding("version", f"the event has format {event.v}; this checker reads format {FORMAT}", file, line)
    if not 0 <= event.at[0] <= event.at[1]:
        return Finding("malformed", f"`at` is {list(event.at)}: no interval of time", file, line)
    return Entry(event, file, line, raw)


def not_json(raw: bytes, error: Exception, file: str, line: int) -> Finding:
    """What to say of a line that cannot be parsed."""
    if b"\0" in raw:
        return Finding("binary", "the line holds binary data: the file is no log of JSON lines", file, line)
    return Finding("unparsable", f"the line is no JSON object: {error}", file, line)


class LogFile:
    """A log that is read piece by piece, and may still be growing."""

    def __init__(self, path: Path, form: LineFormat | None = None) -> None:
        self._read_line: LineReader = parse_line if form is None else form.reader()
        self.names_nodes = form is not None and form.names_nodes
        self.is_timed = form is None or form.is_timed
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
        found = self._parsed(lines)
        if len(self._rest) > LONGEST_LINE and not (found and isinstance(found[-1], Finding)):
            found.append(Finding("too-long", f"the line has more than {LONGEST_LINE} bytes", self.name, self.line + 1))
        return found

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
            item = self._read_line(raw, self.name, self.line)
            if item is not None:
                found.append(item)
            if isinstance(item, Finding):
                break
        return found

    def torn_finding(self) -> Finding:
        """What to say when the file ends within a line."""
        return Finding("truncated", "the last line has no end: the log was cut off", self.name, self.line + 1)


def is_log(name: str) -> bool:
    """Whether a file of this name in a directory is a log, or an older part of one that was rotated by renaming:
    X.ndjson, X.ndjson.1, X.ndjson-20261123. A compressed one is none."""
    return _LOG_NAME.fullmatch(name) is not None


def log_files(logs: Iterable[str | Path], form: LineFormat | None = None) -> list[LogFile]:
    """The log files among `logs`: files as they are, of directories those that are logs (`is_log`). Raises UsageError.

    `form` is the format of their lines, if that is not Daybreak's.
    """
    paths: dict[Path, None] = {}
    for log in map(Path, logs):
        if log.is_dir():
            found = (path for path in log.iterdir() if is_log(path.name) and path.is_file())
            paths.update(dict.fromkeys(sorted(found)))
        elif log.is_file():
            paths[log] = None
        else:
            raise UsageError(f"{log}: no such log file or directory")
    if form is not None and not form.is_ordered and len(paths) > 1:
        text = "nothing orders the events of several files: name a time, clock or causes in [log], or give one file"
        raise UsageError(f"{', '.join(map(str, paths))}: {text}")
    return [LogFile(path, form) for path in paths]
