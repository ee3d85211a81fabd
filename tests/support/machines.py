"""A cluster on several machines, for tests: directories that share nothing, and addresses of this one."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psycopg

from daybreak.base.ranges import ADJUDICATORS
from daybreak.control.machine import CLIENTS, CONFIG
from daybreak.control.newcluster import init, plan
from daybreak.runtime.remote.peers import TcpAddress
from daybreak.trace.directory import IDENTITY, adjudicators_of
from tests.support.checked import check_against_specs
from tests.support.regions import SECONDS, Client
from tests.support.server import STOP_SECONDS

HOSTS = {"A": "127.0.0.2", "B": "127.0.0.3", "W": "127.0.0.4"}
SEARCHED = range(20_000, 30_000, 4)


def free_port() -> int:
    """A port that, with the next one, is free at all of the hosts; and a third one for clients."""
    for port in SEARCHED:
        taken = []
        try:
            for host in HOSTS.values():
                taken += [socket.create_server((host, port + number)) for number in range(3)]
            return port
        except OSError:
            continue
        finally:
            for one in taken:
                one.close()
    raise AssertionError("no free ports")


class Machines:
    """`daybreak cluster init`, and `daybreak node --config` on each machine; a context manager that stops them."""

    def __init__(self, directory: Path, *, unchecked: str | None = None) -> None:
        """`unchecked` says why nobody compares it with the specs."""
        self._checked = unchecked is None
        self.port = free_port()
        self._trace = directory / "trace"
        self._processes: dict[str, subprocess.Popen[str]] = {}
        self.made = directory / "made"
        self.make(self.made)
        self.directories = {name: directory / f"machine-{name}" / "daybreak" for name in HOSTS}
        for name, there in self.directories.items():
            shutil.copytree(self.made / name, there)
            config = there / CONFIG
            config.write_text(config.read_text().replace(CLIENTS.host, HOSTS[name]))

    def make(self, directory: Path) -> None:
        """Make a cluster with these addresses."""
        regions = {name: TcpAddress(host, self.port) for name, host in HOSTS.items()}
        init(directory, plan(regions, {}), ADJUDICATORS, self.port + 2)

    def config(self, machine: str) -> Path:
        """What says who runs on a machine."""
        return self.directories[machine] / CONFIG

    def start(self, *machines: str, zone: str | None = None) -> None:
        """Start what runs on some machines, or only a zone there."""
        for name in machines:
            there = self.directories[name]
            command = [sys.executable, "-m", "daybreak", "node", "--config", str(self.config(name))]
            command += ["--zone", zone] if zone is not None else []
            command += ["--trace", str(there.parent / "trace")] if self._checked else []
            with (there.parent / "log").open("a") as log:
                self._processes[name] = subprocess.Popen(
                    command, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True
                )

    def ready(self, machine: str) -> str:
        """Wait until a machine is ready; what it says then."""
        stdout = self._processes[machine].stdout
        assert stdout is not None, "a pipe was asked for"
        line = stdout.readline()
        assert line.startswith("ready: "), f"{line!r}; log: {self.log(machine)}"
        return line.strip()

    def log(self, machine: str) -> str:
        """What a machine wrote to standard error."""
        return (self.directories[machine].parent / "log").read_text()

    def until_said(self, machine: str, text: str) -> None:
        """Return once a machine has written something to standard error."""
        deadline = time.monotonic() + SECONDS
        while text not in self.log(machine):
            assert time.monotonic() < deadline, f"{machine} never says {text!r}, but: {self.log(machine)}"

    def at(self, *regions: str) -> Client:
        """A client of the first of some regions that takes it."""
        hosts = ",".join(HOSTS[region] for region in regions)
        return psycopg.connect(
            f"host={hosts} port={self.port + 2} user=admin dbname=postgres connect_timeout=30", autocommit=True
        )

    def kill(self, machine: str) -> None:
        """SIGKILL to what supervises a machine: its processes end with it."""
        self._end(machine, signal.SIGKILL, -signal.SIGKILL)

    def stop(self, machine: str) -> None:
        """SIGTERM: an orderly stop."""
        self._end(machine, signal.SIGTERM, 0)

    def _end(self, machine: str, number: int, code: int) -> None:
        process = self._processes.pop(machine)
        process.send_signal(number)
        try:
            assert process.wait(STOP_SECONDS) == code, self.log(machine)
        finally:
            process.kill()
            assert process.stdout is not None, "a pipe was asked for"
            process.stdout.close()

    def __enter__(self) -> Machines:
        return self

    def __exit__(self, *error: object) -> None:
        for name in list(self._processes):
            self._end(name, signal.SIGTERM, 0)
        if self._checked:
            self._check()

    def _check(self) -> None:
        """Bring the traces of all machines together, and have them compared with the specs."""
        self._trace.mkdir()
        for there in self.directories.values():
            for file in (there.parent / "trace").glob("*"):
                assert file.name == IDENTITY or not (self._trace / file.name).exists(), "a node runs in one place"
                shutil.copy(file, self._trace)
        check_against_specs(self._trace, adjudicators_of(self._trace))
