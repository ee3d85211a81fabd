"""The leader of a journal: a part of the adjudicator that owns it; no role of its own, no I/O.

    leader = Leader(replicas, candidate=…, seal=…)
    leader.propose()             takes the journal over: promises, the longest log, its tail (P18); then, when the owner
                                 gives it one, the seal
    leader.ready                 the seal is durable on a majority; `recovered` is what was found above `anchor`
    leader.append(payload)       queues an entry, flush() sends what is queued
    leader.take_durable()        what a majority has on disk since the last call (P17)

Every method that may cause messages returns them as effects. The owner calls `retry` about every 50 ms for as long
as it uses the leader: it repeats whatever may have been lost. A takeover that is outbid or gets nowhere, and a leader
that is fenced, is `deposed`, until its owner decides to `propose` again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from daybreak.base.ids import NodeId
from daybreak.errors import InternalError
from daybreak.journal.frame import MAX_PAYLOAD_BYTES
from daybreak.journal.messages import Appended, Behind, Doubt, Entry, Fenced, Fetched, NoRoom, Promised, Trimmed
from daybreak.journal.quorum import majority
from daybreak.journal.replication import Limits as Limits
from daybreak.journal.replication import Replication
from daybreak.journal.takeover import Takeover
from daybreak.runtime.protocols import Effects


class Leader:
    """See above."""

    def __init__(
        self,
        replicas: Sequence[NodeId],
        *,
        candidate: str,
        seal: Callable[[list[Entry]], bytes | None],
        limits: Limits | None = None,
        resend_after: int = 1,
        near: NodeId | None = None,
    ) -> None:
        """`candidate` must be unique among all leaders that this journal ever had, restarts included: a node's name
        with the time of its start, say. `seal` makes the first entry of the epoch from the recovered tail, which
        `anchor` and `recovered` hold by then; as long as it returns None, the leader waits and asks it again. Without
        `limits`, a replica that has not moved for `resend_after` retries is sent again what it lacks. Of two replicas
        with the same log, `near` is read.
        """
        self.recovered: list[Entry] = []
        """The adopted log above the index known to be durable at adoption: the outcome of these may be unknown to
        everybody until this leader is ready; from then on they are durable, and `take_durable` yields them."""
        self.anchor: Entry | None = None
        """The last entry known to be durable at adoption, just below `recovered`; None in a new journal, and perhaps in
        a trimmed one, but not if `recovered` is empty there."""
        self.deposed = False
        """The epoch has come to nothing, or is over, for a replica follows a higher one: nothing is reported durable
        any more. Whether to take the journal over again is the owner's choice."""
        self._replicas = tuple(replicas)
        self._seal = seal
        self._limits = limits or Limits(resend_after=resend_after)
        self._takeover = Takeover(self._replicas, candidate, self._limits.patience, near)
        self._replication: Replication | None = None

    @property
    def epoch(self) -> int:
        """The epoch proposed or led; 0 before `propose`."""
        return self._takeover.epoch

    @property
    def fenced_by(self) -> int:
        """The highest epoch by which a replica has refused this leader; 0 for none."""
        return self._takeover.fenced_by

    @property
    def ready(self) -> bool:
        """Whether entries may be appended."""
        return not self.deposed and self._replication is not None and self._replication.sealed

    @property
    def last_index(self) -> int:
        """Index of the last entry, queued ones included; 0 before adoption."""
        return self._replication.last_index if self._replication else 0

    @property
    def durable(self) -> int:
        """The greatest index known to be durable on a majority; 0 before adoption."""
        return self._replication.durable if self._replication else 0

    @property
    def room(self) -> bool:
        """Whether a majority of zones has space for more than what keeps the journal alive."""
        return self._replication is None or self._replication.room

    @property
    def promises(self) -> Mapping[NodeId, Promised]:
        """What the replicas that follow this leader have answered, until a log was chosen."""
        return self._takeover.promises

    @property
    def chosen(self) -> NodeId | None:
        """The replica whose log was chosen."""
        return self._takeover.chosen

    def holders(self, index: int) -> tuple[NodeId, ...]:
        """The replicas that count and have said to have the log up to `index` on their disks."""
        return self._replication.holders(index) if self._replication else ()

    def is_majority(self, replicas: int) -> bool:
        """Whether so many replicas are more than half."""
        return replicas >= majority(len(self._replicas))

    def resign(self) -> None:
        """Say and report nothing more."""
        self.deposed = True
        self._forget()

    def propose(self, epoch_hint: int = 0, *, told: bool = False) -> Effects:
        """Begin the takeover, with an epoch above `epoch_hint` and above all that this leader has heard of.

        Who was `told` to by the last leader has nothing to hope for from the slowest replica: a majority will do.

        Also after it was deposed: all that was said of earlier entries is then forgotten.
        """
        self.deposed = False
        self._forget()
        return self._takeover.propose(epoch_hint, hasty=told)

    def _forget(self) -> None:
        self._replication = self.anchor = None
        self.recovered = []

    def append(self, payload: bytes) -> int:
        """Queue an entry, at most `frame.MAX_PAYLOAD_BYTES` long; returns its index. Only while `ready`."""
        if self._replication is None or not self.ready:
            raise InternalError(f"append by a leader that is not ready (epoch {self.epoch})")
        if len(payload) > MAX_PAYLOAD_BYTES:
            raise InternalError(f"an entry of {len(payload)} bytes; at most {MAX_PAYLOAD_BYTES} are allowed")
        return self._replication.append(payload)

    def flush(self) -> Effects:
        """Send what is queued; earlier entries need not have been acknowledged."""
        return self._replication.flush() if self._replication and self.ready else []

    def take_durable(self) -> list[Entry]:
        """Entries that have become durable since the last call, in order: recovered ones, the seal, appended ones."""
        return self._replication.take_durable() if self._replication and not self.deposed else []

    def on_promised(self, source: NodeId, message: Promised) -> Effects:
        """A replica follows this leader."""
        return [] if self.deposed else self._step(self._takeover.on_promised(source, message))

    def on_fetched(self, source: NodeId, message: Fetched) -> Effects:
        """A replica lends entries: the tail to adopt, or what another replica lacks."""
        if self.deposed:
            return []
        if self._replication is not None:
            return self._replication.on_fetched(source, message)
        return self._step(self._takeover.on_fetched(source, message))

    def on_trimmed(self, source: NodeId, message: Trimmed) -> Effects:
        """What was asked for is gone."""
        if self.deposed:
            return []
        if self._replication is not None:
            return self._replication.on_trimmed(source, message)
        return self._step(self._takeover.on_trimmed(source, message))

    def _step(self, effects: Effects) -> Effects:
        """Go on from takeover to replication once a log is adopted and the owner gives the seal."""
        adopted = self._takeover.adopted
        if adopted is None or self._replication is not None:
            return effects
        self.anchor, self.recovered = adopted.anchor, list(adopted.tail)
        seal = self._seal(self.recovered)
        if seal is None:
            return effects
        self._replication = Replication(self.epoch, self._replicas, adopted, self._limits)
        return effects + self._replication.begin(seal)

    def on_fenced(self, source: NodeId, message: Fenced) -> Effects:
        """A replica follows somebody else: a higher epoch deposes, the same one may have been given to another."""
        self._takeover.on_fenced(message.promised)
        if message.promised > self.epoch:
            self.deposed = True
        return []

    def on_appended(self, source: NodeId, message: Appended) -> Effects:
        """A replica has entries on disk (P17)."""
        return self._replication.on_appended(source, message) if self._replication and not self.deposed else []

    def on_behind(self, source: NodeId, message: Behind) -> Effects:
        """A replica lacks entries."""
        return self._replication.on_behind(source, message) if self._replication and not self.deposed else []

    def on_no_room(self, source: NodeId, message: NoRoom) -> Effects:
        """A replica's disk is full."""
        return self._replication.on_no_room(source, message) if self._replication and not self.deposed else []

    def on_doubt(self, source: NodeId, message: Doubt) -> Effects:
        """A replica has lost entries that it had acknowledged."""
        return self._replication.on_doubt(source, message) if self._replication and not self.deposed else []

    def retry(self) -> Effects:
        """Repeat what may have been lost; to be called about every 50 ms."""
        if self.deposed:
            return []
        if self._replication is not None:
            return self._replication.retry()
        effects = self._takeover.retry()
        if self._takeover.lost:
            self.deposed = True
            return []
        return self._step(effects)
