"""Runs seeds in a process of its own and writes down what happens, message by message and step by step.

    PYTHONHASHSEED=1 python -m tests.support.replay MIX DIRECTORY on|off SEED...

Of each seed `DIRECTORY/SEED.stream` has a line for every message that a node hears and every step that one takes, in
order, with the virtual time and a checksum of all that it carries; with the log `on`, `DIRECTORY/SEED` is its trace.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TextIO
from zlib import crc32

import msgspec

from daybreak.base.ids import NodeId
from daybreak.base.topology import TOPOLOGIES
from daybreak.control.chaos.words import Due, parse
from daybreak.runtime.protocols import Message
from daybreak.runtime.sim.world import BEGINNING_US, Faults, World
from daybreak.simulation.mixed import Mix
from daybreak.simulation.run import Options, Simulation
from daybreak.trace.recorder import NoTrace, Recorder, plain


def _timeline(*commands: str) -> tuple[Due, ...]:
    """Orders of `daybreak chaos` to a cluster of two regions: when, and what."""
    parts = (command.split() for command in commands)
    return tuple(Due(float(seconds), parse(words, TOPOLOGIES[2].processes)) for seconds, *words in parts)


MIXES: Mapping[str, Options] = {
    "crashes": Options(transactions=8, wiped=0.5, mix=Mix()),
    "network": Options(
        transactions=8, mix=Mix(), faults=Faults(loss=0.02, duplicate=0.1, reorder=0.1, cut_every_us=400_000)
    ),
    "disks": Options(
        transactions=8,
        adjudicators=1,
        faults=Faults(rot_every_us=50_000, disk_full_every_us=60_000, sync_error_every_us=100_000),
    ),
    "moves": Options(
        transactions=8,
        adjudicators=4,
        moves_every_us=20_000,
        handovers_every_us=200_000,
        faults=Faults(clock_jump_every_us=50_000),
    ),
    "regions": Options(
        transactions=5,
        regions=2,
        mix=Mix(),
        timeline=_timeline("0 reorder A-B 20%", "0.3 kill A1", "0.6 loss A 5%", "0.8 clock B +3600s", "1.5 heal"),
        faults=Faults(crash_every_us=300_000, part_every_us=800_000, part_us=(200_000, 900_000)),
    ),
}
"""What is run: something of every kind of fault."""


class Stream:
    """What happens in one run."""

    def __init__(self, world: World, out: TextIO) -> None:
        self._world = world
        self._out = out

    def note(self, what: str, content: bytes) -> None:
        """One message, or one step."""
        self._out.write(f"{self._world.now_us - BEGINNING_US} {what} {crc32(content):08x}\n")


def listen(patch: Callable[[type, str, Any], None], streams: list[Stream]) -> None:
    """Have the last of `streams` note every message and step, recorded or not."""
    deliver = World._deliver

    def delivered(world: World, source: NodeId, to: NodeId, life: int, message: Message, cause: Any) -> None:
        streams[-1].note(f"{source} {to} {type(message).__name__}", msgspec.msgpack.encode(message))
        deliver(world, source, to, life, message, cause)

    patch(World, "_deliver", delivered)
    for kind in (NoTrace, Recorder):
        patch(kind, "record", _noting(kind.record, streams))


def _noting(record: Callable[..., None], streams: list[Stream]) -> Callable[..., None]:
    def noted(trace: NoTrace | Recorder, action: str, arguments: Mapping[str, object]) -> None:
        streams[-1].note(action, msgspec.msgpack.encode({name: plain(value) for name, value in arguments.items()}))
        record(trace, action, arguments)

    return noted


def main() -> None:
    """Run as the command line says."""
    mix, directory, log, *seeds = sys.argv[1:]
    streams: list[Stream] = []
    listen(setattr, streams)
    for seed in seeds:
        trace = Path(directory) / seed if log == "on" else None
        if trace is not None:
            trace.mkdir()
        with (Path(directory) / f"{seed}.stream").open("w") as out:
            simulation = Simulation(int(seed), MIXES[mix], trace=trace)
            streams.append(Stream(simulation.world, out))
            simulation.run()


if __name__ == "__main__":
    main()
