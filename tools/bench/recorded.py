"""A trace of a loaded server, and servers to measure."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from daybreak.errors import OperatorError
from tools.bench.pgbench import Target, run


@contextmanager
def served(data: Path, *options: str) -> Iterator[int]:
    """A server of ours on a free port."""
    command = [sys.executable, "-m", "daybreak", "serve", "--port", "0", "--data", str(data), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None, "a pipe was asked for"
        try:
            line = server.stdout.readline()
            if not line.startswith("ready: "):
                raise OperatorError("the server did not start; its error stands above")
            yield int(line.rsplit(":", 1)[1].split("/")[0])
        finally:
            server.terminate()


def fill(port: int, scale: int) -> None:
    """Make pgbench's tables."""
    init = [sys.executable, "-m", "daybreak", "bench", "init", "--scale", str(scale), "--port", str(port)]
    subprocess.run(init, check=True)


async def record(directory: Path, events: int, *, clients: int, scale: int, seconds: int) -> Path:
    """The trace of a server under pgbench, of at least `events` events; pgbench runs `seconds` at a time."""
    trace = directory / "trace"
    with served(directory / "traced", "--trace", str(trace)) as port:
        fill(port, scale)
        written = _Lines(trace)
        while (count := written.count()) < events:
            print(f"recorded {count:,} of {events:,} events", flush=True)
            await run(Target(port, "admin", ""), "tpcb-like", directory, clients=clients, seconds=seconds)
    return trace


class _Lines:
    """Counts the lines of logs that grow, reading each byte once."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._offsets: dict[Path, int] = {}
        self._count = 0

    def count(self) -> int:
        for log in self._directory.glob("*.ndjson"):
            with log.open("rb") as stream:
                stream.seek(self._offsets.get(log, 0))
                while piece := stream.read(1 << 20):
                    self._count += piece.count(b"\n")
                self._offsets[log] = stream.tell()
        return self._count
