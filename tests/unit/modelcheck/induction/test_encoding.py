"""The encoding of each construct agrees with TLC: both are asked for the value of the same closed expressions."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import z3

from daybreak.modelcheck.induction.environment import Env
from daybreak.modelcheck.induction.evaluate import Evaluator
from daybreak.modelcheck.induction.logic import Logic
from daybreak.modelcheck.induction.small import Sizes, Small
from daybreak.modelcheck.induction.values import Term, text
from tracecheck.syntax import UnknownConstructError, read, tree
from tracecheck.tlc.engine import TlcEngine
from tracecheck.tlc.spec import locate

HEADER = """EXTENDS Integers, Sequences, FiniteSets, TLC
VARIABLE x
Twice(n) == 2 * n
Apply(F(_), a) == F(a)
"""

EXPRESSIONS = [
    "1 + 2 * 3 - 4",
    "<<1 < 2, 2 <= 2, 3 > 4, 4 >= 5, 1 = 2, 1 # 2>>",
    "~TRUE \\/ (FALSE => TRUE)",
    "<<TRUE <=> FALSE, FALSE /\\ TRUE>>",
    "IF 1 < 2 THEN {1} ELSE {}",
    "CASE 1 > 2 -> 1 [] 2 > 1 -> 2 [] OTHER -> 3",
    "LET y == 3 z(n) == n + y IN z(4)",
    "Twice(Twice(3))",
    "Apply(Twice, 5)",
    "Apply(LAMBDA n : n + 1, 5)",
    "{1, 2} \\cup {2, 3}",
    "{1, 2} \\cap {2, 3}",
    "{1, 2} \\ {2, 3}",
    "UNION {{1, 2}, {2, 3}}",
    "<<{1} \\subseteq {1, 2}, {1, 3} \\subseteq {1, 2}>>",
    "SUBSET {1, 2}",
    "{q \\in SUBSET {1, 2, 3} : Cardinality(q) > 1}",
    "Cardinality({1, 2, 2, 1 + 1})",
    "{n \\in 1 .. 5 : n > 3}",
    "{n + m : n \\in {1, 2}, m \\in {10, 20}}",
    "{n + m : <<n, m>> \\in {<<1, 2>>, <<3, 4>>}}",
    "<<\\A n \\in 1 .. 3 : n < 4, \\A n \\in {} : FALSE, \\A n, m \\in {1, 2} : n = m>>",
    "<<\\E n \\in 1 .. 3 : n > 2, \\E n \\in {} : TRUE, \\E <<n, m>> \\in {<<1, 1>>} : n = m>>",
    "CHOOSE n \\in {1, 2, 3} : n > 2",
    "{(CHOOSE m \\in {1, 2, 3} : m > n) : n \\in {2}}",
    "[n \\in {5, 7} |-> n + 1]",
    "[n \\in {5, 7} |-> n + 1][7]",
    "DOMAIN [n \\in {5, 7} |-> n + 1]",
    "[[n \\in {5, 7} |-> n] EXCEPT ![5] = @ + 10]",
    "[[n \\in {5, 7} |-> <<n>>] EXCEPT ![5][1] = @ + 10][5][1]",
    "[n \\in {5}, m \\in {6} |-> n + m][5, 6]",
    "<<[n \\in {5} |-> 1] \\in [{5} -> {1, 2}], [n \\in {5} |-> 3] \\in [{5} -> {1, 2}]>>",
    "(5 :> 1) @@ (5 :> 2) @@ (6 :> 3)",
    '[a |-> 1, b |-> "w"]',
    "[a |-> 1, b |-> 2].b",
    '[a |-> 1, b |-> 2]["a"]',
    "[[a |-> 1, b |-> 2] EXCEPT !.b = @ + 1]",
    '{[W |-> {1}, N |-> {2}][c] : c \\in {"N"}}',
    "<<[a |-> 1] \\in [a : {1}], [a |-> 2] \\in [a : {1}]>>",
    "[a : {1, 2}, b : {3}]",
    "{1, 2} \\X {3}",
    "<<<<1, 2>> \\in {1} \\X {2}, <<1, 2>> = <<1, 3>>>>",
    "Len(<<5, 6>>)",
    "<<5, 6>>[2]",
    "Append(<<5>>, 6)",
    "<<5>> \\o <<6, 7>>",
    "<< >> \\o <<6>>",
    "SubSeq(<<5, 6, 7>>, 2, 3)",
    "SubSeq(<<5, 6, 7>>, 3, 2)",
    "Head(<<5, 6>>)",
    "Tail(<<5, 6, 7>>)",
    "DOMAIN <<5, 6>>",
    "SelectSeq(<<1, 2, 3, 4>>, LAMBDA n : n # 2)",
    "SelectSeq(<<1, 2, 3>>, LAMBDA n : n > 5)",
    "[Append(<<5>>, 6) EXCEPT ![2] = 9]",
    "<<<<1, 2>> \\in Seq({1, 2}), <<1, 3>> \\in Seq({1, 2}), << >> \\in Seq({})>>",
    "<<0 \\in Nat, -1 \\in Nat, -1 \\in Int, TRUE \\in BOOLEAN>>",
    "<<Append(<< >>, 1) = <<1>>, {1, 2} = {2, 1}, [n \\in {5} |-> n] = (5 :> 5)>>",
]


GRAMMAR = {
    "N": (
        ["1", "2", "3"],
        [
            "($N + $N)",
            "(IF $B THEN $N ELSE $N)",
            "Len($Q)",
            "Cardinality($S)",
            "(CHOOSE @ \\in $S \\cup {9} : \\A m@ \\in {1, 9} : m@ <= @)",
        ],
    ),
    "S": (
        ["{}", "{1, 2}", "{2, 3}"],
        ["($S \\cup $S)", "($S \\cap $S)", "($S \\ $S)", "{$N, $N}", "{@ \\in $S : @ < $N}", "{@ + $N : @ \\in $S}"],
    ),
    "Q": (
        ["<< >>", "<<1, 2>>"],
        ["($Q \\o $Q)", "<<$N>>", "Append($Q, $N)", "SelectSeq($Q, LAMBDA @ : @ \\in $S)", "(IF $B THEN $Q ELSE $Q)"],
    ),
    "B": (
        ["TRUE", "FALSE"],
        ["($N < $N)", "($N \\in $S)", "($S = $S)", "($Q = $Q)", "~$B", "($B /\\ $B)", "(\\E @ \\in $S : @ > $N)"],
    ),
}
"""For each kind of value, expressions without parts, and expressions with parts of the kinds that $ names.

