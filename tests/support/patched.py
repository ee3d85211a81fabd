"""Copies of the package with a patch of a colleague: whoever looks for what is wrong with one has only the copy."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import daybreak
from daybreak.base.places import specs_dir

ROOT = Path(__file__).parents[2]
PATCHES = {file.stem: file for file in sorted((ROOT / "tests/blind").glob("*.patch"))}
"""By the role that each of them is in."""


class Patched:
    """A copy of the package with a patch, in a directory that nothing else is in."""

    def __init__(self, patch: Path, directory: Path) -> None:
        self._directory = directory
        package = directory / "daybreak"
        shutil.copytree(Path(daybreak.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__", "_specs"))
        (package / "_specs").symlink_to(specs_dir())
        outside = os.environ | {"GIT_CEILING_DIRECTORIES": str(directory.parent)}  # or git looks for its repository
        applied = subprocess.run(
            ["git", "apply", "-p2", str(patch)], cwd=directory, env=outside, capture_output=True, text=True
        )
        assert applied.returncode == 0, f"the code has moved on, make {patch.name} anew: {applied.stderr.strip()}"

    def run(self, *words: str) -> tuple[int, str]:
        """Run a command ``daybreak …`` with the copy; its exit code, and what it prints."""
        done = subprocess.run(
            [sys.executable, "-m", "daybreak", *words],
            cwd=self._directory,
            env=os.environ | {"PYTHONPATH": os.pathsep.join((str(self._directory), str(ROOT)))},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return done.returncode, done.stdout
