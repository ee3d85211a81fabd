"""Ways to spoil a trace so that rung 1, what clients can see, must refuse it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from tests.support.spoil import Spoilt
from tests.support.spoil_adjudication import class_weakened
from tests.support.tracefiles import (
    ADJUDICATOR,
    STORAGE,
    Event,
    Place,
    Trace,
    court,
    drop,
    find,
    insert,
    is_act,
    middle,
    places,
    swap,
)

ENDS = ("Acknowledge", "Abort", "CommitReadOnly", "Abandon")
SEES_ITS_SNAPSHOT = "\\A k \\in DOMAIN seen : IsNewest(k, seen[k], active[txn].start)"
UNDER_WAY = "txn \\in DOMAIN active"
COMMITTED = 'active[txn].phase = "committed"'
RUNNING = 'active[txn].phase = "running"'


def refused_at(place: Place, conjunct: str) -> Spoilt:
    return Spoilt(place, "isolation", conjunct)


class Seen(NamedTuple):
    """A version that somebody read."""

    place: Place
    event: Event
    key: str
    ts: int


def reads(trace: Trace) -> Iterator[Seen]:
    """All versions read that are not older than what storage has forgotten, in the order of the reads."""
    base = max((event["args"]["upto"] for event in trace.get(STORAGE, [])), default=0)
    for place, event in places(trace, "Read"):
        for key, ts in event["args"]["seen"].items():
            if ts > base:
                yield Seen(place, event, key, ts)


def commit_times(trace: Trace) -> dict[str, int]:
    """When each transaction committed."""
    return {e["args"]["txn"]: e["args"]["ts"] for e in trace[ADJUDICATOR] if is_act(e, "Durable")}


def starts(trace: Trace) -> dict[str, int]:
    """The snapshot of each transaction."""
    return {event["args"]["txn"]: event["args"]["start"] for _, event in places(trace, "Begin")}


def first_to_notice(trace: Trace, txn: str, ts: int) -> Spoilt:
    """Who first tells of a commit, or reads it: impossible when it has not happened."""
    for place, event in places(trace, "Read", "Acknowledge"):
        if ts in event["args"].get("seen", {}).values():
            return refused_at(place, SEES_ITS_SNAPSHOT)
        if is_act(event, "Acknowledge") and event["args"]["txn"] == txn:
            return refused_at(place, COMMITTED)
    raise AssertionError(f"nobody ever hears of {txn}")


# --- reads --------------------------------------------------------------------------------------------------------


def stale_read(trace: Trace) -> Spoilt:
    """The version before."""
    seen: Seen = middle(list(reads(trace)))
    older = [other.ts for other in reads(trace) if other.key == seen.key and other.ts < seen.ts]
    seen.event["args"]["seen"][seen.key] = max(older, default=0)
    return refused_at(seen.place, SEES_ITS_SNAPSHOT)


def future_read(trace: Trace) -> Spoilt:
    """A version that was committed after the snapshot."""
    began = starts(trace)
    known = list(reads(trace))
    seen, future = middle(
        [
            (seen, other.ts)
            for seen in known
            for other in known
            if other.key == seen.key and other.ts > began[seen.event["args"]["txn"]]
        ]
    )
    seen.event["args"]["seen"][seen.key] = future
    return refused_at(seen.place, SEES_ITS_SNAPSHOT)


def read_of_a_version_that_never_was(trace: Trace) -> Spoilt:
    seen: Seen = middle(list(reads(trace)))
    seen.event["args"]["seen"][seen.key] -= 1
    return refused_at(seen.place, SEES_ITS_SNAPSHOT)


def write_dropped(trace: Trace) -> Spoilt:
    """The log does not say that a key was written; whoever reads it later sees a version from nowhere."""
    writers = {ts: txn for txn, ts in commit_times(trace).items()}
    written: dict[str, set[str]] = {}
    for _, event in places(trace, "Write"):
        written.setdefault(event["args"]["txn"], set()).update(event["args"]["keys"])
    chosen = middle([s for s in reads(trace) if s.ts in writers and len(written.get(writers[s.ts], ())) > 1])
    for _, event in places(trace, "Write"):
        if event["args"]["txn"] == writers[chosen.ts]:
            event["args"]["keys"] = [key for key in event["args"]["keys"] if key != chosen.key]
    first = next(seen for seen in reads(trace) if (seen.key, seen.ts) == (chosen.key, chosen.ts))
    return refused_at(first.place, SEES_ITS_SNAPSHOT)


# --- beginnings and ends ------------------------------------------------------------------------------------------


def begin_dropped(trace: Trace) -> Spoilt:
    """No gap shows; but the next event is of a transaction that never began."""
    place: Place = middle([place for place, _ in places(trace, "Begin") if place.position + 1 < len(trace[place.node])])
    drop(trace, place)
    return refused_at(place, UNDER_WAY)


def begin_and_read_swapped(trace: Trace) -> Spoilt:
    follows = {place for place, _ in places(trace, "Read")}
    begins = [place for place, _ in places(trace, "Begin") if Place(place.node, place.position + 1) in follows]
    node, i = middle(begins)
    swap(trace[node], i, i + 1)
    return refused_at(Place(node, i), UNDER_WAY)


def begin_before_an_acknowledged_commit(trace: Trace) -> Spoilt:
    """A snapshot that lacks what the same client has been told before."""
    times = commit_times(trace)
    (node, i), told = middle(
        [
            (place, told["args"]["txn"])
            for place, _ in places(trace, "Begin")
            for told in trace[place.node][max(0, place.position - 1) : place.position]
            if is_act(told, "Acknowledge") and told["args"]["txn"] in times
        ]
    )
    trace[node][i]["args"]["start"] = times[told] - 1
    return refused_at(Place(node, i), "AtMost(acked, start)")


def name_used_twice(trace: Trace) -> Spoilt:
    """A transaction begins under the name of one that is under way."""
    running: dict[str, str] = {}
    doubles = []
    for place, event in places(trace, "Begin", *ENDS):
        if is_act(event, *ENDS):
            running.pop(place.node, None)
            continue
        doubles += [(event, place, txn) for node, txn in running.items() if node != place.node]
        running[place.node] = event["args"]["txn"]
    event, place, txn = middle(doubles)
    event["args"]["txn"] = txn
    return refused_at(place, "txn \\notin DOMAIN active")


def acknowledged_though_refused(trace: Trace) -> Spoilt:
    refused = {event["args"]["txn"] for event in trace[ADJUDICATOR] if is_act(event, "Refuse")}
    place, event = middle([one for one in places(trace, "Abort") if one[1]["args"]["txn"] in refused])
    event["act"] = "SnapshotIsolation!Acknowledge"
    return refused_at(place, COMMITTED)


def read_only_commit_of_a_writer(trace: Trace) -> Spoilt:
    place, event = middle(list(places(trace, "Acknowledge")))
    event["act"] = "SnapshotIsolation!CommitReadOnly"
    return refused_at(place, RUNNING)


# --- commits ------------------------------------------------------------------------------------------------------


def told_of_and_not_durable(trace: Trace) -> Spoilt:
    """A commit that clients know of is in nobody's journal; no gap shows."""
    i = find(trace[ADJUDICATOR], "Durable")
    gone = trace[ADJUDICATOR][i]["args"]
    drop(trace, Place(ADJUDICATOR, i))
    return first_to_notice(trace, gone["txn"], gone["ts"])


