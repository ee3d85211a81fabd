"""One model through TLC, inside this process.

TLC keeps a model in static fields, so each has a class loader of its own; and it leaves threads behind that never end,
so the process must be ended by `os._exit`. See `worker`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import jpype
import msgspec

from daybreak.modelcheck import complaints, figures, messages, naming, retrace
from daybreak.modelcheck.cause import Cause
from tracecheck.tlc.jvm import fresh_loader, load_class, start_jvm

Verdict = Literal["holds", "violates", "unusable", "failed"]

BRIEF, LONG = "brief", "long"

_PARSE_ERROR, _CONFIG_ERROR = 150, 151
_SEED = 1


class Job(msgspec.Struct, frozen=True):
    """What a worker needs to know of a model.

    `scratch` is an empty directory for TLC's files, which the caller removes. With `traces`, that many random
    behaviours of at most `depth` steps are looked at, and not all. After `limit_s` seconds the run is given up.
    """

    module: str
    config: str
    libraries: list[str]
    scratch: str
    coverage: bool = False
    jar: str | None = None
    traces: int = 0
    depth: int = 0
    limit_s: float = 300


class Progress(msgspec.Struct, frozen=True, tag="progress"):
    """How far a run is. `rate` is in states generated per second since the last report."""

    generated: int
    distinct: int
    queue: int
    depth: int
    rate: float
    seconds: float
    traces: int = 0


class Outcome(msgspec.Struct, frozen=True, tag="outcome"):
    """What came out of a run.

    `verdict` is "failed" when TLC could not evaluate the spec, "unusable" when there is no result for another reason:
    the spec or its configuration cannot be read, memory or time ran out, the worker died. `reason` then says why.
    `property` is the violated one, `steps` show how, in `length` states, and `cause` which part of it is false.
    `taken` counts the steps by each action, if asked for.
    """

    verdict: Verdict
    seconds: float
    property: str | None = None
    generated: int = 0
    distinct: int = 0
    depth: int = 0
    traces: int = 0
    reason: str = ""
    length: int = 0
    steps: list[messages.Step] = []
    cause: Cause | None = None
    taken: dict[str, int] = {}


def start_java(*, brief: bool, heap_mb: int) -> None:
    """Starts Java for this process, with a heap of at most `heap_mb` MiB; the process ends when that is not enough.

    `brief` is for runs that end so early that Java's optimising compiler would cost more than it gives.
    """
    options = ["-XX:TieredStopAtLevel=1"] if brief else []
    start_jvm(heap_mb=heap_mb, options=["-XX:+ExitOnOutOfMemoryError", *options])


class Checker:
    """TLC, loaded for one run of one model."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self._loader = fresh_loader(job.jar)
        self._printed = jpype.JClass("java.io.ByteArrayOutputStream")()
        tool_io = self._class("util.ToolIO")
        tool_io.out = tool_io.err = jpype.JClass("java.io.PrintStream")(self._printed, True)
        tool_io.setUserDir(str(Path(job.module).parent))
        self._tlc = self._class("tlc2.TLC")()
        self._last = (0, time.monotonic())
        self._began = time.monotonic()

    def _class(self, name: str) -> Any:
        return load_class(self._loader, name)

    def progress(self) -> Progress | None:
        """How far the run is, or None before its first state. May be called from another thread."""
        at = figures.read(self._class("tlc2.TLCGlobals"))
        if at is None:
            return None
        now = time.monotonic()
        before, then = self._last
        self._last = (at.generated, now)
        rate = (at.generated - before) / max(now - then, 1e-3)
        return Progress(**at._asdict(), rate=rate, seconds=now - self._began)

    def run(self) -> Outcome:
        """Explores the whole model, or as much as it takes to find a violation."""
        job = self.job
        paths = [f"{path}{os.sep}" for path in [str(Path(job.module).parent), *job.libraries]]
        self._tlc.setResolver(self._class("util.SimpleFilenameToStream")(jpype.JArray(jpype.JString)(paths)))
        try:
            if not self._tlc.handleParameters(jpype.JArray(jpype.JString)(self._options())):
                return self._unusable(complaints.of_evaluation(self._transcript(), Path(job.module)))
            code = int(self._tlc.process())
        except jpype.JException as error:
            return Outcome("failed", self._seconds(), reason=f"{complaints.head(Path(job.module))}: {error.toString()}")
        status = int(self._class("tlc2.output.EC$ExitStatus").errorConstantToExitStatus(code))
        return self._outcome(status, self._transcript())

    def _options(self) -> Sequence[str]:
        """One worker, one fingerprint function, one seed, liveness at the end: the same run each time, or its
        counterexample would depend on how fast the machine is. Deadlock is no error in these specs.
        """
        fixed = ["-tool", "-deadlock", "-workers", "1", "-fp", "0", "-lncheck", "final", "-metadir", self.job.scratch]
        counting = ["-coverage", "1000"] if self.job.coverage else []
        traces, depth = self.job.traces, str(self.job.depth)
        random = ["-simulate", f"num={traces}", "-depth", depth, "-seed", str(_SEED), "-aril", "0"] if traces else []
        module = Path(self.job.module)
        config = os.path.relpath(Path(self.job.config).with_suffix(""), module.parent)
        return [*fixed, *counting, *random, "-config", config, module.stem]

    def _transcript(self) -> messages.Transcript:
        return messages.read(str(self._printed.toString("UTF-8")))

    def _seconds(self) -> float:
        return round(time.monotonic() - self._began, 2)

    def _unusable(self, reason: str) -> Outcome:
        return Outcome("unusable", self._seconds(), reason=reason)

    def _outcome(self, status: int, transcript: messages.Transcript) -> Outcome:
        module, config = Path(self.job.module), Path(self.job.config)
        if status == _PARSE_ERROR:
            return self._unusable(complaints.of_parsing(transcript, module))
        if status == _CONFIG_ERROR or any(said.code in complaints.CONFIG_ERRORS for said in transcript.messages):
            return self._unusable(complaints.of_config(transcript, config))
        name = self._violated(transcript)
        at = self.progress()
        if at is None or (status and name is None):
            return Outcome("failed", self._seconds(), reason=complaints.of_evaluation(transcript, module))
        steps, cause = self._explained(list(messages.steps(transcript)), name)
        return Outcome(
            "violates" if status else "holds",
            self._seconds(),
            property=name,
            generated=at.generated,
            distinct=at.distinct,
            depth=at.depth,
            traces=at.traces,
            length=messages.length(steps),
            steps=steps,
            cause=cause,
            taken=messages.coverage(transcript),
        )

    def _explained(self, steps: list[messages.Step], name: str | None) -> tuple[list[messages.Step], Cause | None]:
        """The steps with their arguments, and why the property `name` is false in the end, as far as can be told."""
        if not steps:
            return steps, None
        libraries = [Path(self.job.module).parent, *map(Path, self.job.libraries)]
        tool = figures.tool(self._class("tlc2.TLCGlobals"))
        return retrace.explain(steps, name, tool, self._class, libraries)

    def _violated(self, transcript: messages.Transcript) -> str | None:
        """The violated property. Of a temporal one TLC does not say which it is, so all that were to be checked."""
        part = messages.violated(transcript)
        if part is None and not any(said.code == messages.TEMPORAL_VIOLATED for said in transcript.messages):
            return None
        return naming.whole(figures.tool(self._class("tlc2.TLCGlobals")), part)
