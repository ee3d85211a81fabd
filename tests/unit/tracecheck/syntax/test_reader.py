"""Every construct of TLA+ has a node, at its place; one that has none is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tracecheck import SpecError
from tracecheck.syntax import UnknownConstructError, read, tree
from tracecheck.syntax.walk import Mentions, free_names, parts

HEADER = "EXTENDS Naturals, Sequences, FiniteSets, TLC\nCONSTANT C\nVARIABLES x, y\n"

Spec = Callable[[str], tree.Module]


@pytest.fixture
def spec(tmp_path: Path) -> Spec:
    def make(body: str) -> tree.Module:
        path = tmp_path / "S.tla"
        path.write_text(f"---- MODULE S ----\n{HEADER}{body}\n====\n")
        return read(path)

    return make


def test_all_specs_are_read() -> None:
    specs = Path(__file__).parents[4] / "specs"
    module = read(specs / "adjudication/AdjudicationProps.tla")
    assert set(module.variables) >= {"history", "floor", "commits"}
    commit = module.definitions["Commit"]
    assert [parameter.name for parameter in commit.parameters] == ["txn", "start", "keys", "ts"]
    assert commit.place.file.endswith("specs/adjudication/Adjudication.tla")
    assert isinstance(commit.body, tree.And)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("17", tree.Number),
        ("99999999999", tree.Number),
        ('"w"', tree.Text),
        ("TRUE", tree.Truth),
        ("x", tree.Name),
        ("C", tree.Name),
        ("x + 1", tree.Apply),
        ("x /\\ y", tree.And),
        ("x \\/ y", tree.Or),
        ("IF x THEN 1 ELSE 2", tree.If),
        ("CASE x -> 1 [] OTHER -> 2", tree.Case),
        ("LET z == 1 IN z", tree.Let),
        ("\\A z \\in x : z", tree.Quantified),
        ("\\E z : z", tree.Unbounded),
        ("\\EE z : []z", tree.Unbounded),
        ("CHOOSE z \\in x : z", tree.Choose),
        ("CHOOSE z : z", tree.Choose),
        ("{1, 2}", tree.SetOf),
        ("{z \\in x : z}", tree.Filter),
        ("{z : z \\in x}", tree.Image),
        ("[z \\in x |-> z]", tree.Function),
        ("x[1]", tree.Call),
        ("[x -> y]", tree.Functions),
        ("[a |-> 1]", tree.Record),
        ("[a : x]", tree.Records),
        ("x.a", tree.Field),
        ("[x EXCEPT ![1].a = @ + 1]", tree.Except),
        ("<<1, 2>>", tree.Tuple),
        ("x \\X y", tree.Product),
        ("x'", tree.Prime),
        ("UNCHANGED x", tree.Unchanged),
        ("ENABLED (x' = 1)", tree.Enabled),
        ("[][x' = 1]_x", tree.Always),
        ("<><<x' = 1>>_x", tree.Eventually),
        ("WF_x(x' = 1)", tree.Fairness),
        ("SF_x(x' = 1)", tree.Fairness),
        ("x ~> y", tree.Apply),
    ],
)
def test_a_construct_has_its_node(text: str, kind: type[tree.Node], spec: Spec) -> None:
    definition = spec(f"D ==\n    {text}").definitions["D"]
    assert type(definition.body) is kind
    assert definition.body.place.line == 6
    assert str(definition.body.place).endswith("S.tla:6")


def test_numbers_are_exact(spec: Spec) -> None:
    body = spec("D == <<7, 99999999999>>").definitions["D"].body
    assert isinstance(body, tree.Tuple)
    assert [part.value for part in body.elements if isinstance(part, tree.Number)] == [7, 99999999999]


def test_names_are_resolved(spec: Spec) -> None:
    module = spec("F(a) == a + C\nD == \\E z \\in x : F(z) = Len(<<z>>)")
    body = module.definitions["D"].body
    assert isinstance(body, tree.Quantified)
    (binding,) = body.bindings
    left, right = parts(body.body)
    assert isinstance(left, tree.Apply) and left.operator is module.definitions["F"]
    assert left.arguments == (tree.Name(left.arguments[0].place, binding.names[0]),)
    assert isinstance(right, tree.Apply) and right.operator == tree.Given("Len", "Sequences")


def test_ways_to_write_the_same_are_one_node(spec: Spec) -> None:
    module = spec("A == x /\\ y /\\ C\nB ==\n    /\\ x\n    /\\ y\n    /\\ C\nE == x # y\nF == x /= y")
    first, second = module.definitions["A"].body, module.definitions["B"].body
    assert isinstance(first, tree.And) and isinstance(second, tree.And)
    assert len(first.parts) == len(second.parts) == 3
    for name in "EF":
        body = module.definitions[name].body
        assert isinstance(body, tree.Apply) and body.operator == tree.Given("/=")


def test_at_stands_for_the_old_value(spec: Spec) -> None:
    body = spec('D == [x EXCEPT !.a = 1, ![2] = [@ EXCEPT !["b"] = @]]').definitions["D"].body
    assert isinstance(body, tree.Except)
    first, second = body.updates
    assert first.path == (tree.Text(first.path[0].place, "a"),)
    assert isinstance(second.value, tree.Except)
    assert isinstance(second.value.base, tree.Name) and second.value.base.target == second.old
    (inner,) = second.value.updates
    assert isinstance(inner.value, tree.Name) and inner.value.target == inner.old != second.old


def test_operators_as_arguments(spec: Spec) -> None:
    module = spec("T(c) == c > 1\nD == SelectSeq(x, T)\nE == SelectSeq(x, LAMBDA c : c > 1)")
    named, unnamed = module.definitions["D"].body, module.definitions["E"].body
    assert isinstance(named, tree.Apply) and isinstance(named.arguments[1], tree.OperatorName)
    assert named.arguments[1].operator is module.definitions["T"]
    assert isinstance(unnamed, tree.Apply) and isinstance(unnamed.arguments[1], tree.Lambda)


def test_a_recursive_definition_occurs_in_its_own_body(spec: Spec) -> None:
    module = spec("RECURSIVE F(_)\nF(n) == IF n = 0 THEN 0 ELSE F(n - 1)")
    definition = module.definitions["F"]
    assert definition.recursive
    assert isinstance(definition.body, tree.If)
    assert isinstance(definition.body.otherwise, tree.Apply) and definition.body.otherwise.operator is definition


def test_a_recursive_function_names_itself(spec: Spec) -> None:
    body = spec("f[n \\in x] == IF n = 0 THEN 0 ELSE f[n - 1]").definitions["f"].body
    assert isinstance(body, tree.Function) and body.itself is not None
    assert body.itself in free_names(body.value)
    assert body.itself not in free_names(body)


def test_assumptions_have_names(spec: Spec) -> None:
    module = spec("ASSUME Positive == C > 0\nASSUME C < 9")
    assert [assumption.name for assumption in module.assumptions] == ["Positive", None]


def test_an_instance_says_what_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "Inner.tla").write_text("---- MODULE Inner ----\nVARIABLE v\nD == v = v\n====\n")
    (tmp_path / "S.tla").write_text(
        "---- MODULE S ----\nEXTENDS Naturals\nVARIABLE x\nI == INSTANCE Inner WITH v <- x + 1\nE == I!D\n====\n"
    )
    module = read(tmp_path / "S.tla")
    body = module.definitions["I!D"].body
    assert isinstance(body, tree.Instantiated)
    ((target, value),) = body.replaced
    assert target.name == "v"
    assert isinstance(value, tree.Apply) and value.operator == tree.Given("+", "Naturals")


def test_what_has_no_node_is_refused_with_its_name_and_place(spec: Spec) -> None:
    with pytest.raises(UnknownConstructError, match=r"S\.tla:6: .*DecimalNode.* is not covered") as caught:
        spec("D ==\n    1.5")
    assert caught.value.place.line == 6


def test_a_spec_that_does_not_parse_is_refused(spec: Spec) -> None:
    with pytest.raises(SpecError, match="Unknown operator"):
        spec("D == nothing")


# -- walking -----------------------------------------------------------------------------------------------


def test_free_names_are_those_that_nothing_binds(spec: Spec) -> None:
    module = spec("D(a, b) == \\E z \\in a : LET k(c) == c + b IN k(z) > 0")
    definition = module.definitions["D"]
    assert {name.name for name in free_names(definition.body)} == {"a", "b"}


def test_mentions_looks_into_definitions(spec: Spec) -> None:
    module = spec("A == x' = 1\nB == A \\/ y = 2\nD == y = 2")
    primed = Mentions(lambda node: isinstance(node, tree.Prime))
    assert [primed(module.definitions[name].body) for name in "ABD"] == [True, True, False]
