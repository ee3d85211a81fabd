"""What an adjudicator puts into its journal.

Every payload carries the lease in force when it was appended, so the last entry of a journal alone tells a
successor how long it must wait (P19); and the key ranges in force, so it tells what the successor owns (P9).
"""

from __future__ import annotations

import msgspec

from daybreak.base.placed import Placed
from daybreak.base.writes import Record

_encoder = msgspec.msgpack.Encoder()
encode_placed = _encoder.encode
"""The ranges as they stand in a payload: they change seldom, and are encoded once for many entries."""


class Payload(msgspec.Struct, frozen=True, array_like=True):
    """One journal entry's content: a committed transaction, or only a lease."""

    lease: int
    """Microseconds since 1970: up to here the adjudicator may commit and promise."""
    record: Record | None = None
    last: int = 0
    """Of an entry without a record: no record of the journal before it has a greater commit time."""
    ranges: msgspec.Raw = msgspec.Raw(b"\xc0")
    """`Placed`, encoded; nil where the adjudicator has what it was given in the beginning."""

    @property
    def last_commit(self) -> int:
        """The greatest commit time in the journal up to this entry, or a bound for it."""
        return self.last if self.record is None else self.record.ts

    @property
    def placed(self) -> Placed | None:
        """The ranges in force; None where they are those of the beginning."""
        found: Placed | None = _placed.decode(self.ranges)
        return found


_placed = msgspec.msgpack.Decoder(Placed | None)
_decoder = msgspec.msgpack.Decoder(Payload)

encode = _encoder.encode
decode = _decoder.decode
