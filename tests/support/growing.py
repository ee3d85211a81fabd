"""Logs that grow, are rotated, cut short and deleted, without a system that writes them."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from tracecheck import Plan
from tracecheck.read import Entry, Finding
from tracecheck.report import CONFORMS, INCONCLUSIVE, Problem, Result

Causes = Sequence[tuple[str, int]]

PLAN = cast(Plan, SimpleNamespace(mapping=SimpleNamespace(log=None), engine=SimpleNamespace(name="none")))
"""What a monitor needs of a plan when a `Witness` checks."""


def line(node: str, n: int, at: int, cause: Causes = (), *, width: int = 0) -> bytes:
    """One event as a line of a log."""
    event = {"v": 1, "n": n, "node": node, "at": [at, at + width], "act": "S!A", "args": {}, "cause": cause}
    return json.dumps(event).encode() + b"\n"


class Log:
    """The log of a node; each event is written 10 us after the one before it, and rotated when told."""

    def __init__(self, directory: Path, node: str, start: int = 0) -> None:
        self.path = directory / f"{node}.ndjson"
        self.node = node
        self.n = 0
        self.now = start

    def write(self, count: int = 1, cause: Causes = ()) -> None:
        """Appends the next events."""
        with self.path.open("ab") as stream:
            for _ in range(count):
                self.n += 1
                self.now += 10
                stream.write(line(self.node, self.n, self.now, cause))

    def rotate(self, keep: int = 9) -> None:
        """Renames X.ndjson to X.ndjson.1, that to X.ndjson.2 and so on; the last one is deleted."""
        self.older(keep).unlink(missing_ok=True)
        for i in range(keep - 1, -1, -1):
            if self.older(i).exists():
                os.rename(self.older(i), self.older(i + 1))

    def older(self, i: int) -> Path:
        """The i-th older part; with 0 the log itself."""
        return self.path.with_name(f"{self.path.name}.{i}") if i else self.path


class Witness:
    """Stands in for a checker: accepts each event and remembers which they were."""

    candidates = 1

    def __init__(self, plan: Plan = PLAN) -> None:
        self.plan = plan
        self.seen: list[tuple[str, int]] = []
        self.halted: Finding | None = None

    def feed(self, entry: Entry) -> None:
        if self.halted is None:
            self.seen.append((entry.event.node, entry.event.n))

    def halt(self, finding: Finding) -> None:
        self.halted = self.halted or finding

    def finish(self) -> None:
        """Nothing waits here."""

    def result(self) -> Result:
        found = self.halted
        problems = [Problem(found.kind, found.message, found.file, found.line)] if found is not None else []
        verdict = CONFORMS if found is None else INCONCLUSIVE
        return Result("S.tla", "mapping.toml", verdict, "", {"A": len(self.seen)}, problems=problems)

    def save(self) -> dict[str, Any]:
        halted = self.halted
        return {"seen": self.seen, "halted": [halted.kind, halted.message] if halted is not None else None}

    def restore(self, saved: dict[str, Any]) -> None:
        if "seen" not in saved:
            raise ValueError("this is no saved witness")
        self.seen = [(node, n) for node, n in saved["seen"]]
        self.halted = Finding(*saved["halted"]) if saved["halted"] else None
