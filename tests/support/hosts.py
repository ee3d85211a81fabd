"""Hosts for the places of a cluster: network namespaces where the machine allows it, else plain processes on this one.

A namespace has an address of its own, and everything that passes between two of them goes through a bridge. A link that
is cut here is silent, as one between machines would be: no process at either end is told.

    hub: the tests' own processes, the bridge
      |         |         |
    place A   place B   place W        each at the end of a cable (veth) from the bridge
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from itertools import permutations
from types import TracebackType

NET = 0x40000000
"""CLONE_NEWNET."""
CHOICE = "DAYBREAK_HOSTS"
"""Environment: "namespaces" or "processes"; not set: whichever this machine allows."""
NAMESPACES, PROCESSES = "namespaces", "processes"


def kind_of_hosts() -> str:
    """Which hosts tests get."""
    return os.environ.get(CHOICE) or (NAMESPACES if _allowed() else PROCESSES)


def _allowed() -> bool:
    """Whether this process may make namespaces and cables."""
    if os.geteuid() != 0 or not all(map(shutil.which, ("unshare", "nsenter", "ip"))):
        return False
    tried = ["unshare", "--net", "ip", "link", "add", "one", "type", "veth", "peer", "name", "two"]
    return subprocess.run(tried, capture_output=True, check=False).returncode == 0


class Hosts:
    """Plain processes, all at this machine's own address; a context manager, as namespaces need one."""

    real = False
    """Whether links can be cut."""

    def __init__(self, places: Sequence[str]) -> None:
        self.addresses = dict.fromkeys(places, "127.0.0.1")

    def enter(self, place: str) -> list[str]:
        """What a command begins with that is to run in a place."""
        return []

    def cut(self, one: str, other: str) -> None:
        """Let nothing pass between two places."""
        raise NotImplementedError("there are no links between plain processes")

    def heal(self) -> None:
        """Let everything pass again."""

    def __enter__(self) -> Hosts:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        pass


class Namespaces(Hosts):
    """A network namespace for each place. This thread, and what it starts, is in the hub as long as they are there."""

    real = True

    def __init__(self, places: Sequence[str]) -> None:
        self.addresses = {place: f"10.77.0.{number}" for number, place in enumerate(places, 1)}
        self._cut: set[tuple[str, str]] = set()
        self._keepers: dict[str, subprocess.Popen[bytes]] = {}
        self._home = -1

    def __enter__(self) -> Namespaces:
        try:
            self._make()
        except BaseException:
            self._end()
            raise
        self._home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        hub = os.open(f"/proc/{self._keepers['hub'].pid}/ns/net", os.O_RDONLY)
        _enter(hub)
        os.close(hub)
        return self

    def _make(self) -> None:
        for name in ("hub", *self.addresses):
            self._keepers[name] = _keeper()
        self._ip("hub", "link set lo up", "link add bridge type bridge", "link set bridge up")
        self._ip("hub", "addr add 10.77.0.254/24 dev bridge")
        for place, address in self.addresses.items():
            far = self._keepers[place].pid
            self._ip("hub", f"link add to-{place} type veth peer name cable netns {far}")
            self._ip("hub", f"link set to-{place} master bridge", f"link set to-{place} up")
            self._ip(place, "link set lo up", f"addr add {address}/24 dev cable", "link set cable up")

    def enter(self, place: str) -> list[str]:
        """The command runs in the place's namespace, as the same process."""
        return ["nsenter", "--net", "--target", str(self._keepers[place].pid), "--"]

    def cut(self, one: str, other: str) -> None:
        """Neither end finds a way to the other one any more; what is sent vanishes."""
        for here, there in permutations((one, other)):
            if (here, there) not in self._cut:
                self._cut.add((here, there))
                self._ip(here, f"route add blackhole {self.addresses[there]}/32")

    def heal(self) -> None:
        for here, there in self._cut:
            self._ip(here, f"route del blackhole {self.addresses[there]}/32")
        self._cut.clear()

    def _ip(self, name: str, *commands: str) -> None:
        """Commands of `ip`, in a namespace."""
        text = "".join(f"{command}\n" for command in commands)
        done = subprocess.run(
            [*self.enter(name), "ip", "-batch", "-"], input=text, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"ip in {name}: {text}{done.stderr}"

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        _enter(self._home)
        os.close(self._home)
        self._end()

    def _end(self) -> None:
        """A namespace ends with its last process."""
        for keeper in self._keepers.values():
            keeper.communicate()


def _keeper() -> subprocess.Popen[bytes]:
    """A process in a new namespace, which ends when we do."""
    keeper = subprocess.Popen(["unshare", "--net", "cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert keeper.stdin is not None and keeper.stdout is not None, "pipes were asked for"
    keeper.stdin.write(b"there\n")
    keeper.stdin.flush()
    assert keeper.stdout.readline() == b"there\n", "no namespace could be made"
    return keeper


def _enter(namespace: int) -> None:
    """Let this thread be in another namespace."""
    if ctypes.CDLL(None, use_errno=True).setns(namespace, NET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def hosts_for(places: Iterable[str]) -> Hosts:
    """Hosts of the kind that tests get."""
    return {NAMESPACES: Namespaces, PROCESSES: Hosts}[kind_of_hosts()](tuple(places))
