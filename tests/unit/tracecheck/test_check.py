"""A valid trace conforms; each way of spoiling it is refused at the event that was spoilt."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.unit.tracecheck.synthetic import ADJUDICATOR, Event, Trace, World, write
from tracecheck import CONFORMS, INCONCLUSIVE, VIOLATES, Plan, Result, check_all


def find(events: list[Event], act: str, which: Callable[[Event], bool] = lambda _: True, skip: int = 3) -> int:
    """The index of the event `act` that fits `which`, after `skip` such events: a spoilt trace begins well."""
    return [i for i, e in enumerate(events) if e["act"].endswith(f"!{act}") and which(e)][skip]


def renumber(events: list[Event]) -> None:
    for n, event in enumerate(events, 1):
        event["n"] = n


def run(plan: Plan, trace: Trace, directory: Path) -> Result:
    return check_all([plan], [write(trace, directory / "logs")])[0]


# -- valid traces ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_valid_trace_conforms_to_both_specs(seed: int, isolation: Plan, adjudication: Plan, tmp_path: Path) -> None:
    trace = World(seed, keys=12, hot=2).run(60)
    total = sum(map(len, trace.values()))

    clients, adjudicator = check_all([isolation, adjudication], [write(trace, tmp_path)])

    assert (clients.verdict, adjudicator.verdict) == (CONFORMS, CONFORMS), (clients.reason, adjudicator.reason)
    assert clients.events + sum(clients.ignored.values()) == total
    assert adjudicator.events == len(trace[ADJUDICATOR])
    assert clients.consumed["Commit"] == adjudicator.consumed["Durable"] > 0
    assert [s.name for s in adjudicator.slices] == ["adj-0"]


def test_the_generator_takes_every_action(isolation: Plan, adjudication: Plan, tmp_path: Path) -> None:
    results = check_all([isolation, adjudication], [write(World(2, keys=12, hot=2).run(600), tmp_path)])
    for plan, result in zip((isolation, adjudication), results, strict=True):
        assert set(result.consumed) == {leaf.action for leaf in plan.engine.leaves}


# -- spoilt traces -----------------------------------------------------------------------------------------


SEES_ITS_SNAPSHOT = "\\A k \\in DOMAIN seen : IsNewest(k, seen[k], active[txn].start)"


@dataclass(frozen=True)
class Spoilt:
    """Where the spoilt event stands, which spec must refuse it there, and which conjunct of its action."""

    node: str
    index: int
    spec: str
    conjunct: str


def commit_time_too_low(trace: Trace) -> Spoilt:
    events = trace[ADJUDICATOR]
    commits = [i for i, e in enumerate(events) if e["act"].endswith("!Commit")]
    before, i = next((a, b) for a, b in pairwise(commits) if events[b]["args"]["start"] < events[a]["args"]["ts"])
    events[i]["args"]["ts"] = events[before]["args"]["ts"]
    return Spoilt(ADJUDICATOR, i, "adjudication", "Above(start, ts)")


def durable_at_another_time(trace: Trace) -> Spoilt:
    i = find(trace[ADJUDICATOR], "Durable")
    trace[ADJUDICATOR][i]["args"]["ts"] += 1
    return Spoilt(ADJUDICATOR, i, "adjudication", "[txn |-> txn, ts |-> ts] \\in appending")


def conflict_missed(trace: Trace) -> Spoilt:
    events = trace[ADJUDICATOR]
    i = find(events, "Refuse")
    latest = max(e["args"]["ts"] for e in events[:i] if "ts" in e["args"])
    promised = max(e["args"]["upto"] for e in events[:i] if e["act"].endswith("Heartbeat"))
    events[i]["act"] = "Adjudication!Commit"
    events[i]["args"]["ts"] = max(latest, promised) + 1
    return Spoilt(ADJUDICATOR, i, "adjudication", "Admissible(start, keys)")


def refused_without_conflict(trace: Trace) -> Spoilt:
    events = trace[ADJUDICATOR]
    i = find(events, "Commit")
    events[i]["act"] = "Adjudication!Refuse"
    del events[i]["args"]["ts"]
    return Spoilt(ADJUDICATOR, i, "adjudication", "~Admissible(start, keys)")


def commit_twice(trace: Trace) -> Spoilt:
    events = trace[ADJUDICATOR]
    i = find(events, "Commit", lambda e: "W" in e["args"]["keys"].values())
    copy = json.loads(json.dumps(events[i]))
    copy["args"]["ts"] += 1
    events.insert(i + 1, copy)
    renumber(events)
    return Spoilt(ADJUDICATOR, i + 1, "adjudication", "Admissible(start, keys)")


def durable_twice(trace: Trace) -> Spoilt:
    events = trace[ADJUDICATOR]
    i = find(events, "Durable")
    events.insert(i + 1, json.loads(json.dumps(events[i])))
    renumber(events)
    return Spoilt(ADJUDICATOR, i + 1, "isolation", "MayCommit(txn, ts)")


def durable_out_of_order(trace: Trace) -> Spoilt:
    events = trace[ADJUDICATOR]
    i = next(
        i
        for i, e in enumerate(events)
        if e["act"].endswith("Durable") and sum("Commit" in x["act"] for x in events[:i]) > i_durables(events, i) + 1
    )
    j = find(events, "Durable", lambda e: events.index(e) > i, skip=0)
    events[i]["args"], events[j]["args"] = events[j]["args"], events[i]["args"]
    return Spoilt(ADJUDICATOR, i, "adjudication", "\\A r \\in appending : AtMost(ts, r.ts)")


def i_durables(events: list[Event], before: int) -> int:
    return sum(e["act"].endswith("!Durable") for e in events[:before])


def swapped(trace: Trace) -> Spoilt:
    """A record is durable before it was written."""
    events = trace[ADJUDICATOR]
    j = find(events, "Durable")
    wanted = events[j]["args"]["txn"]
    i = find(events, "Commit", lambda e: e["args"]["txn"] == wanted, skip=0)
    for field in ("act", "args"):
        events[i][field], events[j][field] = events[j][field], events[i][field]
    return Spoilt(ADJUDICATOR, i, "adjudication", "[txn |-> txn, ts |-> ts] \\in appending")


def heartbeat_beyond_lease(trace: Trace) -> Spoilt:
    events = trace[ADJUDICATOR]
    i = find(events, "Heartbeat")
    lease = [e for e in events[:i] if e["act"].endswith("Renew")][-1]["args"]["until"]
    events[i]["args"]["upto"] = lease + 1
    return Spoilt(ADJUDICATOR, i, "adjudication", "AtMost(upto, lease)")


def heartbeat_backwards(trace: Trace) -> Spoilt:
    events = trace[ADJUDICATOR]
    i = find(events, "Heartbeat")
    events[i]["args"]["upto"] = events[find(events, "Heartbeat", skip=2)]["args"]["upto"]
    return Spoilt(ADJUDICATOR, i, "adjudication", "Before(promise, upto)")


def no_such_class(trace: Trace) -> Spoilt:
    events = trace[ADJUDICATOR]
    i = find(events, "Commit")
    key = next(iter(events[i]["args"]["keys"]))
    events[i]["args"]["keys"][key] = "X"
    return Spoilt(ADJUDICATOR, i, "adjudication", "keys \\in [used -> Class]")


def recovered_too_early(trace: Trace) -> Spoilt:
    events = trace[ADJUDICATOR]
    i = find(events, "Recover", skip=0)
    events[i]["args"]["at"] = [e for e in events[:i] if e["act"].endswith("Renew")][-1]["args"]["until"] - 1
    return Spoilt(ADJUDICATOR, i, "adjudication", "AtMost(lease, at)")


def reads(trace: Trace, wanted: Callable[[int], bool], skip: int = 0) -> tuple[str, int, str]:
    """The `skip`-th read that saw a version that is wanted: its node, its index and the key."""
    hits = [
        (node, i, key)
        for node, events in trace.items()
        for i, event in enumerate(events)
        if event["act"].endswith("!Read")
        for key, ts in event["args"]["seen"].items()
        if wanted(ts)
    ]
    return hits[skip]


def stale_read(trace: Trace) -> Spoilt:
    node, i, key = reads(trace, lambda ts: ts > 0)
    trace[node][i]["args"]["seen"][key] = 0
    return Spoilt(node, i, "isolation", SEES_ITS_SNAPSHOT)


def future_read(trace: Trace) -> Spoilt:
    node, i, key = reads(trace, lambda ts: ts == 0, skip=5)
    trace[node][i]["args"]["seen"][key] = trace[node][i]["at"][1] + 10_000
    return Spoilt(node, i, "isolation", SEES_ITS_SNAPSHOT)


def read_of_nothing(trace: Trace) -> Spoilt:
    node, i, key = reads(trace, lambda ts: ts > 0)
    trace[node][i]["args"]["seen"][key] -= 1
    return Spoilt(node, i, "isolation", SEES_ITS_SNAPSHOT)


def acknowledged_without_commit(trace: Trace) -> Spoilt:
    node = next(n for n, events in trace.items() if any(e["act"].endswith("!CommitReadOnly") for e in events))
    i = find(trace[node], "CommitReadOnly", skip=0)
    trace[node][i]["act"] = "SnapshotIsolation!Acknowledge"
    return Spoilt(node, i, "isolation", 'active[txn].phase = "committed"')


def read_only_commit_of_a_writer(trace: Trace) -> Spoilt:
    node = "A/qp-0"
    i = find(trace[node], "Acknowledge", skip=0)
    trace[node][i]["act"] = "SnapshotIsolation!CommitReadOnly"
    return Spoilt(node, i, "isolation", 'active[txn].phase = "running"')


def begun_in_the_past(trace: Trace) -> Spoilt:
    """A snapshot older than an acknowledged commit."""
    acked = min(e["at"][0] for events in trace.values() for e in events if e["act"].endswith("!Acknowledge"))
    node, i = min(
        (
            (n, i)
            for n, events in trace.items()
            for i, e in enumerate(events)
            if e["act"].endswith("!Begin") and e["at"][0] > acked
        ),
        key=lambda at: trace[at[0]][at[1]]["at"],
    )
    trace[node][i]["args"]["start"] = trace[node][0]["args"]["start"]
    return Spoilt(node, i, "isolation", "AtMost(acked, start)")


def write_lost(trace: Trace) -> Spoilt:
    """The log does not say that a key was written; whoever reads it later sees a version from nowhere."""
    node, i, key = reads(trace, lambda ts: ts > 0)
    seen = trace[node][i]["args"]["seen"][key]
    txn = next(e["args"]["txn"] for e in trace[ADJUDICATOR] if e["args"].get("ts") == seen)
    for events in trace.values():
        for event in events:
            if event["act"].endswith("!Write") and event["args"]["txn"] == txn:
                event["args"]["keys"] = [k for k in event["args"]["keys"] if k != key] or ["t12/ffffffff"]
    return Spoilt(node, i, "isolation", SEES_ITS_SNAPSHOT)


def name_used_twice(trace: Trace) -> Spoilt:
    i = find(trace["A/qp-0"], "Begin", skip=1)
    other = max(
        (e for e in trace["A/qp-1"] if e["act"].endswith("!Begin") and e["at"] < trace["A/qp-0"][i]["at"]),
        key=lambda e: e["at"],
    )
    trace["A/qp-0"][i]["args"]["txn"] = other["args"]["txn"]
    return Spoilt("A/qp-0", i, "isolation", "txn \\notin DOMAIN active")


SPOILS = [
    acknowledged_without_commit,
    begun_in_the_past,
    commit_time_too_low,
    commit_twice,
    conflict_missed,
    durable_at_another_time,
    durable_out_of_order,
    durable_twice,
    future_read,
    heartbeat_backwards,
    heartbeat_beyond_lease,
    name_used_twice,
    no_such_class,
    read_of_nothing,
    read_only_commit_of_a_writer,
    recovered_too_early,
    refused_without_conflict,
    stale_read,
    swapped,
    write_lost,
]


@pytest.mark.parametrize("spoil", SPOILS, ids=lambda spoil: str(spoil.__name__))
def test_spoilt_trace_is_refused_at_the_event(
    spoil: Callable[[Trace], Spoilt], trace: Trace, isolation: Plan, adjudication: Plan, tmp_path: Path
) -> None:
    spoilt = spoil(trace)
    plan = {"isolation": isolation, "adjudication": adjudication}[spoilt.spec]

    result = run(plan, trace, tmp_path)

    assert result.verdict == VIOLATES, result.reason
    rejection = result.rejection
    assert rejection is not None
    assert (rejection.node, rejection.line) == (spoilt.node, spoilt.index + 1)
    assert json.loads(rejection.raw) == trace[spoilt.node][spoilt.index]
    (nearest,) = rejection.nearest
    assert (nearest.inside or nearest.conjunct) == spoilt.conjunct
    assert nearest.conjunct in " ".join(Path(nearest.file).read_text().splitlines()[nearest.line - 1].split())


# -- broken logs -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("gap", lambda lines: lines.pop(10)),
        ("duplicate", lambda lines: lines.insert(10, lines[9])),
        ("backwards", lambda lines: lines.insert(10, lines[4])),
        ("unparsable", lambda lines: lines.insert(10, "{nonsense")),
        ("malformed", lambda lines: lines.insert(10, "[]")),
        ("malformed", lambda lines: lines.insert(10, lines[10].replace('"act"', '"deed"'))),
        ("malformed", lambda lines: lines.insert(10, lines[10].replace('"n":11', '"n":"11"'))),
        ("version", lambda lines: lines.insert(10, lines[10].replace('"v":1', '"v":2'))),
    ],
)
def test_broken_log_is_inconclusive_and_says_where(
    kind: str, change: Callable[[list[str]], Any], trace: Trace, adjudication: Plan, tmp_path: Path
) -> None:
    write(trace, tmp_path)
    log = tmp_path / "A_adj-0.ndjson"
    lines = log.read_text().splitlines()
    change(lines)
    log.write_text("\n".join(lines) + "\n")

    (result,) = check_all([adjudication], [tmp_path])

    assert result.verdict == INCONCLUSIVE
    assert [(p.kind, p.file, p.line) for p in result.problems] == [(kind, str(log), 11)]
    assert result.events == 10


def test_a_log_that_is_cut_off_is_inconclusive(trace: Trace, adjudication: Plan, tmp_path: Path) -> None:
    write(trace, tmp_path)
    log = tmp_path / "A_adj-0.ndjson"
    log.write_bytes(log.read_bytes()[:-20])

    (result,) = check_all([adjudication], [tmp_path])

    assert result.verdict == INCONCLUSIVE
    assert [(p.kind, p.line) for p in result.problems] == [("truncated", len(trace[ADJUDICATOR]))]


def test_a_log_that_is_missing_is_inconclusive(trace: Trace, isolation: Plan, tmp_path: Path) -> None:
    write(trace, tmp_path)
    (tmp_path / "A_adj-0.ndjson").unlink()

    (result,) = check_all([isolation], [tmp_path])

    assert result.verdict == INCONCLUSIVE
    assert [p.kind for p in result.problems] == ["missing-cause"]


def test_what_was_violated_before_a_broken_line_stays_violated(
    trace: Trace, adjudication: Plan, tmp_path: Path
) -> None:
    spoilt = heartbeat_backwards(trace)
    del trace[ADJUDICATOR][spoilt.index + 5]
    assert run(adjudication, trace, tmp_path).verdict == VIOLATES


def test_no_event_is_inconclusive(isolation: Plan, tmp_path: Path) -> None:
    (result,) = check_all([isolation], [tmp_path])
    assert result.verdict == INCONCLUSIVE
    assert "no event" in result.reason


def test_only_ignored_events_is_inconclusive(trace: Trace, adjudication: Plan, tmp_path: Path) -> None:
    only = {node: [e | {"cause": []} for e in events] for node, events in trace.items() if node == "A/qp-0"}
    result = run(adjudication, only, tmp_path)
    assert result.verdict == INCONCLUSIVE
    assert "all ignored" in result.reason
    assert result.ignored


def test_unmapped_event_is_inconclusive(trace: Trace, adjudication: Plan, tmp_path: Path) -> None:
    trace[ADJUDICATOR][10]["act"] = "Placement!Move"
    result = run(adjudication, trace, tmp_path)
    assert result.verdict == INCONCLUSIVE
    assert [(p.kind, p.line) for p in result.problems] == [("unmapped", 11)]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"upto": "soon"}, "upto is 'soon', not an integer"),
        ({"upto": 1.5}, "upto is 1.5"),
        ({"upto": True}, "upto is True"),
        ({"upto": -1}, "not a time"),
        ({"upto": 2**31 * 10**6}, "not a time"),
        ({"up": 3}, "lacks upto and has up"),
    ],
)
def test_wrong_arguments_are_inconclusive(
    change: dict[str, Any], words: str, trace: Trace, adjudication: Plan, tmp_path: Path
) -> None:
    i = find(trace[ADJUDICATOR], "Heartbeat")
    trace[ADJUDICATOR][i]["args"] = change
    result = run(adjudication, trace, tmp_path)
    assert result.verdict == INCONCLUSIVE
    assert [(p.kind, p.line) for p in result.problems] == [("arguments", i + 1)]
    assert words in result.reason


# -- slices ------------------------------------------------------------------------------------------------


def test_other_slices_go_on_when_one_is_violated(adjudication: Plan, tmp_path: Path) -> None:
    good, bad = World(1, keys=12).run(40), World(2, keys=12).run(40)
    i = heartbeat_backwards(bad).index
    for event in bad[ADJUDICATOR]:
        event |= {"slice": "adj-1", "node": "A/adj-1"}
    logs = {ADJUDICATOR: good[ADJUDICATOR], "A/adj-1": bad[ADJUDICATOR]}
    for events in logs.values():
        for event in events:
            event["cause"] = []

    result = run(adjudication, logs, tmp_path)

    assert result.verdict == VIOLATES
    by_name = {s.name: s for s in result.slices}
    assert (by_name["adj-0"].verdict, by_name["adj-0"].checked) == (CONFORMS, len(good[ADJUDICATOR]))
    assert (by_name["adj-1"].checked, by_name["adj-1"].unchecked) == (i, len(bad[ADJUDICATOR]) - i - 1)


def test_an_event_without_its_slice_is_inconclusive(trace: Trace, adjudication: Plan, tmp_path: Path) -> None:
    del trace[ADJUDICATOR][10]["slice"]
    result = run(adjudication, trace, tmp_path)
    assert [(p.kind, p.line) for p in result.problems] == [("no-slice", 11)]
    assert result.verdict == INCONCLUSIVE


def test_result_is_json(trace: Trace, adjudication: Plan, tmp_path: Path) -> None:
    heartbeat_backwards(trace)
    result = run(adjudication, trace, tmp_path)
    document = json.loads(json.dumps(result.to_json()))
    assert document["verdict"] == VIOLATES
    assert document["rejection"]["nearest"][0]["conjunct"] == "Before(promise, upto)"
    assert "promise" in document["rejection"]["state"]
