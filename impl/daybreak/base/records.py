"""What an adjudicator puts into its journal.

Every payload carries the lease in force when it was appended, so the last entry of a journal alone tells a
successor how long it must wait (P19).
"""

from __future__ import annotations

import msgspec

from daybreak.base.writes import Record


class Payload(msgspec.Struct, frozen=True, array_like=True):
    """One journal entry's content: a committed transaction, or only a lease."""

    lease: int
    """Microseconds since 1970: up to here the adjudicator may commit and promise."""
    record: Record | None = None


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Payload)

encode = _encoder.encode
decode = _decoder.decode
