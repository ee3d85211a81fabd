"""Runs models in worker processes and judges what comes out by the manifest."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from daybreak.modelcheck.manifest import Model, Suite
from daybreak.modelcheck.process import Workers
from daybreak.modelcheck.tlc import Job, Outcome, Progress

NOTED = "Noted"


class Result(msgspec.Struct, frozen=True):
    """A model's outcome and how it differs from the manifest; `wrong` is empty when it does not."""

    model: Model
    outcome: Outcome
    wrong: str

    @property
    def ok(self) -> bool:
        return not self.wrong


class Observer:
    """Told what happens, from several threads. This one does nothing with it."""

    def started(self, model: Model) -> None:
        """`model` has been given to a worker."""

    def progressed(self, model: Model, progress: Progress) -> None:
        """`model` has come this far."""

    def finished(self, result: Result) -> None:
        """A model is done."""


class Runner:
    """Runs the models of a suite, `jobs` at a time, in worker processes that use one core each."""

    def __init__(self, suite: Suite, *, jobs: int, jar: Path | None = None) -> None:
        self.suite = suite
        self.jobs = jobs
        self.jar = jar

    def run(self, models: Sequence[Model], observer: Observer) -> list[Result]:
        """Runs `models`, the longest first, and tells `observer`; returns the results in the order of `models`."""
        by_length = sorted(models, key=lambda model: -model.seconds)
        with tempfile.TemporaryDirectory(prefix="daybreak-modelcheck-") as scratch:
            workers = Workers(Path(scratch))
            with ThreadPoolExecutor(self.jobs) as pool:
                waiting = [pool.submit(self._run_one, model, workers, Path(scratch), observer) for model in by_length]
                try:
                    results = {future.result().model.name: future.result() for future in waiting}
                except BaseException:
                    workers.kill()
                    raise
                finally:
                    pool.shutdown(cancel_futures=True)
                    workers.close()
        return [results[model.name] for model in models]

    def _run_one(self, model: Model, workers: Workers, scratch: Path, observer: Observer) -> Result:
        observer.started(model)
        with workers.one(brief=model.expected == "violates") as worker:
            outcome = worker.run(self._job(model, scratch), lambda progress: observer.progressed(model, progress))
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
        )


def judge(model: Model, outcome: Outcome) -> str:
    """How `outcome` differs from what the manifest says of `model`; empty if it does not."""
    if outcome.verdict in ("unusable", "failed"):
        return outcome.reason
    if outcome.verdict != model.expected or outcome.property != model.property:
        return f"{outcome.verdict} {outcome.property or ''}".strip()
    if model.expected == "holds" and outcome.distinct != model.distinct:
        return f"{outcome.distinct} distinct states, not {model.distinct}"
    idle = never_taken(outcome) if model.coverage else []
    if model.coverage and not outcome.taken:
        return "no action was counted"
    return f"never taken: {', '.join(idle)}" if idle else ""


def never_taken(outcome: Outcome) -> list[str]:
    """The actions, as the spec calls them, that no step of the run took."""
    return sorted(action.removesuffix(NOTED) for action, times in outcome.taken.items() if times == 0)
