"""Ways to spoil an adjudicator's log so that rung 2 must refuse it."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.support.spoil import Spoilt
from tests.support.tracefiles import (
    ADJUDICATOR,
    CONFLICTS,
    Event,
    Place,
    Trace,
    court,
    drop,
    find,
    insert,
    is_act,
    swap,
)

WRITING = {"W", "N"}
IN_APPENDING = "[txn |-> txn, ts |-> ts] \\in appending"


def refused_at(index: int, conjunct: str) -> Spoilt:
    return Spoilt(Place(ADJUDICATOR, index), "adjudication", conjunct)


# --- commits and refusals -----------------------------------------------------------------------------------------


def commit_time_at_a_promise(trace: Trace) -> Spoilt:
    events = trace[ADJUDICATOR]
    i = find(events, "Commit")
    events[i]["args"]["ts"] = court(events[:i]).promise
    return refused_at(i, "Above(start, ts)")


def commit_time_of_the_commit_before(trace: Trace) -> Spoilt:
    events = trace[ADJUDICATOR]
    i = find(events, "Commit")
    events[i]["args"]["ts"] = court(events[:i]).latest
    return refused_at(i, "Above(start, ts)")


def commit_beyond_the_lease(trace: Trace) -> Spoilt:
    events = trace[ADJUDICATOR]
    i = find(events, "Commit")
    events[i]["args"]["ts"] = court(events[:i]).lease + 1
    return refused_at(i, "AtMost(ts, lease)")


def commit_twice(trace: Trace) -> Spoilt:
    events = trace[ADJUDICATOR]
    i = find(events, "Commit", lambda i: not WRITING.isdisjoint(events[i]["args"]["keys"].values()))
    again = json.loads(json.dumps(events[i]["args"]))
    again["ts"] += 1
    insert(trace, Place(ADJUDICATOR, i + 1), "Adjudication!Commit", again)
    return refused_at(i + 1, "Admissible(start, keys)")


def conflict_missed(trace: Trace) -> Spoilt:
    """A refusal turned into a commit."""
    events = trace[ADJUDICATOR]
    i = find(events, "Refuse")
    events[i]["act"] = "Adjudication!Commit"
    events[i]["args"]["ts"] = court(events[:i]).next_time(events[i]["args"]["start"])
    return refused_at(i, "Admissible(start, keys)")


def refused_without_conflict(trace: Trace) -> Spoilt:
    """A commit turned into a refusal."""
    events = trace[ADJUDICATOR]
    i = find(events, "Commit")
    events[i]["act"] = "Adjudication!Refuse"
    del events[i]["args"]["ts"]
    return refused_at(i, "~Admissible(start, keys)")


def only_reason(events: list[Event], i: int) -> Event | None:
    """The commit that a transaction was refused for, if there is just one, it is durable already, both write one key,
    and nobody was refused for it before."""

    def reasons(j: int) -> list[Event]:
        start, keys = events[j]["args"]["start"], events[j]["args"]["keys"]
        known = court(events[:j])
        return known.clashes(start, keys) if known.floor <= start else []

    def is_first(commit: Event) -> bool:
        return not any(is_act(events[j], "Refuse") and commit in reasons(j) for j in range(events.index(commit), i))

    found = reasons(i)
    if len(found) != 1 or found[0]["args"]["txn"] in court(events[:i]).appending:
        return None
    made = found[0]["args"]["keys"]
    written = any({access, made.get(key)} <= WRITING for key, access in events[i]["args"]["keys"].items())
    return found[0] if written and is_first(found[0]) else None


def class_weakened(trace: Trace) -> Spoilt:
    """The only commit that somebody was refused for is said to have read the keys that it wrote."""
    events = trace[ADJUDICATOR]
    i = find(events, "Refuse", lambda i: only_reason(events, i) is not None)
    commit = only_reason(events, i)
    assert commit is not None, "chosen so"
    made = commit["args"]["keys"]
    made |= {key: "R" for key, access in events[i]["args"]["keys"].items() if made.get(key) in CONFLICTS[access]}
    return refused_at(i, "~Admissible(start, keys)")


def no_such_class(trace: Trace) -> Spoilt:
    events = trace[ADJUDICATOR]
    i = find(events, "Commit")
    key = next(iter(events[i]["args"]["keys"]))
    events[i]["args"]["keys"][key] = "X"
    return refused_at(i, "keys \\in [used -> Class]")


# --- the journal --------------------------------------------------------------------------------------------------


def durable_dropped(trace: Trace) -> Spoilt:
    """No gap shows; but the record stays under way, and the next promise or record would overtake it."""
    events = trace[ADJUDICATOR]

    def overtaken(i: int) -> int | None:
        """Where that shows, unless the adjudicator starts again before."""
        for j in range(i + 1, len(events)):
            if is_act(events[j], "Recover"):
                return None
            if is_act(events[j], "Durable") or events[j]["args"].get("upto", 0) >= events[i]["args"]["ts"]:
                return j
        return None

    i = find(events, "Durable", lambda i: overtaken(i) is not None)
    j = overtaken(i)
    assert j is not None, "chosen so"
    drop(trace, Place(ADJUDICATOR, i))
    promise = is_act(events[j - 1], "Heartbeat")
    return refused_at(j - 1, f"\\A r \\in appending : {'Before(upto, r.ts)' if promise else 'AtMost(ts, r.ts)'}")


def next_of_rung_2(events: list[Event], i: int) -> int:
    """The first event after `i` that is of this rung; the last one if there is none."""
    return next((j for j in range(i + 1, len(events)) if events[j]["act"].startswith("Adjudication!")), i)


def durable_at_once(events: list[Event], i: int) -> bool:
    """Whether nothing of this rung happens between a commit and its record's being durable."""
    event = events[next_of_rung_2(events, i)]
    return is_act(event, "Durable") and bool(event["args"]["txn"] == events[i]["args"]["txn"])


