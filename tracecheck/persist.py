"""What a monitor keeps in files: its status, and the state from which it goes on after a restart.

Each file is replaced whole or not at all, and belongs to the run that claimed it last: a monitor that outlives its
server must not overwrite what its successor writes.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from tracecheck.errors import TraceCheckError, UsageError
from tracecheck.follow import SavedLog
from tracecheck.past import SavedPast
from tracecheck.plan import Plan

FORMAT = 1


class SupersededError(TraceCheckError):
    """Another monitor has claimed the file."""


class State(msgspec.Struct, frozen=True):
    """A monitor between two events: what has been passed on, how far each log was checked, and where each checker
    stands (`Checker.save`). `made_of` is the fingerprint of the specs and mappings: with others it means nothing."""

    run: str
    format: int
    made_of: str
    events: int
    checked_up_to: int
    order: SavedPast
    logs: list[SavedLog]
    checkers: list[dict[str, Any]]


class _Owner(msgspec.Struct, frozen=True):
    run: str = ""


class OwnedFile:
    """A JSON object in a file that only the run writes that claimed it last; its field `run` says which.

    With `durable` it outlives the machine's crash, at the price of a wait for the disk. Raises UsageError when it
    cannot be written.
    """

    def __init__(self, path: Path, run: str, *, durable: bool = False) -> None:
        self.path = path
        self.run = run
        self._durable = durable

    def read(self) -> bytes | None:
        """The content, whoever wrote it; None if there is none."""
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            return None

    def claim(self, content: bytes) -> None:
        """Writes the file, and nobody who claimed it before writes it any more."""
        with self._locked():
            self._replace(content)

    def write(self, content: bytes) -> None:
        """Writes the file. Raises SupersededError when another run has claimed it since."""
        with self._locked():
            try:
                owner = msgspec.json.decode(self.read() or b"{}", type=_Owner).run
            except msgspec.MsgspecError:
                owner = ""
            if owner not in ("", self.run):
                raise SupersededError(f"{self.path}: another monitor has taken over; this one ends")
            self._replace(content)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            lock = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise UsageError(f"{self.path}: cannot be written: {error.strerror}") from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _replace(self, content: bytes) -> None:
        draft = self.path.with_name(self.path.name + ".new")
        try:
            with draft.open("wb") as stream:
                stream.write(content)
                if self._durable:
                    stream.flush()
                    os.fsync(stream.fileno())
            draft.replace(self.path)
        except OSError as error:
            raise UsageError(f"{self.path}: cannot be written: {error.strerror}") from None


class StateFile:
    """Where a monitor finds what it had checked before, and writes what it has checked by now."""

    def __init__(self, path: Path, run: str, plans: Sequence[Plan]) -> None:
        self._file = OwnedFile(path, run, durable=True)
        self._made_of = fingerprint(plans)

    def take_over(self) -> tuple[State | None, str | None]:
        """Claims the file; returns the state in it, or why there is none that can be used."""
        content = self._file.read()
        state, reason = self._usable(content) if content is not None else (None, "there was no saved state")
        owner = _Owner(self._file.run)
        kept = msgspec.structs.replace(state, run=self._file.run) if state is not None else None
        self._file.claim(msgspec.json.encode(kept or owner))
        return state, reason

    def _usable(self, content: bytes) -> tuple[State | None, str | None]:
        try:
            state = msgspec.json.decode(content, type=State)
        except msgspec.MsgspecError as error:
            return None, f"{self._file.path} holds no state of a monitor: {error}"
        if state.format != FORMAT:
            return None, f"{self._file.path} has format {state.format}, this monitor reads format {FORMAT}"
        if state.made_of != self._made_of:
            return None, f"{self._file.path} was saved with other specs or mappings"
        return state, None

    def save(
        self, events: int, checked_up_to: int, order: SavedPast, logs: list[SavedLog], checkers: list[dict[str, Any]]
    ) -> None:
        """Replaces the state. Raises SupersededError when another monitor has taken over."""
        run = self._file.run
        state = State(run, FORMAT, self._made_of, events, checked_up_to, order, logs, checkers)
        self._file.write(msgspec.json.encode(state))


def fingerprint(plans: Sequence[Plan]) -> str:
    """Tells whether specs, configurations and mappings are the same as before."""
    digest = hashlib.sha256()
    for plan in plans:
        files = plan.engine.files
        modules = (module for directory in files.libraries for module in sorted(directory.glob("*.tla")))
        for path in (files.module, files.config, plan.mapping.path, *modules):
            content = path.read_bytes()
            digest.update(f"{path.name} {len(content)}\n".encode() + content)
    return digest.hexdigest()
