"""Bugs of storage: versions, reads, the stream of records, checkpoints and copies of them."""

from __future__ import annotations

from daybreak.base.keys import Key
from daybreak.base.time import ZERO, Timestamp
from daybreak.base.writes import Record
from daybreak.storage import mvcc
from daybreak.storage.checkpoint import Checkpoints
from daybreak.storage.load import Loader
from daybreak.storage.mvcc import Versions
from daybreak.storage.replica import Replica
from tools.bugbank.bug import bugs
from tools.bugbank.patch import Patch


def newest_version_is_served(patch: Patch) -> None:
    """A read gets what was written last, whatever its snapshot."""

    def newest(self: Versions, key: Key, start: Timestamp) -> tuple[Timestamp, bytes | None]:
        history = self._histories.get(key)
        return history[-1] if history else (ZERO, None)

    patch.setattr(Versions, "read", newest)


def a_write_is_lost(patch: Patch) -> None:
    """Of each transaction one key is not written."""
    apply = Versions.apply

    def lossy(self: Versions, record: Record) -> None:
        apply(self, Record(record.txn, record.ts, record.writes[:1] + record.writes[2:]))

    patch.setattr(Versions, "apply", lossy)


def deletes_are_forgotten(patch: Patch) -> None:
    """A write without a value is thought to be none."""
    patch.rewrite(
        Versions,
        "apply",
        "for write in record.writes:",
        "for write in [w for w in record.writes if w.value is not None]:",
    )


def snapshot_itself_is_left_out(patch: Patch) -> None:
    """A read sees what committed before its snapshot, and not at it."""
    patch.rewrite(Versions, "read", "version[0] <= start", "version[0] < start - 5_000")


def scan_misses_its_first_key(patch: Patch) -> None:
    """The lower bound of a scan is left out."""
    patch.rewrite(Versions, "scan", "inclusive=(True, False)", "inclusive=(False, False)")


def scan_has_one_key_too_many(patch: Patch) -> None:
    """The upper bound of a scan is taken in."""
    patch.rewrite(Versions, "scan", "inclusive=(True, False)", "inclusive=(True, True)")


def scan_sees_deleted_rows(patch: Patch) -> None:
    """Where a row was deleted, a scan takes the version before."""
    patch.rewrite(
        Versions,
        "scan",
        "if value is not None:",
        "if value is None:\n            ts, value = self.read(key, Timestamp(ts - 1))\n        if value is not None:",
    )


def reads_do_not_wait(patch: Patch) -> None:
    """A read is answered with what is there."""
    patch.rewrite(Replica, "_serve", "if read.start <= self._watermark:", "if read.start:")


def stream_is_taken_as_it_comes(patch: Patch) -> None:
    """A part of the stream is thought to follow the one before."""
    patch.rewrite(
        Replica,
        "on_stream",
        "if any(position(journal, 0) != index for journal, index in message.before.items()):",
        "if not message.after:",
    )


def replica_attaches_once(patch: Patch) -> None:
    """A crossbar is thought to run for ever."""
    patch.rewrite(Replica, "on_tick", "if self.clock.now().latest - self._heard > ATTACH_US:", "if self._heard < 0:")


def watermark_goes_back(patch: Patch) -> None:
    """A replica believes the last watermark that it hears of, also after one entry was sent twice."""
    patch.rewrite(Replica, "on_stream", "max(self._watermark, message.watermark)", "message.watermark")


def checkpoint_is_ahead_of_its_records(patch: Patch) -> None:
    """A checkpoint says where the replica stands, and the last records are still to be written."""
    patch.rewrite(
        Checkpoints, "_work", "self._goal, self._due = state, len(self._pending)", "self._goal, self._due = state, 0"
    )


def records_after_the_base_are_not_loaded(patch: Patch) -> None:
    """A checkpoint is thought to be its base."""
    patch.rewrite(Loader, "_take", "self._since.extend(records)", "pass")


def base_keeps_only_recent_versions(patch: Patch) -> None:
    """A new base begins with what was written after the oldest snapshot, and without what that one sees."""
    patch.rewrite(mvcc, "_visible", "key=itemgetter(0)) - 1, 0)", "key=itemgetter(0)), 0)")
    patch.rewrite(mvcc, "_visible", "if ts <= cut and", "if floor < ts <= cut and")


def copy_stands_where_the_journals_begin(patch: Patch) -> None:
    """A replica that begins from its sibling's checkpoint goes on one entry behind where that ends."""
    patch.rewrite(
        Replica,
        "_install",
        "self._positions = dict(commit.positions)",
        "self._positions = {j: i + 1 for j, i in commit.positions.items()}",
    )


BUGS = bugs(
    "storage",
    {
        "alone": (newest_version_is_served, a_write_is_lost),
        "mixed": (
            deletes_are_forgotten,
            scan_misses_its_first_key,
            scan_has_one_key_too_many,
            scan_sees_deleted_rows,
        ),
        "plain": (
            snapshot_itself_is_left_out,
            reads_do_not_wait,
            replica_attaches_once,
        ),
        "duplicates": (stream_is_taken_as_it_comes,),
        "crashes": (
            checkpoint_is_ahead_of_its_records,
            records_after_the_base_are_not_loaded,
        ),
        "lost disks": (base_keeps_only_recent_versions, copy_stands_where_the_journals_begin),
    },
)
