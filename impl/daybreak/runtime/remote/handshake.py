"""How two processes make sure of each other before anything else is said.

    dialler                                      acceptor
    Greeting(protocol, cluster, …, challenge) -->           compares it with itself
                                              <-- Greeting(…, challenge), Proof
    compares, verifies; Proof                 -->           verifies

A proof is an HMAC, under the cluster's secret, of both greetings and the side that proves, so none can be used twice or
sent back to where it came from. Whoever finds a difference says so with `Refused` and hangs up. The handshake does not
protect what follows it; over a network, `runtime.remote.tls` does, and each side must be who its certificate says.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Collection
from typing import NamedTuple

import msgspec

PROTOCOL = 1
"""Raised whenever frames, handshake or envelopes change; messages have the build's fingerprint."""
CHALLENGE_BYTES = 32


class Identity(NamedTuple):
    """What a process says of itself, and the secret that it shares with its peers."""

    cluster: str
    process: str
    """Its name in the cluster: a zone's, or the region's."""
    build: str
    """Version of the program and fingerprint of its messages."""
    secret: bytes


class HandshakeError(Exception):
    """The other side is not to be talked to; the text says why, and names both sides."""

    def __init__(self, reason: str, *, answer: bytes | None = None) -> None:
        # Words of a stranger go to a log: they must not look like lines of it.
        super().__init__("".join(letter if letter.isprintable() else "?" for letter in reason))
        self.answer = answer
        """What to tell the other side before hanging up; None if it was the one to refuse."""


class Greeting(msgspec.Struct, frozen=True, tag=True):
    """Who I am; `challenge` is new each time."""

    protocol: int
    cluster: str
    process: str
    build: str
    challenge: bytes


class Proof(msgspec.Struct, frozen=True, tag=True):
    """That I know the secret."""

    mac: bytes


class Refused(msgspec.Struct, frozen=True, tag=True):
    """That, and why, I hang up."""

    reason: str


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Greeting | Proof | Refused).decode


class Handshake:
    """One side of one handshake, without I/O: bodies of frames in, bodies of frames out."""

    def __init__(self, me: Identity, *, known: Collection[str], dials: str | None = None) -> None:
        """`known` are the peers that may connect; `dials` is the one that was dialled, None at the acceptor."""
        self.peer: str | None = None
        """The other side's name, once it has proved itself."""
        self.certified: str | None = None
        """Whose certificate it has shown; None where there are none."""
        self._me = me
        self._known = known
        self.dials = dials
        self._greeting = _encode(Greeting(PROTOCOL, me.cluster, me.process, me.build, os.urandom(CHALLENGE_BYTES)))
        self._theirs = b""
        self._claimed = ""

    def begin(self) -> list[bytes]:
        """What the dialler says first; the acceptor waits."""
        return [self._greeting] if self.dials is not None else []

    def receive(self, body: bytes) -> list[bytes]:
        """Take what the other side said and return the answer; `HandshakeError` if it is not to be talked to."""
        try:
            said = _decode(body)
        except (ValueError, RecursionError):  # msgspec's errors, no UTF-8, nested too deep
            raise HandshakeError(f"{self._me.process}: what came is no greeting of a peer") from None
        if isinstance(said, Refused):
            raise HandshakeError(said.reason)
        if isinstance(said, Greeting) == bool(self._theirs):
            raise self._refuse("it does not keep to the order of the handshake")
        if isinstance(said, Greeting):
            return self._greeted(body, said)
        if not hmac.compare_digest(said.mac, self._proof(of_dialler=self.dials is None)):
            raise self._refuse("its proof is wrong: its secret is not the cluster's")
        self.peer = self._claimed
        return [] if self.dials is None else [_encode(Proof(self._proof(of_dialler=True)))]

    def _greeted(self, body: bytes, said: Greeting) -> list[bytes]:
        me = self._me
        self._theirs, self._claimed = body, said.process
        if said.protocol != PROTOCOL:
            raise self._refuse(f"it speaks protocol {said.protocol}, not {PROTOCOL}")
        if said.cluster != me.cluster:
            raise self._refuse(f"it belongs to cluster {said.cluster}, not {me.cluster}")
        if said.build != me.build:
            raise self._refuse(f"it is of build {said.build}, not {me.build}")
        if self.certified not in (None, said.process):
            raise self._refuse(f"its certificate is that of {self.certified}")
        if self.dials not in (None, said.process):
            raise self._refuse(f"it is not {self.dials}")
        if said.process not in self._known:
            raise self._refuse("it is no peer")
        return [] if self.dials is not None else [self._greeting, _encode(Proof(self._proof(of_dialler=False)))]

    def _refuse(self, why: str) -> HandshakeError:
        reason = f"{self._me.process} refuses {self._claimed[:80] or 'a stranger'}: {why}"
        return HandshakeError(reason, answer=_encode(Refused(reason)))

    def _proof(self, *, of_dialler: bool) -> bytes:
        ours, theirs = self._greeting, self._theirs
        first, second = (ours, theirs) if self.dials is not None else (theirs, ours)
        side = b"dialler" if of_dialler else b"acceptor"
        text = b"".join((side, len(first).to_bytes(4, "big"), first, second))
        return hmac.digest(self._me.secret, text, "sha256")
