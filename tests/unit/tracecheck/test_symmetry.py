"""Identities that nobody has named are folded: two-phase commit with 16 participants, of which one is not logged."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from immutables import Map

from tracecheck import CONFORMS, VIOLATES, MappingError, Plan
from tracecheck.checker import Checker
from tracecheck.read import Entry, Event
from tracecheck.report import Result
from tracecheck.search import Limits
from tracecheck.symmetry import Symmetry
from tracecheck.values import ModelValue

HERE = Path(__file__).parent / "specs"
ALL = [f"p{i:02}" for i in range(1, 17)]

Step = tuple[str, str | None]


@pytest.fixture(scope="module")
def votes_unnamed() -> Plan:
    return Plan(HERE / "TwoPhase.tla", HERE / "votes-unnamed.toml")


@pytest.fixture(scope="module")
def counts_unnamed() -> Plan:
    return Plan(HERE / "TwoPhase.tla", HERE / "counts-unnamed.toml")


def run(plan: Plan, steps: list[Step], unnamed: str, limits: Limits | None = None) -> tuple[Result, int]:
    """The verdict, and how many steps of the spec it took."""
    checker = Checker(plan, limits=limits)
    for n, (act, who) in enumerate(steps, 1):
        args = {} if who is None or act == unnamed else {"who": who}
        event = Event(1, n, "coordinator", (n, n), f"TwoPhase!{act}", args)
        checker.feed(Entry(event, "log", n, b""))
    checker.finish()
    (part,) = checker.slices
    return checker.result(), part.window.stepper.taken


def protocol(counted: int, order: random.Random, *, mixed: bool) -> list[Step]:
    """All vote, then `counted` votes are counted, or in between if `mixed`; then it is committed."""
    voters = list(ALL)
    steps: list[Step] = []
    order.shuffle(voters)
    waiting: list[Step] = [("Count", who) for who in voters[:counted]]
    for i, who in enumerate(voters):
        steps.append(("Vote", who))
        if mixed and i % 2:
            steps += waiting[:1]
            waiting = waiting[1:]
    return [*steps, *waiting, ("Commit", None), *(("Finish", who) for who in sorted(voters))]


@pytest.mark.parametrize("unnamed", ["Vote", "Count"])
def test_a_valid_run_of_sixteen_conforms(unnamed: str, votes_unnamed: Plan, counts_unnamed: Plan) -> None:
    plan = votes_unnamed if unnamed == "Vote" else counts_unnamed
    steps = protocol(16, random.Random(1), mixed=unnamed == "Vote")
    result, taken = run(plan, steps, unnamed)
    assert (result.verdict, result.events) == (CONFORMS, len(steps)), result.reason
    assert taken < 4_000


@pytest.mark.parametrize("unnamed", ["Vote", "Count"])
def test_a_commit_without_all_votes_is_refused(unnamed: str, votes_unnamed: Plan, counts_unnamed: Plan) -> None:
    plan = votes_unnamed if unnamed == "Vote" else counts_unnamed
    steps = protocol(15, random.Random(2), mixed=unnamed == "Vote")
    result, taken = run(plan, steps, unnamed)
    assert result.verdict == VIOLATES, result.reason
    assert result.rejection is not None
    assert (result.rejection.act, result.rejection.n) == ("TwoPhase!Commit", steps.index(("Commit", None)) + 1)
    assert taken < 4_000


# -- specs that are not symmetric ------------------------------------------------------------------------------

BODY = """EXTENDS Naturals, TLC
CONSTANTS Proc, Other
VARIABLE x
Init == x = [p \\in Proc |-> 0]
Set(p) == x' = [x EXCEPT ![p] = {value}]
Next == \\E p \\in Proc : Set(p)"""
MAPPING = '[types]\np = "string"\n[symmetry]\nconstants = ["Proc"]\n[events]\n"S!Set" = "Set(p)"\n'
CONFIG = "INIT Init\nNEXT Next\nCONSTANTS\n  Proc = {proc}\n  Other = {other}\n"


def symmetric_plan(
    make_spec: Callable[..., Path], make_mapping: Callable[[str], Path], value: str, proc: str, other: str
) -> Plan:
    spec = make_spec("S", BODY.replace("{value}", value), CONFIG.replace("{proc}", proc).replace("{other}", other))
    return Plan(spec, make_mapping(MAPPING))


@pytest.mark.parametrize("proc", ['{"a", "b"}', "{a, b}"])
def test_a_symmetric_spec_is_taken(
    proc: str, make_spec: Callable[..., Path], make_mapping: Callable[[str], Path]
) -> None:
    checker = Checker(symmetric_plan(make_spec, make_mapping, "1", proc, '"c"'))
    assert checker.shared.symmetry is not None
    assert len(checker.shared.symmetry.all[0]) == 2


@pytest.mark.parametrize(
    ("value", "proc", "other", "words"),
    [
        ("IF p = Other THEN 1 ELSE 2", '{"a", "b"}', '"a"', 'the constant Other names "a"'),
        ("IF p = Other THEN 1 ELSE 2", "{a, b}", "{{b}}", "the constant Other names b"),
        ('IF p = "a" THEN 1 ELSE 2', '{"a", "b"}', '"c"', 'it names "a" at'),
        ("IF p = (CHOOSE q \\in Proc : TRUE) THEN 1 ELSE 2", '{"a", "b"}', '"c"', "CHOOSE may prefer one of them at"),
        ("ToString(p)", '{"a", "b"}', '"c"', "ToString may tell them apart at"),
        ("[a |-> 1]", '{"a", "b"}', '"c"', 'it names "a" at'),
        ("p + 1", "{1, 2}", "3", "1 can be told from others by more than its name"),
        ("1", "{}", "3", "not a set with elements"),
    ],
)
def test_a_spec_that_may_tell_them_apart_is_refused(
    value: str,
    proc: str,
    other: str,
    words: str,
    make_spec: Callable[..., Path],
    make_mapping: Callable[[str], Path],
) -> None:
    plan = symmetric_plan(make_spec, make_mapping, value, proc, other)
    with pytest.raises(MappingError, match=re.escape(words)):
        Checker(plan)


def test_a_constant_that_is_none_is_refused(
    make_spec: Callable[..., Path], make_mapping: Callable[[str], Path]
) -> None:
    spec = make_spec("S", BODY.replace("{value}", "1"), CONFIG.replace("{proc}", "{a, b}").replace("{other}", "3"))
    plan = Plan(spec, make_mapping(MAPPING.replace('"Proc"', '"Nobody"')))
    with pytest.raises(MappingError, match="Nobody: the spec has no such constant; it has Proc, Other"):
        Checker(plan)


# -- names -----------------------------------------------------------------------------------------------------


def test_what_an_event_names_is_found_wherever_it_stands() -> None:
    symmetry = Symmetry([("a", "b", "c"), (ModelValue("m"), ModelValue("n"))])
    assert symmetry.named([{"x": ["a", {"b": 1}]}]) == {"a", "b"}
    assert symmetry.named([Map({"c": frozenset([ModelValue("m")])}), "n"]) == {"c", ModelValue("m"), ModelValue("n")}
    assert symmetry.named([1, None, True, "d"]) == frozenset()
