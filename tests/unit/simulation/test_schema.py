"""A table and its unique index, in simulated clusters: it is built under load, and what breaks it is noticed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from daybreak.base.keys import Key
from daybreak.base.writes import Access, Write
from daybreak.query.catalog import Table
from daybreak.query.processor import QueryProcessor
from daybreak.query.rows import Change, writes_for
from daybreak.runtime.sim.world import Faults
from daybreak.simulation.mixed import INDEX, Mix
from daybreak.simulation.run import Options
from daybreak.simulation.schema import INDEX as SCHEMA_INDEX
from daybreak.simulation.schema import PEOPLE
from daybreak.simulation.trial import run_trial
from tests.support.checked import simulation

BUSY = Options(
    clients=5, transactions=20, mix=Mix(kinds=("people", "people", INDEX), retries=6), faults=Faults(crash_every_us=0)
)


def test_indexes_become_valid_while_rows_change(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    valid: list[Table] = []
    with_valid_index = Table.with_valid_index

    def noted(self: Table, name: str) -> Table:
        valid.append(self)
        return with_valid_index(self, name)

    monkeypatch.setattr(Table, "with_valid_index", noted)
    verdict = run_trial(1, BUSY, tmp_path / "1")
    assert verdict.clean, verdict.findings
    assert valid and {table.id for table in valid} == {PEOPLE.id}
    assert verdict.failed > 5, "changes of the catalog fail whoever is at work"


def test_a_stale_catalog_is_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    check = QueryProcessor.check

    def careless(self: QueryProcessor, keys: tuple[Key, ...], access: Access) -> None:
        if access is not Access.VALIDATE:
            check(self, keys, access)

    monkeypatch.setattr(QueryProcessor, "check", careless)
    verdict = run_trial(1, BUSY, tmp_path / "1")
    assert any("may not be had by both" in finding.sentence for finding in verdict.findings)


def test_an_index_that_writers_do_not_keep_up_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def rows_alone(table: Table, changes: Iterable[Change]) -> list[Write]:
        return writes_for(table.without_index(SCHEMA_INDEX), changes)

    monkeypatch.setattr("daybreak.simulation.schema.writes_for", rows_alone)
    with pytest.raises(AssertionError, match=r"index people_code lacks \d+ entries"):
        for seed in range(20):
            simulation(seed, BUSY, unchecked="the specs do not know what an index is").run()
