"""The trial of a seed: every judge finds what it is there for, and nothing where all is well."""

from __future__ import annotations

from pathlib import Path

import pytest

from daybreak.adjudicator.adjudicator import Adjudicator
from daybreak.adjudicator.messages import Committed, Reason
from daybreak.base.ids import NodeId
from daybreak.base.writes import Record
from daybreak.journal.replica import Journal
from daybreak.query.messages import CommitFailed
from daybreak.query.processor import QueryProcessor
from daybreak.runtime.protocols import Effects, Send
from daybreak.runtime.sim.world import Faults
from daybreak.simulation.run import Options
from daybreak.simulation.trial import run_trial
from daybreak.simulation.verdict import Verdict
from daybreak.storage.mvcc import Versions
from daybreak.storage.replica import Replica

CALM = Options(clients=2, transactions=6, adjudicators=2, faults=Faults(crash_every_us=0))
ROUGH = Options(clients=2, transactions=6, adjudicators=2, faults=Faults(crash_every_us=30_000, loss=0.02))


def found(verdict: Verdict) -> dict[str, str]:
    """What each judge has found first."""
    return {finding.judge: finding.sentence for finding in reversed(verdict.findings)}


def test_a_run_in_which_all_is_well(tmp_path: Path) -> None:
    verdict = run_trial(1, ROUGH, tmp_path / "1")
    assert verdict.clean, verdict.findings
    assert verdict.committed > CALM.clients and verdict.virtual_us > 0 and verdict.messages > 100
    assert verdict.faults["crash"] > 0
    assert verdict.actions["commit/Decide"] > 0
    assert verdict.pairs and verdict.states
    assert (tmp_path / "1" / "faults.json").exists()
    assert list((tmp_path / "1" / "trace").glob("*.ndjson"))


def test_what_a_role_raises_is_blamed_on_its_node(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def broken(self: Replica) -> None:
        assert self.watermark < 1, "a watermark is no time"

    monkeypatch.setattr(Replica, "check_invariants", broken)
    said = found(run_trial(1, CALM, tmp_path / "1"))
    assert said.keys() == {"invariants"}
    assert "storage-0 in " in said["invariants"] and "a watermark is no time" in said["invariants"]


def test_an_update_that_is_lost_breaks_a_spec(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("daybreak.adjudicator.conflicts.History.conflict", lambda *arguments: None)
    options = Options(clients=6, transactions=8, accounts=2, adjudicators=1, faults=Faults(crash_every_us=0))
    said = found(run_trial(1, options, tmp_path / "1"))
    assert "Commit" in said["conformance"]


def test_a_write_that_one_replica_does_not_apply_is_missing_in_the_end(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    apply, counts = Versions.apply, dict[Versions, int]()

    def forgetful(self: Versions, record: Record) -> None:
        counts[self] = counts.get(self, 0) + 1
        if next(iter(counts)) is not self or counts[self] != 5:
            apply(self, record)

    monkeypatch.setattr(Versions, "apply", forgetful)
    said = found(run_trial(1, CALM, tmp_path / "1"))
    assert " lacks the version of " in said["durability"]


def test_a_commit_that_its_client_takes_for_refused_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    durable = QueryProcessor.on_committed

    def confused(self: QueryProcessor, source: NodeId, message: Committed) -> Effects:
        transaction = self._waiting_for(message.txn, "committing")
        if transaction is None or len(transaction.writes) != 3:  # a transfer: two accounts and a receipt
            return durable(self, source, message)
        self.abort(txn=message.txn)
        return [Send(self._session, CommitFailed(transaction.txn, Reason.CONFLICT))]

    monkeypatch.setattr(QueryProcessor, "on_committed", confused)
    assert "that failed: transaction" in found(run_trial(1, CALM, tmp_path / "1"))["durability"]


def test_a_cluster_that_does_not_go_on_is_not_live(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(Adjudicator, "on_commit_request", lambda self, source, message: [])
    monkeypatch.setattr("daybreak.simulation.run.LIMIT_US", 3_000_000)
    said = found(run_trial(1, CALM, tmp_path / "1"))
    assert said["liveness"] == "0 of 1 clients have finished after 3 s"


def test_a_journal_that_forgets_is_no_majority(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    entries = Journal.entries
    monkeypatch.setattr(
        Journal, "entries", lambda self, low, high: entries(self, low, high) if "A1" in self.node else ()
    )
    said = found(run_trial(1, CALM, tmp_path / "1"))
    assert "is in no majority of a journal's replicas" in said["durability"]
