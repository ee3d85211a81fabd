"""A simulated run: what it reports, and that it ends in an error when its promises are broken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from daybreak.query.processor import QueryProcessor
from daybreak.runtime.protocols import Effects
from daybreak.runtime.sim.world import Faults
from daybreak.simulation import run as module
from daybreak.simulation.run import Options
from daybreak.trace.directory import last_number
from tests.support.checked import simulate, simulation

CALM = Options(clients=2, transactions=5, accounts=3, faults=Faults(crash_every_us=0))
ROUGH = Options(clients=2, transactions=5, accounts=3, faults=Faults(crash_every_us=30_000))


def test_without_crashes_every_transaction_has_a_known_outcome(tmp_path: Path) -> None:
    outcome = simulate(1, tmp_path / "trace", CALM)
    ledger = outcome.ledger
    assert outcome.crashes == 0
    assert ledger.unknown == set()
    assert len(ledger.committed) + len(ledger.failed) + ledger.audits == CALM.clients * CALM.transactions
    assert ledger.committed
    assert not ledger.committed & ledger.failed


def test_nodes_crash_and_their_traces_go_on_counting(tmp_path: Path) -> None:
    outcome = simulate(3, tmp_path / "trace", ROUGH)
    assert outcome.crashes > 0
    files = list((tmp_path / "trace").glob("*.ndjson"))
    assert {file.stem for file in files} >= {"A1_adj-0", "A_qp-1", "A_qp-2"}
    for file in files:
        assert last_number(file) == file.read_bytes().count(b"\n")


def test_of_three_journal_replicas_one_at_a_time_may_be_down() -> None:
    idle = simulation(1, CALM, unchecked="it does not run")
    idle._add_nodes()
    assert idle.world.run_until(lambda: all(t.sound() for t in idle.troubles.values()), 1_000_000)
    (first, second, _), (other, *_) = idle.layout.replicas.values()
    assert idle._may_crash(first)
    idle.world.crash(first)
    assert not idle._may_crash(second)
    assert idle._may_crash(other), "a replica of another journal"
    assert all(idle._may_crash(nodes[0]) for nodes in idle.layout.candidates.values())


def test_clients_that_never_end_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LIMIT_US", 1_000)
    with pytest.raises(AssertionError, match="0 of 1 clients have finished"):
        simulation(1, CALM, unchecked="it is over before anything has happened").run()


def break_acknowledgement(finish: Callable[[QueryProcessor], Effects]) -> Callable[[QueryProcessor], Effects]:
    """A COMMIT that forgets half of what was written."""

    def forgetful(processor: QueryProcessor) -> Effects:
        writes = processor.transaction.writes
        if len(writes) == 3:  # a transfer: two accounts and a receipt
            del writes[next(iter(writes))]
        return finish(processor)

    return forgetful


def test_half_a_transfer_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QueryProcessor, "finish", break_acknowledgement(QueryProcessor.finish))
    with pytest.raises(AssertionError, match=r"add up to|expected 4 with 4000"):
        simulation(1, replace(CALM, accounts=4), unchecked="it has the bug that the bank is to notice").run()
