"""Each form of an action and of an initial predicate, as TLC takes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.tracecheck.compiled.both import both, outcomes, write
from tracecheck.compiled import CompiledEngine
from tracecheck.engine import EvaluationError
from tracecheck.errors import SpecError
from tracecheck.syntax import UnknownConstructError
from tracecheck.tlc.engine import TlcEngine
from tracecheck.tlc.jvm import on_deep_stack
from tracecheck.values import ModelValue

ACTIONS = r"""
x' = 1 /\ y' = x'
x' = 1 /\ y' = x' + 1 /\ x' = 1
x' = 1 /\ y' = 2 /\ x' = 2
x' \in {1, 2} /\ y' \in {x', 3}
x' \in {} /\ y' = 1
x' \in {1, 2} /\ x' \in {2, 3} /\ y' = 0
x' \in 1 /\ y' = 1
(x' = 1 \/ x' = 2) /\ y' = x'
(x' = 1 \/ (x' = 2 /\ FALSE)) /\ y' = x'
(x' = 1 /\ y' = 1) \/ (y' = 2 /\ x' = 2)
(x' = 1 \/ y' = 1) /\ (x' = 1 \/ y' = 1) /\ x' = 1 /\ y' = 1
\E i \in {1, 2}, j \in {3, 4} : x' = i /\ y' = j
\E <<i, j>> \in {<<1, 2>>, <<3, 4>>} : x' = i /\ y' = j
\E i \in {1, 2} : (i = 2 /\ x' = i) /\ UNCHANGED y
(\E i \in {1, 2} : x' = i) /\ y' = x' * 10
IF x = 0 THEN x' = 1 /\ y' = 1 ELSE x' = 2 /\ y' = 2
(IF x = 1 THEN x' = 1 ELSE UNCHANGED x) /\ y' = x'
x' = (IF x = 0 THEN 5 ELSE 6) /\ UNCHANGED <<y>>
CASE x = 1 -> x' = 1 /\ y' = 1 [] x = 0 -> x' = 2 /\ y' = 2
CASE x = 1 -> x' = 1 /\ y' = 1 [] OTHER -> UNCHANGED <<x, y>>
CASE x = 1 -> x' = 1 /\ y' = 1
LET i == x + 1 IN x' = i /\ y' = i + 1
LET i == 1 \div 0 IN x' = 1 /\ y' = 1
LET Set(v) == x' = v IN Set(4) /\ y' = 0
UNCHANGED <<x, y>>
UNCHANGED vars
UNCHANGED <<vars>>
UNCHANGED <<x>> /\ y' = 3
x' = 1
y' = 1 /\ x = 0
x' = y' /\ y' = 1
x = 5 /\ x' = 1 \div 0 /\ y' = 0
x' = 1 /\ y' = 1 \div 0
x = 0 /\ 5 /\ x' = 1 /\ y' = 1
Twice(x', 4) /\ y' = 0
To(x + 1, 7)
Next1(y) /\ x' = 1
x' = Plus(x', 1) /\ y' = 0
x' = 1 /\ y' = 2 /\ \A i \in {1, 2} : x' <= i
~(x' = 1) /\ y' = 1
x' = 1 /\ y' = 1 /\ (x' = 1 => y' = 1)
x' = 1 /\ y' = 1 /\ ENABLED (x' = 5 /\ x = 0)
x' = 1 /\ y' = 1 /\ ENABLED (x' = 5 /\ x = 1)
x' = 1 /\ y' = 1 /\ ENABLED (\E i \in {1} : x' = i \/ x' = 1 \div 0)
x' = [i \in 1..2 |-> i] /\ y' = x'[2]
(x + y)' = 3 /\ x' = 1 /\ y' = 2
x' = 1 /\ y' = 2 /\ (x + y)' = 3
x' = 1 /\ y' = 2 /\ Sum' = 3
x' = 1 /\ y' = 2 /\ LET s == Sum IN s' = 3 /\ s = 0
x' = 1 /\ y' = 2 /\ Both(Sum)
x' = CHOOSE i \in {3, 2} : i > x /\ y' = 1
x' \in [{1} -> {5, 6}] /\ y' = x'[1]
x' \in SUBSET {1, 2} /\ y' \in 1..2
"""

DEFINITIONS = r"""
vars == <<x, y>>
Twice(a, b) == a = 2 * b
To(a, b) == x' = a /\ y' = b
Next1(v) == v' = v + 1
Plus(a, b) == a + b
Sum == x + y
Both(v) == v' = 3 /\ v = 0
"""


def lines(table: str) -> list[str]:
    return table.strip().splitlines()


def test_actions_have_the_successors_that_tlc_finds(tmp_path: Path) -> None:
    ours, theirs = both(tmp_path, lines(ACTIONS), DEFINITIONS)
    differing = [(text, a, b) for text, a, b in zip(lines(ACTIONS), ours, theirs, strict=True) if a != b]
    assert not differing
    assert sum(found is None for found in ours) > 8
    assert sum(bool(found) for found in ours) > 30


INITIAL = [
    r"x \in {1, 2} /\ y = x",
    r"(x = 1 \/ x = 2) /\ y \in {x, 0}",
    r"x = 1 /\ y = 1 /\ x = 1",
    r"x = 1 /\ y = 1 /\ x = 2",
    r"\E i \in {1, 2} : x = i /\ y = i",
    r"First /\ y = 3",
    r"LET i == 4 IN x = i /\ y = i",
    r"IF TRUE THEN x = 1 /\ y = 2 ELSE x = 2 /\ y = 2",
    r"Are(x, 3) /\ Are(y, x)",
    r"x = 1 /\ Asked(x = 1) /\ y = 0",
    r"x = 2 /\ Asked(x = 1) /\ y = 0",
    r"x \in SUBSET {1, 2} /\ y = Sum2(3)",
]
INITIAL_DEFINITIONS = r"""
First == x = 9
Are(v, w) == v = w
Asked(p) == p = TRUE
RECURSIVE Sum2(_)
Sum2(n) == IF n = 0 THEN Cardinality(x) ELSE n + Sum2(n - 1)
"""


@pytest.mark.parametrize("initial", INITIAL)
def test_initial_states_are_those_that_tlc_finds(tmp_path: Path, initial: str) -> None:
    files = write(tmp_path, ["UNCHANGED <<x, y>>"], INITIAL_DEFINITIONS, init=initial)
    found = []
    for engine in (CompiledEngine(files), TlcEngine(files)):
        states = engine.initial()
        found.append({tuple(engine.export(engine.look(s, name)) for name in engine.variables) for s in states})
        assert len(states) == len(found[-1])
    assert found[0] == found[1]


def test_a_variable_without_a_value_is_named(tmp_path: Path) -> None:
    engine = CompiledEngine(write(tmp_path, ["x' = 1"]))
    with pytest.raises(EvaluationError, match="A0 leaves y without a next value"):
        engine.successors(engine.leaves[0], (), engine.initial()[0])


def test_values_given_under_a_universal_quantifier_are_an_error(tmp_path: Path) -> None:
    """TLC takes each element's conjuncts in turn; here it is doubt, and never another set of successors."""
    ours, theirs = both(tmp_path, [r"(\A i \in {1, 2} : x' = 1) /\ y' = 2"])
    assert (ours, theirs) == ([None], [{(1, 2)}])


RECURSIVE = r"""
RECURSIVE Down(_, _)
Down(n, found) == IF n = 0 THEN found ELSE Down(n - 1, found + (n % 2))
RECURSIVE Deep(_)
Deep(n) == IF n = 0 THEN 0 ELSE 1 + Deep(n - 1)
RECURSIVE Until(_, _)
Until(n, late) == IF n = 0 THEN 7 ELSE IF n = 1 THEN late ELSE Until(n - 1, late)
RECURSIVE Members(_)
Members(s) == IF s = {} THEN <<>> ELSE LET e == CHOOSE e \in s : TRUE IN <<e>> \o Members(s \ {e})
RECURSIVE Even(_), Odd(_)
Even(n) == IF n = 0 THEN TRUE ELSE Odd(n - 1)
Odd(n) == IF n = 0 THEN FALSE ELSE Even(n - 1)
"""


def test_recursive_operators(tmp_path: Path) -> None:
    texts = [
        "Down(9, 0)",
        "Deep(50)",
        "Until(0, 1 \\div 0)",
        "Until(3, 1 \\div 0)",
        "Until(3, 5)",
        "Members({3, 1, 2})",
    ]
    actions = [f"x' = {text} /\\ y' = Even(7)" for text in texts]
    ours, theirs = both(tmp_path, actions, RECURSIVE)
    assert ours == theirs
    assert ours[2] is not None and ours[3] is None


def test_operators_as_deep_as_the_data(tmp_path: Path) -> None:
    engine = CompiledEngine(write(tmp_path, ["x' = Deep(100000) /\\ y' = Down(100000, 0)"], RECURSIVE))
    assert on_deep_stack(lambda: outcomes(engine)) == [{(100_000, 50_000)}]


@pytest.mark.parametrize("again", ["1 + Endless(n)", "Endless(n)", "IF n = 1 THEN n ELSE Endless(n - 0)"])
def test_operators_that_never_end_are_an_error(tmp_path: Path, again: str) -> None:
    endless = f"RECURSIVE Endless(_)\nEndless(n) == {again}"
    engine = CompiledEngine(write(tmp_path, ["x' = Endless(0) /\\ y' = 0"], endless))
    with pytest.raises(EvaluationError, match="too deeply"):
        engine.successors(engine.leaves[0], (), engine.initial()[0])


HIGHER = r"""
Apply(F(_), v) == F(v)
Inc(v) == v + 1
Fold(F(_, _), a, b) == F(a, b)
Over(P(_)) == {i \in 1..5 : P(i)}
"""


def test_operators_as_arguments(tmp_path: Path) -> None:
    texts = [
        "Apply(Inc, 3)",
        "Apply(LAMBDA v : v * x, 3)",
        "Fold(+, 1, 2)",
        "Fold(\\cup, {1}, {2})",
        "Over(LAMBDA i : i > 3)",
    ]
    ours, theirs = both(tmp_path, [f"x' = {text} /\\ y' = 0" for text in texts], HIGHER)
    assert ours == theirs
    assert None not in ours


OVERRIDES = "CONSTANTS\n Old <- New\n Nat <- Few\n S2 <- MySet\n"


def test_what_the_configuration_puts_in_the_place_of_others(tmp_path: Path) -> None:
    definitions = "CONSTANT S2\nOld(v) == v\nNew(v) == v + 100\nFew == 0..2\nMySet == {7}\nUser(v) == Old(v)"
    actions = ["x' = User(1) /\\ y' = Old(2)", "x' \\in Nat /\\ y' = 0", "x' \\in S2 /\\ y' \\in S"]
    ours, theirs = both(tmp_path, actions, definitions, config=OVERRIDES)
    assert ours == theirs
    assert ours[0] == {(101, 102)} and len(ours[1] or ()) == 3
    assert ours[2] == {(7, ModelValue("m1")), (7, ModelValue("m2"))}


INNER = """---- MODULE Inner ----
EXTENDS Naturals
CONSTANT Step
VARIABLE v
Up == v' = v + Step
RECURSIVE Times(_)
Times(n) == IF n = 0 THEN v ELSE Step + Times(n - 1)
Same == UNCHANGED v
====
"""


def test_instances_of_other_modules(tmp_path: Path) -> None:
    (tmp_path / "Inner.tla").write_text(INNER)
    definitions = "I == INSTANCE Inner WITH Step <- 5, v <- x\nJ == INSTANCE Inner WITH Step <- 2, v <- y\n"
    definitions += "K == INSTANCE Inner WITH Step <- 1, v <- x + y\nL(s) == INSTANCE Inner WITH Step <- s, v <- x\n"
    texts = ["I!Up /\\ y' = I!Times(3)", "I!Up /\\ J!Up", "J!Up /\\ x' = J!Times(2)", "I!Same /\\ J!Same"]
    texts += [
        "x' = K!Times(2) /\\ y' = 1",
        "x' = 4 /\\ y' = 1 /\\ K!Up",
        "x' = 0 /\\ y' = 1 /\\ K!Up",
        "L(3)!Up /\\ y' = 0",
    ]
    ours, theirs = both(tmp_path, texts, definitions)
    assert ours == theirs
    assert None not in ours


@pytest.mark.parametrize(
    ("action", "construct"),
    [
        ("x' = (CHOOSE v : v = 1) /\\ y' = 0", "CHOOSE without a set"),
        ("(\\E v : v = 1) /\\ x' = 0 /\\ y' = 0", "Unbounded"),
        ("x' = RandomElement({1, 2}) /\\ y' = 0", "RandomElement"),
        ("x' = TLCGet(1) /\\ y' = 0", "TLCGet"),
    ],
)
def test_what_is_not_covered_is_refused_by_name_and_place(tmp_path: Path, action: str, construct: str) -> None:
    with pytest.raises(UnknownConstructError, match=construct) as refused:
        CompiledEngine(write(tmp_path, ["UNCHANGED <<x, y>>", action]))
    assert refused.value.place.file.endswith("M.tla") and refused.value.place.line > 5


@pytest.mark.parametrize("line", ["CONSTANT Len <- [Sequences] Cardinality\n", "CONSTANT S <- [M] Other\n"])
def test_a_constant_of_one_module_alone_is_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(SpecError):
        CompiledEngine(write(tmp_path, ["UNCHANGED <<x, y>>"], "Other == {1}", config=line))


def test_invariants_are_asked_in_their_order(tmp_path: Path) -> None:
    definitions = "Small == x < 3\nTyped == x \\in Nat /\\ ENABLED (x' = x + 1)\nCheap == y = 0"
    files = write(tmp_path, ["x' = x + 1 /\\ UNCHANGED y"], definitions, config="INVARIANTS Small Typed Cheap\n")
    for engine in (CompiledEngine(files), TlcEngine(files)):
        broken = [engine.broken_invariant(engine.state({"x": x, "y": y})) for x, y in ((0, 0), (3, 1), (-1, 0), (2, 1))]
        assert broken == [None, "Small", "Typed", "Cheap"]
        with pytest.raises(EvaluationError):
            engine.broken_invariant(engine.state({"x": "a", "y": 0}))
