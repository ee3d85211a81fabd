"""A client that speaks the protocol message by message."""

from __future__ import annotations

import socket
import struct

from daybreak.query import pgmessages as pg

SYNC = pg.message(b"S")
FLUSH = pg.message(b"H")


class RawClient:
    """A blocking connection; `messages` gives back what the server sends, whole messages each."""

    def __init__(self, port: int, *, start: bool = True, **parameters: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._buffer = b""
        if start:
            self.send(startup({"user": "admin", "database": "postgres", **parameters}))
            self.until_ready()

    def __enter__(self) -> RawClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, *messages: bytes) -> None:
        self.socket.sendall(b"".join(messages))

    def receive(self) -> bytes:
        """The next message; empty when the server has hung up."""
        while len(self._buffer) < 5 or len(self._buffer) < 1 + int.from_bytes(self._buffer[1:5], "big"):
            try:
                data = self.socket.recv(65536)
            except ConnectionResetError:
                data = b""
            if not data:
                return b""
            self._buffer += data
        size = 1 + int.from_bytes(self._buffer[1:5], "big")
        message, self._buffer = self._buffer[:size], self._buffer[size:]
        return message

    def receive_kinds(self, count: int) -> bytes:
        """The types of the next `count` messages."""
        return b"".join(self.receive()[:1] for _ in range(count))

    def until_ready(self) -> list[bytes]:
        """All messages up to ReadyForQuery or the end of the connection."""
        said = []
        while message := self.receive():
            said.append(message)
            if message[:1] == b"Z":
                break
        return said

    def ask(self, *messages: bytes) -> list[bytes]:
        """Send messages and return all answers."""
        self.send(*messages)
        return self.until_ready()


def startup(parameters: dict[str, str], version: int = 3 << 16) -> bytes:
    """A StartupMessage."""
    text = b"".join(f"{name}\0{value}\0".encode() for name, value in parameters.items()) + b"\0"
    return struct.pack("!II", len(text) + 8, version) + text


def bind(
    portal: bytes = b"", statement: bytes = b"", values: tuple[bytes | None, ...] = (), form: int = 0, result: int = 0
) -> bytes:
    """A Bind message with one format for all parameters and one for all results."""
    return pg.bind(pg.BindMessage(portal, statement, (form,) * len(values), values, (result,)))


def execute(portal: bytes = b"", limit: int = 0) -> bytes:
    """An Execute message."""
    return pg.message(b"E", portal + b"\0" + struct.pack("!i", limit))


def sqlstate(messages: list[bytes]) -> str | None:
    """The SQLSTATE of the first error among `messages`."""
    for message in messages:
        if message[:1] == b"E":
            return pg.error_fields(message[5:])["C"]
    return None


def rows(messages: list[bytes]) -> list[tuple[str | None, ...]]:
    """The rows among `messages`."""
    return pg.text_rows(messages)


def kinds(messages: list[bytes]) -> bytes:
    """The types of `messages`, in order."""
    return b"".join(message[:1] for message in messages)
