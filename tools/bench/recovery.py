"""How long a server takes to come back after SIGKILL, against the size of what was written to its journal.

Few rows are written over and over, so the journal grows and the data does not. A start loads the last checkpoint and
replays what follows, so the curve is flat if the checkpoints bound the work and the journal is trimmed behind them.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg

from daybreak.control.api import ask
from daybreak.control.datadir import running_server
from daybreak.errors import OperatorError
from tools.bench.report import Figure, figure

MEGABYTE = 1 << 20
ROWS = 16
ROW_BYTES = 256 * 1024


def measure(directory: Path, sizes: list[int], rounds: int) -> list[Figure]:
    """Recovery time for each size in megabytes, beside that of a server with next to nothing in its journal."""
    found = []
    for size in sorted(sizes):
        baseline, _, _ = _series(directory / f"nothing-{size}", 1, rounds)
        seconds, replayed, kept = _series(directory / f"recovery-{size}", size * MEGABYTE, rounds)
        name = f"after {size:,} MB written"
        found += [
            figure(f"recovery from SIGKILL {name}", "s", seconds, baseline),
            figure(f"entries replayed {name}", "", replayed),
            figure(f"journal read {name}", "MB", kept),
        ]
    return found


def _series(data: Path, size: int, rounds: int) -> tuple[list[float], list[float], list[float]]:
    """Write, kill and start again, some times; seconds, entries replayed, megabytes of journal in a zone."""
    seconds, replayed, kept = [], [], []
    server, _ = _start(data)
    try:
        for _ in range(rounds):
            _write(_port(data), size // rounds)
            server.send_signal(signal.SIGKILL)
            server.wait()
            kept.append(_journal_bytes(data) / MEGABYTE)
            server, took = _start(data)
            seconds.append(took)
            replayed.append(_replayed(data))
    finally:
        server.terminate()
        server.wait()
    return seconds, replayed, kept


def _start(data: Path) -> tuple[subprocess.Popen[str], float]:
    """A server that is ready, and how many seconds that took."""
    begun = time.perf_counter()
    command = [sys.executable, "-m", "daybreak", "serve", "--port", "0", "--data", str(data)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None, "a pipe was asked for"
    if not server.stdout.readline().startswith("ready: "):
        raise OperatorError("the server did not start; its error stands above")
    return server, time.perf_counter() - begun


def _port(data: Path) -> int:
    return running_server(data).port


def _write(port: int, size: int) -> None:
    """Write about `size` bytes of row versions."""
    with psycopg.connect(host="127.0.0.1", port=port, user="admin", dbname="postgres", autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS filler (id int PRIMARY KEY, v text)")
        for row in range(ROWS):
            connection.execute("INSERT INTO filler VALUES (%s, '') ON CONFLICT DO NOTHING", (row,))
        for number in range(-(-size // ROW_BYTES)):
            connection.execute(
                "UPDATE filler SET v = repeat(%s, %s) WHERE id = %s", (f"{number:016}", ROW_BYTES // 16, number % ROWS)
            )


def _journal_bytes(data: Path) -> int:
    """Of the journals' files in the first zone, as a start reads them."""
    return sum(file.stat().st_size for file in (data / "zones" / "A1").glob("journal*/*.journal"))


def _replayed(data: Path) -> float:
    """Entries of journals that storage read at the last start, over all replicas."""
    storage = ask(running_server(data).control)["storage"]
    assert isinstance(storage, dict), "a replica per zone"
    return float(sum(replica["replayed"] for replica in storage.values()))
