"""Messages as bytes, by the names of their classes, and with them where they go and what their sender knew.

A class is known by the package of its role and its own name: ``journal.Append``. The registry's fingerprint covers the
fields and types of all classes; two processes whose fingerprints differ do not talk to each other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import msgspec

from daybreak.base.ids import NodeId
from daybreak.runtime.local.network import Letter
from daybreak.runtime.protocols import Message
from daybreak.trace.recorder import Cause


class CodecError(Exception):
    """The bytes are no message of this registry."""


class _Envelope(msgspec.Struct, frozen=True, array_like=True):
    to: NodeId
    source: NodeId
    kind: str
    cause: Cause
    body: msgspec.Raw


def wire_name(kind: type[Message]) -> str:
    """The name of a message class: that of its package and its own."""
    return f"{kind.__module__.split('.')[-2]}.{kind.__name__}"


class Registry:
    """The message classes that may travel."""

    def __init__(self, kinds: Iterable[type[Message]]) -> None:
        self._names: dict[type[Message], str] = {}
        self._decoders: dict[str, msgspec.msgpack.Decoder[Message]] = {}
        for kind in sorted(kinds, key=wire_name):
            name = wire_name(kind)
            if name in self._decoders:
                raise ValueError(f"two messages are called {name}")
            self._names[kind] = name
            self._decoders[name] = msgspec.msgpack.Decoder(kind)
        self._encoder = msgspec.msgpack.Encoder()
        self._envelopes = msgspec.msgpack.Decoder(_Envelope)
        # One message often goes to several nodes in a row; None before the first.
        self._last: Message | None = None
        self._last_body = msgspec.Raw()

    @property
    def names(self) -> list[str]:
        """The names of all classes, sorted."""
        return list(self._decoders)

    @property
    def fingerprint(self) -> str:
        """The same for two registries exactly if they read each other's bytes alike."""
        shapes = msgspec.inspect.multi_type_info(list(self._names))
        text = "\n".join(f"{name} {shape!r}" for name, shape in zip(self._decoders, shapes, strict=True))
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def encode(self, letter: Letter) -> bytes:
        """A letter as bytes; KeyError for a class that is not registered."""
        to, source, message, cause = letter
        kind = self._names[type(message)]
        if message is not self._last:
            self._last_body = msgspec.Raw(self._encoder.encode(message))
            self._last = message
        return self._encoder.encode(_Envelope(to, source, kind, cause, self._last_body))

    def decode(self, data: bytes) -> Letter:
        """The letter that `encode` made `data` of; CodecError for everything else."""
        try:
            envelope = self._envelopes.decode(data)
            decoder = self._decoders.get(envelope.kind)
            if decoder is None:
                raise CodecError(f"a message {envelope.kind!r}, which nobody here knows")
            return Letter(envelope.to, envelope.source, decoder.decode(envelope.body), envelope.cause)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise CodecError(f"bytes that are no message: {error}") from None
