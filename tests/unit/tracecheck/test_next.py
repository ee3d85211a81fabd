"""Taking Next apart, and taking only steps that Next allows."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tracecheck import CONFORMS, INCONCLUSIVE, VIOLATES, Plan, Result, SpecError, actions, check

SPECS = Path(__file__).parents[3] / "specs"
HEADER = "EXTENDS Naturals, Sequences\nVARIABLE x\nInit == x = 0\n"

MakeSpec = Callable[..., Path]
MakeMapping = Callable[[str], Path]


def log(path: Path, *steps: tuple[str, dict[str, Any]]) -> Path:
    lines = [
        {"v": 1, "n": n, "node": "a", "at": [n, n], "act": f"S!{act}", "args": args}
        for n, (act, args) in enumerate(steps, 1)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_actions_of_the_specs() -> None:
    found = actions(SPECS / "adjudication/Adjudication.tla")
    assert found["Commit"] == ("txn", "start", "keys", "ts")
    assert found["Recover"] == ("kept", "at")
    assert set(found) == {"Commit", "Refuse", "Decline", "Durable", "Heartbeat", "Renew", "Forget", "Recover"}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("A == x' = 1\nNext == A", {"A": ()}),
        ("A(n) == x' = n\nNext == \\E n \\in {1, 2} : A(n)", {"A": ("n",)}),
        ("A == x' = 1\nB == x' = 2\nNext == A \\/ B", {"A": (), "B": ()}),
        ("A(n) == x' = n\nMore(m) == A(m) \\/ A(m + 1)\nNext == \\E n \\in {1} : More(n)", {"A": ("n",)}),
        ("A == x' = 1\nB == A\nNext == \\/ B", {"B": ()}),
        ("A == \\E n \\in {1, 2} : x' = n\nNext == \\/ A", {"A": ()}),
        ("A(n) == x' = n\nNext == LET k == 2 IN \\/ A(k)\n                       \\/ x' = 7", {"A": ("n",)}),
        ("A(a, b) == x' = a + b\nNext == \\E <<a, b>> \\in {<<1, 2>>} : A(a, b)", {"A": ("a", "b")}),
    ],
)
def test_actions_are_found_under_disjunctions_and_quantifiers(
    body: str, expected: dict[str, Any], make_spec: MakeSpec
) -> None:
    assert actions(make_spec("S", HEADER + body)) == expected


def test_a_spec_without_next_is_refused(make_spec: MakeSpec) -> None:
    with pytest.raises(SpecError, match="defines no Next"):
        actions(make_spec("S", HEADER))


def test_a_spec_that_does_not_parse_is_refused_in_one_line(make_spec: MakeSpec) -> None:
    with pytest.raises(SpecError) as caught:
        actions(make_spec("S", HEADER + "Next == x' = y"))
    assert "Unknown operator: `y'" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_name_quantified_twice_is_refused(make_spec: MakeSpec) -> None:
    inner = "A(n, m) == x' = n + m\nB(m) == \\E n \\in {1} : A(n, m)\nNext == \\E n \\in {1} : B(n)"
    with pytest.raises(SpecError, match="quantified twice"):
        actions(make_spec("S", HEADER + inner))


# -- steps -------------------------------------------------------------------------------------------------

ADD = HEADER + "Add(n, s) == x < 9 /\\ x' = x + n + Len(s)\nNext == \\E n \\in {1, 2}, s \\in Seq({5}) : Add(n, s)"
ADD_MAPPING = '[types]\nn = "int"\ns = "seq(int)"\n[events]\n"S!Add" = "Add(n, s)"\n'


def add(*steps: tuple[int, list[int]], make_spec: MakeSpec, make_mapping: MakeMapping, tmp_path: Path) -> Result:
    path = log(tmp_path / "a.ndjson", *(("Add", {"n": n, "s": s}) for n, s in steps))
    return check(make_spec("S", ADD), make_mapping(ADD_MAPPING), [path])


def test_steps_in_the_quantifiers_sets_conform(make_spec: MakeSpec, make_mapping: MakeMapping, tmp_path: Path) -> None:
    result = add((1, []), (2, [5, 5]), make_spec=make_spec, make_mapping=make_mapping, tmp_path=tmp_path)
    assert (result.verdict, result.consumed) == (CONFORMS, {"Add": 2})


@pytest.mark.parametrize(("n", "s", "conjunct"), [(3, [], "n \\in {1, 2}"), (1, [5, 6], "s \\in Seq({5})")])
def test_a_value_that_next_does_not_draw_is_refused_though_the_action_would_take_it(
    n: int, s: list[int], conjunct: str, make_spec: MakeSpec, make_mapping: MakeMapping, tmp_path: Path
) -> None:
    result = add((1, []), (n, s), make_spec=make_spec, make_mapping=make_mapping, tmp_path=tmp_path)
    assert result.verdict == VIOLATES
    assert result.rejection is not None
    assert result.rejection.line == 2
    assert [near.conjunct for near in result.rejection.nearest] == [conjunct]
    assert result.rejection.state == {"x": "1"}


def test_an_argument_that_next_fixes_must_be_logged_so(
    make_spec: MakeSpec, make_mapping: MakeMapping, tmp_path: Path
) -> None:
    spec = make_spec("S", HEADER + "Add(n, m) == x' = x + m\nNext == \\E n \\in {1, 2} : Add(n, n + 1)")
    mapping = make_mapping('[types]\nn = "int"\nm = "int"\n[events]\n"S!Add" = "Add(n, m)"\n')
    assert check(spec, mapping, [log(tmp_path / "a", ("Add", {"n": 1, "m": 2}))]).verdict == CONFORMS
    result = check(spec, mapping, [log(tmp_path / "b", ("Add", {"n": 1, "m": 3}))])
    assert result.verdict == VIOLATES
    assert "the spec gives m another value here" in result.reason


def test_one_name_for_two_parameters_must_have_one_value(
    make_spec: MakeSpec, make_mapping: MakeMapping, tmp_path: Path
) -> None:
    spec = make_spec("S", HEADER + "Add(n, m) == x' = x + m\nNext == \\E n \\in {1, 2} : Add(n, n)")
    mapping = make_mapping('[types]\nn = "int"\nm = "int"\n[events]\n"S!Add" = "Add(n, m)"\n')
    assert check(spec, mapping, [log(tmp_path / "a", ("Add", {"n": 2, "m": 2}))]).verdict == CONFORMS
    assert check(spec, mapping, [log(tmp_path / "b", ("Add", {"n": 1, "m": 2}))]).verdict == VIOLATES


def test_a_quantifier_over_tuples_and_over_the_state(
    make_spec: MakeSpec, make_mapping: MakeMapping, tmp_path: Path
) -> None:
    body = "Add(n, m) == x' = n + m\nNext == \\E <<n, m>> \\in {<<x, x + 1>>} : Add(n, m)"
    mapping = make_mapping('[types]\nn = "int"\nm = "int"\n[events]\n"S!Add" = "Add(n, m)"\n')
    good = [("Add", {"n": 0, "m": 1}), ("Add", {"n": 1, "m": 2})]
    assert check(make_spec("S", HEADER + body), mapping, [log(tmp_path / "a", *good)]).verdict == CONFORMS
    bad = [("Add", {"n": 0, "m": 1}), ("Add", {"n": 0, "m": 1})]
    result = check(make_spec("S", HEADER + body), mapping, [log(tmp_path / "b", *bad)])
    assert (result.verdict, result.rejection and result.rejection.line) == (VIOLATES, 2)


def test_an_action_that_stands_twice_in_next_may_be_either(
    make_spec: MakeSpec, make_mapping: MakeMapping, tmp_path: Path
) -> None:
    body = "Set(n) == x' = n\nNext == (\\E n \\in {1} : Set(n)) \\/ (\\E n \\in {2} : Set(n))"
    spec, mapping = make_spec("S", HEADER + body), make_mapping('[types]\nn = "int"\n[events]\n"S!Set" = "Set(n)"\n')
    plan = Plan(spec, mapping)
    assert len(plan.engine.leaves) == 2
    assert check(spec, mapping, [log(tmp_path / "a", ("Set", {"n": 2}), ("Set", {"n": 1}))]).verdict == CONFORMS
    assert check(spec, mapping, [log(tmp_path / "b", ("Set", {"n": 3}))]).verdict == VIOLATES


def test_a_choice_inside_an_action_keeps_every_candidate(
    make_spec: MakeSpec, make_mapping: MakeMapping, tmp_path: Path
) -> None:
    body = "Guess == x' \\in {1, 2}\nIs(n) == x = n /\\ UNCHANGED x\nNext == Guess \\/ \\E n \\in Nat : Is(n)"
    spec = make_spec("S", HEADER + body)
    mapping = make_mapping('[types]\nn = "int"\n[events]\n"S!Guess" = "Guess"\n"S!Is" = "Is(n)"\n')
    good = log(tmp_path / "a", ("Guess", {}), ("Is", {"n": 2}), ("Is", {"n": 2}))
    assert check(spec, mapping, [good]).verdict == CONFORMS
    bad = log(tmp_path / "b", ("Guess", {}), ("Is", {"n": 2}), ("Is", {"n": 1}))
    result = check(spec, mapping, [bad])
    assert (result.verdict, result.rejection and result.rejection.line) == (VIOLATES, 3)
    few = check(spec, mapping, [good], candidates=1)
    assert (few.verdict, few.problems[0].kind) == (INCONCLUSIVE, "budget")


def test_an_invariant_that_a_step_breaks_is_named(
    make_spec: MakeSpec, make_mapping: MakeMapping, tmp_path: Path
) -> None:
    body = "Set(n) == x' = n\nNext == \\E n \\in Nat : Set(n)\nSmall == x < 5"
    spec = make_spec("S", HEADER + body, "INIT Init\nNEXT Next\nINVARIANT Small\n")
    mapping = make_mapping('[types]\nn = "int"\n[events]\n"S!Set" = "Set(n)"\n')
    result = check(spec, mapping, [log(tmp_path / "a", ("Set", {"n": 4}), ("Set", {"n": 5}))])
    assert (result.verdict, result.rejection and result.rejection.line) == (VIOLATES, 2)
    assert "for it would break the invariant Small" in result.reason


def test_what_tlc_cannot_evaluate_is_inconclusive(
    make_spec: MakeSpec, make_mapping: MakeMapping, tmp_path: Path
) -> None:
    body = "Set(n) == x' = <<1, 2>>[n]\nNext == \\E n \\in Nat : Set(n)"
    spec, mapping = make_spec("S", HEADER + body), make_mapping('[types]\nn = "int"\n[events]\n"S!Set" = "Set(n)"\n')
    result = check(spec, mapping, [log(tmp_path / "a", ("Set", {"n": 1}), ("Set", {"n": 3}))])
    assert (result.verdict, result.problems[0].kind, result.problems[0].line) == (INCONCLUSIVE, "evaluation", 2)


def test_a_variable_left_open_is_an_error_of_the_spec(
    make_spec: MakeSpec, make_mapping: MakeMapping, tmp_path: Path
) -> None:
    body = "EXTENDS Naturals\nVARIABLES x, y\nInit == x = 0 /\\ y = 0\nSet == x' = 1\nNext == Set \\/ Set"
    spec, mapping = make_spec("S", body), make_mapping('[events]\n"S!Set" = "Set"\n')
    result = check(spec, mapping, [log(tmp_path / "a", ("Set", {}))])
    assert result.verdict == INCONCLUSIVE
    assert "leaves y without a next value" in result.reason


def test_a_recursive_operator_may_nest_deeply(make_spec: MakeSpec, make_mapping: MakeMapping, tmp_path: Path) -> None:
    body = (
        "RECURSIVE Down(_)\nDown(n) == IF n = 0 THEN 7 ELSE Down(n - 1)\n"
        "Set(n) == x' = Down(n)\nNext == \\E n \\in Nat : Set(n)"
    )
    spec, mapping = make_spec("S", HEADER + body), make_mapping('[types]\nn = "int"\n[events]\n"S!Set" = "Set(n)"\n')
    assert check(spec, mapping, [log(tmp_path / "a", ("Set", {"n": 20_000}))]).verdict == CONFORMS


def test_modules_are_found_in_lib_and_in_named_directories(
    make_spec: MakeSpec, make_mapping: MakeMapping, tmp_path: Path
) -> None:
    make_spec("Beside", "One == 1", folder="lib")
    make_spec("Far", "Two == 2", folder="far")
    body = "EXTENDS Naturals, Beside, Far\nVARIABLE x\nInit == x = One\nSet == x' = Two\nNext == Set \\/ Set"
    spec, mapping = make_spec("S", body), make_mapping('[events]\n"S!Set" = "Set"\n')
    logs = [log(tmp_path / "a", ("Set", {}))]
    with pytest.raises(SpecError, match="Far"):
        check(spec, mapping, logs)
    assert check(spec, mapping, logs, libraries=[tmp_path / "far"]).verdict == CONFORMS


def test_two_specs_do_not_disturb_each_other(make_spec: MakeSpec, make_mapping: MakeMapping, tmp_path: Path) -> None:
    mapping = make_mapping('[types]\nn = "int"\n[events]\n"S!Set" = "Set(n)"\n')
    other = "VARIABLES b, a\nInit == a = 9 /\\ b = 8\nSet(n) == a' = b /\\ b' = n\nNext == \\E n \\in Nat : Set(n)"
    one = Plan(make_spec("S", HEADER + "Set(n) == x' = n\nNext == \\E n \\in Nat : Set(n)"), mapping)
    two = Plan(make_spec("T", "EXTENDS Naturals\n" + other), mapping)
    first = [plan.engine.initial()[0] for plan in (one, two)]
    assert [plan.engine.show(state) for plan, state in zip((one, two), first, strict=True)] == [
        {"x": "0"},
        {"b": "8", "a": "9"},
    ]


def test_missing_files_are_refused(tmp_path: Path, make_spec: MakeSpec, make_mapping: MakeMapping) -> None:
    mapping = make_mapping('[events]\n"S!Set" = "Set"\n')
    with pytest.raises(SpecError, match=r"none\.tla: no such spec"):
        Plan(tmp_path / "none.tla", mapping)
    spec = make_spec("S", HEADER + "Set == x' = 1\nNext == Set")
    with pytest.raises(SpecError, match=r"none\.cfg: no such configuration"):
        Plan(spec, mapping, tmp_path / "none.cfg")
    with pytest.raises(SpecError, match="no such library directory"):
        Plan(spec, mapping, libraries=[tmp_path / "none"])
