"""`daybreak bench init`: pgbench's tables, filled in transactions within the limits.

What `pgbench -i` sends itself (TRUNCATE, 100,000 rows in one transaction) a database with bounded transactions
refuses. The statements go through psql, like any client's.
"""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import tempfile
from collections.abc import Iterator
from typing import IO

from daybreak.base.limits import MAX_ROWS
from daybreak.control.datadir import running_server
from daybreak.errors import OperatorError
from daybreak.query.binaries import find_binaries

BRANCHES, TELLERS, ACCOUNTS = 1, 10, 100_000
"""Rows per unit of scale, as pgbench has them."""

TABLES = (
    ("pgbench_history", "tid int, bid int, aid int, delta int, mtime timestamp, filler char(22)"),
    ("pgbench_tellers", "tid int primary key, bid int, tbalance int, filler char(84)"),
    ("pgbench_accounts", "aid int primary key, bid int, abalance int, filler char(84)"),
    ("pgbench_branches", "bid int primary key, bbalance int, filler char(88)"),
)


def run_init(arguments: argparse.Namespace) -> int:
    """Create and fill the tables of the server on a port."""
    port = arguments.port if arguments.port is not None else running_server(arguments.data).port
    command = [str(find_binaries().program("psql")), "-X", "-q", "-v", "ON_ERROR_STOP=1"]
    command += ["-h", "127.0.0.1", "-p", str(port), "-U", "admin", "-d", "postgres"]
    with tempfile.TemporaryFile("w+") as said:
        code = _feed(command, script(arguments.scale), said)
        said.seek(0)
        complaints = [line for line in said.read().splitlines() if "NOTICE:" not in line]
    if code != 0:
        raise OperatorError(f"psql on port {port} failed: {complaints[0] if complaints else 'no reason given'}")
    print(f"pgbench's tables at scale {arguments.scale} are ready on port {port}")
    return 0


def _feed(command: list[str], parts: Iterator[str], errors: IO[str]) -> int:
    """Run psql on a script; its exit code."""
    psql = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=errors, text=True)
    with contextlib.suppress(BrokenPipeError), psql:  # a psql that ends early has said why
        assert psql.stdin is not None, "a pipe was asked for"
        for text in parts:
            psql.stdin.write(text)
    return psql.wait()


def script(scale: int) -> Iterator[str]:
    """The SQL, in parts: tables first, then rows, at most as many per transaction as P22 allows."""
    for name, columns in TABLES:
        yield f"DROP TABLE IF EXISTS {name};\nCREATE TABLE {name} ({columns});\n"
    yield from _copy("pgbench_branches (bid, bbalance)", (f"{b}\t0\n" for b in range(1, scale * BRANCHES + 1)))
    yield from _copy(
        "pgbench_tellers (tid, bid, tbalance)",
        (f"{t}\t{(t - 1) // TELLERS + 1}\t0\n" for t in range(1, scale * TELLERS + 1)),
    )
    yield from _copy(
        "pgbench_accounts (aid, bid, abalance, filler)",
        (f"{a}\t{(a - 1) // ACCOUNTS + 1}\t0\t\n" for a in range(1, scale * ACCOUNTS + 1)),
    )


def _copy(target: str, rows: Iterator[str]) -> Iterator[str]:
    batch: list[str] = []
    for row in rows:
        batch.append(row)
        if len(batch) == MAX_ROWS:
            yield _statement(target, batch)
            batch = []
    if batch:
        yield _statement(target, batch)


def _statement(target: str, batch: list[str]) -> str:
    return f"COPY {target} FROM STDIN;\n{''.join(batch)}\\.\n"
