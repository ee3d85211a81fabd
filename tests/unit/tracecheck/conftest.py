"""Plans are loaded once per test process; traces and small specs are made per test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.tracefiles import Trace
from tests.unit.tracecheck.synthetic import World
from tracecheck import Plan

SPECS = Path(__file__).parents[3] / "specs"
SEED = 20261123

MakeSpec = Callable[..., Path]


@pytest.fixture(scope="session")
def isolation() -> Plan:
    return Plan(SPECS / "isolation/SnapshotIsolation.tla", SPECS / "isolation/mapping.toml")


@pytest.fixture(scope="session")
def adjudication() -> Plan:
    return Plan(SPECS / "adjudication/Adjudication.tla", SPECS / "adjudication/mapping.toml")


@pytest.fixture
def trace() -> Trace:
    """A valid trace of some 60 transactions, with conflicts, a crash, and each kind of event."""
    return World(SEED, keys=12, hot=2).run(60)


@pytest.fixture
def make_spec(tmp_path: Path) -> MakeSpec:
    """Writes a module and its configuration, and returns the module's path."""

    def make(name: str, body: str, config: str = "INIT Init\nNEXT Next\n", folder: str = "spec") -> Path:
        directory = tmp_path / folder
        directory.mkdir(exist_ok=True)
        (directory / f"{name}.cfg").write_text(config)
        module = directory / f"{name}.tla"
        module.write_text(f"---- MODULE {name} ----\n{body}\n====\n")
        return module

    return make


@pytest.fixture
def make_mapping(tmp_path: Path) -> Callable[[str], Path]:
    """Writes a mapping and returns its path."""

    def make(text: str) -> Path:
        path = tmp_path / "mapping.toml"
        path.write_text(text)
        return path

    return make
