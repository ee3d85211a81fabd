"""The roles of one process, and the way to those of others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from daybreak.base.ids import NodeId
from daybreak.errors import InternalError
from daybreak.runtime.local.network import Letter, LocalNetwork


class Way(Protocol):
    """Takes letters to other processes."""

    def send(self, name: str, letter: Letter) -> None:
        """Send a letter to a process. KeyError if there is none of this name, ValueError if the letter is too long."""

    def close(self) -> None:
        """Send no more."""


class PeerNetwork(LocalNetwork):
    """Runs roles as `LocalNetwork` does; messages for nodes of other processes go there."""

    def __init__(self, process: str, process_of: Callable[[NodeId], str]) -> None:
        """`process` is this process's name, `process_of` says in which one a node lives."""
        super().__init__()
        self._process = process
        self._process_of = process_of
        self._way: Way | None = None
        self.astray = 0
        """Messages that came for nodes that are not here, or from nodes that are not where they came from."""

    def join(self, way: Way) -> None:
        """Send by `way` from here on; `close` closes it too."""
        self._way = way

    def _elsewhere(self, letter: Letter) -> None:
        process = self._process_of(letter.to)
        if process != self._process and self._way is not None and not self._closed:
            try:
                self._way.send(process, letter)
            except (KeyError, ValueError) as error:
                kind = type(letter.message).__name__
                self.fail(InternalError(f"{letter.source} cannot send {kind} to {letter.to}: {error}"))

    def receive(self, process: str, letters: list[Letter]) -> None:
        """Hand letters of another process to the roles here."""
        for letter in letters:
            known = letter.to in self._hosts or letter.to in self._listeners
            if known and self._process_of(letter.source) == process:
                self._route(letter)
            else:
                self.astray += 1
        self._drain()

    def close(self) -> None:
        """As `LocalNetwork`, and hang up."""
        if self._way is not None:
            self._way.close()
        super().close()
