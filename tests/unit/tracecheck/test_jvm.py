"""The Java machine: where it puts what it unpacks, and the threads that go there."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tracecheck.tlc.jvm import on_deep_stack

SCRIPT = """
import jpype
from tracecheck.tlc.jvm import start_jvm
start_jvm()
print(jpype.JClass("java.lang.System").getProperty("java.io.tmpdir"))
"""


def test_java_unpacks_where_python_does(tmp_path: Path) -> None:
    surroundings = {**os.environ, "TMPDIR": str(tmp_path)}
    run = subprocess.run([sys.executable, "-c", SCRIPT], env=surroundings, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == str(tmp_path)


def test_work_on_a_deep_stack_leaves_no_thread_in_java() -> None:
    def fail() -> None:
        raise ValueError("no")

    for _ in range(20):
        assert on_deep_stack(threading.current_thread) not in threading.enumerate()
    with pytest.raises(ValueError, match="no"):
        on_deep_stack(fail)
    assert "tracecheck" not in {thread.name for thread in threading.enumerate()}


def test_only_work_on_a_deep_stack_has_settings_of_its_own() -> None:
    def depth(n: int) -> int:
        return 0 if n == 0 else 1 + depth(n - 1)

    before = sys.getrecursionlimit(), gc.get_threshold()
    assert on_deep_stack(lambda: depth(100_000)) == 100_000
    assert on_deep_stack(gc.get_threshold) > before[1]
    assert (sys.getrecursionlimit(), gc.get_threshold()) == before
