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

from daybreak.modelcheck import messages
from tracecheck.tlc.jvm import fresh_loader, load_class, start_jvm

Verdict = Literal["holds", "violates", "unusable", "failed"]

BRIEF, LONG = "brief", "long"

_PARSE_ERROR, _CONFIG_ERROR = 150, 151
_HEAP_MB = 1536


class Job(msgspec.Struct, frozen=True):
    """What a worker needs to know of a model.

    `scratch` is an empty directory for TLC's files, which the caller removes.
    """

    module: str
    config: str
    libraries: list[str]
    scratch: str
    coverage: bool = False
    jar: str | None = None


class Progress(msgspec.Struct, frozen=True, tag="progress"):
    """How far a run is. `rate` is in states generated per second since the last report."""

    generated: int
    distinct: int
    queue: int
    depth: int
    rate: float
    seconds: float


class Outcome(msgspec.Struct, frozen=True, tag="outcome"):
    """What came out of a run.

    `verdict` is "unusable" when the spec or its configuration cannot be read, "failed" when TLC could not evaluate it;
    `reason` then says why. `property` is the violated one; `taken` counts the steps by each action, if asked for.
    """

    verdict: Verdict
    seconds: float
    property: str | None = None
    generated: int = 0
    distinct: int = 0
    depth: int = 0
    reason: str = ""
    steps: list[messages.Step] = []
    taken: dict[str, int] = {}


def start_java(*, brief: bool) -> None:
    """Starts Java for this process.

    `brief` is for runs that end so early that Java's optimising compiler would cost more than it gives.
    """
    start_jvm(heap_mb=_HEAP_MB, options=["-XX:TieredStopAtLevel=1"] if brief else [])


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
        checker = self._class("tlc2.TLCGlobals").mainChecker
        if checker is None:
            return None
        generated, now = int(checker.getStatesGenerated()), time.monotonic()
        before, then = self._last
        self._last = (generated, now)
        return Progress(
            generated=generated,
            distinct=int(checker.getDistinctStatesGenerated()),
            queue=int(checker.getStateQueueSize()),
            depth=int(checker.getProgress()),
            rate=(generated - before) / max(now - then, 1e-3),
            seconds=now - self._began,
        )

    def run(self) -> Outcome:
        """Explores the whole model, or as much as it takes to find a violation."""
        job = self.job
        paths = [f"{path}{os.sep}" for path in [str(Path(job.module).parent), *job.libraries]]
        self._tlc.setResolver(self._class("util.SimpleFilenameToStream")(jpype.JArray(jpype.JString)(paths)))
        if not self._tlc.handleParameters(jpype.JArray(jpype.JString)(self._options())):
            return self._unusable(messages.complaint(self._transcript()))
        try:
            code = int(self._tlc.process())
        except jpype.JException as error:
            return Outcome("failed", self._seconds(), reason=str(error.toString()))
        status = int(self._class("tlc2.output.EC$ExitStatus").errorConstantToExitStatus(code))
        return self._outcome(status, self._transcript())

    def _options(self) -> Sequence[str]:
        """One worker and one fingerprint function: the same run each time. Deadlock is no error in these specs."""
        fixed = ["-tool", "-deadlock", "-workers", "1", "-fp", "0", "-metadir", self.job.scratch]
        counting = ["-coverage", "1000"] if self.job.coverage else []
        module = Path(self.job.module)
        config = os.path.relpath(Path(self.job.config).with_suffix(""), module.parent)
        return [*fixed, *counting, "-config", config, module.stem]

    def _transcript(self) -> messages.Transcript:
        return messages.read(str(self._printed.toString("UTF-8")))

    def _seconds(self) -> float:
        return round(time.monotonic() - self._began, 2)

    def _unusable(self, reason: str) -> Outcome:
        return Outcome("unusable", self._seconds(), reason=reason)

    def _outcome(self, status: int, transcript: messages.Transcript) -> Outcome:
        if status == _PARSE_ERROR:
            return self._unusable(messages.parse_complaint(transcript))
        if status == _CONFIG_ERROR or any(said.code in messages.CONFIG_ERRORS for said in transcript.messages):
            return self._unusable(f"{self.job.config}: {messages.complaint(transcript)}")
        name = messages.violated(transcript) or self._temporal(transcript)
        figures = self.progress()
        if figures is None or (status and name is None):
            return Outcome("failed", self._seconds(), reason=messages.complaint(transcript))
        return Outcome(
            "violates" if status else "holds",
            self._seconds(),
            property=name,
            generated=figures.generated,
            distinct=figures.distinct,
            depth=figures.depth,
            steps=list(messages.steps(transcript)),
            taken=messages.coverage(transcript),
        )

    def _temporal(self, transcript: messages.Transcript) -> str | None:
        """The temporal property that was violated: TLC does not say which, so all that were to be checked."""
        if not any(said.code == messages.TEMPORAL_VIOLATED for said in transcript.messages):
            return None
        config = self._class("tlc2.TLCGlobals").mainChecker.tool.getModelConfig()
        properties = config.getProperties()
        return " or ".join(str(properties.elementAt(i)) for i in range(properties.size()))
