"""The shape of a statement: its text without the values of its literals.

Clients that put values into the text (pgbench's simple protocol does) send a new text each time but few shapes.
Finding the literals of a text takes a few microseconds, parsing and analysing it a few hundred. The finder below
knows less than PostgreSQL's scanner and gives up on whatever it does not know; `literal_slots` then compares what it
found with the literals of the parse tree, and only a shape for which both agree exactly is used again.
"""

from __future__ import annotations

import bisect
import re

from daybreak.query.grammar import Tree, nodes_of

ShapeKey = tuple[str, str]
"""The text between the literals, and one character per literal: ``'`` for a string, ``0`` for a number."""

_WORD = r"\w$.\x80-\U0010ffff"
_TOKEN = re.compile(
    r'("[^"]*"'
    r"|(?<![\w$&\x80-\U0010ffff])'(?:[^']++|'')*+'(?!')"
    rf"|(?<![{_WORD}])\d++(?:\.\d++)?(?:[eE][+-]?\d++)?(?![{_WORD}]))"
)
_UNKNOWN = re.compile(r"--|/\*|\\|\$(?!\d)|\x00")
"""Comments, escapes, dollar quotes, and what no text may hold."""

_SEPARATOR = "\1"


def split_literals(text: str) -> tuple[ShapeKey, tuple[str, ...]] | None:
    """The shape of `text` and its literals as they are written; None where this finder is not sure."""
    if _UNKNOWN.search(text) or _SEPARATOR in text:
        return None
    pieces = _TOKEN.split(text)
    tokens = pieces[1::2]
    if '"' in text:
        pieces, tokens = _without_identifiers(pieces)
    rest = _SEPARATOR.join(pieces[::2])
    if "'" in rest:
        return None
    return (rest, "".join(["'" if token[0] == "'" else "0" for token in tokens])), tuple(tokens)


def _without_identifiers(pieces: list[str]) -> tuple[list[str], list[str]]:
    """Put quoted identifiers back into the text between the literals."""
    joined = [pieces[0]]
    for token, text in zip(pieces[1::2], pieces[2::2], strict=True):
        if token[0] == '"':
            joined[-1] += token + text
        else:
            joined += [token, text]
    return joined, joined[1::2]


def literal_slots(text: str, tree: Tree) -> dict[int, int] | None:
    """Which literal of `split_literals` each constant of the tree is: from byte position to number.

    A constant's position is that of its first character or, after unary minus, that of the minus sign; its slot is
    then ``~number``. None when the two disagree anywhere: literals of this shape must not be exchanged.
    """
    found = _positions(text)
    numbers = {position: number for number, (position, _) in enumerate(found)}
    slots: dict[int, int] = {}
    for constant in nodes_of(tree).get("A_Const", ()):
        location = constant.get("location", 0)
        number = numbers.get(location)
        if number is not None:
            if not _is_same(found[number][1], constant):
                return None
            slots[location] = number
        elif "ival" in constant or "fval" in constant:
            number = bisect.bisect(found, (location,))
            if number < len(found) and _is_negative(found[number][1], constant):
                slots[location] = ~number
    used = sorted(~slot if slot < 0 else slot for slot in slots.values())
    return slots if used == list(range(len(found))) else None


def _positions(text: str) -> list[tuple[int, str]]:
    """Byte position and text of each literal."""
    matches = [(match.start(), match[0]) for match in _TOKEN.finditer(text) if match[0][0] != '"']
    if text.isascii():
        return matches
    return [(len(text[:start].encode()), token) for start, token in matches]


def _is_same(token: str, constant: Tree) -> bool:
    if token[0] == "'":
        return "sval" in constant and constant["sval"].get("sval", "") == unquote(token)
    if "ival" in constant:
        return str(constant["ival"].get("ival", 0)) == (token.lstrip("0") or "0")
    return "fval" in constant and bool(constant["fval"]["fval"] == token)


def _is_negative(token: str, constant: Tree) -> bool:
    """True only for a number other than 0: the sign of 0 cannot be seen."""
    if "ival" in constant:
        return constant["ival"].get("ival", 0) < 0 and str(constant["ival"]["ival"]) == "-" + token.lstrip("0")
    return "fval" in constant and bool(constant["fval"]["fval"] == "-" + token)


def unquote(token: str) -> str:
    """The value of a string literal without escapes."""
    return token[1:-1].replace("''", "'")
