"""Ways to spoil the logs of a journal's zones and of its leader so that rung 4 must refuse them."""

from __future__ import annotations

from typing import Any

from tests.support.spoil import Spoilt
from tests.support.tracefiles import ADJUDICATOR, Place, Trace, find

REPLICA = "A2/journal-0"


def changed(trace: Trace, node: str, act: str, conjunct: str, **args: Any) -> Spoilt:
    """Let the event `act` in the middle of a node's log say something else."""
    events = trace[node]
    i = find(events, act)
    events[i]["args"].update(args)
    return Spoilt(Place(node, i), "crossregion", conjunct)


def acknowledged_before_the_sync(trace: Trace) -> Spoilt:
    """The events of a sync and of the acknowledgement that follows it, in the other order."""
    events = trace[REPLICA]
    i = find(events, "CrossRegion!Acknowledge", lambda i: events[i - 1]["act"] == "CrossRegion!Sync")
    for part in ("act", "args"):
        events[i - 1][part], events[i][part] = events[i][part], events[i - 1][part]
    return Spoilt(Place(REPLICA, i - 1), "crossregion", "Journal!Agree(held[zone], epoch, upto)")


def synced_more_than_was_written(trace: Trace) -> Spoilt:
    return changed(trace, REPLICA, "CrossRegion!Sync", "upto \\in 1 .. written[z].index", upto=100_000)


def wrote_more_than_the_leader_has(trace: Trace) -> Spoilt:
    return changed(trace, REPLICA, "CrossRegion!Write", "upto \\in DOMAIN log[e]", upto=100_000)


def followed_an_epoch_that_nobody_leads(trace: Trace) -> Spoilt:
    return changed(trace, REPLICA, "CrossRegion!Write", "e \\in led", epoch=77)


def durable_in_one_zone(trace: Trace) -> Spoilt:
    return changed(trace, ADJUDICATOR, "CrossRegion!Durable", "q \\in Quorum", quorum=["A1"])


def durable_where_none_is(trace: Trace) -> Spoilt:
    """Zones of another cluster."""
    return changed(
        trace, ADJUDICATOR, "CrossRegion!Durable", "Journal!Durable(epoch, quorum, upto)", quorum=["B1", "W1"]
    )


def adopted_one_zones_log(trace: Trace) -> Spoilt:
    return changed(trace, ADJUDICATOR, "CrossRegion!Adopt", "q \\in Quorum", quorum=["A1"])


def adopted_what_nobody_told(trace: Trace) -> Spoilt:
    events = trace[ADJUDICATOR]
    i = find(events, "CrossRegion!Adopt")
    events[i]["args"]["chosen"]["held"]["index"] += 1
    return Spoilt(Place(ADJUDICATOR, i), "crossregion", "chosen \\in replies")


def lease_below_what_was_promised(trace: Trace) -> Spoilt:
    return changed(trace, ADJUDICATOR, "CrossRegion!Grant", "AtMost(told[epoch], until)", until=1)


CROSSREGION_SPOILS = [
    acknowledged_before_the_sync,
    adopted_one_zones_log,
    adopted_what_nobody_told,
    durable_in_one_zone,
    durable_where_none_is,
    followed_an_epoch_that_nobody_leads,
    lease_below_what_was_promised,
    synced_more_than_was_written,
    wrote_more_than_the_leader_has,
]
