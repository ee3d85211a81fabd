"""Each fuzz target finds what it is there for: a bug is planted, and an input that shows it is found and shrunk."""

from __future__ import annotations

from pathlib import Path

import pytest

from daybreak.journal import frame, promise
from daybreak.storage import blocks
from tools.fuzz.target import Found, search
from tools.fuzz.targets import TARGETS

SEED = 20261124


def found(name: str, directory: Path, inputs: int = 1000) -> Found:
    target = TARGETS[name]
    with target.open(directory) as check:
        tally = search(target, check, number=SEED, inputs=inputs)
    assert tally.found is not None, "the bug is not found"
    return tally.found


def test_a_journal_without_checksums(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(frame, "crc32", lambda data, before=0: 0)
    case = found("journal", tmp_path).case
    assert len(case.damages) == 1, "one damage is enough to show it"


def test_a_journal_that_takes_every_damage_for_a_torn_tail(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("daybreak.journal.scan._judge", lambda disk, names, scan, cut, vouched, what: scan)
    error = found("journal", tmp_path).error
    assert "nobody says so" in str(error)


def test_a_promise_without_checksums(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(promise, "_crc", lambda version, body: b"00000000")
    case = found("promises", tmp_path, 4000).case
    assert len(case.promises) == 1


def test_checkpoints_whose_blocks_are_not_sealed_to_their_place(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(blocks, "_crc", lambda payload, before: 7)
    assert len(found("checkpoints", tmp_path).case.damages) == 1
