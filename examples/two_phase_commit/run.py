"""Three accounts, four transfers, one crash. Every node writes its log to DIRECTORY/trace.

python examples/two_phase_commit/run.py DIRECTORY [--bug impatient | forgetful | hasty]
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from pathlib import Path

from coordinator import Coordinator

HERE = Path(__file__).parent
ACCOUNTS = ("ann", "bob", "eve")
TRANSFERS = {
    "t1": {"ann": -30, "bob": 30},
    "t2": {"bob": -20, "eve": 20},
    "t3": {"ann": 40, "bob": 40, "eve": -80},
    "t4": {"ann": -500, "bob": 250, "eve": 250},
}
"""The last one cannot be: nobody has that much."""
BUGS = ("impatient", "forgetful", "hasty")
CRASH = ("bob", "t2")
"""Who dies, and when told what became of which transfer."""


class Bank:
    """The participants' processes. The one that is to crash is started again, without that order, where it was."""

    def __init__(self, directory: Path, bug: str | None) -> None:
        self._directory = directory
        self._bugs = [f"--{bug}"] if bug in ("impatient", "forgetful") else []
        self._processes: dict[str, Process] = {}
        self.ports: dict[str, int] = {}

    async def start(self, name: str, *options: str) -> None:
        """Start a participant, and wait until it listens."""
        command = [str(HERE / "participant.py"), name, str(self._directory), *options]
        if name == CRASH[0]:
            command += self._bugs
        process = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=PIPE)
        assert process.stdout is not None, "a pipe was asked for"
        self._processes[name] = process
        self.ports[name] = int(await process.stdout.readline())

    async def restart_after_crash(self, name: str) -> None:
        """Wait until it dies, and start it again on its port."""
        await self._processes[name].wait()
        await self.start(name, "--port", str(self.ports[name]))

    async def stop(self) -> None:
        """Kill all that runs."""
        for process in self._processes.values():
            if process.returncode is None:
                process.kill()
            await process.wait()


async def run(directory: Path, bug: str | None) -> Mapping[str, int]:
    """Run all transfers; returns the balances."""
    (directory / "trace").mkdir(parents=True)
    bank = Bank(directory, bug)
    victim, moment = CRASH
    try:
        for name in ACCOUNTS:
            await bank.start(name, *(["--crash-before", moment] if name == victim else []))
        coordinator = Coordinator(directory, bank.ports, hasty=bug == "hasty")
        restart = asyncio.create_task(bank.restart_after_crash(victim))
        for tx, changes in TRANSFERS.items():
            print(f"{tx}: {await coordinator.transfer(tx, changes)}")
        await restart
        return {name: await coordinator.balance(name) for name in ACCOUNTS}
    finally:
        await bank.stop()


def main() -> None:
    """Run, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path, help="a new directory for logs and traces")
    parser.add_argument("--bug", choices=BUGS, help="run with this bug")
    options = parser.parse_args()
    if options.directory.exists():
        parser.error(f"{options.directory} exists already; name a new directory")
    balances = asyncio.run(run(options.directory, options.bug))
    print(", ".join(f"{name} {balance}" for name, balance in balances.items()), f"= {sum(balances.values())}")


if __name__ == "__main__":
    main()