@ is a bound name."""


def made(random_: random.Random, kind: str = "", depth: int = 2) -> str:
    """A random closed expression."""
    plain, composed = GRAMMAR[kind or random_.choice("NSQB")]
    chosen = random_.choice(composed if depth else plain).replace("@", f"n{depth}")
    return re.sub(r"\$(\w)", lambda match: made(random_, match[1], depth - 1), chosen)


def write(path: Path, name: str, expressions: list[str]) -> Path:
    body = "".join(f"E{number} == {text}\n" for number, text in enumerate(expressions))
    names = ", ".join(f"E{number}" for number in range(len(expressions)))
    module = path / f"{name}.tla"
    module.write_text(f"---- MODULE {name} ----\n{HEADER}{body}Init == x = <<{names}>>\nNext == UNCHANGED x\n====\n")
    (path / f"{name}.cfg").write_text("INIT Init\nNEXT Next\n")
    return module


def valued_by_tlc(path: Path, expressions: list[str]) -> list[str]:
    """What TLC says each expression is, as TLA+ text."""
    engine = TlcEngine(locate(write(path, "Asked", expressions)))
    (state,) = engine.initial()
    elements = state.lookup("x").elems
    return [str(element) for element in elements]


class Shown:
    """Decides closed formulas by the encoding."""

    def __init__(self, module: tree.Module) -> None:
        self._module = module
        self._logic = Logic()
        self._texts: list[Term] = [text(value).term for value in ("a", "b", "w", "W", "N")]

        def constants(constant: tree.Constant) -> None:
            raise AssertionError(constant)

        self._evaluator = Evaluator(self._logic, constants)  # type: ignore[arg-type]
        self._small = Small(Sizes(greatest=13, longest=6), self._logic, self._texts)

    def is_true(self, name: str) -> bool:
        """Whether the definition is true; that it is either true or false is checked."""
        formula = self._evaluator.formula(self._module.definitions[name].body, Env({}, {}))
        known = [z3.Distinct(*self._texts), *(axiom.formula for axiom in self._logic.axioms)]
        answers = []
        for asked in (formula, z3.Not(formula)):
            solver = z3.Solver()
            solver.add(*(self._small.formula(part) for part in (*known, asked)))
            answers.append(solver.check())
        assert sorted(map(str, answers)) == ["sat", "unsat"], self._module.definitions[name]
        return bool(answers[0] == z3.sat)


def compared(path: Path, expressions: list[str]) -> Iterator[tuple[str, str, bool]]:
    """Each expression with TLC's value, and whether it has that value by the encoding."""
    values = valued_by_tlc(path, expressions)
    equations = [f"({text}) = ({value})" for text, value in zip(expressions, values, strict=True)]
    shown = Shown(read(write(path, "Shown", equations)))
    for number, (expression, value) in enumerate(zip(expressions, values, strict=True)):
        yield expression, value, shown.is_true(f"E{number}")


