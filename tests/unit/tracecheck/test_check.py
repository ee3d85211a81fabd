"""A valid trace conforms; each way of spoiling it is refused at the event that was spoilt."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.spoil import Spoilt, assert_refused
from tests.support.spoil_adjudication import ADJUDICATION_SPOILS, heartbeat_backwards
from tests.support.spoil_isolation import ISOLATION_SPOILS
from tests.support.tracefiles import ADJUDICATOR, Place, Trace, court, find, is_act, swap, write
from tests.unit.tracecheck.synthetic import World
from tracecheck import CONFORMS, INCONCLUSIVE, VIOLATES, Plan, Result, check_all


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


def durable_out_of_order(trace: Trace) -> Spoilt:
    """Of two records under way the later is durable first."""
    events = trace[ADJUDICATOR]
    i = find(events, "Durable", lambda i: len(court(events[:i]).appending) > 1)
    j = next(j for j in range(i + 1, len(events)) if is_act(events[j], "Durable", "Recover"))
    assert is_act(events[j], "Durable"), "the adjudicator did not start again"
    swap(events, i, j)
    return Spoilt(Place(ADJUDICATOR, i), "adjudication", "\\A r \\in appending : AtMost(ts, r.ts)")


@pytest.mark.parametrize(
    "spoil", [durable_out_of_order, *ADJUDICATION_SPOILS, *ISOLATION_SPOILS], ids=lambda spoil: str(spoil.__name__)
)
def test_spoilt_trace_is_refused_at_the_event(
    spoil: Callable[[Trace], Spoilt], trace: Trace, isolation: Plan, adjudication: Plan, tmp_path: Path
) -> None:
    spoilt = spoil(trace)
    plan = {"isolation": isolation, "adjudication": adjudication}[spoilt.spec]
    assert_refused(spoilt, trace, tmp_path / "logs", run(plan, trace, tmp_path))


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
    log = tmp_path / "A1_adj-0.ndjson"
    lines = log.read_text().splitlines()
    change(lines)
    log.write_text("\n".join(lines) + "\n")

    (result,) = check_all([adjudication], [tmp_path])

    assert result.verdict == INCONCLUSIVE
    assert [(p.kind, p.file, p.line) for p in result.problems] == [(kind, str(log), 11)]
    assert result.events == 10


def test_a_log_that_is_cut_off_is_inconclusive(trace: Trace, adjudication: Plan, tmp_path: Path) -> None:
    write(trace, tmp_path)
    log = tmp_path / "A1_adj-0.ndjson"
    log.write_bytes(log.read_bytes()[:-20])

    (result,) = check_all([adjudication], [tmp_path])

    assert result.verdict == INCONCLUSIVE
    assert [(p.kind, p.line) for p in result.problems] == [("truncated", len(trace[ADJUDICATOR]))]


def test_a_log_that_is_missing_is_inconclusive(trace: Trace, isolation: Plan, tmp_path: Path) -> None:
    write(trace, tmp_path)
    (tmp_path / "A1_adj-0.ndjson").unlink()

    (result,) = check_all([isolation], [tmp_path])

    assert result.verdict == INCONCLUSIVE
    assert [p.kind for p in result.problems] == ["missing-cause"]


def test_what_was_violated_before_a_broken_line_stays_violated(
    trace: Trace, adjudication: Plan, tmp_path: Path
) -> None:
    spoilt = heartbeat_backwards(trace)
    del trace[ADJUDICATOR][spoilt.place.position + 5]
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
    trace[ADJUDICATOR][10]["act"] = "Nowhere!Move"
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
    i = heartbeat_backwards(bad).place.position
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
