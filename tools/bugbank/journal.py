"""Bugs of the journal: replicas, their disks, replication and takeover."""

from __future__ import annotations

from daybreak.base.ids import NodeId
from daybreak.journal import replication, scan, segment, takeover
from daybreak.journal.follower import Follower
from daybreak.journal.messages import Append, Promised
from daybreak.journal.replica import Journal
from daybreak.journal.replication import Replication
from daybreak.journal.tail import position
from daybreak.journal.takeover import Takeover
from daybreak.runtime.protocols import Effects, Synced, SyncFailed
from tools.bugbank.bug import bugs
from tools.bugbank.patch import Patch


def acknowledged_before_the_sync(patch: Patch) -> None:
    """A replica acknowledges what it has written, and syncs it later."""
    take = Follower._take

    def hasty(self: Follower, source: NodeId, message: Append) -> Effects:
        effects = take(self, source, message)
        synced, self._synced = self._synced, self._log.last_index
        told = self._acknowledgement(source)
        self._synced, self._acknowledged = synced, min(self._acknowledged, synced)
        return [*effects, *told]

    patch.setattr(Follower, "_take", hasty)


def one_zone_is_enough(patch: Patch) -> None:
    """A record is durable as soon as any replica has it."""
    patch.setattr(replication, "majority_index", max)


def one_promise_is_enough(patch: Patch) -> None:
    """Who takes a journal over goes on with the log of the first replica that answers."""

    def eager(self: Takeover, source: NodeId, message: Promised) -> Effects:
        if message.epoch != self.epoch or self._reading is not None or self.adopted is not None:
            return []
        self._promises[source] = message
        return self._adopt()

    patch.setattr(Takeover, "on_promised", eager)


def shortest_log_is_adopted(patch: Patch) -> None:
    """The order of logs is the wrong way round."""
    patch.rewrite(takeover, "longest", "max(promises", "min(promises")


def tail_is_not_adopted(patch: Patch) -> None:
    """What follows the last entry known to be durable is thought to be nobody's."""
    patch.setattr(
        takeover,
        "_adopted",
        lambda reading: takeover.Adopted(position(reading.entries[0]), reading.entries[0], []),
    )


def old_epoch_is_not_fenced(patch: Patch) -> None:
    """An entry is taken from whoever sends it."""
    patch.rewrite(Follower, "on_append", "if message.epoch < self._promise.epoch:", "if message.epoch < 0:")


def epoch_is_used_again(patch: Patch) -> None:
    """Who proposes takes the greatest epoch that it has heard of."""
    patch.rewrite(
        Takeover, "propose", "max(above, self.fenced_by, self.epoch) + 1", "max(above, self.fenced_by, self.epoch, 1)"
    )


def promise_is_only_in_memory(patch: Patch) -> None:
    """A promise costs no write to the disk."""
    patch.rewrite(Follower, "_follow", "self._save(", "self._promise = (")


def checksum_is_not_verified(patch: Patch) -> None:
    """A frame that begins like one is one."""
    for module in (scan, segment):
        patch.rewrite(
            module, "unpack_frame", "if crc32(rest, crc32(_PLACE.pack(first, offset))) != crc:", "if not rest:"
        )


def damage_is_taken_for_a_torn_tail(patch: Patch) -> None:
    """Whatever ends a log is thought to be what a crash has left."""
    patch.rewrite(scan, "_judge", "if vouched < missing:", "if vouched < 1 << 60:")


def damaged_replica_votes(patch: Patch) -> None:
    """A replica that has lost entries promises its vote like any other."""
    patch.setattr(Journal, "whole", True)


def failed_sync_is_ignored(patch: Patch) -> None:
    """A sync that has failed is over, too."""
    patch.setattr(Journal, "whole", True)

    def pretend(self: Journal, source: NodeId, message: SyncFailed) -> Effects:
        return self.on_synced(self.node, Synced(message.token))

    patch.setattr(Journal, "on_sync_failed", pretend)


def trimmed_beyond_what_was_asked(patch: Patch) -> None:
    """All that is on the disk may be trimmed, once anything may be."""
    patch.rewrite(Journal, "_trim_as_told", "min(upto, self._durable - 1, self._synced)", "self._synced")


def stale_replica_is_counted(patch: Patch) -> None:
    """What a replica has said once it has for ever, whatever it has lost since."""
    patch.rewrite(Replication, "on_appended", "[p.vouched if p.whole else 0 for", "[p.acknowledged for")


def doubt_is_not_remembered(patch: Patch) -> None:
    """A replica that has dropped what was damaged is thought to be as good as new."""
    patch.rewrite(Follower, "_drop_damaged", "doubt=self._promise.serial + 1", "doubt=0")


BUGS = bugs(
    "journal",
    {
        "alone": (
            acknowledged_before_the_sync,
            one_promise_is_enough,
            one_zone_is_enough,
        ),
        "takeovers": (shortest_log_is_adopted,),
        "crashes": (
            tail_is_not_adopted,
            promise_is_only_in_memory,
        ),
        "cut off": (
            old_epoch_is_not_fenced,
            epoch_is_used_again,
        ),
        "rot": (
            checksum_is_not_verified,
            damage_is_taken_for_a_torn_tail,
            damaged_replica_votes,
            stale_replica_is_counted,
            doubt_is_not_remembered,
        ),
        "failing syncs": (failed_sync_is_ignored,),
        "lost disks": (trimmed_beyond_what_was_asked,),
    },
)