def commit_dropped(trace: Trace) -> Spoilt:
    """No gap shows; but a record is durable that nobody decided."""
    events = trace[ADJUDICATOR]
    i = find(events, "Commit", lambda i: durable_at_once(events, i))
    drop(trace, Place(ADJUDICATOR, i))
    return refused_at(next_of_rung_2(events, i - 1), IN_APPENDING)


def commit_and_durable_swapped(trace: Trace) -> Spoilt:
    events = trace[ADJUDICATOR]
    j = find(events, "Durable")
    i = find(events, "Commit", lambda i: bool(events[i]["args"]["txn"] == events[j]["args"]["txn"]))
    swap(events, i, j)
    return refused_at(i, IN_APPENDING)


def durable_at_another_time(trace: Trace) -> Spoilt:
    i = find(trace[ADJUDICATOR], "Durable")
    trace[ADJUDICATOR][i]["args"]["ts"] += 1
    return refused_at(i, IN_APPENDING)


def durable_twice(trace: Trace) -> Spoilt:
    i = find(trace[ADJUDICATOR], "Durable")
    insert(trace, Place(ADJUDICATOR, i + 1), "Adjudication!Durable", dict(trace[ADJUDICATOR][i]["args"]))
    return refused_at(i + 1, IN_APPENDING)


def recovery_loses_a_record(trace: Trace) -> Spoilt:
    """The adjudicator starts again without a record that is durable afterwards."""
    events = trace[ADJUDICATOR]
    i = find(events, "Commit", lambda i: durable_at_once(events, i))
    at = court(events[:i]).lease
    insert(trace, Place(ADJUDICATOR, i + 1), "Adjudication!Recover", {"kept": {}, "at": at})
    return refused_at(next_of_rung_2(events, i + 1), IN_APPENDING)


def recovery_before_the_lease_ends(trace: Trace) -> Spoilt:
    i = find(trace[ADJUDICATOR], "Commit")
    at = court(trace[ADJUDICATOR][:i]).lease - 1
    insert(trace, Place(ADJUDICATOR, i), "Adjudication!Recover", {"kept": {}, "at": at})
    return refused_at(i, "AtMost(lease, at)")


# --- promises, leases, forgetting ---------------------------------------------------------------------------------


def heartbeat_beyond_the_lease(trace: Trace) -> Spoilt:
    events = trace[ADJUDICATOR]
    i = find(events, "Heartbeat")
    events[i]["args"]["upto"] = court(events[:i]).lease + 1
    return refused_at(i, "AtMost(upto, lease)")


def heartbeat_backwards(trace: Trace) -> Spoilt:
    events = trace[ADJUDICATOR]
    i = find(events, "Heartbeat")
    events[i]["args"]["upto"] = court(events[:i]).promise
    return refused_at(i, "Before(promise, upto)")


def heartbeat_over_a_record(trace: Trace) -> Spoilt:
    """A promise reaches a record that is still being appended."""
    i = find(trace[ADJUDICATOR], "Commit")
    upto = trace[ADJUDICATOR][i]["args"]["ts"]
    insert(trace, Place(ADJUDICATOR, i + 1), "Adjudication!Heartbeat", {"upto": upto})
    return refused_at(i + 1, "\\A r \\in appending : Before(upto, r.ts)")


def lease_below_a_promise(trace: Trace) -> Spoilt:
    events = trace[ADJUDICATOR]
    i = find(events, "Renew", lambda i: court(events[:i]).promise > 0)
    events[i]["args"]["until"] = court(events[:i]).promise - 1
    return refused_at(i, "AtMost(promise, until)")


def judged_below_the_floor(trace: Trace) -> Spoilt:
    """History that a transaction needs is forgotten before it commits."""
    i = find(trace[ADJUDICATOR], "Commit")
    upto = trace[ADJUDICATOR][i]["args"]["start"] + 1
    insert(trace, Place(ADJUDICATOR, i), "Adjudication!Forget", {"upto": upto})
    return refused_at(i + 1, "Admissible(start, keys)")


def floor_not_raised(trace: Trace) -> Spoilt:
    i = find(trace[ADJUDICATOR], "Commit")
    upto = court(trace[ADJUDICATOR][:i]).floor
    insert(trace, Place(ADJUDICATOR, i), "Adjudication!Forget", {"upto": upto})
    return refused_at(i, "Before(floor, upto)")


ADJUDICATION_SPOILS: list[Callable[[Trace], Spoilt]] = [
    class_weakened,
    commit_and_durable_swapped,
    commit_beyond_the_lease,
    commit_dropped,
    commit_time_at_a_promise,
    commit_time_of_the_commit_before,
    commit_twice,
    conflict_missed,
    durable_at_another_time,
    durable_dropped,
    durable_twice,
    floor_not_raised,
    heartbeat_backwards,
    heartbeat_beyond_the_lease,
    heartbeat_over_a_record,
    judged_below_the_floor,
    lease_below_a_promise,
    no_such_class,
    recovery_before_the_lease_ends,
    recovery_loses_a_record,
    refused_without_conflict,
]
