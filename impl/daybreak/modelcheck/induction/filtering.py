"""SelectSeq: the elements of a sequence that pass a test, in their order.

What is selected is known by where it came from: an increasing map from the places of the new sequence onto those places
of the old one whose elements pass. There is exactly one such map.
"""

from __future__ import annotations

from collections.abc import Callable

import z3

from daybreak.modelcheck.induction.logic import Axiom, Logic
from daybreak.modelcheck.induction.values import (
    Formula,
    SequenceValue,
    Value,
    conj,
    is_empty,
)


def selected(logic: Logic, sequence: SequenceValue, test: Callable[[Value], Formula]) -> SequenceValue:
    """SelectSeq(sequence, test)"""
    if is_empty(sequence.length):
        return sequence
    scope = tuple(logic.scope)
    symbol = logic.fresh_name("selected")
    sorts = [term.sort() for term in scope]
    length = z3.Function(symbol, *sorts, z3.IntSort())(*scope) if scope else z3.Const(symbol, z3.IntSort())
    origin = z3.Function(f"{symbol}.from", *sorts, z3.IntSort(), z3.IntSort())
    target = z3.Function(f"{symbol}.to", *sorts, z3.IntSort(), z3.IntSort())
    i, j = z3.FreshInt("i"), z3.FreshInt("j")
    there, back = origin(*scope, i), target(*scope, i)

    def placed(index: z3.ArithRef, end: z3.ArithRef) -> Formula:
        return z3.And(index >= 1, index <= end)

    known = [
        ([], z3.And(length >= 0, length <= z3.If(sequence.length > 0, sequence.length, z3.IntVal(0)))),
        ([i], z3.Implies(placed(i, length), z3.And(placed(there, sequence.length), test(sequence.at(there))))),
        ([i], z3.Implies(placed(i, length), target(*scope, there) == i)),
        ([i, j], z3.Implies(z3.And(placed(i, length), placed(j, length), i < j), there < origin(*scope, j))),
        (
            [i],
            z3.Implies(
                conj(placed(i, sequence.length), test(sequence.at(i))),
                z3.And(placed(back, length), origin(*scope, back) == i),
            ),
        ),
    ]
    for names, formula in known:
        bound = [*scope, *names]
        logic.axioms.append(Axiom(symbol, z3.ForAll(bound, formula) if bound else formula))
    return logic.sequence(length, lambda n: sequence.at(origin(*scope, n)), sequence.element)
