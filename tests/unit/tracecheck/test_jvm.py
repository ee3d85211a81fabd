"""The Java machine: where it puts what it unpacks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

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
