"""What can become of a trial: functions for ``--plant``, each of which makes the trials of a process end in some way.

None runs a cluster: what is tested with them is who leads a campaign, and what it says.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from daybreak.simulation import worker
from daybreak.simulation.run import Options
from daybreak.simulation.verdict import Finding, Verdict

KILLED, STUCK, BROKEN, FOUND, ASLEEP = 3, 4, 5, 6, 2
"""Seeds to which something happens."""


def quick(act: Callable[[int], Verdict | None]) -> None:
    """Let trials do `act` only; where that returns None, all is well."""

    def run_trial(seed: int, options: Options, directory: Path, *, states: bool) -> Verdict:
        reached = frozenset({f"commit/n={seed % 3}"} if states else ())
        clean = Verdict(seed, committed=seed, virtual_us=1_500_000, faults=Counter(crash=2), states=reached)
        clean.actions["commit/Vote"] = 1
        return act(seed) or clean

    setattr(worker, "run_trial", run_trial)  # noqa: B010 - mypy lets nobody else's function be replaced


def well() -> None:
    """All is well."""
    quick(lambda seed: None)


def unwell() -> None:
    """One process is killed, one computes for ever, one waits for ever, one judge breaks down, one finds something."""

    def act(seed: int) -> Verdict | None:
        if seed == KILLED:
            os.kill(os.getpid(), signal.SIGKILL)
        while seed == STUCK:
            pass
        while seed == ASLEEP:
            signal.pause()
        if seed == BROKEN:
            raise ValueError("no judge expected that")
        return Verdict(seed, (Finding("history", "lost update of x"),)) if seed == FOUND else None

    quick(act)
