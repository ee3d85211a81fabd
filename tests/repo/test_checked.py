"""Tests start clusters in one way only: the one after which their traces are compared with the specs."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.server import Server

pytest_plugins = ["pytester"]

TESTS = Path(__file__).parents[1]
SUPPORT = TESTS / "support"
CLUSTERS = {"Simulation", "StrongReads", "Instance"}
"""What makes a whole cluster: only the modules in `tests/support` may."""


def made_by_hand(directory: Path) -> Iterator[str]:
    """Where tests make a cluster themselves: file, line, and what."""
    for path in sorted(directory.rglob("*.py")):
        if path.is_relative_to(SUPPORT):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", None)
                if name in CLUSTERS:
                    yield f"{path.name}:{node.lineno}: {name}"


def test_no_test_makes_a_cluster_that_is_not_checked() -> None:
    assert list(made_by_hand(TESTS)) == []


def test_a_cluster_made_by_hand_is_found(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("Simulation(1).run()\nsimulate(1)\nrun.Simulation(2)\n")
    assert sorted(made_by_hand(tmp_path)) == ["test_it.py:1: Simulation", "test_it.py:3: Simulation"]


def test_a_server_is_recorded_unless_there_is_a_reason(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert Server(data).trace == tmp_path / "data.trace"
    assert Server(data, "--trace", str(tmp_path / "logs")).trace == tmp_path / "logs"
    assert Server(data, "--monitor").trace == data / "trace"


def test_a_cluster_that_breaks_a_rule_fails_the_test_that_has_started_it(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import contextlib

        from daybreak.runtime.sim.world import Faults
        from daybreak.simulation.run import Options
        from tests.support.checked import simulate

        BUSY = Options(accounts=2, adjudicators=1, faults=Faults(crash_every_us=0))

        def test_good(tmp_path):
            simulate(1, tmp_path / "trace", BUSY)

        def test_bad(tmp_path, monkeypatch):
            monkeypatch.setattr("daybreak.adjudicator.conflicts.History.conflict", lambda *arguments: None)
            with contextlib.suppress(AssertionError):  # of the bank
                simulate(1, tmp_path / "trace", BUSY)
        """
    )
    # Faulthandler, when it ends, would take the signals of this process's Java away.
    result = pytester.runpytest_inprocess("-p", "no:faulthandler", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["TraceAdjudication: VIOLATES: *_adj-0.ndjson*Commit*"])
