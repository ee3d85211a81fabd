"""Profiles of simulated runs: from a seed to the size of a run and a mix of faults.

Swarm testing: a run with every fault at once, always at the same rates, never meets what needs many of one kind and
none of another. So each kind of fault is there or not, and its rate is drawn, for each seed anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random
from typing import Any

from daybreak.errors import RequestError
from daybreak.runtime.sim.world import Faults
from daybreak.simulation.mixed import KINDS, Mix
from daybreak.simulation.run import Options

Draw = Callable[[Random], dict[str, Any]]
"""Draws fields of `Faults` or `Options`."""

FAULTS: Mapping[str, Draw] = {
    "crashes": lambda rng: {
        "crash_every_us": rng.choice((12_000, 40_000, 120_000, 400_000)),
        "down_us": rng.choice(((5_000, 60_000), (10_000, 200_000))),
    },
    "pauses": lambda rng: {"pause_every_us": rng.choice((200_000, 600_000)), "pause_us": _spans(rng)},
    "cuts": lambda rng: {"cut_every_us": rng.choice((200_000, 600_000)), "pause_us": _spans(rng)},
    "parts": lambda rng: {"part_every_us": rng.choice((300_000, 600_000, 1_500_000)), "part_us": _spans(rng)},
    "loss": lambda rng: {"loss": rng.choice((0.005, 0.02, 0.05))},
    "duplicates": lambda rng: {"duplicate": rng.choice((0.02, 0.1, 0.3))},
    "reordering": lambda rng: {"reorder": rng.choice((0.02, 0.1, 0.3)), "held_us": rng.choice((10_000, 50_000))},
    "delays": lambda rng: {"delay_us": rng.choice(((50, 500), (50, 10_000))), "spike": rng.choice((0.0, 0.05))},
    "slow syncs": lambda rng: {"sync_us": rng.choice(((10, 100), (1_000, 20_000)))},
    "rot": lambda rng: {"rot_every_us": rng.choice((10_000, 50_000, 200_000))},
    "full disks": lambda rng: {"disk_full_every_us": rng.choice((30_000, 60_000, 200_000))},
    "failing syncs": lambda rng: {"sync_error_every_us": rng.choice((20_000, 100_000, 300_000))},
    "clock errors": lambda rng: {"clock_error_us": rng.choice((0, 50, 2_000, 20_000))},
    "clock jumps": lambda rng: {
        "clock_jump_every_us": rng.choice((20_000, 100_000, 300_000)),
        "clock_jump_us": rng.choice((50_000, 3_600_000_000)),
    },
}
"""By kind. Clocks that lie beyond their declared error are none of them: they break what is promised (P3)."""

CHANGES: Mapping[str, Draw] = {
    "moves": lambda rng: {"moves_every_us": rng.choice((10_000, 40_000, 200_000))},
    "handovers": lambda rng: {"handovers_every_us": rng.choice((200_000, 500_000))},
    "lost disks": lambda rng: {"wiped": rng.choice((0.0, 0.6, 1.0))},
    "large segments": lambda rng: {"segment_bytes": 64 * 1024},
}
"""What happens to a cluster, besides, by kind."""

NETWORK = ("loss", "duplicates", "reordering", "delays")
DISKS = ("crashes", "rot", "full disks", "failing syncs", "slow syncs")
CLOCKS = ("clock errors", "clock jumps")
QUIET: Mapping[str, Any] = {"crash_every_us": 0}
"""No fault that is not drawn."""


def _spans(rng: Random) -> tuple[int, int]:
    """Shorter than a lease, longer, and both."""
    return rng.choice(((50_000, 400_000), (500_000, 4_000_000), (3_000_000, 6_000_000)))


def _some(rng: Random, kinds: tuple[str, ...], share: float) -> tuple[str, ...]:
    """Each of `kinds` by this chance."""
    return tuple(kind for kind in kinds if rng.random() < share)


def _mix(rng: Random, faults: tuple[str, ...], changes: tuple[str, ...] = (), *, regions: int = 1) -> Options:
    """A run of a drawn size with these kinds."""
    rates: dict[str, Any] = dict(QUIET)
    for kind in faults:
        rates |= FAULTS[kind](rng)
    fields: dict[str, Any] = {
        "clients": rng.choice((2, 4, 4, 6)),
        "transactions": rng.choice((4, 6, 8, 12, 20)),
        "accounts": rng.choice((3, 6, 6, 12)),
        "adjudicators": rng.choice((1, 2, 2, 3, 4)),
        "regions": regions,
    }
    for kind in changes:
        fields |= CHANGES[kind](rng)
    return Options(**fields, faults=Faults(**rates))


def _calm(rng: Random) -> Options:
    return _mix(rng, _some(rng, ("delays", "slow syncs", "clock errors"), 0.3))


def _swarm(rng: Random) -> Options:
    return _mix(rng, _some(rng, tuple(kind for kind in FAULTS if kind != "parts"), 0.4), _some(rng, (*CHANGES,), 0.4))


def _regions(rng: Random) -> Options:
    faults = _some(rng, ("parts",), 0.8) + _some(rng, ("crashes", "pauses", "cuts", *NETWORK, *CLOCKS), 0.3)
    return _mix(rng, faults, _some(rng, (*CHANGES,), 0.3), regions=2)


def _disks(rng: Random) -> Options:
    return _mix(rng, _some(rng, DISKS, 0.7), _some(rng, ("lost disks", "large segments"), 0.6))


def _clocks(rng: Random) -> Options:
    faults = CLOCKS + _some(rng, ("crashes", "pauses", "cuts", *NETWORK), 0.3)
    return _mix(rng, faults, _some(rng, ("moves", "handovers"), 0.4))


def _everything(rng: Random) -> Options:
    regions = rng.choice((1, 2))
    kinds = tuple(kind for kind in FAULTS if regions == 2 or kind != "parts")
    return _mix(rng, kinds, (*CHANGES,), regions=regions)


PROFILES: Mapping[str, Callable[[Random], Options]] = {
    "calm": _calm,
    "swarm": _swarm,
    "regions": _regions,
    "disks": _disks,
    "clocks": _clocks,
    "everything": _everything,
}
"""calm: no faults; swarm: all kinds, in one region, some of them each time; regions: two that lose each other; disks:
crashes and all that disks do; clocks: that are off, and jump; everything: every kind at once, in one region or two."""


def draw(profile: str, seed: int) -> Options:
    """What a seed is run with in a profile; RequestError if there is no such profile."""
    if profile not in PROFILES:
        raise RequestError(f"{profile!r} is no profile: {', '.join(PROFILES)}")
    options = PROFILES[profile](Random(f"{seed}/{profile}"))
    return replace(options, mix=_work(Random(f"{seed}/{profile}/mix")))


def _work(rng: Random) -> Mix | None:
    """What clients do: one run in three is a bank, one has transactions of all kinds, and one of some."""
    if rng.random() < 1 / 3:
        return None
    kinds = _some(rng, (*KINDS,), 0.4) if rng.random() < 0.5 else ()
    return Mix(kinds, skew=rng.choice((0.0, 0.8, 1.2)), retries=rng.choice((0, 2)))
