"""Three zones, any number of leaders, all kinds of faults: what was reported durable is never lost or changed.

Each `must_fail` case breaks one rule of the journal and shows that this very test would notice.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pytest
from msgspec.structs import replace

from daybreak.base.ids import NodeId
from daybreak.errors import DaybreakError
from daybreak.journal import replication, takeover
from daybreak.journal.messages import Append, Promised, Propose, Trim, Whole
from daybreak.journal.promise import Promise
from daybreak.journal.replica import Journal
from daybreak.runtime.protocols import Effects
from tests.support.journal_world import World

SEEDS = 300
BATCH = 50


@pytest.mark.parametrize("first", range(0, SEEDS, BATCH))
def test_what_was_reported_durable_stays(first: int) -> None:
    reported = trimmed = restarts = 0
    for seed in range(first, first + BATCH):
        try:
            world = World(seed).run()
            reported += len(world.oracle.log)
            trimmed += max(replica.base for replica in world.replicas.values())
            restarts += world.restarts
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise
    assert reported > 20 * BATCH, "the faults leave room for work"
    assert trimmed > 5 * BATCH, "and for trimming"
    assert restarts, "so that replicas have to begin after what is gone"


def run_all(seeds: range, *, rot: float = 0.0, full: float = 0.0) -> tuple[int, int]:
    """How many bits were spoilt, and how often disks were full, in all runs."""
    spoilt = filled = 0
    for seed in seeds:
        try:
            world = World(seed, rot=rot, full=full).run()
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise
        spoilt, filled = spoilt + world.spoilt, filled + world.filled
    return spoilt, filled


@pytest.mark.parametrize("first", range(0, 120, 40))
def test_a_zone_whose_disk_spoils_bits_is_mended_and_nothing_is_lost(first: int) -> None:
    spoilt, _ = run_all(range(first, first + 40), rot=0.5)
    assert spoilt > 40 * 5, "a disk that keeps everything shows nothing"


@pytest.mark.parametrize("rot", [0.0, 0.3])
def test_disks_that_are_full_now_and_then_lose_nothing(rot: float) -> None:
    _, filled = run_all(range(40), full=0.4, rot=rot)
    assert filled > 40 * 5, "a disk with space shows nothing"


def test_a_seed_decides_everything() -> None:
    assert World(11).run().oracle.log == World(11).run().oracle.log
    assert World(11).run().oracle.log != World(12).run().oracle.log


# --- must fail ---------------------------------------------------------------------------------------------------


def failure(
    replica: type[Journal] = Journal,
    kinds: tuple[type[BaseException], ...] = (AssertionError, DaybreakError, IndexError),
    rot: float = 0.0,
) -> str | None:
    """How a broken rule first shows itself as an error of one of `kinds`; None if it never does."""
    for seed in range(120):
        try:
            World(seed, replica=replica, rot=rot).run()
        except kinds as error:
            return str(error)
        except (DaybreakError, IndexError):
            continue
    return None


class AcknowledgesBeforeSync(Journal):
    """Breaks P17."""

    def _sync(self) -> Effects:
        effects = super()._sync()
        self._synced = self._log.last_index
        return effects if self._leader is None else [*effects, *self._acknowledgement(self._leader)]


class Unfenced(Journal):
    """Breaks P18: follows whoever speaks."""

    def on_append(self, source: NodeId, message: Append) -> Effects:
        if message.epoch < self.promised:
            self._promise = replace(self._promise, epoch=message.epoch)
        return super().on_append(source, message)

    def check_invariants(self) -> None:
        """Its entries are not of promised epochs."""


class Forgetful(Journal):
    """Breaks P18: its promises do not survive a crash."""

    def _save(self, promise: Promise) -> None:
        self._promise = promise

    def check_invariants(self) -> None:
        """Its entries are not of promised epochs."""


class PromisesTwice(Journal):
    """Breaks P18: gives one epoch to two candidates."""

    def on_propose(self, source: NodeId, message: Propose) -> Effects:
        if message.epoch == self.promised:
            self._promise = replace(self._promise, candidate=message.candidate)
        return super().on_propose(source, message)


class TrimsAll(Journal):
    """Drops the entry known to be durable, which a successor needs."""

    def on_trim(self, source: NodeId, message: Trim) -> Effects:
        durable, self._durable = self._durable, self._log.last_index + 1
        effects = super().on_trim(source, message)
        self._durable = durable
        return effects


class TrimsFirst(Journal):
    """Removes segments before it is durable that the log begins later."""

    def on_trim(self, source: NodeId, message: Trim) -> Effects:
        self._log.trim(self._log.trimmed(min(message.upto, self._durable - 1, self._synced)))
        return []


@pytest.mark.parametrize(
    "replica",
    [AcknowledgesBeforeSync, Unfenced, Forgetful, PromisesTwice, TrimsAll, TrimsFirst],
)
def test_a_replica_that_breaks_a_rule_must_fail(replica: type[Journal]) -> None:
    assert failure(replica) is not None


class VouchesForWhatItLost(Journal):
    """Tells a would-be leader where its log ends, although it has lost entries."""

    @property
    def whole(self) -> bool:
        return True


class TakesDamageForACrash(Journal):
    """Drops what is damaged as if it had never been acknowledged."""

    def _drop(self, index: int, *, doubt: int) -> Effects:
        return super()._drop(index, doubt=0)


class WholeAtOnce(Journal):
    """Does not wait for the entries that it lacks."""

    def on_whole(self, source: NodeId, message: Whole) -> Effects:
        return super().on_whole(source, replace(message, upto=0))


@pytest.mark.parametrize("replica", [VouchesForWhatItLost, TakesDamageForACrash, WholeAtOnce])
def test_a_replica_that_hides_its_damage_must_fail(replica: type[Journal]) -> None:
    assert failure(replica, rot=0.5) is not None


def shortest(promises: Mapping[NodeId, Promised], near: NodeId | None) -> NodeId:
    return min(promises, key=lambda node: (promises[node].last_epoch, promises[node].last_index, node))


def test_a_leader_that_adopts_the_shortest_log_must_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(takeover, "longest", shortest)
    assert failure() is not None


class Careless(Journal):
    """Cuts what is durable as if it were not."""

    def _cut(self, index: int) -> Effects:
        self._durable = min(self._durable, index - 1)
        return super()._cut(index)


def test_a_replica_that_cuts_what_is_durable_must_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """The wrong choice of a log, with replicas that do not refuse to follow it."""
    monkeypatch.setattr(takeover, "longest", shortest)
    assert "was durable" in str(failure(Careless, kinds=(AssertionError,)))


def any_zone(acknowledged: Collection[int]) -> int:
    return max(acknowledged)


def test_a_leader_that_counts_one_zone_must_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replication, "majority_index", any_zone)
    assert failure() is not None
