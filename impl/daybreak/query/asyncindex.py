"""``CREATE [UNIQUE] INDEX ASYNC``: a form that PostgreSQL's grammar lacks, taken out by a pass over its tokens.

Words are replaced by blanks of the same length, so that positions in PostgreSQL's errors stay those of the client's
text. ASYNC is no keyword of PostgreSQL; an index of that name has to be quoted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from postgast import PgQueryError, scan

_MAYBE = re.compile(r"\basync\b", re.IGNORECASE)


class _Word(NamedTuple):
    start: int
    end: int
    text: bytes


def without_async(text: str) -> tuple[str, tuple[int, ...]]:
    """`text` with every ASYNC of a CREATE INDEX blanked out, and the byte positions of these."""
    if not _MAYBE.search(text):
        return text, ()
    found = [words[-1] for words in _heads(text) if words[-1].text == b"async"]
    return _blanked(text, found), tuple(word.start for word in found)


def without_unique(sql: str) -> str:
    """The text of one CREATE UNIQUE INDEX statement as that of a plain index."""
    unique = [word for words in _heads(sql) for word in words if word.text == b"unique"]
    return _blanked(sql, unique)


def _heads(text: str) -> Iterator[list[_Word]]:
    """For each ``CREATE [UNIQUE] INDEX``, its words and the one that follows."""
    words = _words(text)
    for number, word in enumerate(words):
        if word.text == b"create":
            length = 4 if words[number + 1 : number + 2] and words[number + 1].text == b"unique" else 3
            head = words[number : number + length]
            if len(head) == length and head[-2].text == b"index":
                yield head


def _words(text: str) -> list[_Word]:
    data = text.encode()
    try:
        tokens = scan(text).tokens
    except PgQueryError:
        return []  # not PostgreSQL's tokens: its parser will say so
    words = (_Word(token.start, token.end, data[token.start : token.end].lower()) for token in tokens)
    return [word for word in words if not word.text.startswith((b"--", b"/*"))]


def _blanked(text: str, words: list[_Word]) -> str:
    data = bytearray(text.encode())
    for word in words:
        data[word.start : word.end] = b" " * (word.end - word.start)
    return data.decode()
