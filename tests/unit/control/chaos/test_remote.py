"""Orders on their way to a process."""

from __future__ import annotations

import asyncio
import random
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from daybreak.base.topology import TWO_REGIONS
from daybreak.control.chaos.remote import Remote
from daybreak.control.chaos.server import ChaosServer
from daybreak.control.chaos.spoil import spoil_an_entry
from daybreak.control.chaos.words import KEEPER, Command, parse
from daybreak.errors import OperatorError
from daybreak.journal.frame import pack_frame, pack_header
from daybreak.journal.messages import Entry
from daybreak.journal.scan import scan
from daybreak.runtime.chaos import Chaos, Disturb, Heal, Jump, Keep, Order
from daybreak.runtime.local.disk import LocalDisk

PROCESSES = ("A", "A1")
FIRST = "00000000000000000001.journal"


@pytest.fixture
def remote(tmp_path: Path) -> Iterator[Remote]:
    remote = Remote(tmp_path, PROCESSES, seed=1)
    yield remote
    remote.close()


def give(remote: Remote, data: Path, *commands: str) -> Chaos:
    """Give commands to process A1, which listens; what it has made of them."""
    chaos = Chaos(("A",))

    async def test() -> None:
        server = ChaosServer(data, "A1", chaos)
        await server.start()
        try:
            for command in commands:
                await asyncio.to_thread(remote.carry_out, parse(command.split(), PROCESSES))
        finally:
            await server.stop()

    asyncio.run(test())
    return chaos


def test_orders_are_obeyed(remote: Remote, tmp_path: Path) -> None:
    chaos = give(remote, tmp_path, "cut A1", "clock A1 +1s", "disk A1 full")
    assert (chaos.delays_us("A"), chaos.jumped_us, chaos.disk) == ([], 1_000_000, "full")
    assert give(remote, tmp_path, "cut A1", "heal").delays_us("A") == [0]


def test_an_order_that_cannot_be_obeyed_is_refused_by_its_process(remote: Remote, tmp_path: Path) -> None:
    class Bare(Chaos):
        def __init__(self) -> None:
            super().__init__(())

    async def test() -> None:
        server = ChaosServer(tmp_path, "A1", Bare())
        await server.start()
        try:
            with pytest.raises(OperatorError, match="A1: there is no other process A"):
                await asyncio.to_thread(remote.carry_out, parse(["cut", "A1-A"], PROCESSES))
        finally:
            await server.stop()

    asyncio.run(test())


@pytest.mark.parametrize("command", ["cut A1", "heal", "kill A1", "pause A1", "corrupt A1"])
def test_a_process_that_does_not_listen_is_left_alone(remote: Remote, tmp_path: Path, command: str) -> None:
    with pytest.raises(OperatorError, match=r"process A1? takes no such orders; start the server with --chaos"):
        remote.carry_out(parse(command.split(), PROCESSES))


def test_a_socket_that_a_killed_process_has_left_is_no_process(remote: Remote, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(remote._run.path / "A1.chaos.sock"))
    with pytest.raises(OperatorError, match="process A1 takes no such orders"):
        remote.carry_out(Command("A1", Jump(1)))
    with pytest.raises(OperatorError, match="process A takes no such orders"):
        remote.carry_out(Command(None, Heal()))


def test_a_place_that_is_no_data_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="nowhere: no such data directory"):
        Remote(tmp_path / "nowhere", PROCESSES)


def test_signals_go_to_whoever_listens(remote: Remote, tmp_path: Path) -> None:
    code = f"""
import socket
listener = socket.socket(socket.AF_UNIX)
listener.bind({str(tmp_path / "run" / "A1.chaos.sock")!r})
listener.listen()
print("ready", flush=True)
listener.accept()[0].recv(1)
import time
while True:
    time.sleep(1)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert remote.pid("A1") == process.pid
        for command in ("pause", "resume", "kill"):
            remote.carry_out(Command("A1", command))
        assert process.wait(20) == -signal.SIGKILL


def test_a_process_that_loses_what_was_not_synced_ends_and_so_does_not_answer(remote: Remote, tmp_path: Path) -> None:
    code = f"""
import asyncio
from pathlib import Path
from daybreak.control.chaos.server import ChaosServer
from daybreak.runtime.chaos import Chaos
from daybreak.runtime.local.chaos import ChaosDisk

