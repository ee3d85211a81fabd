"""Bugs of the crossbar: merging journals, watermarks, catching up, and what may be trimmed."""

from __future__ import annotations

from daybreak.base.time import ZERO
from daybreak.crossbar import crossbar, merge
from daybreak.crossbar.crossbar import Crossbar
from tools.bugbank.bug import bugs
from tools.bugbank.patch import Patch


def watermark_is_that_of_the_fastest_journal(patch: Patch) -> None:
    """What one journal is complete up to all are thought to be."""
    patch.setattr(crossbar, "watermark", lambda journals, complete: max(complete.values(), default=ZERO))


def watermark_ignores_one_journal(patch: Patch) -> None:
    """A loop begins with the second journal."""
    patch.setattr(crossbar, "watermark", lambda journals, complete: min(list(complete.values())[1:], default=ZERO))


def journals_are_not_merged(patch: Patch) -> None:
    """What has come of one journal is applied before what has come of the next."""
    patch.rewrite(merge, "release", "taken.sort(key=lambda one: one[0])", "pass")
    patch.setattr(crossbar, "release", merge.release)


def heartbeat_overtakes_entries(patch: Patch) -> None:
    """A promise counts as soon as it is heard, whatever entries are still missing."""
    patch.rewrite(Crossbar, "_take", "if feed.read == tip.index:", "if feed.read <= tip.index:")


def gap_in_a_journal_is_not_noticed(patch: Patch) -> None:
    """What comes is thought to follow what has come."""
    patch.rewrite(Crossbar, "on_deliver", "if message.prev_index <= feed.read:", "if message.prev_index >= 0:")
    patch.rewrite(
        Crossbar, "_take", 'assert entry.index == feed.read + 1, "entries are in order without a gap"', "pass"
    )
    patch.setattr(Crossbar, "check_invariants", lambda self: None)


def lost_entries_are_asked_for_once(patch: Patch) -> None:
    """A question that was asked is thought to be answered."""
    patch.rewrite(Crossbar, "on_catch_up_tick", "feed.asked = 0", "pass")


def stream_is_sent_once_more(patch: Patch) -> None:
    """Where a replica attaches again, the crossbar begins one entry too early."""
    patch.rewrite(
        Crossbar,
        "on_attach",
        "Feed(positions.get(journal, 0), positions.get(journal, 0))",
        "Feed(positions.get(journal, 0), max(positions.get(journal, 0) - 1, 0))",
    )


BUGS = bugs(
    "crossbar",
    {
        "plain": (
            watermark_is_that_of_the_fastest_journal,
            watermark_ignores_one_journal,
            stream_is_sent_once_more,
        ),
        "crowd": (journals_are_not_merged,),
        "loss": (heartbeat_overtakes_entries, gap_in_a_journal_is_not_noticed, lost_entries_are_asked_for_once),
    },
)
