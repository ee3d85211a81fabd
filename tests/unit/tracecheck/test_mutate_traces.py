"""Mutating traces of a spec that determines every argument: each kind applies by the types, and nothing survives."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.ledger import GUARDS, make_files, make_log
from tracecheck import Plan, UsageError
from tracecheck.mutate.equivalence import Rule, load_rules
from tracecheck.mutate.tally import Tally, rate, render, to_json
from tracecheck.mutate.traces import KINDS, mutate_traces, read_good
from tracecheck.mutate.values import VALUE_KINDS

NOT_HERE = {
    "neighbours of two nodes exchanged",
    "event logged early",
    "causes in a circle",
    "cause one earlier",
    "event at another node",
    "arguments of another event of its sort",
    "number of another argument",
}
"""Kinds that need two nodes, or causes, or two arguments of one type."""
NO_MAPS = {"key added to a map", "key removed from a map", "key of a map renamed", "values of a map exchanged"}


def campaign(directory: Path, guards: list[str] = GUARDS, rules: list[Rule] | None = None) -> dict[str, Tally]:
    spec, mapping = make_files(directory, guards)
    traces = read_good(Plan(spec, mapping), [[make_log(directory / "logs")]])
    tallies = mutate_traces(traces, seed=1, count=6, rules=rules)
    return {tally.kind: tally for tally in tallies}


@pytest.fixture(scope="module")
def tallies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Tally]:
    return campaign(tmp_path_factory.mktemp("ledger"))


def test_there_are_many_kinds_each_with_its_own_name() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS) >= 40


def test_every_kind_of_value_is_killed_where_it_applies(tallies: dict[str, Tally]) -> None:
    for kind in VALUE_KINDS:
        if kind.name not in NOT_HERE | NO_MAPS:
            assert (tallies[kind.name].killed, tallies[kind.name].misses) > (0, []), kind.name
            assert tallies[kind.name].misses == [], kind.name


def test_nothing_survives_but_by_an_argument(tallies: dict[str, Tally]) -> None:
    assert [miss for tally in tallies.values() for miss in tally.misses] == []
    assert rate(list(tallies.values())) == 100.0
    reasons = {why for tally in tallies.values() for why in tally.equivalent}
    assert reasons <= {rule.why for rule in load_rules()}


def test_a_broken_log_must_leave_no_verdict(tallies: dict[str, Tally]) -> None:
    broken = [tally for tally in tallies.values() if tally.breaks and tally.kind not in NOT_HERE]
    assert all(tally.killed > 0 and tally.misses == [] for tally in broken), broken


def test_what_a_spec_does_not_look_at_survives(tmp_path: Path) -> None:
    """Without one guard, one argument may say anything."""
    found = campaign(tmp_path, [guard for guard in GUARDS if not guard.startswith("even")])
    assert found["truth reversed"].killed == 0
    assert all("even is" in miss.mutant for miss in found["truth reversed"].misses)
    assert rate(list(found.values())) < 100.0
    assert any("missed: truth reversed: event " in line for line in render("traces", list(found.values())))


def test_a_declared_equivalence_covers_what_survives(tmp_path: Path) -> None:
    declared = Rule(
        "declared", "nobody looks at it", frozenset({"truth reversed"}), frozenset({"Ledger!Entry"}), "even"
    )
    found = campaign(tmp_path, [guard for guard in GUARDS if not guard.startswith("even")], [*load_rules(), declared])
    assert found["truth reversed"].misses == []
    assert found["truth reversed"].equivalent == {"nobody looks at it": found["truth reversed"].made}


def test_the_same_seed_makes_the_same_mutants(tallies: dict[str, Tally], tmp_path: Path) -> None:
    assert to_json(list(campaign(tmp_path).values())) == to_json(list(tallies.values()))


def test_a_false_refusal_is_a_miss(tmp_path: Path) -> None:
    """The oracle takes everything for a behaviour: then whatever the checker refuses is refused wrongly."""
    spec, mapping = make_files(tmp_path)
    traces = read_good(Plan(spec, mapping), [[make_log(tmp_path / "logs")]])
    (kind,) = [kind for kind in KINDS if kind.name == "number zero"]
    (tally,) = mutate_traces(traces, seed=1, count=2, oracle=lambda entries: True, kinds=[kind])
    assert tally.killed == 0
    assert all(miss.why.startswith("refused, and a behaviour: ") for miss in tally.misses)


def test_a_run_that_does_not_conform_is_not_mutated(tmp_path: Path) -> None:
    spec, mapping = make_files(tmp_path)
    with pytest.raises(UsageError, match="only a run that conforms can be mutated"):
        read_good(Plan(spec, mapping), [[make_log(tmp_path / "logs", closes=(1,))]])
