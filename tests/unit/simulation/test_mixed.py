"""Random transactions: all kinds happen, the history tells what they saw, and what may not overlap is found."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from daybreak.base.ids import TxnId
from daybreak.base.keys import Key
from daybreak.base.time import Timestamp
from daybreak.base.writes import Access
from daybreak.runtime.sim.world import Faults
from daybreak.simulation.judges import overlaps
from daybreak.simulation.mixed import KINDS, Mix
from daybreak.simulation.run import Options
from daybreak.simulation.trial import run_trial
from daybreak.simulation.witness import Attempt
from daybreak.storage.mvcc import Versions
from historycheck.check import check
from historycheck.model import Append, History, Read, Scan, Write
from tests.support.checked import simulation

MIXED = Options(clients=3, transactions=15, mix=Mix(), faults=Faults(crash_every_us=0))
W, N, S, R = Access.WRITE, Access.UPDATE, Access.SHARE, Access.VALIDATE
K = Key(b"\x00\x00\x00\x80k")


def seen(options: Options, seed: int = 1) -> History:
    """The history of a run."""
    run = simulation(seed, options, unchecked="another test compares such runs with the specs")
    run.run()
    return run.witness.history()


def test_a_run_of_all_kinds_is_clean_and_all_operations_occur(tmp_path: Path) -> None:
    verdict = run_trial(2, MIXED, tmp_path / "1")
    assert verdict.clean, verdict.findings
    assert verdict.committed > 20 and verdict.failed
    operations = [op for transaction in seen(MIXED).transactions for op in transaction.ops]
    assert {type(op) for op in operations} == {Read, Write, Append, Scan}
    assert any(isinstance(op, Write) and op.value is None for op in operations), "nothing is deleted"


def test_values_are_unique_and_own_writes_are_seen() -> None:
    values: list[object] = []
    for transaction in seen(MIXED).transactions:
        own: dict[object, object] = {}
        for op in transaction.ops:
            match op:
                case Write(key, value):
                    own[key] = value
                    values += [value] if value is not None else []
                case Append(key, value):
                    values.append(value)
                case Read(key, value) if key in own:
                    assert value == own[key]
                case Scan(low, high, found):
                    shown = dict(found)
                    inside = {key: value for key, value in own.items() if str(low) <= str(key) < str(high)}
                    assert all(shown.get(key) == value for key, value in inside.items())  # type: ignore[call-overload]
    assert len(values) == len(set(values)) > 30


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_alone_commits(kind: str) -> None:
    history = seen(Options(clients=2, transactions=12, mix=Mix(kinds=(kind,)), faults=Faults(crash_every_us=0)))
    assert sum(transaction.status == "ok" for transaction in history.transactions) > 2, (
        "besides the first one and the last"
    )


# --- what may not be seen ------------------------------------------------------------------------------------------


def test_a_read_of_what_was_written_last_is_no_snapshot(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def newest(self: Versions, key: Key, start: Timestamp) -> tuple[Timestamp, bytes | None]:
        versions = self._histories.get(key)
        return versions[-1] if versions else (Timestamp(0), None)

    monkeypatch.setattr(Versions, "read", newest)
    verdict = run_trial(1, replace(MIXED, transactions=30), tmp_path / "1")
    assert "history" in {finding.judge for finding in verdict.findings}
    assert {"trace", "history.json", "faults.json"} <= {path.name for path in (tmp_path / "1").iterdir()}
    written = msgspec.json.decode((tmp_path / "1" / "history.json").read_bytes(), type=History)
    assert check(written).anomalies


# --- what may not overlap -----------------------------------------------------------------------------------------


def attempt(name: str, start: int, commit: int, access: Access) -> Attempt:
    """A transaction that has committed."""
    accesses, writes = {K: access}, {} if access in (S, R) else {K: b"1"}
    made = Attempt(1, TxnId(name), Timestamp(start), 0, outcome="ok", commit=Timestamp(commit))
    made.accesses, made.writes = accesses, dict(writes)
    return made


@pytest.mark.parametrize("first", [W, N, S])
@pytest.mark.parametrize("second", [W, N, S, R])
def test_two_that_overlap_may_not_both_commit_unless_they_suit(first: Access, second: Access) -> None:
    found = overlaps([attempt("a", 10, 30, first), attempt("b", 20, 40, second)])
    suits = {(S, S), (S, N), (N, S)} | {(S, R)}
    assert bool(found) == ((first, second) not in suits)
    assert overlaps([attempt("a", 10, 30, first), attempt("b", 30, 40, second)]) == [], "one after the other"


def test_a_validated_key_makes_no_later_writer_fail() -> None:
    assert overlaps([attempt("a", 10, 30, R), attempt("b", 20, 40, W)]) == []


def test_a_lock_that_does_not_hold_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What no history shows: FOR UPDATE changes nothing that anybody sees."""
    monkeypatch.setattr("daybreak.adjudicator.conflicts.History.conflict", lambda *arguments: None)
    options = Options(
        clients=6,
        transactions=20,
        accounts=2,
        adjudicators=1,
        mix=Mix(kinds=("lock",)),
        faults=Faults(crash_every_us=0),
    )
    verdict = run_trial(1, options, tmp_path / "1")
    assert any("may not be had by both" in finding.sentence for finding in verdict.findings)
