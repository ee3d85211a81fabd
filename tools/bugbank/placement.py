"""Bugs of owners of key ranges that are split and moved."""

from __future__ import annotations

from daybreak.adjudicator.adjudicator import Adjudicator
from daybreak.adjudicator.mover import Mover
from daybreak.adjudicator.placement import Placement
from daybreak.query import attempts
from tools.bugbank.bug import bugs
from tools.bugbank.patch import Patch


def moved_range_is_still_judged(patch: Patch) -> None:
    """Who was asked for a key is thought to own it."""
    patch.rewrite(Adjudicator, "_decide", "if not self._placement.owns(keys):", "if not keys:")


def range_leaves_and_stays(patch: Patch) -> None:
    """Who gives a range away goes on owning it until it has arrived."""
    patch.rewrite(Placement, "release", "self.owned.remove(found)", "pass")


def moved_range_comes_without_history(patch: Patch) -> None:
    """The new owner of a range is thought to need nothing but its bounds."""
    patch.rewrite(Mover, "_pack", "tuple((key, access, at) for at, key, access in sorted(accesses))", "()")


def floor_of_a_moved_range_stays_behind(patch: Patch) -> None:
    """What the old owner did not know any more is not the new owner's business."""
    patch.rewrite(Mover, "_has_arrived", "if moved.floor > self._floor:", "if moved.floor < 0:")


def held_range_is_released(patch: Patch) -> None:
    """A range may leave while one of its keys is held."""
    patch.rewrite(Mover, "_try_release", " or any(has(key) for hold in self._holds for key in hold.keys)", "")
    patch.rewrite(Mover, "_try_release", "has = _within(found)", "")


def range_is_sent_before_it_is_released(patch: Patch) -> None:
    """The new owner hears of its range while the record of that is on its way."""
    patch.rewrite(
        Mover, "_send_away", "any(isinstance(pending.place, Leaving) for pending in self._appending)", "False"
    )
    patch.rewrite(
        Mover, "_try_release", "self._append_place(leaving)", "self._append_place(leaving) + self._send_away()"
    )


def time_of_a_move_is_forgotten(patch: Patch) -> None:
    """The new owner goes on with its own commit times."""
    patch.rewrite(Mover, "install", "self._latest = max(self._latest, ts)", "pass")


def split_loses_history(patch: Patch) -> None:
    """The upper half of a range begins with nothing, as every new range does."""
    patch.rewrite(
        Mover,
        "split",
        "self._placement.split(bytes.fromhex(at))",
        "self._placement.split(bytes.fromhex(at))\n"
        "    self._history.drop([key for key in self._history._latest if key >= bytes.fromhex(at)])",
    )


def attempt_keeps_its_name(patch: Patch) -> None:
    """A transaction that is asked for again is the same transaction."""
    patch.setattr(attempts, "next_attempt", lambda txn: txn)


BUGS = bugs(
    "placement",
    {
        "moves": (
            moved_range_is_still_judged,
            range_leaves_and_stays,
            moved_range_comes_without_history,
            floor_of_a_moved_range_stays_behind,
            held_range_is_released,
            range_is_sent_before_it_is_released,
            time_of_a_move_is_forgotten,
            split_loses_history,
            attempt_keeps_its_name,
        ),
    },
)
