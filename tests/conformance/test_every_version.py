"""The specs keep to what TLC 2.15 and every later version know, so that `daybreak modelcheck --jar` takes any of them.

Configurations are looked at in `test_models.py`; here are the modules.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from daybreak.base.places import specs_dir

MODULES = sorted(specs_dir().rglob("*.tla"))
STANDARD = {"Naturals", "Integers", "Sequences", "FiniteSets", "Bags", "TLC"}
LATER_OR_CHANGED = re.compile(
    r"\b(TLCGet|TLCSet|TLCEval|TLCGetOrDefault|TLCGetAndSet|RandomElement|Any|ToString|JavaTime)\b"
)
COMMENT = re.compile(r"\(\*.*?\*\)|\\\*[^\n]*", re.DOTALL)
USED = re.compile(r"^EXTENDS\s+(\w+(?:\s*,\s*\w+)*)|\bINSTANCE\s+(\w+)", re.MULTILINE)


def used(text: str) -> set[str]:
    """The modules that a module extends or makes an instance of."""
    return {name for match in USED.finditer(text) for name in re.findall(r"\w+", match[1] or match[2])}


def test_an_extends_over_several_lines_is_read_whole() -> None:
    assert used("EXTENDS A,\n        B, C\nVARIABLE x\nD == INSTANCE E WITH x <- x\n") == {"A", "B", "C", "E"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_module_uses_only_what_every_version_has(path: Path) -> None:
    text = COMMENT.sub("", path.read_text())
    assert used(text) <= STANDARD | {module.stem for module in MODULES}
    assert path.stem not in STANDARD
    known = {"Any"} if path.stem.startswith("Trace") else set()  # a type of the trace, which no model goes through
    assert set(LATER_OR_CHANGED.findall(text)) <= known
