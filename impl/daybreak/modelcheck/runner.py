"""Runs models in worker processes and judges what comes out by the manifest."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import msgspec

from daybreak.modelcheck.manifest import Model, Suite
from daybreak.modelcheck.process import Workers
from daybreak.modelcheck.resources import Memory, free_mb
from daybreak.modelcheck.tlc import Job, Outcome, Progress

NOTED = "Noted"

_NEXT = "Next"  # how the name of every next-state relation begins
_BRIEF_S = 5


class Result(msgspec.Struct, frozen=True):
    """A model's outcome and how it differs from the manifest; `wrong` is empty when it does not."""

    model: Model
    outcome: Outcome
    wrong: str

    @property
    def ok(self) -> bool:
        return not self.wrong

    @property
    def standing(self) -> Literal["OK", "WRONG", "UNUSABLE"]:
        """OK, WRONG when the result is another one than expected, UNUSABLE when there is none."""
        if self.outcome.verdict == "unusable":
            return "UNUSABLE"
        return "OK" if self.ok else "WRONG"


class Observer:
    """Told what happens, from several threads. This one does nothing with it."""

    def started(self, model: Model) -> None:
        """`model` has been given to a worker."""

    def progressed(self, model: Model, progress: Progress) -> None:
        """`model` has come this far."""

    def finished(self, result: Result) -> None:
        """A model is done."""


class Runner:
    """Runs the models of a suite, at most `jobs` at a time, in worker processes that use one core each.

    Fewer run while their heaps would not fit in the memory that is free when the run begins.
    """

    def __init__(self, suite: Suite, *, jobs: int, jar: Path | None = None) -> None:
        self.suite = suite
        self.jobs = jobs
        self.jar = jar

    def run(self, models: Sequence[Model], observer: Observer) -> list[Result]:
        """Runs `models`, the longest first, and tells `observer`; returns the results in the order of `models`."""
        by_length = sorted(models, key=lambda model: -model.seconds)
        with tempfile.TemporaryDirectory(prefix="daybreak-modelcheck-") as scratch:
            workers, memory = Workers(Path(scratch)), Memory(free_mb())
            with ThreadPoolExecutor(self.jobs) as pool:
                waiting = [pool.submit(self._one, model, workers, memory, observer) for model in by_length]
                try:
                    results = {future.result().model.name: future.result() for future in waiting}
                except BaseException:
                    workers.kill()
                    raise
                finally:
                    pool.shutdown(cancel_futures=True)
                    workers.close()
        return [results[model.name] for model in models]

    def _one(self, model: Model, workers: Workers, memory: Memory, observer: Observer) -> Result:
        heap = model.most_heap_mb()
        lacks = self.suite.lacks(model)
        if lacks:
            observer.started(model)
            outcome = Outcome("unusable", 0.0, reason=lacks)
        else:
            with memory.taken(heap), workers.one(brief=model.seconds <= _BRIEF_S, heap_mb=heap) as worker:
                observer.started(model)
                job = self._job(model, workers.scratch)
                outcome = worker.run(job, lambda progress: observer.progressed(model, progress))
        result = Result(model, outcome, judge(model, outcome))
        observer.finished(result)
        return result

    def _job(self, model: Model, scratch: Path) -> Job:
        root = self.suite.root
        return Job(
            module=str(root / model.module),
            config=str(root / model.config),
            libraries=[str(path) for path in self.suite.libraries],
            scratch=tempfile.mkdtemp(prefix="tlc-", dir=scratch),
            coverage=model.coverage,
            jar=str(self.jar) if self.jar else None,
            traces=model.traces or 0,
            depth=model.depth or 0,
            limit_s=model.limit_s(),
        )


def judge(model: Model, outcome: Outcome) -> str:
    """How `outcome` differs from what the manifest says of `model`; empty if it does not."""
    if outcome.verdict in ("unusable", "failed"):
        return outcome.reason
    if outcome.verdict != model.expected or outcome.property != model.property:
        return f"{outcome.verdict} {outcome.property or ''}".strip()
    wrong = [
        f"{found} {noun}, not {expected}"
        for noun, found, expected in (
            ("distinct states", outcome.distinct, model.distinct),
            ("random behaviours", outcome.traces, model.traces),
            ("states in the counterexample", outcome.length, model.length),
        )
        if expected not in (None, found)
    ]
    if wrong:
        return ", ".join(wrong)
    return _uncovered(outcome.taken) if model.coverage else ""


def _uncovered(taken: Mapping[str, int]) -> str:
    """Why not every action of the next-state relation is known to have been taken; empty if it is.

    TLC counts a disjunct that is no call of an action by the name of the relation around it, which would hide what is
    in there.
    """
    if not taken:
        return "no action was counted"
    whole = [action for action in taken if action.startswith(_NEXT)]
    if whole:
        return f"actions are not counted one by one inside {', '.join(whole)}"
    idle = sorted(action.removesuffix(NOTED) for action, times in taken.items() if times == 0)
    return f"never taken: {', '.join(idle)}" if idle else ""