async def main():
    chaos = Chaos(())
    disk = ChaosDisk(chaos, Path({str(tmp_path / "zone")!r}))
    disk.replace("synced", b"x")
    disk.create("unsynced", 1)
    await ChaosServer(Path({str(tmp_path)!r}), "A1", chaos).start()
    print("ready", flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        remote.carry_out(parse(["disk", "A1", "lose-unsynced"], PROCESSES))
        assert process.wait(20) == -signal.SIGKILL
    assert [file.name for file in (tmp_path / "zone").iterdir()] == ["synced"]
    with pytest.raises(OperatorError, match="process A1 takes no such orders"):
        remote.carry_out(parse(["disk", "A1", "lose-unsynced"], PROCESSES))


@pytest.mark.parametrize("seed", range(8))
def test_a_spoilt_entry_is_one_that_was_vouched_for(tmp_path: Path, seed: int) -> None:
    directory = tmp_path / "journal-0"
    directory.mkdir()
    content = pack_header(1, vouched=2)
    for index in (1, 2, 3):
        content += pack_frame(Entry(index, 1, b"x" * 50), durable=0, synced=0, first=1, offset=len(content))
    (directory / FIRST).write_bytes(content)
    said = spoil_an_entry(tmp_path, random.Random(seed))
    assert ": entry 1," in said or ": entry 2," in said
    disk = LocalDisk(directory)
    damage = scan(disk).damage
    disk.close()
    assert damage is not None and damage.path == str(directory / FIRST)
    spoilt = (directory / FIRST).read_bytes()
    assert sum((a ^ b).bit_count() for a, b in zip(content, spoilt, strict=True)) == 1


def test_a_zone_without_entries_cannot_be_spoilt(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="there is no entry yet that could be spoilt"):
        spoil_an_entry(tmp_path, random.Random(1))


# --- several regions ----------------------------------------------------------------------------------------------


class Keeper:
    """What a process was told."""

    def __init__(self) -> None:
        self.told: list[Order] = []

    def obey(self, order: Order) -> None:
        """Remember it."""
        self.told.append(order)


def told(data: Path, listening: Sequence[str], *commands: str) -> dict[str, list[Order]]:
    """What the processes of two regions, those that listen, are told when commands are given."""
    keepers = {name: Keeper() for name in listening}

    async def test() -> None:
        servers = [ChaosServer(data, name, keeper) for name, keeper in keepers.items()]
        for server in servers:
            await server.start()
        orders = Remote(data, TWO_REGIONS.processes, seed=1)
        try:
            for command in commands:
                await asyncio.to_thread(orders.carry_out, parse(command.split(), TWO_REGIONS.processes))
        finally:
            orders.close()
            for server in servers:
                await server.stop()

    asyncio.run(test())
    return {name: keeper.told for name, keeper in keepers.items()}


def test_a_region_s_name_stands_for_all_processes_in_it(tmp_path: Path) -> None:
    found = told(tmp_path, TWO_REGIONS.processes, "latency A-B 60ms")
    late = {name: [order.peer for order in orders if isinstance(order, Disturb)] for name, orders in found.items()}
    assert late == {"A": ["B", "B1"], "A1": ["B", "B1"], "B": [], "B1": [], "W1": []}, "one end is told, not both"
    clocks = told(tmp_path, TWO_REGIONS.processes, "clock W +1s")
    assert [name for name, orders in clocks.items() if orders] == ["W1"]


def test_of_a_cut_both_ends_are_told_that_are_there(tmp_path: Path) -> None:
    found = told(tmp_path, ("A", "B", "B1", "W1"), "cut A")
    cut = {name: {order.peer for order in orders if isinstance(order, Disturb)} for name, orders in found.items()}
    assert cut == {"A": {"B", "B1", "W1"}, "B": {"A", "A1"}, "B1": {"A", "A1"}, "W1": {"A", "A1"}}


def test_whoever_keeps_the_processes_is_told_which_to_keep_down(tmp_path: Path) -> None:
    found = told(tmp_path, (KEEPER,), "down A", "up A1")
    assert found[KEEPER] == [Keep("A", up=False), Keep("A1", up=False), Keep("A1", up=True)]
