"""House rules that a machine can hold."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST_FILE = 450
LONGEST_FUNCTION = 60


def sources() -> list[Path]:
    """All Python files that git would take."""
    names = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "*.py"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split()
    return [ROOT / name for name in names if (ROOT / name).exists()]


def complaints(path: Path) -> list[str]:
    """What is untidy about a file."""
    text = path.read_text()
    found = []
    lines = text.count("\n")
    if lines > LONGEST_FILE:
        found.append(f"{lines} lines")
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > LONGEST_FUNCTION:
                found.append(f"{node.name}: {length} lines")
    if re.search(r"#\s*(TO" r"DO|FIX" r"ME|X" r"XX)\b", text):
        found.append("a bare marker of unfinished work")
    if any(path.is_relative_to(ROOT / package) for package in ("impl", "tracecheck", "historycheck")):
        if text.strip() and ast.get_docstring(tree) is None:
            found.append("no module docstring")
        if re.search(r"\btime\.sleep\(", text) and path.name != "network.py":
            found.append("sleeps")
    return found


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_is_tidy(path: Path) -> None:
    assert complaints(path) == []


def test_untidiness_is_found(tmp_path: Path) -> None:
    path = tmp_path / "long.py"
    path.write_text("# TO" + "DO later\n" + "def f():\n" + "    x = 1\n" * 500)
    assert len(complaints(path)) == 3
