"""Where a value in a predicate comes from, and what it is in a given execution.

A source is a constant of the parse tree, a slot for a literal of the text, or a parameter, perhaps under a cast. Its
value is wanted as the key form for a column it is compared with. That is only possible where PostgreSQL compares the
two as values of the column's own type family; everything else is `UNKNOWN`.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence
from enum import Enum
from typing import Final, Literal, NamedTuple

from daybreak.query import keycodec as k
from daybreak.query.literals import number_key, text_key
from daybreak.query.shapes import unquote
from daybreak.query.statements import Parameter


class _Unknown(Enum):
    UNKNOWN = "unknown"


UNKNOWN: Final = _Unknown.UNKNOWN
"""The value cannot be told: the predicate restricts nothing."""

Value = bytes | None | Literal[_Unknown.UNKNOWN]
"""The key form of a value; None for NULL."""


class Source(NamedTuple):
    """Exactly one of `token` (as written, a number with its sign), `slot`, `parameter` (from 1); none of them: NULL.

    `negative`: a minus sign stands before the slot's number. `cast`: type OID of an explicit cast. `only`: the
    parameter stands nowhere else in the statement, so PostgreSQL infers a type it was not given from here alone.
    """

    token: str | None = None
    slot: int | None = None
    parameter: int | None = None
    negative: bool = False
    cast: int | None = None
    only: bool = False


class Bindings(NamedTuple):
    """The values of one execution."""

    literals: Sequence[str]
    parameters: Sequence[Parameter]


_FAMILY = {k.INT2: k.INT8, k.INT4: k.INT8, k.VARCHAR: k.TEXT, k.BPCHAR: k.TEXT}
"""Types whose values PostgreSQL compares with each other as their key forms are compared.

Padded text meets unpadded text as text without its padding; that is its key form, while the other side keeps its
blanks. In a list, where one item may make text of all, a padded item without its blanks only loads more.
"""

_UNTYPED = (0, 705)
_LENGTHS = {k.BOOL: 1, k.INT2: 2, k.INT4: 4, k.INT8: 8, k.UUID: 16, k.DATE: 4, k.TIMESTAMP: 8, k.TIMESTAMPTZ: 8}
_BINARY = frozenset({*_LENGTHS, k.TEXT, k.VARCHAR, k.BPCHAR, k.NUMERIC})
_ELEMENTS = {
    1000: k.BOOL,
    1005: k.INT2,
    1007: k.INT4,
    1016: k.INT8,
    1009: k.TEXT,
    1014: k.BPCHAR,
    1015: k.VARCHAR,
    1115: k.TIMESTAMP,
    1182: k.DATE,
    1185: k.TIMESTAMPTZ,
    1231: k.NUMERIC,
    2951: k.UUID,
}


def resolve(source: Source, column_type: int, bindings: Bindings) -> Value:
    """The source's value as the key form for a column of this type."""
    if source.parameter is not None:
        parameter = _bound(source, bindings)
        if parameter is None:
            return UNKNOWN
        declared = _declared(source, parameter.type_oid, column_type)
        return UNKNOWN if declared is None else _decode(parameter.format, declared, column_type, parameter.value)
    token = source.token if source.slot is None else bindings.literals[source.slot]
    if token is None:
        return None
    if token[0] == "'":
        declared = column_type if source.cast is None else source.cast
        return _from_text(declared, column_type, unquote(token))
    if source.cast is not None and _family(source.cast) != _family(column_type):
        return UNKNOWN
    value = number_key(column_type, "-" + token if source.negative else token)
    return UNKNOWN if value is None else value


def resolve_array(source: Source, column_type: int, bindings: Bindings) -> list[bytes] | None:
    """The elements of an array, NULLs left out, as key forms for a column; None where they cannot be told.

    A cast of `source` is that of the elements.
    """
    if source.parameter is None:
        token = source.token if source.slot is None else bindings.literals[source.slot]
        if token is None:
            return []
        return _text_array(unquote(token), source.cast or column_type, column_type) if token[0] == "'" else None
    parameter = _bound(source, bindings)
    if parameter is None:
        return None
    untyped = parameter.type_oid in _UNTYPED
    element = 0 if untyped else _ELEMENTS.get(parameter.type_oid)
    declared = None if element is None else _declared(source, element, column_type)
    if declared is None:
        return None
    if parameter.value is None:
        return []
    if parameter.format == 0:
        return _text_array(parameter.value.decode(errors="replace"), declared, column_type)
    return _binary_array(parameter.value, declared, column_type)


def _bound(source: Source, bindings: Bindings) -> Parameter | None:
    number = source.parameter or 0
    return bindings.parameters[number - 1] if 0 < number <= len(bindings.parameters) else None


def _declared(source: Source, type_oid: int, column_type: int) -> int | None:
    """The type as which a parameter is read; None where that is not certain."""
    if type_oid in _UNTYPED:
        return (source.cast or column_type) if source.only else None
    if source.cast is not None and _family(source.cast) != _family(type_oid):
        return None
    return type_oid


def _family(type_oid: int) -> int:
    return _FAMILY.get(type_oid, type_oid)


def _from_text(declared: int, column_type: int, text: str) -> Value:
    if _family(declared) != _family(column_type):
        return UNKNOWN
    value = text_key(declared, text)
    return UNKNOWN if value is None else value


def _decode(format_code: int, declared: int, column_type: int, value: bytes | None) -> Value:
    if value is None:
        return None
    if format_code == 0:
        return _from_text(declared, column_type, value.decode(errors="replace"))
    if _family(declared) != _family(column_type) or declared not in _BINARY:
        return UNKNOWN
    if _LENGTHS.get(declared, len(value)) != len(value):
        return UNKNOWN
    try:
        return k.encode_value(declared, value)
    except struct.error:
        return UNKNOWN


_ELEMENT = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,{}"\\](?:[^,{}"\\]*[^\s,{}"\\])?))\s*(?:,(?!$)|$)', re.DOTALL)


def _text_array(text: str, declared: int, column_type: int) -> list[bytes] | None:
    """A one-dimensional array in PostgreSQL's text format."""
    body = text.strip()
    if not (body.startswith("{") and body.endswith("}")):
        return None
    body, position = body[1:-1], 0
    found: list[bytes] = []
    while position < len(body):
        match = _ELEMENT.match(body, position)
        if match is None:
            return None if body.strip() else found
        position = match.end()
        if match[1] is None and match[2].lower() == "null":
            continue
        element = match[2] if match[1] is None else re.sub(r"\\(.)", r"\1", match[1], flags=re.DOTALL)
        value = _from_text(declared, column_type, element)
        if value is UNKNOWN or value is None:
            return None
        found.append(value)
    return found


def _binary_array(data: bytes, declared: int, column_type: int) -> list[bytes] | None:
    """An array in PostgreSQL's binary format; its number of dimensions does not matter to ANY."""
    try:
        dimensions, _, _ = struct.unpack_from(">iiI", data)
        count = 1 if dimensions else 0
        for dimension in range(dimensions):
            count *= struct.unpack_from(">i", data, 12 + 8 * dimension)[0]
        position = 12 + 8 * dimensions
        found: list[bytes] = []
        for _ in range(count):
            length = struct.unpack_from(">i", data, position)[0]
            position += 4
            if length >= 0:
                value = _decode(1, declared, column_type, data[position : position + length])
                if value is UNKNOWN or value is None:
                    return None
                found.append(value)
                position += length
    except struct.error:
        return None
    return found
