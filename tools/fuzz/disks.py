"""Between disks of the simulation and plain bytes."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from daybreak.runtime.sim.disk import SimDisk
from tools.fuzz.damage import Files

WHERE = "disk"


def files_of(disk: SimDisk) -> Files:
    """What is on a disk."""
    return {name: disk.read(name, 0, disk.size(name)) for name in disk.names()}


def disk_of(files: Mapping[str, bytes]) -> SimDisk:
    """A disk that holds `files`."""
    disk = SimDisk(Random(0), WHERE)
    for name, data in files.items():
        disk.create(name, len(data))
        disk.write(name, 0, data)
    disk.sync()
    return disk


def is_one_line(text: str) -> bool:
    """Whether an operator can be told so: one line that names the disk."""
    return WHERE in text and "\n" not in text
