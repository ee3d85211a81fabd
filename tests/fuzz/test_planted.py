"""Each fuzz target finds what it is there for: a bug is planted, and an input that shows it is found and shrunk."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import msgspec
import pytest

from daybreak.adjudicator.placement import Placement
from daybreak.base.placed import Known
from daybreak.base.placementmap import PlacementMap
from daybreak.base.places import Rung, specs_dir
from daybreak.journal import frame, promise
from daybreak.query import pgmessages as pg
from daybreak.query import refusals
from daybreak.router.session import ClientSession
from daybreak.storage import blocks
from tools.fuzz.target import Found, search
from tools.fuzz.targets import TARGETS

SEED = 20261124
FEW = 3
"""One damage is enough, but where hypothesis ends shrinking depends on the modules that other tests have imported."""


def found(name: str, directory: Path, inputs: int = 4000) -> Found:
    target = TARGETS[name]
    with target.open(directory) as check:
        tally = search(target, check, number=SEED, inputs=inputs)
    assert tally.found is not None, "the bug is not found"
    return tally.found


def test_a_journal_without_checksums(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(frame, "crc32", lambda data, before=0: 0)
    case = found("journal", tmp_path).case
    assert 0 < len(case.damages) <= FEW


def test_a_journal_that_takes_every_damage_for_a_torn_tail(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("daybreak.journal.scan._judge", lambda disk, names, scan, cut, vouched, what: scan)
    error = found("journal", tmp_path).error
    assert "nobody says so" in str(error)


def test_a_promise_without_checksums(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(promise, "_crc", lambda version, body: b"00000000")
    case = found("promises", tmp_path, 4000).case
    assert 0 < len(case.promises) <= FEW


def test_checkpoints_whose_blocks_are_not_sealed_to_their_place(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(blocks, "_crc", lambda payload, before: 7)
    assert 0 < len(found("checkpoints", tmp_path).case.damages) <= FEW


def test_a_function_that_reads_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(refusals, "_FUNCTIONS", re.compile("nextval"))
    assert "function" in str(found("sql", tmp_path).error)


def test_a_table_that_is_written_unseen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(refusals, "_CHANGING", ("InsertStmt", "UpdateStmt"))
    assert "a SELECT that writes" in str(found("sql", tmp_path).error)


def test_a_spec_that_lets_anything_be_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    specs = shutil.copytree(specs_dir(), tmp_path / "specs")
    module = specs / "adjudication" / "Adjudication.tla"
    text = module.read_text()
    assert "/\\ ~Admissible(start, keys)" in text
    module.write_text(text.replace("/\\ ~Admissible(start, keys)", "/\\ TRUE"))
    rung = Rung("adjudication", module.parent / "TraceAdjudication.tla", module.parent / "mapping.toml")
    monkeypatch.setattr("tools.fuzz.logs.rungs", lambda: [rung])
    assert "conforms" in str(found("logs", tmp_path).error)


def test_formats_that_are_not_counted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def careless(body: bytes) -> pg.BindMessage:
        reader = pg.Reader(body)
        portal, statement = reader.cstring(), reader.cstring()
        formats, values, result_formats = reader.int16s(), reader.values(), reader.int16s()
        return pg.BindMessage(portal, statement, tuple(formats[n] for n in range(len(values))), values, result_formats)

    monkeypatch.setattr(pg, "read_bind", careless)
    assert "at a loss" in str(found("wire", tmp_path).error)


def test_a_session_that_is_ready_too_often(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ready = ClientSession._ready

    async def flush(self: ClientSession, body: bytes) -> None:
        ready(self)

    monkeypatch.setattr(ClientSession, "_flush", flush)
    assert "ready more often" in str(found("wire", tmp_path).error)


def test_a_proof_that_is_not_verified(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("daybreak.runtime.remote.handshake.hmac.compare_digest", lambda one, other: True)
    one = found("frames", tmp_path)
    assert "was believed" in str(one.error)
    assert len(one.case.changes) == 1


def test_frames_without_checksums(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("daybreak.runtime.remote.frames.crc32", lambda data, before=0: 0)
    assert len(found("frames", tmp_path).case.changes) == 1


def test_a_map_in_which_the_last_word_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    learn = PlacementMap._learn

    def _learn(self: PlacementMap, known: Known) -> None:
        learn(self, msgspec.structs.replace(known, ts=self.version + 1))

    monkeypatch.setattr(PlacementMap, "_learn", _learn)
    assert "old words" in str(found("ranges", tmp_path).error)


def test_a_split_that_loses_what_lies_above(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    split = Placement.split

    def lossy(self: Placement, at: bytes) -> None:
        split(self, at)
        self.owned = [owned for owned in self.owned if owned.low != at]
        self._changed()

    monkeypatch.setattr(Placement, "split", lossy)
    assert len(found("ranges", tmp_path).case.steps) == 1
