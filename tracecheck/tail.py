"""One log file that is read while it grows, and known by what it is, not by its name."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TypeAlias

import msgspec

from tracecheck.read import LONGEST_LINE, Entry, Finding, LineFormat, LineReader, parse_line

_CHUNK = 1 << 17
_HEAD = 512
_TAIL = 1 << 16

FileId: TypeAlias = tuple[int, int]
"""What a file keeps when it is renamed: device and inode."""


class Place(msgspec.Struct, frozen=True):
    """How far a log was read. The log is known by its first `head_bytes`, whose SHA-256 is `head`; the inode tells it
    from a copy. `name` is for people."""

    name: str
    inode: int
    head_bytes: int
    head: str
    offset: int
    line: int


class Tail:
    """A log from `offset` on, after `line` lines. `form` is the format of its lines, if that is not Daybreak's.

    It is held open while there may be more to read, so a renamed or deleted file is read to its end, and no other file
    can take its identity meanwhile. A log only grows: one that is shorter than before, or begins otherwise, was written
    over, and what it held then may be lost.
    """

    def __init__(
        self,
        path: Path,
        identity: FileId,
        key: str,
        form: LineFormat | None = None,
        *,
        offset: int = 0,
        line: int = 0,
    ) -> None:
        self.path = path
        self.identity = identity
        self.key = key
        """Its name for the merger, which no other file ever has."""
        self.size = offset
        """How large it was when last looked at."""
        self.offset = offset
        self.line = line
        self.failed = False
        self._form = form
        self._read_line: LineReader = parse_line if form is None else form.reader()
        self._fd = -1
        self._rest = b""
        self._head = b""

    @property
    def torn(self) -> bool:
        """Whether the last line that was read has no end yet."""
        return bool(self._rest)

    @property
    def unread(self) -> bool:
        """Whether there is more than was read."""
        return self.size > self.offset and not self.failed

    @property
    def held(self) -> bool:
        """Whether the file is held open."""
        return self._fd >= 0

    def look(self) -> None:
        """Learns how large a file is that has no name any more."""
        if self.held:
            self.size = os.fstat(self._fd).st_size

    def begins_as_before(self) -> bool:
        """Whether the file of this name begins with what was read of it."""
        try:
            with self.path.open("rb") as stream:
                return stream.read(len(self._head)) == self._head
        except OSError:
            return False

    def read(self) -> list[Entry | Finding]:
        """The next lines, up to and including the first that is no event; none when there is nothing new."""
        if self.failed or self.size == self.offset:
            return []
        try:
            if not self.held:
                self._fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
            if self.size < self.offset or os.pread(self._fd, len(self._head), 0) != self._head:
                return [self._failure("shrunk", "the log was cut short or written over while it was read")]
            chunk = os.pread(self._fd, _CHUNK, self.offset)
        except OSError as error:
            return [self._failure("unreadable", f"cannot read the log: {error.strerror or error}")]
        if len(self._head) < _HEAD and self.offset == len(self._head):
            self._head += chunk[: _HEAD - len(self._head)]
        self.offset += len(chunk)
        lines = (self._rest + chunk).split(b"\n")
        self._rest = lines.pop()
        found = self._parsed(lines)
        if len(self._rest) > LONGEST_LINE and not self.failed:
            found.append(self._failure("too-long", f"the line has more than {LONGEST_LINE} bytes"))
        return found

    def _parsed(self, lines: list[bytes]) -> list[Entry | Finding]:
        found: list[Entry | Finding] = []
        name, line = str(self.path), self.line
        for raw in lines:
            item = self._read_line(raw, name, line + 1)
            if item is not None:
                found.append(item)
            if isinstance(item, Finding):
                self.failed = True
                # A resumed run meets the same line first.
                self.offset -= len(self._rest) + sum(len(after) + 1 for after in lines[line - self.line :])
                self._rest = b""
                break
            line += 1
        self.line = line
        return found

    def _failure(self, kind: str, message: str) -> Finding:
        self.failed = True
        return Finding(kind, message, str(self.path), self.line + 1)

    def last_time(self) -> int:
        """The earliest time of the last whole line, 0 if that is no event."""
        try:
            with self.path.open("rb") as stream:
                size = stream.seek(0, os.SEEK_END)
                stream.seek(max(0, size - _TAIL))
                lines = stream.read().split(b"\n")
        except OSError:
            return 0
        read_line: LineReader = parse_line if self._form is None else self._form.reader()
        entry = read_line(lines[-2], str(self.path), 0) if len(lines) > 1 else None
        return entry.event.at[0] if isinstance(entry, Entry) else 0

    def release(self) -> None:
        """Lets go of the file; it is opened again if it should grow."""
        if self.held:
            os.close(self._fd)
            self._fd = -1

    def place(self, unpassed: list[Entry]) -> Place | None:
        """Where to read on, `unpassed` included; None if nothing was read.

        Lines of another format may get their numbers from the lines above, so they are to be read from the top.
        """
        if self._form is not None:
            offset, line = 0, 0
            head = self._head
        else:
            offset = self.offset - len(self._rest) - sum(len(entry.raw) + 1 for entry in unpassed)
            line = self.line - len(unpassed)
            head = self._head[: max(0, offset)]
        if not head:
            return None
        return Place(
            name=self.path.name,
            inode=self.identity[1],
            head_bytes=len(head),
            head=hashlib.sha256(head).hexdigest(),
            offset=offset,
            line=line,
        )

    @classmethod
    def resume(cls, path: Path, identity: FileId, key: str, form: LineFormat | None, place: Place) -> Tail | None:
        """The log `path` from `place` on; None if that is a place in another log."""
        try:
            with path.open("rb") as stream:
                head = stream.read(place.head_bytes)
        except OSError:
            return None
        if hashlib.sha256(head).hexdigest() != place.head:
            return None
        tail = cls(path, identity, key, form, offset=place.offset, line=place.line)
        tail._head = head
        return tail
