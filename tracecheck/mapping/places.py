"""On which line of a TOML file a table or a key stands: the parser does not say."""

from __future__ import annotations

import re

_HEADER = re.compile(r"\s*(\[\[?)(.*?)\]\]?\s*(#.*)?")
_PART = re.compile(r"""\s*(?:"((?:\\.|[^"\\])*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*(\.|=|$)""")
_INLINE = re.compile(r"""(?:[{,]\s*)(?:"((?:\\.|[^"\\])*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*=""")

Path = tuple[str | int, ...]


class Places:
    """The lines of a file that is TOML. A path is the keys from the top, with the index of an element of a list."""

    def __init__(self, text: str) -> None:
        self._lines: dict[Path, int] = {}
        table: Path = ()
        last: Path = ()
        for number, line in enumerate(text.splitlines(), 1):
            header = _HEADER.fullmatch(line)
            if header is not None:
                table = last = self._opened(_keys(header[2]), header[1] == "[[", number)
                continue
            keys, rest = _assigned(line)
            if keys:
                last = (*table, *keys)
                self._note(last, number)
            else:
                rest = line
            for match in _INLINE.finditer(rest):
                self._note((*last, _text(match)), number)

    def line(self, *path: str | int) -> int | None:
        """The line of a path, else of the nearest table around it, else None."""
        while path:
            if path in self._lines:
                return self._lines[path]
            path = path[:-1]
        return None

    def _opened(self, keys: Path, is_list: bool, number: int) -> Path:
        self._note(keys, number)
        if not is_list:
            return keys
        index = next(i for i in range(number) if (*keys, i) not in self._lines)
        self._note((*keys, index), number)
        return (*keys, index)

    def _note(self, path: Path, number: int) -> None:
        for length in range(1, len(path) + 1):
            self._lines.setdefault(path[:length], number)


def _keys(text: str) -> Path:
    """The keys of a dotted name."""
    found: list[str] = []
    at = 0
    while (match := _PART.match(text, at)) is not None and match.end() > at:
        found.append(_text(match))
        at = match.end()
        if match[4] != ".":
            break
    return tuple(found)


def _assigned(line: str) -> tuple[Path, str]:
    """The keys that a line gives a value, and the text of the value; no keys when it does not."""
    found: list[str] = []
    at = 0
    while (match := _PART.match(line, at)) is not None and match[4]:
        found.append(_text(match))
        at = match.end()
        if match[4] == "=":
            return tuple(found), line[at:]
    return (), line


def _text(match: re.Match[str]) -> str:
    return next(part for part in match.groups()[:3] if part is not None)
