"""What a client has made of its backend beyond transactions: prepared statements and settings.

Remembered so that the backend can be replaced: when one private backend crashes, PostgreSQL ends all of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from daybreak.query.backend import HEADER_BYTES
from daybreak.query.commands import SYNC

_PARSE, _CLOSE, _COMMAND_COMPLETE = b"PCC"
_STATEMENT = ord("S")
_SETTING = re.compile(rb"\b(?:SET|RESET)\s+(?:SESSION\s+)?(\w+|\"[^\"]*\")", re.IGNORECASE)
_SETTING_TAGS = (b"SET\0", b"RESET\0")


class BackendState:
    """The messages that bring a fresh backend to where the client's is."""

    def __init__(self) -> None:
        self._statements: dict[bytes, bytes] = {}
        self._settings: dict[bytes, tuple[bytes, int]] = {}  # by the setting's name

    def note_statements(self, messages: Sequence[bytes]) -> None:
        """Frontend messages that succeeded: Parse makes a prepared statement, Close ends one."""
        for message in messages:
            if message[0] == _PARSE:
                self._statements[message[HEADER_BYTES : message.index(0, HEADER_BYTES)]] = message
            elif message[0] == _CLOSE and message[HEADER_BYTES] == _STATEMENT:
                self._statements.pop(message[HEADER_BYTES + 1 : -1], None)

    def note_settings(self, batch: bytes, ready: int, replies: Sequence[bytes]) -> None:
        """A batch with `ready` ReadyForQuery that ran outside of a transaction; kept if it set anything."""
        if any(m[0] == _COMMAND_COMPLETE and m[HEADER_BYTES:] in _SETTING_TAGS for m in replies):
            found = _SETTING.search(batch)
            name = found[1].lower() if found else batch
            self._settings.pop(name, None)  # the latest comes last
            self._settings[name] = (batch, ready)

    def clear(self) -> None:
        """Nothing is left: DISCARD ALL."""
        self._statements.clear()
        self._settings.clear()

    def replay(self) -> tuple[bytes, int]:
        """The batch that makes it all again, and how many ReadyForQuery end it."""
        statements = b"".join(self._statements.values()) + SYNC
        settings = self._settings.values()
        return statements + b"".join(batch for batch, _ in settings), 1 + sum(ready for _, ready in settings)
