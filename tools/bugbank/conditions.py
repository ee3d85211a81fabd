"""The conditions under which bugs are looked for: what a cluster is like, and what goes wrong besides the bug."""

from __future__ import annotations

from collections.abc import Mapping

from daybreak.runtime.sim.world import Faults
from daybreak.simulation.mixed import Mix
from daybreak.simulation.run import Options

CONDITIONS: Mapping[str, Options] = {
    "alone": Options(adjudicators=1),
    "alone, cut off": Options(adjudicators=1, faults=Faults(cut_every_us=200_000)),
    "alone, inexact clocks": Options(adjudicators=1, faults=Faults(clock_error_us=20_000)),
    "alone, takeovers": Options(
        adjudicators=1, clients=3, transactions=50, faults=Faults(crash_every_us=60_000, cut_every_us=300_000)
    ),
    "alone, only cut off": Options(
        adjudicators=1, transactions=30, faults=Faults(crash_every_us=0, cut_every_us=300_000)
    ),
    "plain": Options(),
    "crowd": Options(accounts=3, clients=6),
    "mixed": Options(mix=Mix(), transactions=20),
    "locks": Options(mix=Mix(("share", "lock", "delete"), skew=1.2), accounts=4, faults=Faults(crash_every_us=0)),
    "inexact clocks": Options(clients=6, accounts=3, faults=Faults(clock_error_us=20_000)),
    "cut off": Options(transactions=20, faults=Faults(cut_every_us=250_000, pause_every_us=250_000)),
    "takeovers": Options(
        clients=3,
        transactions=50,
        faults=Faults(crash_every_us=60_000, cut_every_us=300_000, pause_every_us=400_000),
    ),
    "loss": Options(transactions=16, faults=Faults(loss=0.1)),
    "only loss": Options(transactions=16, faults=Faults(loss=0.1, crash_every_us=0)),
    "readers and inexact clocks": Options(
        mix=Mix(("read_only", "point"), skew=1.2),
        transactions=30,
        faults=Faults(crash_every_us=0, clock_error_us=50_000),
    ),
    "duplicates": Options(faults=Faults(duplicate=0.2, reorder=0.1)),
    "moves": Options(adjudicators=3, transactions=16, moves_every_us=20_000),
    "handovers": Options(adjudicators=3, transactions=20, handovers_every_us=200_000),
    "rot": Options(transactions=16, faults=Faults(rot_every_us=5_000, crash_every_us=15_000)),
    "failing syncs": Options(transactions=16, faults=Faults(sync_error_every_us=5_000, crash_every_us=20_000)),
    "crashes": Options(transactions=20, faults=Faults(crash_every_us=12_000, down_us=(5_000, 60_000))),
    "lost disks": Options(transactions=40, wiped=0.6, faults=Faults(crash_every_us=60_000)),
    "clocks that jump": Options(faults=Faults(clock_jump_every_us=50_000)),
}
"""By name. They are fixed, rather than drawn, so that the same seed shows the same bug for long."""
