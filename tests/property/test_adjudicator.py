"""An adjudicator under any sequence of requests, acknowledgements, ticks and crashes, against what it may do at all."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from daybreak.adjudicator.messages import (
    Committed,
    ForgetTick,
    HeartbeatRequest,
    Leads,
    Outcome,
    Reason,
    Refused,
    Release,
    Tick,
)
from daybreak.adjudicator.settings import Settings
from daybreak.base.keys import Key
from daybreak.base.limits import FORGET_AFTER_US
from daybreak.base.records import decode
from daybreak.base.time import ZERO, Timestamp
from daybreak.base.writes import Access
from daybreak.crossbar.messages import Deliver
from daybreak.runtime.protocols import Effects
from tests.support.adjudicator_bench import Bench, ObligingJournal
from tests.support.conflict_table import CONFLICTING
from tests.support.roles import ManualClock, key, sent

KEYS = [key(name) for name in "abc"]
SETTINGS = Settings(lease_us=20_000, renew_us=19_000, lead_us=10)

Step = tuple[str, int, dict[Key, Access]]

steps = st.lists(
    st.tuples(
        st.sampled_from(["commit"] * 6 + ["advance"] * 3 + ["acknowledge"] * 3 + ["hold", "heartbeat", "tick"] * 2)
        | st.sampled_from(["forget", "age"] * 2 + ["restart", "release", "expire", "approach"]),
        st.integers(-50, 2_000),
        st.dictionaries(st.sampled_from(KEYS), st.sampled_from(Access), min_size=1),
    ),
    max_size=40,
)


class Court:
    """An adjudicator after another on one journal, and all that was ever decided."""

    def __init__(self) -> None:
        self.clock, self.journal = ManualClock(error_us=5), ObligingJournal()
        self.commits: dict[str, tuple[Timestamp, dict[Key, Access]]] = {}
        """Time and accesses of every decided transaction."""
        self.acknowledged: set[str] = set()
        self.promised = ZERO
        """Up to here the crossbar was told that the journal is complete."""
        self.asked = self.durable = 0
        self.begin()

    def begin(self) -> None:
        """Let another adjudicator take over, once a majority of the journal can be reached again."""
        self.journal.holding = False
        self.journal.held.clear()
        self.bench = Bench(clock=self.clock, journal=self.journal, settings=SETTINGS)
        self.seen = 0
        self.take(self.bench.start())
        for _ in range(3):
            self.take(self.bench.fire(Tick))

    def take(self, effects: Effects) -> Effects:
        """Look at everything that is said, and at every event."""
        for event in self.bench.sink.events()[self.seen :]:
            if event.act == "Adjudication!Heartbeat":
                self.promised = max(self.promised, self._time(event.args["upto"]))
        self.seen = len(self.bench.sink.lines)
        known = self.bench.role.status()["durable"]
        assert isinstance(known, int)
        self.durable = max(self.durable, known)
        under_way = [record.ts for e in self.journal.log[known:] if (record := decode(e.payload).record) is not None]
        for deliver in sent(effects, Deliver):
            assert not under_way or deliver.upto < under_way[0], "P6"
            self.promised = max(self.promised, deliver.upto)
        durable = {
            record.txn: record.ts for entry in self.journal.log if (record := decode(entry.payload).record) is not None
        }
        for message in sent(effects, Committed):
            assert durable[message.txn] == message.ts == self.commits[message.txn][0]
            assert message.txn not in self.acknowledged
            self.acknowledged.add(message.txn)
        return effects

    @staticmethod
    def _time(value: object) -> Timestamp:
        assert isinstance(value, int)
        return Timestamp(value)

    def conflicting(self, keys: dict[Key, Access], start: Timestamp) -> set[Access]:
        """The classes of those accesses that conflict with a commit after `start`."""
        return {
            access
            for ts, made in self.commits.values()
            for k, access in keys.items()
            if ts > start and k in made and (access, made[k]) in CONFLICTING
        }

    # --- steps --------------------------------------------------------------------------------------------------

    def commit(self, number: int, keys: dict[Key, Access]) -> None:
        """Ask for a commit that began `number` microseconds ago, or in the future of a clock that is ahead."""
        self.asked += 1
        txn, start = f"t{self.asked}", Timestamp(self.clock.now().latest - number)
        floor, lease, before = self.bench.floor, self.bench.lease, self.promised
        serving = self.bench.role.serving and self.clock.now().latest <= lease
        begun = self.bench.role._begun
        latest = max((ts for ts, _ in self.commits.values()), default=ZERO)
        effects = self.bench.ask(txn, start, keys)
        refused = [message.reason for message in sent(effects, Refused)]
        expected = self.conflicting(keys, start)
        if not self.bench.role.leads:
            assert refused == [] and sent(effects, Leads)
        elif start < begun:
            assert refused == [] and sent(effects, Outcome)
        elif serving and (expected or start < floor):
            assert refused == [Reason.SCHEMA if Access.VALIDATE in expected else Reason.CONFLICT]
        elif serving and max(self.clock.now().latest, start + 1, before + 1, latest + 1) <= lease:
            assert refused == []
            event = next(e for e in self.bench.sink.events() if e.act.endswith("Commit") and e.args["txn"] == txn)
            ts = self._time(event.args["ts"])
            assert max(latest, before, start) < ts <= lease, "P2"
            self.commits[txn] = (ts, keys)
        else:
            assert refused == [Reason.UNAVAILABLE]
        self.take(effects)

    def advance(self, number: int, keys: dict[Key, Access]) -> None:
        """Let time pass."""
        self.clock.advance(abs(number))

    def age(self, number: int, keys: dict[Key, Access]) -> None:
        """Let much time pass."""
        self.clock.advance(FORGET_AFTER_US + 2 * SETTINGS.lease_us)
        self.tick(0, {})

    def hold(self, number: int, keys: dict[Key, Access]) -> None:
        """Let the journal's answers wait."""
        self.journal.holding = True

    def acknowledge(self, number: int, keys: dict[Key, Access]) -> None:
        """Let some of the journal's answers come, or all."""
        self.journal.holding = number % 2 == 0
        self.take(self.bench.acknowledge(None if number % 3 == 0 else abs(number) % 7))

    def heartbeat(self, number: int, keys: dict[Key, Access]) -> None:
        """Let a reader ask for a promise."""
        self.take(self.bench.hear(HeartbeatRequest(Timestamp(self.clock.now().latest + number))))

    def tick(self, number: int, keys: dict[Key, Access]) -> None:
        """The timer of heartbeats and leases."""
        self.take(self.bench.fire(Tick))

    def forget(self, number: int, keys: dict[Key, Access]) -> None:
        """The timer of the floor."""
        self.take(self.bench.fire(ForgetTick))

    def expire(self, number: int, keys: dict[Key, Access]) -> None:
        """An old lease runs out, or its own does."""
        self.clock.advance(SETTINGS.lease_us + 20)
        self.tick(0, {})
        self.clock.advance(1_500)  # Who began before is refused.

    def approach(self, number: int, keys: dict[Key, Access]) -> None:
        """Let the lease nearly run out."""
        self.clock.advance(max(0, self.bench.lease - self.clock.now().latest - abs(number) % 50))

    def release(self, number: int, keys: dict[Key, Access]) -> None:
        """An orderly stop."""
        self.take(self.bench.hear(Release()))

    def restart(self, number: int, keys: dict[Key, Access]) -> None:
        """A crash: what is durable is left, and of what was still being appended some first part."""
        log = self.journal.log
        del log[max(self.durable, len(log) - abs(number) % 4) :]
        left = {record.txn for entry in log if (record := decode(entry.payload).record) is not None}
        assert self.acknowledged <= left <= self.commits.keys()
        self.commits = {txn: commit for txn, commit in self.commits.items() if txn in left}
        self.begin()
        self.clock.advance(max(0, number) * 2)
        self.tick(0, {})


@settings(max_examples=150, deadline=None, derandomize=True)
@given(steps=steps)
def test_whatever_happens_no_promise_is_broken_and_no_conflict_missed(steps: list[Step]) -> None:
    court = Court()
    court.expire(0, {})
    for name, number, keys in steps:
        step: Callable[[int, dict[Key, Access]], None] = getattr(court, name)
        step(number, keys)
        status = court.bench.role.status()
        assert status["promise"] <= status["lease"]  # type: ignore[operator]  # both are times
    times = [ts for ts, _ in court.commits.values()]
    assert times == sorted(set(times)), "P2, across restarts too"


def test_the_sequences_reach_every_decision() -> None:
    """The property above would hold of an adjudicator that refuses everything."""
    seen: set[str] = set()

    @settings(max_examples=150, deadline=None, derandomize=True)
    @given(steps=steps)
    def collect(steps: list[Step]) -> None:
        court = Court()
        court.expire(0, {})
        for name, number, keys in steps:
            getattr(court, name)(number, keys)
            seen.update(court.bench.sink.acts())

    collect()
    assert {"Commit", "Refuse", "Decline", "Durable", "Heartbeat", "Renew", "Forget", "Recover"} <= seen
