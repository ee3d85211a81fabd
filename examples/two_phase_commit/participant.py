"""An account that takes part in transfers. As a process: `python participant.py NAME DIRECTORY` prints the port that it
listens on, and serves until it is killed."""

from __future__ import annotations

import argparse
import asyncio
import os
from pathlib import Path

from disk import Disk
from recorder import Recorder
from wire import Message, serve

OPENING_BALANCE = 100


class Participant:
    """One account. What it has promised or done is on disk before it is recorded, and recorded before it is answered.

    Two planted bugs: an `impatient` one aborts although it has voted yes, a `forgetful` one votes yes without having
    written it down.
    """

    def __init__(self, name: str, directory: Path, *, impatient: bool = False, forgetful: bool = False) -> None:
        self.balance = OPENING_BALANCE
        self._promised: dict[str, int] = {}
        """For each transaction that it has voted yes on, the change to the balance."""
        self._outcome: dict[str, str] = {}
        self._impatient, self._forgetful = impatient, forgetful
        self._disk = Disk(directory / f"{name}.log")
        self._trace = Recorder(directory / "trace", name)
        for entry in self._disk.entries:
            if "change" in entry:
                self._promised[entry["tx"]] = entry["change"]
            else:
                self._close(entry["tx"], entry["outcome"])
        for tx in self._in_doubt():
            self._trace.record("recover", tx=tx, voted=self._voted(tx))

    def handle(self, request: Message) -> Message:
        """Answer the coordinator."""
        self._trace.learn(request["stamp"])
        answer: Message = {}
        match request["type"]:
            case "prepare":
                answer["vote"] = self._vote(request["tx"], request["change"])
            case "finish":
                self._finish(request["tx"], request["decision"])
            case "balance":
                answer["balance"] = self.balance
        return answer | {"stamp": self._trace.stamp()}

    def _vote(self, tx: str, change: int) -> str:
        """Vote yes if there is enough left for this and for all that it has promised before."""
        spent = -sum(min(0, self._promised[other]) for other in self._in_doubt())
        if self.balance - spent + change < 0:
            self._disk.append(tx=tx, outcome="abort")
            self._close(tx, "abort")
            vote = "no"
        else:
            if not self._forgetful:
                self._disk.append(tx=tx, change=change)
            self._promised[tx] = change
            vote = "yes"
        self._trace.record("vote", tx=tx, vote=vote)
        if vote == "yes" and self._impatient:
            asyncio.get_running_loop().call_soon(self._finish, tx, "abort")
        return vote

    def _finish(self, tx: str, decision: str) -> None:
        """Do what was decided; told twice, do it once."""
        if tx in self._outcome:
            return
        voted = self._voted(tx)
        self._disk.append(tx=tx, outcome=decision)
        self._close(tx, decision)
        self._trace.record("finish", tx=tx, outcome=decision, voted=voted)

    def _close(self, tx: str, outcome: str) -> None:
        if outcome == "commit":
            self.balance += self._promised.get(tx, 0)
        self._outcome[tx] = outcome

    def _in_doubt(self) -> list[str]:
        return [tx for tx in self._promised if tx not in self._outcome]

    def _voted(self, tx: str) -> str:
        return "yes" if tx in self._promised else "open"


async def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--impatient", action="store_true")
    parser.add_argument("--forgetful", action="store_true")
    parser.add_argument("--crash-before", metavar="TX", help="die when told to finish TX")
    options = parser.parse_args()
    participant = Participant(options.name, options.directory, impatient=options.impatient, forgetful=options.forgetful)

    def handle(request: Message) -> Message:
        if request["type"] == "finish" and request["tx"] == options.crash_before:
            os._exit(1)
        return participant.handle(request)

    server = await serve(options.port, handle)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
