"""What the measurements of the checker come to."""

from __future__ import annotations

from pathlib import Path

import pytest

from daybreak.errors import OperatorError
from tools.bench.checker import figures_of
from tools.bench.checkrun import CheckRun, Tenth
from tools.bench.recorded import _Lines


def tenths(costs_us: list[float]) -> list[Tenth]:
    """Tenths of 1,000 events, of whose cost a fifth is for order, two for each spec; memory grows by 1 MB each."""
    return [
        Tenth(1_000, us / 5_000, {"one": us * 2 / 5_000, "two": us * 2 / 5_000}, 100_000_000 + i * 1_000_000)
        for i, us in enumerate(costs_us)
    ]


def test_rates_count_the_order_and_the_specs_that_are_asked_for() -> None:
    found = CheckRun("compiled", {"one": "CONFORMS", "two": "CONFORMS"}, tenths([500.0] + [100.0] * 8 + [120.0]))
    values = {figure.name.removeprefix("checker, engine compiled, "): figure.value for figure in figures_of(found)}
    assert values == {
        "one": pytest.approx(10_000 / (1.42 * 3 / 5), abs=0.001),
        "two": pytest.approx(10_000 / (1.42 * 3 / 5), abs=0.001),
        "all specs at once (goal 10,000)": pytest.approx(10_000 / 1.42, abs=0.001),
        "cost of the last tenth / of the first (goal 1.2)": 0.24,
        "cost of the last tenth / of the second (goal 1.2)": 1.2,
        "resident memory at most (goal 500)": 109,
        "resident memory after the last tenth / after the first": 1.09,
    }


def test_a_run_that_does_not_accept_its_trace_measures_nothing() -> None:
    found = CheckRun("tlc", {"one": "CONFORMS", "two": "INCONCLUSIVE"}, tenths([100.0] * 10))
    with pytest.raises(OperatorError, match="does not conform with engine tlc"):
        figures_of(found)


def test_lines_are_counted_while_logs_grow(tmp_path: Path) -> None:
    lines = _Lines(tmp_path)
    assert lines.count() == 0
    (tmp_path / "a.ndjson").write_bytes(b"1\n2\n3")
    (tmp_path / "b.txt").write_bytes(b"1\n")
    assert lines.count() == 2
    with (tmp_path / "a.ndjson").open("ab") as log:
        log.write(b"3\n4\n")
    (tmp_path / "b.ndjson").write_bytes(b"1\n")
    assert lines.count() == 5
