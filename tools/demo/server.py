"""The cluster of the walkthrough: started, given orders, looked at, stopped."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg

from daybreak.base.topology import TWO_REGIONS
from daybreak.cluster import process_of, role_of
from daybreak.control.api import ask
from daybreak.control.chaos.remote import Remote
from daybreak.control.chaos.words import parse
from daybreak.control.datadir import running_server
from daybreak.errors import OperatorError

READY = re.compile(r"ready: postgresql://admin@127\.0\.0\.1:(\d+)/postgres")
STOP_SECONDS = 60
Client = psycopg.Connection[tuple[Any, ...]]
Role = dict[str, Any]


class Cluster:
    """`daybreak serve --regions 2` on free ports, with all it writes below a directory; `start` it, then `stop` it."""

    def __init__(self, directory: Path) -> None:
        self.data = directory / "data"
        self.trace = directory / "trace"
        self._log = directory / "log"
        self._process: subprocess.Popen[str] | None = None
        self.ports: dict[str, int] = {}

    def start(self) -> None:
        """Return when both endpoints take clients; OperatorError with what the server said if they do not."""
        options = ("--regions", "2", "--port", "0", "--data", str(self.data), "--trace", str(self.trace), "--chaos")
        with self._log.open("a") as log:
            process = self._process = subprocess.Popen(
                [sys.executable, "-m", "daybreak", "serve", *options],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        assert process.stdout is not None, "a pipe was asked for"
        for region in TWO_REGIONS.regions:
            found = READY.fullmatch(process.stdout.readline().strip())
            if found is None:
                raise OperatorError(f"the cluster does not start: {self._log.read_text().strip()}")
            self.ports[region] = int(found[1])

    def connect(self, *regions: str, autocommit: bool = False) -> Client:
        """A client of the first of some regions that takes it."""
        hosts, ports = ",".join(["127.0.0.1"] * len(regions)), ",".join(str(self.ports[region]) for region in regions)
        return psycopg.connect(
            f"host={hosts} port={ports} user=admin dbname=postgres connect_timeout=10", autocommit=autocommit
        )

    def order(self, command: str) -> None:
        """A command of `daybreak chaos`."""
        remote = Remote(self.data, TWO_REGIONS.processes)
        try:
            remote.carry_out(parse(command.split(), TWO_REGIONS.processes))
        finally:
            remote.close()

    def stop(self) -> None:
        """End it in order, if it runs; killed if that takes too long."""
        process, self._process = self._process, None
        if process is None or process.stdout is None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()

    # --- what it says of itself -----------------------------------------------------------------------------------

    def roles(self) -> dict[str, Role]:
        """The status of all nodes of zones, as the region says that is nearest to them and runs."""
        found: dict[str, Role] = {}
        regions: Any = ask(running_server(self.data).control)["regions"]
        for region, said in regions.items():
            for zone in said.get("zones", {}).values():
                for node, role in zone.get("roles", {}).items():
                    if node not in found or process_of(node).startswith(region):
                        found[node] = role
        return found


def leaders(roles: dict[str, Role]) -> dict[str, str]:
    """The zone that leads each adjudicator: of those who think so, the one with the latest epoch."""
    found: dict[str, tuple[int, str]] = {}
    for node, role in roles.items():
        if role.get("stage") == "serving":
            name = node.partition("/")[2]
            found[name] = max(found.get(name, (0, "")), (role["epoch"], process_of(node)))  # type: ignore[arg-type]
    return {name: zone for name, (_, zone) in sorted(found.items())}


def behind(roles: dict[str, Role], zone: str) -> int:
    """How many entries of all journals a zone's replicas lack that others have."""
    last: dict[str, dict[str, int]] = {}
    for node, role in roles.items():
        if role_of(node) == "journal":  # type: ignore[arg-type]
            last.setdefault(node.partition("/")[2], {})[process_of(node)] = role["last_index"]  # type: ignore[arg-type]
    return sum(max(zones.values()) - zones.get(zone, 0) for zones in last.values())
