"""A new cluster whose processes run on several machines, and new certificates for one.

DIR/ca.pem, DIR/ca.key      whom its processes believe (`control.authority`); stay here
DIR/A, DIR/B, DIR/W, …      a directory for each machine (`control.machine`), to be taken there
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from daybreak.base.topology import TOPOLOGIES, Topology
from daybreak.control import authority, datadir
from daybreak.control.authority import Authority
from daybreak.control.machine import CERTIFICATES, CONFIG, read_machine, write_machine
from daybreak.control.places import SECRET_BYTES, write_private
from daybreak.errors import OperatorError, RequestError
from daybreak.runtime.remote.peers import TcpAddress
from daybreak.runtime.remote.tls import AUTHORITY

Addresses = Mapping[str, TcpAddress]


class Plan(NamedTuple):
    """Which machines a cluster has, and where its processes listen."""

    topology: Topology
    machines: dict[str, tuple[str, ...]]
    """The processes of each machine, by its name."""
    members: dict[str, TcpAddress]
    """Where each process listens."""


def plan(regions: Addresses, zones: Addresses) -> Plan:
    """A machine for each region, and for each zone that has one of its own; RequestError if that makes no cluster.

    The processes of a machine listen on ports in a row, the first of which is given.
    """
    found = [one for one in TOPOLOGIES.values() if set(one.places) == set(regions)]
    if not found:
        named = " ".join(regions) or "nothing"
        raise RequestError(f"--region names {named}; a cluster has A, or A, B and W, the witness")
    (topology,) = found
    for zone in zones:
        if zone not in topology.zones:
            raise RequestError(f"--zone {zone}: the cluster has {', '.join(topology.zones)}")
    machines = {place: tuple(n for n in topology.of_region(place) if n not in zones) for place in topology.places}
    machines |= {zone: (zone,) for zone in zones}
    members: dict[str, TcpAddress] = {}
    for machine, runs in machines.items():
        if not runs:
            raise RequestError(f"--region {machine}: nothing is left to run there; leave --zone {machine}1 out")
        first = (regions | zones)[machine]  # type: ignore[operator]
        for number, process in enumerate(runs):
            members[process] = TcpAddress(first.host, first.port + number)
    _differ(members)
    return Plan(topology, machines, {name: members[name] for name in topology.processes})


def _differ(members: Addresses) -> None:
    taken: dict[TcpAddress, str] = {}
    for name, address in members.items():
        if address.port > 65535:
            raise RequestError(f"{name} would listen at {address}; a port is at most 65535")
        if address in taken:
            raise RequestError(f"{taken[address]} and {name} would both listen at {address}")
        taken[address] = name


def init(directory: Path, planned: Plan, adjudicators: int, clients: int, days: int = authority.DAYS) -> str:
    """Make the directories of a new cluster, whose name is returned; OperatorError if they cannot be.

    Clients connect to port `clients` of a machine with an endpoint. Certificates are good for so many `days`.
    """
    cluster, secret, signer = uuid.uuid4().hex, secrets.token_bytes(SECRET_BYTES), None
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(directory.iterdir()):
            raise OperatorError(f"{directory}: is not empty; name another directory")
        signer = Authority.make(cluster)
        write_private(directory / authority.KEY, signer.key)
        (directory / AUTHORITY).write_bytes(signer.pem)
        for machine, runs in planned.machines.items():
            place = directory / machine
            datadir.make(place, cluster, adjudicators, len(planned.topology.regions))
            write_private(place / "secret", secret)
            write_machine(place, runs, planned.members, clients)
            _certify(place, signer, cluster, runs, days)
    except OSError as error:
        reason = "it is no directory" if isinstance(error, FileExistsError | NotADirectoryError) else error.strerror
        raise OperatorError(f"{directory}: no cluster can be made there: {reason}") from None
    return cluster


def renew(directory: Path, days: int = authority.DAYS) -> dict[Path, tuple[str, ...]]:
    """Make new keys and certificates for the processes of the machines whose directories are still in `directory`.

    Returns where they are and for whom. OperatorError if there is no authority or no machine.
    """
    signer = Authority.read(directory)
    made = {}
    for file in sorted(directory.glob(f"*/{CONFIG}")):
        runs = read_machine(file).runs
        made[_certify(file.parent, signer, datadir.identity(file.parent).cluster, runs, days)] = runs
    if not made:
        raise OperatorError(f"{directory}: has no directory of a machine any more; put them back here first")
    return made


def _certify(machine: Path, signer: Authority, cluster: str, runs: tuple[str, ...], days: int) -> Path:
    place = machine / CERTIFICATES
    try:
        place.mkdir(mode=0o700, exist_ok=True)
        (place / AUTHORITY).write_bytes(signer.pem)
    except OSError as error:
        raise OperatorError(f"{place}: cannot be written: {error.strerror}") from None
    for process in runs:
        write_private(place / f"{process}.pem", signer.issue(cluster, process, timedelta(days=days)))
    return place
