"""Looking for a bug of the bank: runs with it, under its conditions, until judges have found it."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import msgspec

from daybreak.simulation.trial import run_trial
from daybreak.simulation.verdict import Judge, Verdict
from tools.bugbank.bank import BANK, planted
from tools.bugbank.bug import Bug
from tools.bugbank.conditions import CONDITIONS

MOST_SEEDS = 200
"""A bug that no judge has found with so many seeds is found by nobody."""
LONGEST_S = 60
"""A run that takes more of a processor's time is given up: some bugs keep a cluster busy for ever."""


class Found(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came of the hunt for a bug."""

    conditions: str
    tried: int
    """Seeds, from 0 on."""
    seeds: dict[Judge, int]
    """The first one with which each judge has found it."""
    sentence: str = ""
    """What the first judge said."""

    @property
    def first(self) -> int | None:
        """The first seed with which anybody has found it; None if nobody has."""
        return min(self.seeds.values(), default=None)


class EndlessError(BaseException):
    """A run has taken too long: no judge of it, nor anybody else, is to catch this."""


@contextmanager
def no_longer_than(seconds: int) -> Iterator[None]:
    """Raise EndlessError in the block when it has computed for so long; in the main thread only."""

    def ring(number: int, frame: FrameType | None) -> None:
        raise EndlessError

    before = signal.signal(signal.SIGVTALRM, ring)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def try_seed(bug: Bug, seed: int, directory: Path) -> Verdict:
    """What the judges say of a run with the bug; its trace is then in `directory`, which is made."""
    with planted(bug):
        return run_trial(seed, CONDITIONS[bug.conditions], directory, states=False)


def hunt(name: str, least: int, most: int) -> Found:
    """Try `least` seeds, and more, up to `most`, until a judge has found the bug."""
    bug, seeds, sentence, seed = BANK[name], dict[Judge, int](), "", 0
    while seed < least or (not seeds and seed < most):
        with tempfile.TemporaryDirectory(prefix="bugbank-") as directory:
            try:
                with no_longer_than(LONGEST_S):
                    verdict = try_seed(bug, seed, Path(directory) / "run")
            except EndlessError:
                verdict = Verdict(seed)
        for finding in verdict.findings:
            seeds.setdefault(finding.judge, seed)
            sentence = sentence or f"{finding.judge}: {finding.sentence}"[:300]
        seed += 1
    return Found(bug.conditions, seed, seeds, sentence)
