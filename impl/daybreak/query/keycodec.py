"""Values as parts of keys: PostgreSQL's binary values in an order-preserving, canonical form.

For every supported type: two values that PostgreSQL's default btree operator class calls equal have the same
encoding; the smaller of two values has the smaller encoding; no encoding is the beginning of another one of its
type. So the encodings of several columns, one after the other, sort as the columns do, and all keys with given
leading columns form one range. Text sorts by its bytes (C collation). The integer types share one form, and so do
the float types, because PostgreSQL compares them with each other without loss.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence

BOOL, BYTEA, CHAR, INT8, INT2, INT4, TEXT, OID = 16, 17, 18, 20, 21, 23, 25, 26
FLOAT4, FLOAT8, BPCHAR, VARCHAR, DATE, TIME = 700, 701, 1042, 1043, 1082, 1083
TIMESTAMP, TIMESTAMPTZ, INTERVAL, TIMETZ, NUMERIC, UUID = 1114, 1184, 1186, 1266, 1700, 2950

_NULL = b"\x01"
_NOT_NULL = b"\x00"
_END = b"\x00\x01"
_SECOND_US = 1_000_000
_DAY_US = 86_400 * _SECOND_US

_MINUS_INFINITY, _NEGATIVE, _ZERO, _POSITIVE, _INFINITY, _NAN = (bytes([rank]) for rank in range(6))
_NUMERIC_SPECIAL = {0xC000: _NAN, 0xD000: _INFINITY, 0xF000: _MINUS_INFINITY}


def integer_key(value: int) -> bytes:
    """An integer of any width as its 8-byte form."""
    return (value + 0x8000000000000000).to_bytes(8, "big")


def _integer(value: bytes) -> bytes:
    return (int.from_bytes(value, "big", signed=True) + 0x8000000000000000).to_bytes(8, "big")


def _signed(value: bytes) -> bytes:
    """A two's complement integer that is compared with its own type only: flip the sign bit."""
    return bytes([value[0] ^ 0x80]) + value[1:]


def _same(value: bytes) -> bytes:
    return value


def _float(value: bytes) -> bytes:
    number: float = struct.unpack(">f" if len(value) == 4 else ">d", value)[0]
    if number != number:
        return b"\xff" * 8  # NaN is equal to NaN and greater than all else
    bits = int.from_bytes(struct.pack(">d", number + 0.0), "big")  # -0.0 + 0.0 is 0.0
    bits ^= 0xFFFFFFFFFFFFFFFF if bits >> 63 else 0x8000000000000000
    return bits.to_bytes(8, "big")


def _bytes(value: bytes) -> bytes:
    return value.replace(b"\x00", b"\x00\xff") + _END


def _blank_padded(value: bytes) -> bytes:
    return _bytes(value.rstrip(b" "))


def _numeric(value: bytes) -> bytes:
    """Rank, then weight and base-10000 digits (each plus one, ended by zero); all complemented when negative."""
    count, weight, sign = struct.unpack_from(">hhH", value)
    if sign in _NUMERIC_SPECIAL:
        return _NUMERIC_SPECIAL[sign]
    digits = list(struct.unpack_from(f">{count}H", value, 8))
    while digits and digits[-1] == 0:
        digits.pop()
    leading = next((n for n, digit in enumerate(digits) if digit), 0)
    digits, weight = digits[leading:], weight - leading
    if not digits:
        return _ZERO
    body = struct.pack(f">{len(digits) + 2}H", weight + 0x8000, *[digit + 1 for digit in digits], 0)
    if sign:
        return _NEGATIVE + bytes([byte ^ 0xFF for byte in body])
    return _POSITIVE + body


def _timetz(value: bytes) -> bytes:
    """By the moment first, then by the zone (seconds west of UTC)."""
    time_us, zone = struct.unpack(">qi", value)
    return integer_key(time_us + zone * _SECOND_US) + integer_key(zone)


def _interval(value: bytes) -> bytes:
    """By length with days of 24 hours and months of 30 days."""
    time_us, days, months = struct.unpack(">qii", value)
    length_us: int = time_us + (days + 30 * months) * _DAY_US
    return (length_us + (1 << 127)).to_bytes(16, "big")


_ENCODERS: dict[int, Callable[[bytes], bytes]] = {
    BOOL: _same,
    BYTEA: _bytes,
    CHAR: _same,
    INT8: _integer,
    INT2: _integer,
    INT4: _integer,
    TEXT: _bytes,
    OID: _same,
    FLOAT4: _float,
    FLOAT8: _float,
    BPCHAR: _blank_padded,
    VARCHAR: _bytes,
    DATE: _signed,
    TIME: _signed,
    TIMESTAMP: _signed,
    TIMESTAMPTZ: _signed,
    INTERVAL: _interval,
    TIMETZ: _timetz,
    NUMERIC: _numeric,
    UUID: _same,
}


def encode_value(type_oid: int, value: bytes) -> bytes:
    """The key form of a value in PostgreSQL's binary format."""
    return _ENCODERS[type_oid](value)


def encode_values(type_oids: Sequence[int], values: Sequence[bytes]) -> bytes:
    """The key form of several columns, none of them NULL."""
    return b"".join([_ENCODERS[oid](value) for oid, value in zip(type_oids, values, strict=True)])


def encode_nullable(type_oids: Sequence[int], values: Sequence[bytes | None]) -> bytes:
    """The key form of columns that may be NULL, for indexes in which NULLs are equal and last."""
    return b"".join(
        [
            _NULL if value is None else _NOT_NULL + _ENCODERS[oid](value)
            for oid, value in zip(type_oids, values, strict=True)
        ]
    )


def after_prefix(prefix: bytes) -> bytes:
    """The smallest byte string that is greater than all that begin with `prefix`, which must not be all ``ff``."""
    stripped = prefix.rstrip(b"\xff")
    return stripped[:-1] + bytes([stripped[-1] + 1])
