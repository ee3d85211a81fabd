"""A monitor that is stopped and killed anywhere, and goes on from its state, passes on what an unbroken one does."""

from __future__ import annotations

import os
import random
import time
from itertools import count
from pathlib import Path

import pytest

from tests.support.growing import PLAN, Causes, Log, Witness
from tracecheck import Monitor
from tracecheck.report import CONFORMS

NODES = ("a", "b", "c")


@pytest.fixture(autouse=True)
def witnesses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Monitors with checkers that accept everything and remember it; their time hardly passes."""
    ticks = count()
    monkeypatch.setattr(time, "monotonic", lambda: next(ticks) / 1e6)
    monkeypatch.setattr("tracecheck.monitor._GRACE_S", 0)
    monkeypatch.setattr("tracecheck.monitor.Checker", Witness)
    monkeypatch.setattr("tracecheck.persist.fingerprint", lambda plans: "the same")


class Life:
    """Nodes that write and rotate their logs, and a monitor that is stopped, killed and started again.

    It holds back the last few events, which are so read and not checked when it is saved.
    """

    def __init__(self, seed: int, directory: Path) -> None:
        self.random = random.Random(seed)
        self.logs_directory = directory / "logs"
        self.logs_directory.mkdir()
        self.state = directory / "state.json"
        self.logs = {node: Log(self.logs_directory, node) for node in NODES}
        self.now = 0
        self.written: list[tuple[str, int]] = []
        self.monitor = self.started()
        self.resumed = 0

    def started(self) -> Monitor:
        return Monitor([PLAN], self.logs_directory, hold_back_ms=3, state=self.state, save_s=1e9)

    def seen(self) -> list[tuple[str, int]]:
        (checker,) = self.monitor.checkers
        assert isinstance(checker, Witness)
        return checker.seen

    def write(self) -> None:
        for _ in range(self.random.randint(1, 6)):
            log = self.random.choice(list(self.logs.values()))
            others = [(other.node, other.n) for other in self.logs.values() if other is not log and other.n]
            cause = [self.random.choice(others)] if others and self.random.random() < 0.5 else []
            self.event(log, cause)

    def event(self, log: Log, cause: Causes = ()) -> None:
        self.now += 1_000
        log.now = self.now - 10
        log.write(1, cause)
        self.written.append((log.node, log.n))

    def tear(self) -> None:
        """The monitor looks, and perhaps saves its state and is killed, while a line is half written."""
        log = self.random.choice(list(self.logs.values()))
        before = log.path.stat().st_size if log.path.exists() else 0
        self.event(log)
        content = log.path.read_bytes()
        os.truncate(log.path, self.random.randint(before + 1, len(content) - 1))
        self.poll()
        if self.random.random() < 0.7:
            self.save()
        if self.random.random() < 0.7:
            self.kill()
            self.poll()
        with log.path.open("ab") as stream:
            stream.write(content[log.path.stat().st_size :])

    def rotate(self) -> None:
        self.random.choice(list(self.logs.values())).rotate(keep=50)

    def new_file(self) -> None:
        """A node that restarts may go on in another file."""
        log = self.random.choice(list(self.logs.values()))
        log.path = self.logs_directory / f"{log.node}-{self.now}.ndjson"

    def poll(self) -> None:
        self.monitor.poll()

    def save(self) -> None:
        self.monitor.save()

    def kill(self) -> None:
        self.monitor = self.started()
        self.resumed += 1

    def stop(self) -> None:
        self.monitor.drain()
        assert self.monitor.verdict == CONFORMS, self.monitor.results()
        self.kill()

    def copy_over(self) -> None:
        """While nobody looks, the logs move to another disk: other inodes, the same content."""
        self.monitor.save()
        for path in sorted(self.logs_directory.iterdir()):
            content = path.read_bytes()
            moved = path.with_name(f"{path.name}.moved")
            moved.write_bytes(content)
            os.replace(moved, path)
        self.kill()

    def step(self) -> None:
        steps = {
            self.write: 10,
            self.poll: 8,
            self.save: 4,
            self.rotate: 3,
            self.new_file: 1,
            self.tear: 2,
            self.kill: 3,
            self.stop: 1,
            self.copy_over: 1,
        }
        self.random.choices(list(steps), weights=list(steps.values()))[0]()


@pytest.mark.parametrize("seed", range(40))
def test_a_resumed_monitor_passes_on_each_event_once_and_in_order(seed: int, tmp_path: Path) -> None:
    life = Life(seed, tmp_path)
    for _ in range(70):
        life.step()
    life.monitor.drain()
    assert life.resumed, "this life was too quiet"
    assert life.monitor.verdict == CONFORMS, life.monitor.results()
    assert life.seen() == life.written
    assert life.monitor.status()["events"] == len(life.written)
