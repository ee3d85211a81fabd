"""An adjudicator on a bench: its journal answers at once, or when told; time passes when told; all it says is kept."""

from __future__ import annotations

from collections import deque

from daybreak.adjudicator.adjudicator import Adjudicator
from daybreak.adjudicator.messages import CommitRequest, Tick
from daybreak.adjudicator.place import Place
from daybreak.adjudicator.settings import Settings
from daybreak.base.ids import JournalId, NodeId, TxnId
from daybreak.base.keys import Key
from daybreak.base.time import Timestamp
from daybreak.base.writes import Access, Write
from daybreak.cluster import Layout
from daybreak.crossbar.messages import Deliver
from daybreak.journal.messages import Append, Appended, Entry, Fenced, Fetch, Fetched, Probe, Probed, Promised, Propose
from daybreak.runtime.protocols import After, Effects, Message, Send
from daybreak.runtime.stepclock import StepClock
from tests.support.roles import M, ManualClock, sent, traced

NODE = NodeId("A1/adj-0")
QP = NodeId("A/qp-1")
CROSSBAR = NodeId("A1/crossbar-0")
REPLICAS = tuple(NodeId(f"A{n}/journal-0") for n in (1, 2, 3))
JOURNAL = JournalId("adj-0")
STEP_US = 500_000
LAYOUT = Layout(4)
PEERS = {journal: nodes[0] for journal, nodes in LAYOUT.candidates.items()}
"""Who leads each journal if nothing has failed."""


class ObligingJournal:
    """Three replicas that always have the same log; what they acknowledge can be held back."""

    def __init__(self) -> None:
        self.log: list[Entry] = []
        self.promised = 0
        self.known = 0
        """Up to here its entries are known to be durable when somebody takes over."""
        self.leader: NodeId | None = None
        """Who leads, as far as its replicas have heard."""
        self.holding = False
        self.held: list[tuple[NodeId, Message]] = []

    def answer(self, node: NodeId, message: Message) -> list[tuple[NodeId, Message]]:
        """What replica `node` answers now."""
        match message:
            case Probe(number):
                return [(node, Probed(number, self.promised, self.leader, self.leader is not None, 0))]
            case Propose(epoch, _):
                return [(node, self._promise(epoch))]
            case Fetch(low, high, epoch):
                return [(node, Fetched(low, tuple(self.log[low - 1 : high]), len(self.log), epoch))]
            case Append(epoch, prev_index, _, entries, _):
                self.log[prev_index : prev_index + len(entries)] = entries
                reply = (node, Appended(epoch, len(self.log)))
                if not self.holding:
                    return [reply]
                self.held.append(reply)
        return []

    def _promise(self, epoch: int) -> Message:
        if epoch < self.promised:
            return Fenced(epoch, self.promised)
        self.promised = epoch
        last = self.log[-1] if self.log else None
        return Promised(epoch, last.epoch if last else 0, last.index if last else 0, self.known)


class Bench:
    """The adjudicator and those around it."""

    def __init__(
        self,
        *,
        clock: ManualClock | None = None,
        journal: ObligingJournal | None = None,
        settings: Settings | None = None,
        node: NodeId = NODE,
    ) -> None:
        self.node = node
        self.clock = clock or ManualClock()
        self.journal = journal or ObligingJournal()
        self.timers: list[After] = []
        steps = StepClock(self.clock)
        trace, self.sink = traced(node, steps)
        self.role = Adjudicator(Place(node, JOURNAL, REPLICAS, (CROSSBAR,), LAYOUT.candidates), steps, trace, settings)

    def start(self) -> Effects:
        """Let it begin; returns what it said to others than its journal."""
        return self._perform(self.role.start())

    def serve(self) -> Bench:
        """Let it begin and get a lease, in a journal whose lease has run out."""
        self.start()
        while not self.role.serving:
            self.clock.advance(1)
            self.fire(Tick)
        return self

    def live(self, us: int) -> Effects:
        """Let it renew its lease as time passes; returns what it said."""
        said: Effects = []
        while us > 0:
            self.clock.advance(min(us, STEP_US))
            us -= STEP_US
            said += self.fire(Tick)
        return said

    def _perform(self, effects: Effects) -> Effects:
        """Pass messages between it and its journal until there are none; returns what it said to others."""
        said: Effects = []
        todo = deque(effects)
        while todo:
            effect = todo.popleft()
            if isinstance(effect, Send) and effect.to in REPLICAS:
                for source, reply in self.journal.answer(effect.to, effect.message):
                    todo += self._receive(source, reply)
            elif isinstance(effect, After):
                self.timers.append(effect)
            else:
                said.append(effect)
        return said

    def _receive(self, source: NodeId, message: Message) -> Effects:
        effects = self.role.receive(source, message)
        self.role.check_invariants()
        return effects

    def hear(self, message: Message, source: NodeId = QP) -> Effects:
        """Deliver a message; returns what it said to others than its journal."""
        return self._perform(self._receive(source, message))

    def fire(self, kind: type[M]) -> Effects:
        """Deliver the first timer of a kind, due or not."""
        timer = next(timer for timer in self.timers if isinstance(timer.message, kind))
        self.timers.remove(timer)
        return self.hear(timer.message, self.node)

    def acknowledge(self, count: int | None = None) -> Effects:
        """Let the journal say what was held back, or the first `count` of it."""
        said: Effects = []
        for source, message in self.journal.held[:count]:
            said += self.hear(message, source)
        del self.journal.held[:count]
        return said

    def ask(self, txn: str, start: Timestamp, keys: dict[Key, Access]) -> Effects:
        """Request a commit that writes the keys of `keys` that are no mere checks."""
        writes = tuple(Write(k, a, b"v") for k, a in keys.items() if a in (Access.WRITE, Access.UPDATE))
        return self.hear(CommitRequest(TxnId(txn), start, keys, writes, {}, start))

    def promised(self, effects: Effects) -> list[Timestamp]:
        """The times up to which the crossbar is told that the journal is complete."""
        return [message.upto for message in sent(effects, Deliver, CROSSBAR)]

    @property
    def lease(self) -> Timestamp:
        """The lease in use."""
        return self._time("lease")

    @property
    def promise(self) -> Timestamp:
        """The last promise."""
        return self._time("promise")

    @property
    def floor(self) -> Timestamp:
        """The floor."""
        return self._time("floor")

    def _time(self, name: str) -> Timestamp:
        value = self.role.status()[name]
        assert isinstance(value, int)
        return Timestamp(value)
