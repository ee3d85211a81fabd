"""A process that runs one case after another for a campaign.

It is told cases through a pipe and answers each with its verdict. It may die, or hang: then the pipe ends, and who
leads the campaign knows which case it was.
"""

from __future__ import annotations

import faulthandler
import importlib
import shutil
import signal
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple, TextIO

from daybreak.errors import RequestError
from daybreak.simulation.case import Case, write_case
from daybreak.simulation.trial import run_trial
from daybreak.simulation.verdict import Finding, Verdict

CASE = "case.json"
"""In the directory of a run: what `daybreak simulate --options` repeats, …"""
STUCK = "stuck.txt"
"""… where it was when its time was up, …"""
BROKEN = "broken.txt"
"""… and where a judge has broken down."""
WAITED = 10
"""So many times its limit a run may take in real time."""


class Orders(NamedTuple):
    """What a worker is told at its beginning."""

    directory: str
    """Each run has a directory of its own in it, which stays if a judge has found something."""
    plant: str | None
    """``MODULE:FUNCTION`` to call before the first run: it puts a bug into this process."""
    limit_seconds: float
    """Of processor time, or ten times as many of real time: a run that takes longer is taken for stuck, and the process
    ends. A busy machine makes no run stuck."""
    states: bool
    """Whether verdicts are to tell which abstract states of the specs were reached."""


def find_plant(name: str) -> Callable[[], object]:
    """The function ``MODULE:FUNCTION``; RequestError if there is none."""
    module, _, function = name.partition(":")
    try:
        found = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError, ValueError) as error:
        raise RequestError(f"nothing to plant: {name!r}: {error}", hint="name it as MODULE:FUNCTION") from None
    if not callable(found):
        raise RequestError(f"nothing to plant: {name!r} is no function")
    return found  # type: ignore[no-any-return]


def directory_of(parent: Path, number: int, seed: int) -> Path:
    """That of a case, which is the `number`-th of a campaign."""
    return parent / f"{number:06d}-seed-{seed}"


def serve(pipe: Connection, orders: Orders) -> None:
    """Run each case that comes through `pipe`, until that ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; who leads the campaign ends it
    if orders.plant is not None:
        find_plant(orders.plant)()
    while True:
        try:
            number, case = pipe.recv()
        except EOFError:
            return
        directory = directory_of(Path(orders.directory), number, case.seed)
        pipe.send(_run(case, directory, orders))


def _run(case: Case, directory: Path, orders: Orders) -> Verdict:
    directory.mkdir(parents=True)
    write_case(case, directory / CASE)
    with (directory / STUCK).open("w") as stuck, _limited(orders.limit_seconds, stuck):
        verdict = _judge(case, directory, orders.states)
    (directory / STUCK).unlink()
    if verdict.clean:
        shutil.rmtree(directory)
    return verdict


@contextmanager
def _limited(seconds: float, stuck: TextIO) -> Iterator[None]:
    """Where this process is goes into `stuck`, and it ends, when it has computed or waited for too long."""
    faulthandler.register(signal.SIGPROF, file=stuck, chain=True)  # and then the signal does what it does: it ends us
    faulthandler.dump_traceback_later(WAITED * seconds, exit=True, file=stuck)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        faulthandler.cancel_dump_traceback_later()
        faulthandler.unregister(signal.SIGPROF)


def _judge(case: Case, directory: Path, states: bool) -> Verdict:
    """The verdict; a judge that breaks down has found something too."""
    try:
        return run_trial(case.seed, case.options, directory, states=states)
    except Exception as error:
        file = directory / BROKEN
        file.write_text(traceback.format_exc())
        sentence = f"a judge has broken down: {type(error).__name__}: {error}; {file} says where"
        return Verdict(case.seed, (Finding("invariants", sentence),))
