"""The walkthrough: traffic in two regions, a cut, takeover, heal, catch-up, and the verdict on the trace."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
from rich.console import Console

from daybreak.base.places import rungs
from daybreak.errors import DaybreakError, OperatorError
from daybreak.trace.directory import adjudicators_of
from tools.demo.screen import Rows, Screen
from tools.demo.server import Cluster, behind, leaders
from tools.demo.traffic import Traffic, complaints, open_bank

SCENE_SECONDS = 7.0
SHORT_SECONDS = 1.0
PATIENCE_SECONDS = 60.0
TITLES = ("region", "commits", "per second", "COMMIT takes", "leads", "entries behind", "last told instead")


class Walkthrough:
    """The story, scene by scene."""

    def __init__(self, cluster: Cluster, console: Console, scene_seconds: float) -> None:
        self._cluster = cluster
        self._scene_seconds = scene_seconds
        self._traffic = {region: Traffic(cluster, region) for region in ("A", "B")}
        self._screen = Screen(console, TITLES, self._rows)

    def run(self) -> list[str]:
        """All of it; what is wrong with the data in the end."""
        with self._screen:
            try:
                self._start()
                self._far_apart()
                self._told_out_of_band()
                self._cut()
                self._refused()
                self._heal()
                return self._settle()
            finally:
                for traffic in self._traffic.values():
                    traffic.stop()
                self._cluster.stop()

    def _rows(self) -> Rows:
        """The table; of a cluster that does not answer now, what clients know."""
        try:
            roles = self._cluster.roles()
        except DaybreakError:
            roles = {}
        led = leaders(roles)
        return [self._row(region, traffic, led, roles) for region, traffic in self._traffic.items()]

    def _row(
        self, region: str, traffic: Traffic, led: dict[str, str], roles: dict[str, dict[str, object]]
    ) -> tuple[str, ...]:
        per_second, took_ms = traffic.recently()
        return (
            region,
            str(len(traffic.acknowledged)),
            f"{per_second:.1f}",
            f"{took_ms:.0f} ms" if took_ms else "-",
            " ".join(name for name, zone in led.items() if zone == f"{region}1") or "-",
            str(behind(roles, f"{region}1")),
            traffic.last_error or "-",
        )

    # --- helpers --------------------------------------------------------------------------------------------------

    def _say(self, text: str, style: str = "") -> None:
        self._screen.say(text, style)

    def _watch(self) -> None:
        """Let things go on for the length of a scene."""
        time.sleep(self._scene_seconds)
        self._screen.show()

    def _until(self, what: str, true: Callable[[], bool]) -> float:
        """The seconds until something is so; OperatorError if it does not become so."""
        begun = time.monotonic()
        while not true():
            if time.monotonic() > begun + PATIENCE_SECONDS:
                raise OperatorError(f"{what}: not within {PATIENCE_SECONDS:g} s")
            time.sleep(0.05)
        return time.monotonic() - begun

    def _commits_again(self, region: str, since: float) -> bool:
        return self._traffic[region].last_commit > since

    # --- scenes ---------------------------------------------------------------------------------------------------

    def _start(self) -> None:
        self._say("Starting regions A and B, each with an endpoint, and the witness W ...", "bold")
        self._cluster.start()
        ports = ", ".join(f"{region} on port {port}" for region, port in self._cluster.ports.items())
        self._say(f"One database, two endpoints: {ports}.")
        open_bank(self._cluster)
        for traffic in self._traffic.values():
            traffic.start()
        self._say("Clients of both move money between the same accounts, and add everything up.")
        self._until("both regions commit", lambda: all(len(t.acknowledged) > 2 for t in self._traffic.values()))
        self._watch()

    def _far_apart(self) -> None:
        self._say("Now A and B are 20 ms from each other, one way, and 5 ms from W: latency A-B 20ms ...", "bold")
        for command in ("latency A-B 20ms", "latency A-W 5ms", "latency B-W 5ms"):
            self._cluster.order(command)
        self._watch()

    def _told_out_of_band(self) -> None:
        self._say("A client commits at A and tells one at B, which looks at once ...", "bold")
        for number in range(5):
            with self._cluster.connect("A") as writer, self._cluster.connect("B") as reader:
                writer.execute("INSERT INTO receipt VALUES (%s)", (f"told {number}",))
                writer.commit()
                found = reader.execute("SELECT count(*) FROM receipt WHERE name = %s", (f"told {number}",)).fetchall()
            if found != [(1,)]:
                raise OperatorError(f"told {number}: was committed at A and is not seen at B")
        self._say("... and sees it, five times out of five.")

    def _cut(self) -> None:
        before = leaders(self._cluster.roles())
        self._say("Region A is cut off from B and W: cut A", "bold red")
        self._cluster.order("cut A")
        cut = time.monotonic()
        seconds = self._until("all is led from B", lambda: set(leaders(self._cluster.roles()).values()) == {"B1"})
        moved = " and ".join(name for name, zone in before.items() if zone == "A1")
        self._say(f"After {seconds:.1f} s B leads what A has led ({moved}): its lease had to run out.", "green")
        seconds += self._until("B commits again", lambda: self._commits_again("B", cut + seconds))
        self._say(f"B commits, {seconds:.1f} s after the cut; nobody had to do anything.", "green")
        self._watch()

    def _refused(self) -> None:
        self._say("A new client asks for A alone ...", "bold")
        try:
            self._cluster.connect("A").close()
        except psycopg.OperationalError as error:
            self._say("... and is told: " + " ".join(str(error).rpartition("FATAL:")[2].split()))
        else:
            raise OperatorError("A takes a new client although it is cut off")
        with self._cluster.connect("A", "B") as client:
            self._say(f"One that names both endpoints gets to B (port {client.info.port}).")
        self._say(f"A's journals lack {behind(self._cluster.roles(), 'A1')} entries that B has.")

    def _heal(self) -> None:
        self._say("The cut is mended: heal", "bold green")
        self._cluster.order("heal")
        healed = time.monotonic()
        seconds = self._until("A's journals catch up", lambda: behind(self._cluster.roles(), "A1") < 5)
        self._say(f"A's journals have caught up after {seconds:.1f} s.", "green")
        self._until("A commits again", lambda: self._commits_again("A", healed))
        self._say(f"A's clients commit again, {time.monotonic() - healed:.1f} s after it.", "green")
        self._watch()

    def _settle(self) -> list[str]:
        self._say("The clients end, and everything is added up, at both endpoints ...", "bold")
        for traffic in self._traffic.values():
            traffic.stop()
        found = []
        for region in self._traffic:
            with self._cluster.connect(region) as client:
                receipts = {str(row[0]) for row in client.execute("SELECT name FROM receipt").fetchall()}
                (total,) = client.execute("SELECT sum(v)::int FROM account").fetchall()[0]
            told = {name for name in receipts if name.startswith("told ")}
            found += complaints(receipts - told, total, [*self._traffic.values()])
        count = sum(len(traffic.acknowledged) for traffic in self._traffic.values())
        doubt = sum(len(traffic.unknown) for traffic in self._traffic.values())
        if not found:
            self._say(f"All {count} transfers that were acknowledged are there, and no money is lost.", "green")
            if doubt:
                self._say(f"Of {doubt} more nobody was told what became of them; either is right.")
        return found


def check(cluster: Cluster, console: Console) -> bool:
    """Compare the trace with every spec, and say what came of it."""
    specs = ", ".join(rung.name for rung in rungs(adjudicators_of(cluster.trace)))
    console.print(f"Was all that a behaviour of the specs ({specs})? daybreak check ...", style="bold", soft_wrap=True)
    command = [sys.executable, "-m", "daybreak", "check", str(cluster.trace)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    for line in (done.stdout if done.returncode == 0 else done.stdout + done.stderr).splitlines():
        if done.returncode or ": CONFORMS: " in line:
            rung, _, said = line.partition(": ")
            console.print(f"  {rung}: {said.rpartition('.tla: ')[2]}", style="green" if done.returncode == 0 else "red")
    return done.returncode == 0


def main(arguments: list[str] | None = None) -> int:
    """Tell the story; 0 if all is well in the end."""
    parser = argparse.ArgumentParser(prog="python -m tools.demo", description=__doc__)
    parser.add_argument("--short", action="store_true", help="do not wait for anybody to look")
    short: bool = parser.parse_args(arguments).short
    console = Console(highlight=False)
    with tempfile.TemporaryDirectory(prefix="daybreak-demo-") as directory:
        cluster = Cluster(Path(directory))
        try:
            found = Walkthrough(cluster, console, SHORT_SECONDS if short else SCENE_SECONDS).run()
        except (DaybreakError, psycopg.Error) as error:
            print(f"demo: {error}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            return 130
        for complaint in found:
            print(f"demo: {complaint}", file=sys.stderr)
        return 0 if check(cluster, console) and not found else 1


if __name__ == "__main__":
    sys.exit(main())
