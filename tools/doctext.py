"""What a Markdown document says in code: words in backticks, commands in fenced blocks, links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

SHELL = frozenset({"sh", "shell", "console", "bash"})
"""Fenced blocks with these names hold commands, one a line."""

_FENCE = re.compile(r"\s*(`{3,}|~{3,})(\w*)")
_CODE = re.compile(r"(`+)(.+?)\1", re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_RULE = re.compile(r"\bP(\d{1,2})\b")


class Mention(NamedTuple):
    """Something named in a document. `kind` is ``code``, ``command``, ``link`` or ``rule``."""

    file: Path
    line: int
    kind: str
    text: str


def mentions(file: Path) -> Iterator[Mention]:
    """All that `file` names, in order. A span in backticks may go over the end of a line, not of a paragraph."""
    fence, language, start = "", "", 1
    paragraph: list[str] = []
    command = ""
    for number, text in enumerate([*file.read_text().splitlines(), ""], 1):
        mark = _FENCE.match(text)
        if mark and (not fence or mark[1].startswith(fence)):
            yield from _inline(file, start, paragraph)
            fence, language, paragraph = ("", "", []) if fence else (mark[1], mark[2], [])
        elif fence:
            command += text.strip().removeprefix("$ ")
            if command.endswith("\\"):
                command = command.removesuffix("\\")
                continue
            if language in SHELL and command:
                yield Mention(file, number, "command", command)
            command = ""
        elif text.strip():
            if not paragraph:
                start = number
            paragraph.append(text)
        else:
            yield from _inline(file, start, paragraph)
            paragraph = []


def _inline(file: Path, start: int, paragraph: list[str]) -> Iterator[Mention]:
    text = "\n".join(paragraph)
    plain = _CODE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    found = [(match.start(), "code", " ".join(match[2].split())) for match in _CODE.finditer(text)]
    found += [(match.start(), "link", match[1]) for match in _LINK.finditer(plain)]
    found += [(match.start(), "rule", match[0]) for match in _RULE.finditer(text)]
    for position, kind, name in sorted(found):
        yield Mention(file, start + text.count("\n", 0, position), kind, name)
