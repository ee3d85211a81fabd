"""What `daybreak chaos` understands: commands in words, one by one or in a file with their times."""

from __future__ import annotations

import re
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, get_args

from daybreak.base.topology import stands_for
from daybreak.errors import OperatorError, RequestError
from daybreak.runtime.chaos import DiskState, Disturb, Heal, Jump, Keep, LinkFault, LoseUnsynced, Order, SetDisk

SIGNALS = {"pause": signal.SIGSTOP, "resume": signal.SIGCONT, "kill": signal.SIGKILL}
CORRUPT = "corrupt"
LOSE_UNSYNCED = "lose-unsynced"
KEEP = {"down": False, "up": True}
KEEPER = "serve"
"""The name of the process that supervises those of several regions."""
USAGE = """\
cut NODE[-NODE]                  no message between one process and the others, or another one, arrives
latency NODE[-NODE] 60ms         each of them is late
duplicate NODE[-NODE] 20%        so many of them arrive twice
reorder NODE[-NODE] 20%          so many of them are overtaken by others
loss NODE[-NODE] 5%              so many of them never arrive
heal                             all messages arrive again, once, in order
pause NODE, resume NODE          stop a process and let it go on (SIGSTOP, SIGCONT)
down NODE, up NODE               end a process and keep it so, of a cluster with several regions; let it run again
kill NODE                        end a process (SIGKILL)
clock NODE +3600s                the clock of its machine is off by so much, forward or back; +0s: it is right again
disk NODE full|sync-fails|slow   its disks are so until: disk NODE ok
disk NODE lose-unsynced          end a process, as when the power fails: what was not synced is gone from its disks
corrupt NODE                     turn a bit of an entry in a journal's file of this zone
run FILE                         carry out commands at their times: a line for each, seconds first"""

_DURATION = re.compile(r"([+-]?)([0-9]+(?:\.[0-9]+)?)(us|ms|s|min|h)")
_UNITS_US = {"us": 1, "ms": 1_000, "s": 1_000_000, "min": 60_000_000, "h": 3_600_000_000}
_SHARE = re.compile(r"([0-9]+(?:\.[0-9]+)?)%")


class Command(NamedTuple):
    """What is to be done, and to which process; `node` is None for all of them."""

    node: str | None
    do: Order | str
    """An order, one of `SIGNALS`, or `CORRUPT`."""


def parse(words: Sequence[str], processes: Sequence[str]) -> Command:
    """A command in words. `processes` are the names that a NODE may have. RequestError if it is none."""
    if not words:
        raise RequestError("no command was given", hint="see daybreak chaos --help")
    verb, *rest = words
    if verb == "heal" and not rest:
        return Command(None, Heal())
    if verb in (*SIGNALS, CORRUPT) and len(rest) == 1:
        return Command(_node(rest[0], processes), verb)
    if verb in KEEP and len(rest) == 1:
        node = _node(rest[0], processes)
        return Command(node, Keep(node, KEEP[verb]))
    if verb == "cut" and len(rest) == 1:
        return _link(verb, rest[0], 1.0, processes)
    if verb in get_args(LinkFault) and verb != "cut" and len(rest) == 2:
        amount = _duration_us(rest[1], signed=False) if verb == "latency" else _share(rest[1])
        return _link(verb, rest[0], amount, processes)
    if verb == "clock" and len(rest) == 2:
        return Command(_node(rest[0], processes), Jump(_duration_us(rest[1], signed=True)))
    if verb == "disk" and len(rest) == 2:
        if rest[1] == LOSE_UNSYNCED:
            return Command(_node(rest[0], processes), LoseUnsynced())
        if rest[1] not in get_args(DiskState):
            raise RequestError(f"{rest[1]!r} is no state of a disk: {', '.join((*get_args(DiskState), LOSE_UNSYNCED))}")
        return Command(_node(rest[0], processes), SetDisk(rest[1]))  # type: ignore[arg-type]
    raise RequestError(f"{' '.join(words)!r} is no command", hint="see daybreak chaos --help")


def _link(fault: str, ends: str, amount: float, processes: Sequence[str]) -> Command:
    """The first end is told: it is enough for both ways."""
    first, dash, other = ends.partition("-")
    peer = _node(other, processes) if dash else None
    if peer == first:
        raise RequestError(f"{ends}: both ends are the same process")
    return Command(_node(first, processes), Disturb(peer, fault, amount))  # type: ignore[arg-type]


def _node(name: str, processes: Sequence[str]) -> str:
    if not stands_for(name, processes):
        raise RequestError(f"{name!r} is no process of this cluster: {', '.join(processes)}")
    return name


def _duration_us(text: str, *, signed: bool) -> int:
    found = _DURATION.fullmatch(text)
    if found is None or (found[1] != "" and not signed):
        example = "+3600s" if signed else "60ms"
        raise RequestError(f"{text!r} is no length of time, like {example}")
    return int(float(found[1] + found[2]) * _UNITS_US[found[3]])


def _share(text: str) -> float:
    found = _SHARE.fullmatch(text)
    if found is None or float(found[1]) > 100:
        raise RequestError(f"{text!r} is no share, like 20%")
    return float(found[1]) / 100


# --- timelines --------------------------------------------------------------------------------------------------


class Due(NamedTuple):
    """A line of a timeline."""

    seconds: float
    """Since the timeline has begun."""
    command: Command


def read_timeline(file: Path, processes: Sequence[str]) -> list[Due]:
    """The commands of a file, a line for each: ``12.5 pause A1``; RequestError names the file and line."""
    try:
        lines = file.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise OperatorError(f"{file}: cannot be read: {error}") from None
    timeline: list[Due] = []
    for number, line in enumerate(lines, 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        try:
            due = Due(_seconds(words[0]), parse(words[1:], processes))
        except RequestError as error:
            raise RequestError(f"{file}:{number}: {error.message}", hint=error.hint) from None
        if timeline and due.seconds < timeline[-1].seconds:
            raise RequestError(f"{file}:{number}: {words[0]} lies before the line above; sort the lines by time")
        timeline.append(due)
    return timeline


def _seconds(text: str) -> float:
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        raise RequestError(f"{text!r} is no time in seconds, like 12.5")
    return float(text)
