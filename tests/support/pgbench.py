"""Stock pgbench against a real server."""

from __future__ import annotations

import os
import re
import subprocess
from typing import NamedTuple

from daybreak.query.binaries import find_binaries
from tests.support.server import Server


class Report(NamedTuple):
    """What pgbench said."""

    code: int
    output: str
    """Both streams."""

    def number(self, what: str) -> int:
        """The whole number that follows `what:`."""
        found = re.search(rf"^{what}: (\d+)", self.output, re.MULTILINE)
        assert found, self.output
        return int(found[1])


def pgbench(server: Server, *options: str) -> Report:
    """Run pgbench as it comes with PostgreSQL."""
    connection = ("-h", "127.0.0.1", "-p", str(server.port), "-U", "admin")
    done = subprocess.run(
        [str(find_binaries().program("pgbench")), *connection, *options, "postgres"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=240,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"},
        check=False,
    )
    return Report(done.returncode, done.stdout)
