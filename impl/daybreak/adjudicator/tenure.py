"""What the leader of a journal does to it by rung 4: a log adopted, leases asked for, entries known to be durable.

How it comes to that is in `adjudicator.candidate` and `adjudicator.reign`; the records that it appends are the events
of rung 2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from daybreak.base.ids import NodeId
from daybreak.base.time import ZERO, Timestamp
from daybreak.base.topology import zone_of
from daybreak.journal.messages import Promised
from daybreak.trace.action import performs
from daybreak.trace.recorder import Trace


class Tenure:
    """The lease that its entries carry; `check` is what must hold of the adjudicator after a step."""

    def __init__(self, trace: Trace, check: Callable[[], None]) -> None:
        self.trace = trace
        self.check_invariants = check
        self.granted = ZERO
        """The lease of the last entry appended, durable or not."""
        self.durable_upto = 0
        """The last entry that it knows to be durable, as of the last step."""

    @performs("CrossRegion!Adopt")
    def adopt(self, *, epoch: int, quorum: Sequence[str], chosen: Mapping[str, object], until: Timestamp) -> None:
        """P18, P19: go on with the longest log of a majority, `chosen`; the seal that follows it carries the lease
        `until`."""
        self.granted = until
        self.durable_upto = 0

    @performs("CrossRegion!Grant")
    def grant(self, *, epoch: int, until: Timestamp) -> None:
        """P19: append an entry that carries the lease `until` and no record."""
        self.granted = until

    @performs("CrossRegion!Durable")
    def durable(self, *, epoch: int, quorum: Sequence[str], upto: int) -> None:
        """P17: the zones `quorum` have the log up to `upto` on their disks."""
        assert upto > self.durable_upto, "entries become durable in their order"
        self.durable_upto = upto

    @performs("Damage!Tell")
    def tell(self, *, zone: str, epoch: int) -> None:
        """P17: a zone that has lost entries is told how far the log reaches now, and counts no more before it has
        that."""


def choice(epoch: int, node: NodeId, promised: Promised) -> Mapping[str, object]:
    """The answer of a replica whose log is adopted, as events name it."""
    held = {"epoch": promised.last_epoch, "index": promised.last_index}
    return {"epoch": epoch, "zone": zone_of(node), "held": held}
