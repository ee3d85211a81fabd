"""Reads the part of EDN, Clojure's notation for data, that histories are written in.

Keywords become text, lists, vectors and sets become lists, and the tag before a value is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from historycheck.errors import HistoryError

_TOKEN = re.compile(
    r"""(?P<space>[\s,]+|;[^\n]*)
      |(?P<string>"(?:[^"\\]|\\.)*")
      |(?P<open>\#\{|[\[({])
      |(?P<close>[\])}])
      |(?P<drop>\#_)
      |(?P<tag>\#[A-Za-z][\w.\-/]*)
      |(?P<atom>[^\s,;"()\[\]{}\#][^\s,;"()\[\]{}]*)""",
    re.VERBOSE | re.DOTALL,
)
_CLOSES = {"[": "]", "(": ")", "{": "}", "#{": "}"}
_WORDS: dict[str, Any] = {"nil": None, "true": True, "false": False}
_INTEGER = re.compile(r"[+-]?\d+N?")
_DECIMAL = re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?M?")
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
_DEEPEST = 100
_DROPPED = object()


class Form(NamedTuple):
    """A value, and where it begins in the text."""

    place: int
    value: Any


class Reader:
    """The forms of a text; `where` is what errors call it."""

    def __init__(self, text: str, where: str) -> None:
        self._text, self._where = text, where
        self._place = 0

    def forms(self) -> Iterator[Form]:
        """All of them. HistoryError names the line of what cannot be read."""
        while (token := self._next()) is not None:
            value = self._form(token, 0)
            if value is not _DROPPED:
                yield Form(token.start(), value)

    def error(self, place: int, what: str) -> HistoryError:
        """An error that names the line of a place."""
        return HistoryError(f"{self._where}:{self._text.count(chr(10), 0, place) + 1}: {what}")

    def _next(self) -> re.Match[str] | None:
        while self._place < len(self._text):
            token = _TOKEN.match(self._text, self._place)
            if token is None:
                rest = self._text[self._place : self._place + 20].split("\n")[0]
                raise self.error(self._place, f"no EDN: {rest!r}")
            self._place = token.end()
            if token.lastgroup != "space":
                return token
        return None

    def _need(self, begun: re.Match[str]) -> re.Match[str]:
        token = self._next()
        if token is None:
            raise self.error(begun.start(), f"the file ends before what begins here with {begun[0]!r} does")
        return token

    def _form(self, token: re.Match[str], depth: int) -> Any:
        kind, text = token.lastgroup, token[0]
        if kind == "atom":
            return self._atom(token)
        if kind == "open" and depth < _DEEPEST:
            return self._collection(token, depth)
        if kind == "string":
            return _ESCAPE.sub(_unescape, text[1:-1])
        if kind == "tag":
            return self._form(self._need(token), depth)
        if kind == "drop":
            while self._form(self._need(token), depth) is _DROPPED:
                pass
            return _DROPPED
        raise self.error(token.start(), f"{text!r} closes nothing" if kind == "close" else f"deeper than {_DEEPEST}")

    def _collection(self, begun: re.Match[str], depth: int) -> Any:
        items: list[Any] = []
        while (token := self._need(begun)).lastgroup != "close":
            value = self._form(token, depth + 1)
            if value is not _DROPPED:
                items.append(value)
        if token[0] != _CLOSES[begun[0]]:
            raise self.error(token.start(), f"{token[0]!r} stands where {_CLOSES[begun[0]]!r} has to")
        if begun[0] != "{":
            return items
        if len(items) % 2 or any(isinstance(key, dict | list) for key in items[::2]):
            raise self.error(begun.start(), "a map has to have a value for each key, and keys that are single values")
        return dict(zip(items[::2], items[1::2], strict=True))

    def _atom(self, token: re.Match[str]) -> Any:
        text = token[0]
        if text[0] == ":":
            return text[1:]
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.fullmatch(text):
            return int(text.rstrip("N"))
        if _DECIMAL.fullmatch(text):
            return float(text.rstrip("M"))
        return text


def _unescape(found: re.Match[str]) -> str:
    what = found[1]
    return chr(int(what[1:], 16)) if len(what) > 1 else _ESCAPES.get(what, what)
