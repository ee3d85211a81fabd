"""Literals and text parameters as parts of keys.

PostgreSQL's input functions accept much more than what is read here. Whatever is not read gives None, "cannot say";
the caller then loads more rows. What is read must mean the same to PostgreSQL under every setting of the session.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

from daybreak.query import keycodec as k

_INTEGER = re.compile(r"\s*([+-]?\d{1,19})\s*", re.ASCII)
_NUMBER = re.compile(r"\s*[+-]?\d+(\.\d*)?([eE][+-]?\d+)?\s*", re.ASCII)
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{32}")
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d{1,6})?", re.ASCII)
_TIMESTAMPTZ = re.compile(_TIMESTAMP.pattern + r"([+-]\d\d(:\d\d)?|Z)", re.ASCII)
_BOOLEANS = {"t": b"\x01", "true": b"\x01", "f": b"\x00", "false": b"\x00"}
_EPOCH = datetime(2000, 1, 1)
_MAX_EXPONENT = 1_000
"""PostgreSQL reads far larger exponents; keys with thousands of digits are left to it."""


def text_key(type_oid: int, text: str) -> bytes | None:
    """The key form of what PostgreSQL's input function of this type makes of `text`; None: cannot say."""
    reader = _READERS.get(type_oid)
    return reader(text) if reader is not None else None


def number_key(type_oid: int, token: str) -> bytes | None:
    """The key form, for a column of this type, of a number written without quotes; None: cannot say.

    Such a token is an integer or a numeric. The float types are left out: comparing a float with either rounds.
    """
    if type_oid in (k.INT2, k.INT4, k.INT8):
        return _integer(token)
    return _number(token) if type_oid == k.NUMERIC else None


def numeric_binary(value: Decimal) -> bytes:
    """A finite decimal in PostgreSQL's binary format."""
    sign, digits, exponent = value.as_tuple()
    scale = int(exponent)
    text = "".join(map(str, digits)) + "0" * (scale % 4)
    text = text.rjust(-(-len(text) // 4) * 4, "0")
    groups = [int(text[n : n + 4]) for n in range(0, len(text), 4)]
    weight = len(groups) - 1 + scale // 4
    header = struct.pack(">hhHH", len(groups), weight, 0x4000 if sign else 0, max(0, -scale))
    return header + struct.pack(f">{len(groups)}H", *groups)


def _integer(text: str) -> bytes | None:
    match = _INTEGER.fullmatch(text)
    value = int(match[1]) if match else None
    return None if value is None or not -(2**63) <= value < 2**63 else k.integer_key(value)


def _number(text: str) -> bytes | None:
    if not _NUMBER.fullmatch(text):
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    if (value and abs(value.adjusted()) > _MAX_EXPONENT) or abs(int(value.as_tuple().exponent)) > _MAX_EXPONENT:
        return None
    return k.encode_value(k.NUMERIC, numeric_binary(value))


def _text(text: str) -> bytes:
    return k.encode_value(k.TEXT, text.encode())


def _blank_padded(text: str) -> bytes:
    return k.encode_value(k.BPCHAR, text.encode())


def _uuid(text: str) -> bytes | None:
    return bytes.fromhex(text.replace("-", "")) if _UUID.fullmatch(text) else None


def _boolean(text: str) -> bytes | None:
    return _BOOLEANS.get(text.strip().lower())


def _date(text: str) -> bytes | None:
    if not _DATE.fullmatch(text):
        return None
    try:
        days = date.fromisoformat(text).toordinal() - _EPOCH.toordinal()
    except ValueError:
        return None
    return k.encode_value(k.DATE, struct.pack(">i", days))


def _timestamp(text: str) -> bytes | None:
    return _microseconds(text) if _TIMESTAMP.fullmatch(text) else None


def _timestamptz(text: str) -> bytes | None:
    """Only with an offset: without one, the session's time zone decides."""
    return _microseconds(text) if _TIMESTAMPTZ.fullmatch(text) else None


def _microseconds(text: str) -> bytes | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is not None:
        try:
            moment = moment.astimezone(UTC).replace(tzinfo=None)
        except OverflowError:
            return None
    passed = moment - _EPOCH
    microseconds = (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds
    return k.encode_value(k.TIMESTAMP, struct.pack(">q", microseconds))


_READERS: dict[int, Callable[[str], bytes | None]] = {
    k.BOOL: _boolean,
    k.INT2: _integer,
    k.INT4: _integer,
    k.INT8: _integer,
    k.NUMERIC: _number,
    k.TEXT: _text,
    k.VARCHAR: _text,
    k.BPCHAR: _blank_padded,
    k.UUID: _uuid,
    k.DATE: _date,
    k.TIMESTAMP: _timestamp,
    k.TIMESTAMPTZ: _timestamptz,
}
