"""The walkthrough of two regions, as somebody sees it who has no terminal."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

SCENES = (
    r"One database, two endpoints: A on port \d+, B on port \d+\.",
    r"\.\.\. and sees it, five times out of five\.",
    r"Region A is cut off from B and W: cut A",
    r"B leads what A has led \(adj-0\)",
    r"B commits, \d+\.\d s after the cut",
    r"and is told: .* is not accepting connections",
    r"One that names both endpoints gets to B",
    r"A's journals have caught up",
    r"A's clients commit again",
    r"All \d+ transfers that were acknowledged are there",
    r"  commit: CONFORMS: all \d+ events are steps of the spec",
    r"  isolation: CONFORMS: ",
)


@pytest.mark.timeout(300)
def test_the_walkthrough_ends_well() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.demo", "--short"], capture_output=True, text=True, timeout=280, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    rest = done.stdout
    for scene in SCENES:
        found = re.search(scene, rest)
        assert found is not None, f"{scene} is missing, or too early: {done.stdout}"
        rest = rest[found.end() :]
