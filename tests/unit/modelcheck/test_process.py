"""A worker that dies, or that nobody listens to, leaves nothing waiting."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import CancelledError
from pathlib import Path

import msgspec
import pytest

from daybreak.modelcheck.process import Worker, Workers
from daybreak.modelcheck.tlc import BRIEF, Job, Outcome, Progress

ENDLESS = """---- MODULE Endless ----
EXTENDS Naturals
VARIABLE x
Init == x = 0
Next == x' = x + 1
====
"""


HEAP_MB = 256


def endless(directory: Path) -> Job:
    """A model that is never explored to its end."""
    (directory / "Endless.tla").write_text(ENDLESS)
    (directory / "Endless.cfg").write_text("INIT Init\nNEXT Next\n")
    (directory / "scratch").mkdir()
    return Job(str(directory / "Endless.tla"), str(directory / "Endless.cfg"), [], scratch=str(directory / "scratch"))


def test_a_worker_killed_at_work_has_no_result_and_is_not_used_again(tmp_path: Path) -> None:
    workers = Workers(tmp_path)
    seen: list[Progress] = []

    def kill_it(progress: Progress) -> None:
        seen.append(progress)
        worker.kill()

    with workers.one(brief=True, heap_mb=HEAP_MB) as worker:
        outcome = worker.run(endless(tmp_path), kill_it)
    place = f"{tmp_path / 'Endless.tla'}:1: "
    assert outcome.verdict == "unusable"
    assert outcome.reason.startswith(f"{place}the worker ended with code -9: it said nothing (")
    assert seen and seen[0].generated > 0
    with workers.one(brief=True, heap_mb=HEAP_MB) as other:
        assert other is not worker
    workers.close()


def test_a_worker_that_is_already_dead_has_no_result(tmp_path: Path) -> None:
    worker = Worker(tmp_path, brief=True, heap_mb=HEAP_MB)
    worker.kill()
    outcome = worker.run(endless(tmp_path), lambda progress: None)
    worker.close()
    assert (outcome.verdict, worker.spent) == ("unusable", True)


def test_brief_jobs_share_a_worker_and_a_long_one_has_its_own(tmp_path: Path) -> None:
    workers = Workers(tmp_path)
    with workers.one(brief=True, heap_mb=HEAP_MB) as first:
        pass
    with workers.one(brief=False, heap_mb=HEAP_MB) as second, workers.one(brief=True, heap_mb=HEAP_MB) as third:
        assert third is first
        assert second is not first
    workers.close()


def test_a_brief_job_with_another_heap_has_another_worker(tmp_path: Path) -> None:
    workers = Workers(tmp_path)
    with workers.one(brief=True, heap_mb=HEAP_MB) as first:
        pass
    with workers.one(brief=True, heap_mb=2 * HEAP_MB) as second:
        assert (second is first, second.heap_mb) == (False, 2 * HEAP_MB)
    workers.close()


def test_a_model_that_exceeds_its_time_ends_its_worker(tmp_path: Path) -> None:
    worker = Worker(tmp_path, brief=True, heap_mb=HEAP_MB)
    job = msgspec.structs.replace(endless(tmp_path), limit_s=2.5)
    outcome = worker.run(job, lambda progress: None)
    worker.close()
    assert (outcome.verdict, worker.spent) == ("unusable", True)
    assert f"{tmp_path / 'Endless.tla'}:1: Endless was not done within 2.5 s" in outcome.reason


def test_a_model_that_exceeds_its_memory_ends_its_worker(tmp_path: Path) -> None:
    worker = Worker(tmp_path, brief=True, heap_mb=40)
    job = msgspec.structs.replace(endless(tmp_path), limit_s=60)
    wide = ENDLESS.replace(
        "x' = x + 1", "x' = IF {<<n, n, n, n, n, n, n, n>> : n \\in 1 .. 900000} = {x} THEN 1 ELSE 2"
    )
    Path(job.module).write_text("\n\n" + wide)
    outcome = worker.run(job, lambda progress: None)
    worker.close()
    assert (outcome.verdict, worker.spent) == ("unusable", True)
    assert f"{tmp_path / 'Endless.tla'}:3: Endless ran out of memory, with a heap of 40 MiB" in outcome.reason


def test_no_worker_starts_after_the_kill(tmp_path: Path) -> None:
    workers = Workers(tmp_path)
    workers.kill()
    with pytest.raises(CancelledError), workers.one(brief=True, heap_mb=HEAP_MB):
        pass


def test_what_a_kill_interrupts_has_no_outcome(tmp_path: Path) -> None:
    workers = Workers(tmp_path)
    with pytest.raises(CancelledError), workers.one(brief=True, heap_mb=HEAP_MB) as worker:
        worker.run(endless(tmp_path), lambda progress: workers.kill())
    workers.close()


def test_a_worker_ends_when_nobody_listens(tmp_path: Path) -> None:
    read, write = os.pipe()
    command = [sys.executable, "-m", "daybreak.modelcheck.worker", BRIEF, str(HEAP_MB)]
    surroundings = {**os.environ, "TMPDIR": str(tmp_path)}
    worker = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=write, stderr=subprocess.DEVNULL, env=surroundings)
    os.close(write)
    os.close(read)
    with worker:
        assert worker.stdin is not None
        worker.stdin.write(msgspec.json.encode(endless(tmp_path)) + b"\n")
        worker.stdin.flush()
        assert worker.wait(timeout=60) == 1


def test_a_missing_jar_is_an_outcome(tmp_path: Path) -> None:
    worker = Worker(tmp_path, brief=True, heap_mb=HEAP_MB)
    job = msgspec.structs.replace(endless(tmp_path), jar=str(tmp_path / "no.jar"))
    outcome = worker.run(job, lambda progress: None)
    worker.close()
    assert isinstance(outcome, Outcome)
    assert outcome.verdict == "unusable"
    assert "no.jar" in outcome.reason
