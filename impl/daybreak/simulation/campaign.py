"""Many simulated runs on several processes, each with a verdict, whatever becomes of the process that runs it."""

from __future__ import annotations

import math
import multiprocessing
import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import NamedTuple, Protocol

from daybreak.simulation.case import Case
from daybreak.simulation.profiles import draw
from daybreak.simulation.verdict import Finding, Verdict
from daybreak.simulation.worker import STUCK, Orders, directory_of, serve


class Cases(Protocol):
    """Who chooses what is run."""

    def next_case(self) -> Case | None:
        """The next one; None when there is to be no other."""

    def learn(self, case: Case, verdict: Verdict) -> None:
        """What has become of one; they come in no certain order."""


class Given:
    """Cases that do not depend on what becomes of others."""

    def __init__(self, cases: Iterator[Case]) -> None:
        self._cases = cases

    def next_case(self) -> Case | None:
        """One after the other."""
        return next(self._cases, None)

    def learn(self, case: Case, verdict: Verdict) -> None:
        """They are given: nothing is learnt."""


def drawn(profile: str, seeds: Iterable[int]) -> Given:
    """The cases of some seeds in a profile."""
    return Given(Case(seed, draw(profile, seed)) for seed in seeds)


class Judged(NamedTuple):
    """A case with its verdict."""

    case: Case
    verdict: Verdict
    directory: Path
    """What is left of the run: nothing if all was well."""


class Worker:
    """A process, and the case that it has."""

    def __init__(self, orders: Orders) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process: SpawnProcess = context.Process(target=serve, args=(theirs, orders), daemon=True)
        self.process.start()
        theirs.close()
        self._orders = orders
        self.has: tuple[int, Case] | None = None

    def take(self, number: int, case: Case) -> None:
        """Begin with a case."""
        self.has = number, case
        with suppress(BrokenPipeError):  # it has died: `answer` says so
            self.pipe.send(self.has)

    def answer(self) -> Judged:
        """The verdict on its case; that it has died, or hung, is a finding like any other."""
        assert self.has is not None, "it has been given a case"
        (number, case), self.has = self.has, None
        directory = directory_of(Path(self._orders.directory), number, case.seed)
        try:
            verdict: Verdict = self.pipe.recv()
        except (EOFError, ConnectionResetError):
            verdict = Verdict(case.seed, (self._died(directory),))
        return Judged(case, verdict, directory)

    def _died(self, directory: Path) -> Finding:
        self.process.join()
        stuck = directory / STUCK
        if stuck.exists() and stuck.read_text():
            seconds = self._orders.limit_seconds
            return Finding("liveness", f"the run has not ended after {seconds:g} s of computing: {stuck} says where")
        code = self.process.exitcode
        how = f"by signal {-code}" if code is not None and code < 0 else f"with exit code {code}"
        return Finding("invariants", f"the process that ran it has ended {how}")

    def end(self) -> None:
        """End the process, whatever it does."""
        self.pipe.close()
        self.process.kill()
        self.process.join()


def judged(cases: Cases, orders: Orders, jobs: int, seconds: float | None = None) -> Generator[Judged]:
    """Run all cases, `jobs` at a time, and hand each out when it has its verdict; after so many `seconds` of real time
    none is begun any more. Closing this generator ends them."""
    end = math.inf if seconds is None else time.monotonic() + seconds
    workers = [Worker(orders) for _ in range(jobs)]
    number = 0
    try:
        while True:
            for worker in workers:
                if worker.has is None and time.monotonic() < end and (case := cases.next_case()) is not None:
                    worker.take(number, case)
                    number += 1
            busy: dict[Connection | int | object, Worker] = {w.pipe: w for w in workers if w.has is not None}
            if not busy:
                return
            for pipe in wait(list(busy)):  # type: ignore[arg-type]
                worker = busy[pipe]
                result = worker.answer()
                if not worker.process.is_alive():
                    worker.end()
                    workers[workers.index(worker)] = Worker(orders)
                cases.learn(result.case, result.verdict)
                yield result
    finally:
        for worker in workers:
            worker.end()