def test_each_construct_has_the_value_that_tlc_gives_it(tmp_path: Path) -> None:
    wrong = [(e, value) for e, value, same in compared(tmp_path, EXPRESSIONS) if not same]
    assert wrong == []


def test_random_expressions_have_the_value_that_tlc_gives_them(tmp_path: Path) -> None:
    random_ = random.Random(20261123)
    wrong = [(e, value) for e, value, same in compared(tmp_path, [made(random_) for _ in range(40)]) if not same]
    assert wrong == []


def test_a_wrong_value_is_seen(tmp_path: Path) -> None:
    equations = ["SelectSeq(<<1, 2>>, LAMBDA n : n > 1) = <<1>>", "{1, 2} = {1}", "(CHOOSE n \\in {1} : TRUE) = 2"]
    shown = Shown(read(write(tmp_path, "Shown", equations)))
    assert [shown.is_true(f"E{number}") for number in range(3)] == [False, False, False]


@pytest.mark.parametrize(
    ("expression", "construct"),
    [
        ("2 ^ 3", r"\^ of Naturals"),
        ("\\E n : n = 1", "Unbounded"),
        ("CHOOSE n : n = 1", "CHOOSE without a set"),
        ("\\E s \\in SUBSET Nat : 1 \\in s", "a quantifier over SUBSET of a set of unknown size"),
        ("\\E f \\in [{1} -> {2}] : TRUE", "a quantifier over functions"),
        ("Cardinality({n \\in Nat : n < 3})", "Cardinality of a set of unknown size"),
        ("1 + TRUE", "something other than a number"),
        ('1 = "w"', "a comparison of Int with Text"),
        ("[n \\in {1} |-> n] = <<1>>", "a comparison of values of different kinds"),
        ("x' = 1", "a prime outside of an action"),
        ("IsFiniteSet({1})", "IsFiniteSet of FiniteSets"),
    ],
)
def test_what_is_not_covered_is_named_with_its_place(expression: str, construct: str, tmp_path: Path) -> None:
    shown = Shown(read(write(tmp_path, "Shown", [f"\n  {expression}"])))
    with pytest.raises(UnknownConstructError, match=rf"Shown\.tla:7: .*{construct}.* is not covered"):
        shown.is_true("E0")
