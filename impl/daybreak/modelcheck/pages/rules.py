"""The rules of the protocol, in the words of `docs/rules.md`."""

from __future__ import annotations

import re
from pathlib import Path

_RULE = re.compile(r"^- \*\*(P\d+)\*\* (.*?)(?=^\S|^$)", re.MULTILINE | re.DOTALL)


def read_rules(path: Path) -> dict[str, str]:
    """The text of each rule, in Markdown on one line, by its number; none if there is no such file."""
    if not path.is_file():
        return {}
    return {number: " ".join(words.split()) for number, words in _RULE.findall(path.read_text(encoding="utf-8"))}
