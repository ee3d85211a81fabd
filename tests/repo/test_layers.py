"""Imports go downward, and roles know each other by their messages only."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "impl" / "daybreak"

RANK = {
    "errors": 0,
    "base": 0,
    "trace": 1,
    "runtime": 2,
    "journal": 3,
    "crossbar": 3,
    "storage": 3,
    "adjudicator": 3,
    "control": 3,
    "query": 4,
    "router": 5,
    "cluster": 6,
    "wire": 6,
    "zone": 7,
    "node": 7,
    "zones": 7,
    "simulation": 7,
    "replicas": 7,
    "insight": 7,
    "orders": 7,
    "endpoint": 7,
    "instance": 7,
    "regions": 7,
    "modelcheck": 7,
    "cli": 8,
    "__main__": 9,
}

ROLES = {"journal", "crossbar", "storage", "adjudicator", "query"}

LIBRARIES = {("adjudicator", "journal.leader")}
"""Modules of a role that another role owns an instance of: the adjudicator leads its journal itself."""


def imports(path: Path) -> Iterator[str]:
    """The modules of daybreak that a file imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("daybreak"):
            names = [alias.name for alias in node.names]
            yield from (node.module,) if node.module != "daybreak" else (f"daybreak.{name}" for name in names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("daybreak"))


def violations(package: Path) -> list[str]:
    """Every import of `package` that goes upward, or into another role's insides."""
    found = []
    for path in sorted(package.rglob("*.py")):
        own = path.relative_to(package).parts[0].removesuffix(".py")
        for module in imports(path):
            parts = module.split(".")[1:]
            if not parts or own == "__init__":
                continue
            other, inside = parts[0], ".".join(parts)
            where = f"{path.relative_to(package)} imports {module}"
            if RANK[own] < RANK[other]:
                found.append(f"{where}: upward")
            elif (
                own != other and {own, other} <= ROLES and parts[1:] != ["messages"] and (own, inside) not in LIBRARIES
            ):
                found.append(f"{where}: a role's inside")
    return found


def test_imports_go_downward() -> None:
    assert violations(PACKAGE) == []


def test_an_upward_import_is_found(tmp_path: Path) -> None:
    for name, text in {
        "base/low.py": "from daybreak.query import store",
        "storage/mine.py": "from daybreak.adjudicator.conflicts import History",
        "storage/fine.py": "from daybreak.adjudicator.messages import Refused",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert len(violations(tmp_path)) == 2


@pytest.mark.parametrize("package", ["tracecheck", "historycheck"])
def test_the_checkers_know_nothing_of_daybreak(package: str) -> None:
    assert [str(p) for p in (ROOT / package).rglob("*.py") if list(imports(p))] == []
