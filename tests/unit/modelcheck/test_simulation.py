"""Random behaviours: as many as asked for, no longer than asked for, and the same ones each time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp

import msgspec
import pytest

from daybreak.modelcheck.process import Worker
from daybreak.modelcheck.tlc import Job

DICE = """---- MODULE Dice ----
EXTENDS Naturals
VARIABLES x, n
Init == x = 0 /\\ n = 1
Next == x < 8 /\\ x' \\in 1 .. 10 /\\ n' = n + 1
Short == n <= 13
Never == x # 10
====
"""


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    worker = Worker(tmp_path_factory.mktemp("worker"), brief=True, heap_mb=256)
    yield worker
    worker.close()


@pytest.fixture
def job(tmp_path: Path) -> Job:
    (tmp_path / "Dice.tla").write_text(DICE)
    (tmp_path / "Dice.cfg").write_text("INIT Init\nNEXT Next\nINVARIANT Short\n")
    module, config = str(tmp_path / "Dice.tla"), str(tmp_path / "Dice.cfg")
    return Job(module, config, [], scratch=mkdtemp(dir=tmp_path), traces=200, depth=12)


def test_the_same_behaviours_each_time(worker: Worker, job: Job, tmp_path: Path) -> None:
    again = msgspec.structs.replace(job, scratch=mkdtemp(dir=tmp_path))
    first, second = (worker.run(each, lambda progress: None) for each in (job, again))
    assert first.reason == ""
    assert (first.verdict, first.traces, first.distinct) == ("holds", 200, 0)
    assert first.generated > 200
    assert second.generated == first.generated


def test_no_behaviour_is_longer_than_asked_for(worker: Worker, job: Job) -> None:
    longer = worker.run(msgspec.structs.replace(job, depth=13), lambda progress: None)
    assert (longer.verdict, longer.property, longer.length) == ("violates", "Short", 14)


def test_what_is_violated_is_found(worker: Worker, job: Job) -> None:
    Path(job.config).write_text("INIT Init\nNEXT Next\nINVARIANT Never\n")
    outcome = worker.run(job, lambda progress: None)
    assert (outcome.verdict, outcome.property) == ("violates", "Never")
    assert outcome.steps[-1].values["x"] == "10" and outcome.length == len(outcome.steps)
