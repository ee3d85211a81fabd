"""Functions and sequences of many elements: the same as small ones, and told apart without going through them."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from immutables import Map

from tests.unit.tracecheck.compiled.both import outcomes, write
from tracecheck.compiled import CompiledEngine, large
from tracecheck.compiled.functions import appended, merged, put, single, without
from tracecheck.compiled.large import LIMIT, Large, Sequence, function, sequence
from tracecheck.compiled.own import adopt, export
from tracecheck.engine import EvaluationError
from tracecheck.tlc.engine import TlcEngine
from tracecheck.values import ModelValue
from tracecheck.values import function as portable

SIZES = (0, 1, LIMIT - 1, LIMIT, LIMIT + 1, 3 * LIMIT)


def keys(kind: str, rng: random.Random) -> Any:
    number = rng.randrange(3 * LIMIT)
    return {"text": f"k{number}", "number": number, "one": number + 1, "pair": (number % 7, number)}[kind]


@pytest.mark.parametrize("kind", ["text", "number", "one", "pair"])
def test_changes_of_a_function_are_those_of_a_dictionary(kind: str) -> None:
    rng = random.Random(11)
    held: dict[Any, Any] = {}
    f: Any = ()
    for turn in range(1500):
        some = {keys(kind, rng): rng.randrange(-3, 9) for _ in range(rng.choice((1, 1, 2, 40)))}
        match rng.choice("+++-=@"):
            case "+":
                f, held = merged(adopt(portable(some)), f), {**held, **some}
            case "@":
                f, held = merged(f, adopt(portable(some))), {**some, **held}
            case "-":
                f = without(f, frozenset(some))
                held = {key: value for key, value in held.items() if key not in some}
            case "=":
                key = next(iter(some))
                f = put(f, key, lambda old: old + 1)
                held |= {key: held[key] + 1} if key in held else {}
        assert export(f) == portable(held)
        again = adopt(portable(held))
        assert type(f) is type(again) and f == again and hash(f) == hash(again)
        if turn % 100 == 0:
            assert large.digest(f) == large.digest(again)


def test_sequences_that_part_do_not_mix() -> None:
    first = sequence([*range(LIMIT + 1)])
    first.digest()
    one = appended(appended(first, "a"), "b")
    same, other, truth = appended(first, "a"), appended(first, 1), appended(first, True)
    assert appended(same, "b") == one and appended(same, "b").digest() == one.digest()
    assert [list(s)[LIMIT + 1 :] for s in (one, same, other, truth)] == [["a", "b"], ["a"], [1], [True]]
    assert list(appended(other, 2))[-2:] == [1, 2] and type(list(truth)[-1]) is bool
    for made in (one, same, other, truth, appended(other, 2)):
        assert made.digest() == Sequence(list(made)).digest()


def test_a_digest_is_kept_up_to_date() -> None:
    f = function(Map({f"k{i}": (i, -i) for i in range(500)}))
    assert isinstance(f, Large)
    f.digest()
    for step in range(200):
        f = merged(single(f"k{step * 7}", ("x", step)), without(f, frozenset((f"k{step}",))))
    assert f.digest() == function(f.pairs).digest() == Large(f.pairs).digest()


def test_digests_tell_apart_what_python_hashes_alike() -> None:
    values: list[Any] = [0, "", -1, -2, (-1,), (-2,), False, True, (), (0,), frozenset(), ModelValue("a"), "a"]
    values += [
        frozenset((-1,)),
        frozenset((-2,)),
        Map({"a": -1}),
        Map({"a": -2}),
        1,
        sequence([-1] * 99),
        sequence([-2] * 99),
    ]
    assert len({large.digest(value) for value in values}) == len(values)


def test_sequences_share_what_they_have_in_common() -> None:
    base = sequence(list(range(1000)))
    one, other = appended(base, "one"), appended(base, "other")
    assert isinstance(one, Sequence)
    longer = appended(one, "two")
    assert list(one) == [*range(1000), "one"] and list(other) == [*range(1000), "other"]
    assert list(longer) == [*range(1000), "one", "two"] and len(base) == 1000
    assert one != other and one == sequence([*range(1000), "one"])
    assert one.digest() == sequence([*range(1000), "one"]).digest() != other.digest()
    assert put(longer, 1001, lambda old: old * 2)[1000] == "oneone"


@pytest.mark.parametrize("size", SIZES)
def test_portable_values_come_back(size: int) -> None:
    value = (
        tuple(range(size)),
        portable({f"k{i}": (i,) for i in range(size)}),
        frozenset(portable({i + 5: "x"}) for i in range(size)),
    )
    assert export(adopt(value)) == value
    assert hash(adopt(value)) == hash(adopt(value))


EXPRESSIONS = r"""
("k7" :> 0) @@ x
x @@ ("k7" :> 0 @@ "new" :> 1)
[x EXCEPT !["k7"] = @ + 100]
[x EXCEPT !["none"] = @ + 100]
[k \in DOMAIN x \ {"k7", "none"} |-> x[k]]
[k \in DOMAIN x \ {"k7"} |-> IF k \in {"k7", "k8", "none"} THEN 0 ELSE x[k]]
[k \in DOMAIN x |-> IF k \in DOMAIN x \ {"k1"} THEN 0 ELSE x[k]]
[k \in {j \in DOMAIN x : x[j] > 60} |-> x[k]]
[k \in DOMAIN x |-> IF k \in {k} THEN 0 ELSE x[k]]
{"k7", "none"} \cap DOMAIN x
DOMAIN x \cap {"k7", "none"}
{"k7", "none"} \ DOMAIN x
(DOMAIN x \ {"k7"}) \cap {"k7", "k8"}
Cardinality(DOMAIN x)
Cardinality(DOMAIN x \ {"k1"})
DOMAIN x = DOMAIN [x EXCEPT !["k7"] = 5]
DOMAIN x \subseteq STRING
x \in [DOMAIN x -> Nat]
x \in [STRING -> Nat]
"k7" \in DOMAIN x /\ "none" \notin DOMAIN x
7 \in DOMAIN x
m1 \in DOMAIN x
{1} \subseteq DOMAIN x
x["k7"]
x["none"]
x = [x EXCEPT !["k7"] = 7]
x = [x EXCEPT !["k7"] = "a"]
\E k \in DOMAIN x : x[k] = 69
UNION {{x[k]} : k \in DOMAIN x}
[i \in DOMAIN x |-> 1] = [i \in DOMAIN x |-> 1]
Append(y, 5)
y \o y
<<0>> \o y
Tail(y)
SubSeq(y, 2, 70)
SelectSeq(y, LAMBDA i : i > 3)
[y EXCEPT ![70] = 0]
[y EXCEPT ![71] = 0]
y[70]
y[71]
Len(y)
DOMAIN y
70 \in DOMAIN y
[i \in DOMAIN y \ {70} |-> y[i]]
[i \in DOMAIN y \ {3} |-> y[i]]
(71 :> 1) @@ y
(0 :> 1) @@ y
[i \in 1..70 |-> y[i]] = y
y \in Seq(Nat)
"""


def test_expressions_over_large_values_have_the_value_that_tlc_gives(tmp_path: Path) -> None:
    texts = EXPRESSIONS.strip().splitlines()
    files = write(tmp_path, [f"x' = ({text}) /\\ y' = 0" for text in texts])
    start = {"x": portable({f"k{i}": i for i in range(70)}), "y": tuple(range(1, 71))}
    ours, theirs = outcomes(CompiledEngine(files), start), outcomes(TlcEngine(files), start)
    differing = [(text, a, b) for text, a, b in zip(texts, ours, theirs, strict=True) if a != b]
    assert not differing
    assert sum(found is None for found in ours) == 6


def test_keys_of_states(tmp_path: Path) -> None:
    engine = CompiledEngine(write(tmp_path, ['x\' = ([x EXCEPT !["k7"] = 7]) /\\ UNCHANGED y', "x' = x /\\ y' = y"]))
    pairs = {f"k{i}": i for i in range(100)}
    start = engine.state({"x": portable(pairs), "y": 0})
    (same,) = engine.successors(engine.leaves[0], (), start)
    assert engine.key(start) == engine.key(same)
    assert engine.key(start) != engine.key(engine.state({"x": portable({**pairs, "k7": 8}), "y": 0}))
    assert engine.key(start) != engine.key(engine.state({"x": portable(pairs), "y": 1}))
    hash(engine.key(start))


def test_selecting_from_values(tmp_path: Path) -> None:
    engine = CompiledEngine(write(tmp_path, ["UNCHANGED <<x, y>>"]))
    record = engine.adopt(portable({"a": 1}))
    assert engine.select(record, "a") == 1 and engine.select(record, "b") is None and engine.select(5, 1) is None
    assert engine.select((7, 8), 2) == 8 and engine.select((7, 8), 3) is None
    with pytest.raises(EvaluationError):
        engine.select((7,), "a")
    assert engine.domain((7, 8)) == frozenset((1, 2)) and engine.equal(1, 1)


def test_the_same_change_once_more_gives_the_same_function_and_another_one_does_not() -> None:
    f = adopt(portable({f"k{i}": i for i in range(2 * LIMIT)}))
    once, again, other = put(f, "k1", lambda _: 1), put(f, "k1", lambda _: 1), put(f, "k1", lambda _: True)
    assert once is again
    assert other is not again
    assert (export(other)["k1"], export(once)["k1"]) == (True, 1)
    assert put(f, "k1", lambda _: 1) == once