def recovery_loses_what_was_acknowledged(trace: Trace) -> Spoilt:
    """The adjudicator starts again where it was about to hear that a record is durable, and does not find it."""
    events = trace[ADJUDICATOR]
    i = find(events, "Durable")
    gone = events[i]["args"]
    events[i] |= {"act": "Adjudication!Recover", "args": {"kept": {}, "at": court(events[:i]).lease}}
    return first_to_notice(trace, gone["txn"], gone["ts"])


def recovery_at_another_time(trace: Trace) -> Spoilt:
    """A record that is durable already is found with another commit time."""
    events = trace[ADJUDICATOR]
    i = find(events, "Durable")
    kept = {events[i]["args"]["txn"]: events[i]["args"]["ts"] + 1}
    at = court(events[:i]).lease
    insert(trace, Place(ADJUDICATOR, i + 1), "Adjudication!Recover", {"kept": kept, "at": at})
    # The clocks alone would leave it open whether the client had been told before.
    told = next(e for _, e in places(trace, "Acknowledge", "Abandon") if e["args"]["txn"] in kept)
    told["cause"] = [*(c for c in told["cause"] if c[0] != ADJUDICATOR), [ADJUDICATOR, events[i + 1]["n"]]]
    same = '\\A t \\in DOMAIN kept \\cap DOMAIN active : active[t].phase = "committed" => active[t].ts = kept[t]'
    return refused_at(Place(ADJUDICATOR, i + 1), same)


def durable_twice_for_clients(trace: Trace) -> Spoilt:
    i = find(trace[ADJUDICATOR], "Durable")
    insert(trace, Place(ADJUDICATOR, i + 1), "Adjudication!Durable", dict(trace[ADJUDICATOR][i]["args"]))
    return refused_at(Place(ADJUDICATOR, i + 1), "MayCommit(txn, ts)")


def both_writers_win(trace: Trace) -> Spoilt:
    """The adjudicator's log no longer says that they conflict; what the clients wrote does."""
    i = class_weakened(trace).place.position
    events = trace[ADJUDICATOR]
    args = events[i]["args"]
    args["ts"] = court(events[:i]).next_time(args["start"])
    events[i]["act"] = "Adjudication!Commit"
    insert(trace, Place(ADJUDICATOR, i + 1), "Adjudication!Durable", {"txn": args["txn"], "ts": args["ts"]})
    return refused_at(Place(ADJUDICATOR, i + 1), "MayCommit(txn, ts)")


def committed_after_its_snapshot_was_forgotten(trace: Trace) -> Spoilt:
    """Storage forgets what a transaction under way relies on, just before it commits."""
    events = trace[ADJUDICATOR]
    i = find(events, "Durable")
    upto = starts(trace)[events[i]["args"]["txn"]] + 1
    just_before = [bound - 1 for bound in events[i]["at"]]
    forgets = trace[STORAGE]
    j = sum(event["at"] < just_before for event in forgets)
    insert(trace, Place(STORAGE, j), "SnapshotIsolation!Forget", {"upto": upto})
    forgets[j]["at"] = just_before
    # The clocks alone would leave it open which of the two came first.
    events[i]["cause"] = [*events[i].get("cause", []), [STORAGE, j + 1]]
    return refused_at(Place(ADJUDICATOR, i), UNDER_WAY)


ISOLATION_SPOILS: list[Callable[[Trace], Spoilt]] = [
    acknowledged_though_refused,
    begin_and_read_swapped,
    begin_before_an_acknowledged_commit,
    begin_dropped,
    both_writers_win,
    committed_after_its_snapshot_was_forgotten,
    durable_twice_for_clients,
    future_read,
    name_used_twice,
    read_of_a_version_that_never_was,
    read_only_commit_of_a_writer,
    recovery_at_another_time,
    recovery_loses_what_was_acknowledged,
    stale_read,
    told_of_and_not_durable,
    write_dropped,
]
