"""A machine of a cluster: a directory with all that its processes need, and a file that says which these are.

DIR/daybreak.toml   `Machine`: what runs here, and where all processes of the cluster listen for each other
DIR/tls/            certificates of what runs here: `runtime.remote.tls`
DIR/format.json, DIR/secret, and what else a data directory has: `control.datadir`, `control.places`
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from daybreak.base.topology import Topology
from daybreak.control.datadir import identity
from daybreak.errors import OperatorError
from daybreak.runtime.remote.peers import TcpAddress

CONFIG = "daybreak.toml"
CERTIFICATES = "tls"
CLIENTS = TcpAddress("127.0.0.1", 5432)
"""Where an endpoint listens for clients, unless something else is said."""

_TEXT = """\
# A machine of a cluster, made by daybreak cluster init. Run what belongs here: daybreak node --config daybreak.toml

# The processes that run here.
runs = [{runs}]

# Where clients connect. They are not asked for a password: whoever can reach this address is let in as admin.
clients = "{clients}"

# Where each process of the cluster listens for the others: the same on every machine.
[members]
{members}

# Where a process that runs here listens, if that is not the address by which the others know it.
[listen]
"""


class OverTcp(NamedTuple):
    """How a process meets those that it does not meet on Unix sockets."""

    listen: TcpAddress | None = None
    """Where it listens."""
    peers: Mapping[str, TcpAddress] = {}
    """Where others do, by process."""
    certificates: Path | None = None
    """The directory with what it shows them (`runtime.remote.tls`); None: nothing, and it believes everybody."""


class Machine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Content of daybreak.toml; addresses are HOST:PORT."""

    runs: tuple[str, ...]
    members: dict[str, str]
    clients: str = str(CLIENTS)
    listen: dict[str, str] = {}


def over_tcp(file: Path, process: str) -> OverTcp:
    """How a process of the machine that `file` describes meets the others; OperatorError if it does not run there."""
    machine = read_machine(file)
    if process not in machine.runs:
        raise OperatorError(f"{file}: {process} does not run on this machine; runs has {', '.join(machine.runs)}")
    listen = read_address(machine.listen.get(process, machine.members[process]))
    others = {name: read_address(text) for name, text in machine.members.items() if name != process}
    return OverTcp(listen, others, file.parent / CERTIFICATES)


def read_machine(file: Path) -> Machine:
    """What `file` says; OperatorError if it cannot be read, or does not go together with the rest of its directory."""
    try:
        machine = msgspec.toml.decode(file.read_bytes(), type=Machine)
        for text in (machine.clients, *machine.members.values(), *machine.listen.values()):
            read_address(text)
    except OSError as error:
        raise OperatorError(f"{file}: cannot be read: {error.strerror}") from None
    except (ValueError, msgspec.MsgspecError) as error:
        raise OperatorError(f"{file}: {str(error)[:1].lower()}{str(error)[1:]}") from None
    wrong = _wrong(machine, identity(file.parent).topology)
    if wrong is not None:
        raise OperatorError(f"{file}: {wrong}")
    return machine


def _wrong(machine: Machine, topology: Topology) -> str | None:
    """What does not fit the cluster."""
    missing = [name for name in topology.processes if name not in machine.members]
    if missing:
        return f"[members] lacks {', '.join(missing)}; the cluster has {', '.join(topology.processes)}"
    for key, names in (("runs", machine.runs), ("[members]", machine.members), ("[listen]", machine.listen)):
        unknown = [name for name in names if name not in topology.processes]
        if unknown:
            return f"{key} has {unknown[0]}; the cluster has {', '.join(topology.processes)}"
    if not machine.runs:
        return "runs names no process"
    taken: dict[str, str] = {}
    for name, text in machine.members.items():
        if text in taken:
            return f"{taken[text]} and {name} have the same address {text}"
        taken[text] = name
    return None


def write_machine(directory: Path, runs: tuple[str, ...], members: Mapping[str, TcpAddress], clients: int) -> None:
    """Write the file of the machine that has `directory`; clients connect to its port `clients`, from itself."""
    listed = "\n".join(f'{name} = "{address}"' for name, address in members.items())
    names = ", ".join(f'"{name}"' for name in runs)
    where = TcpAddress(CLIENTS.host, clients)
    (directory / CONFIG).write_text(_TEXT.format(runs=names, clients=where, members=listed))


def read_address(text: str) -> TcpAddress:
    """A TCP address, ``HOST:PORT`` or ``[HOST]:PORT``; ValueError if it is none."""
    host, _, number = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or set(host) & set('="\\ ') or not number.isascii() or not number.isdigit():
        raise ValueError(f"{text!r} is no address of the form HOST:PORT")
    if not 0 < int(number[:6]) <= 65535:
        raise ValueError(f"{text!r} is no address of the form HOST:PORT")
    return TcpAddress(host, int(number))
