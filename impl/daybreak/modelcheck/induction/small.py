"""A small universe: the same formulas, with every quantifier counted out.

Numbers go from 0 to a greatest one, sequences are short, and of each kind of atoms there are a few. In it the solver
decides every question, and its answer is a state that one can look at. A refutation found here is one of the spec in
an instance of that size.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import z3

from daybreak.modelcheck.induction import shapes
from daybreak.modelcheck.induction.logic import LENGTH, Logic, sort_of
from daybreak.modelcheck.induction.shapes import Shape
from daybreak.modelcheck.induction.values import TEXT, Formula, RecordValue, Scalar, Term, TupleValue, Value

AnyTerm = TypeVar("AnyTerm", bound=z3.ExprRef)


@dataclass(frozen=True)
class Sizes:
    """`greatest` number that is part of a state, `longest` sequence, and how many `atoms` of each kind."""

    greatest: int = 3
    longest: int = 2
    atoms: int = 2


class Small:
    """Counts out quantifiers. Nothing is lost: each unknown is kept inside the universe where it stands."""

    def __init__(self, sizes: Sizes, logic: Logic, texts: list[Term]) -> None:
        self._sizes = sizes
        self._logic = logic
        self._texts = texts
        self._known: dict[int, tuple[Term, Term]] = {}

    def formula(self, formula: AnyTerm) -> AnyTerm:
        """The formula, or other term, without quantifiers."""
        made: AnyTerm = z3.simplify(self._made(formula))
        return made

    def values(self, shape: Shape) -> list[Value]:
        """All values of a shape. Raises UncoveredError for sets, functions and sequences."""
        match shape:
            case shapes.Records(fields):
                products = itertools.product(*(self.values(part) for _, part in fields))
                return [RecordValue(dict(zip((name for name, _ in fields), p, strict=True))) for p in products]
            case shapes.Tuples(items):
                return [TupleValue(product) for product in itertools.product(*(self.values(part) for part in items))]
            case shapes.Family(name, element):
                return [self._logic.member(name, element, atom) for atom in self.names(sort_of(shape))]
        return [Scalar(term, shape) for term in self.names(sort_of(shape))]

    def atoms(self, sort: z3.SortRef) -> list[Term]:
        """The atoms of a sort."""
        return [z3.Const(f"{sort}{n}", sort) for n in range(1, self._sizes.atoms + 1)]

    def differing(self, formulas: Iterable[Formula]) -> list[Formula]:
        """That the atoms of each sort in the formulas differ."""
        sorts = {str(atom.sort()): atom.sort() for atom in self._mentioned(formulas)}
        return [z3.Distinct(*self.atoms(sort)) for sort in sorts.values()]

    def _mentioned(self, formulas: Iterable[Formula]) -> Iterator[Term]:
        for formula in formulas:
            yield from (term for term in terms_of(formula) if self._is_atom(term))

    @staticmethod
    def _is_atom(term: Term) -> bool:
        sort = term.sort()
        return bool(sort.kind() == z3.Z3_UNINTERPRETED_SORT and sort != TEXT)

    def _made(self, term: Term) -> Term:
        known = self._known.get(term.get_id())
        if known is None:
            # The term is kept too: its number may be given to another once nobody has it.
            known = self._known[term.get_id()] = (term, self._make(term))
        return known[1]

    def _make(self, term: Term) -> Term:
        if z3.is_quantifier(term):
            return self._counted(term)
        if term.num_args() == 0:
            return self._kept(term)
        parts = [self._made(part) for part in term.children()]
        same = all(old.eq(new) for old, new in zip(term.children(), parts, strict=True))
        return self._kept(term if same else term.decl()(*parts))

    def _counted(self, quantifier: z3.QuantifierRef) -> Term:
        sorts = [quantifier.var_sort(i) for i in range(quantifier.num_vars())]
        names = [z3.FreshConst(sort, "counted") for sort in sorts]
        for name in names:
            self._known[name.get_id()] = (name, name)
        body = z3.simplify(self._made(z3.substitute_vars(quantifier.body(), *reversed(names))))
        combine = z3.And if quantifier.is_forall() else z3.Or
        for name, sort in zip(names, sorts, strict=True):
            body = z3.simplify(combine([z3.substitute(body, (name, value)) for value in self.names(sort)]))
        return body

    def names(self, sort: z3.SortRef) -> list[Term]:
        """The terms for all there is of a sort."""
        if sort == z3.IntSort():
            return [z3.IntVal(n) for n in range(self._sizes.greatest + 2)]
        if sort == z3.BoolSort():
            return [z3.BoolVal(False), z3.BoolVal(True)]
        return self._texts if sort == TEXT else self.atoms(sort)

    def _kept(self, term: Term) -> Term:
        """An unknown of the problem, kept inside the universe."""
        declaration = term.decl()
        if declaration.kind() != z3.Z3_OP_UNINTERPRETED:
            return term
        if term.sort() == z3.IntSort():
            most = self._sizes.longest if declaration.name().endswith(LENGTH) else self._sizes.greatest
            return z3.If(z3.And(term >= 0, term <= most), term, z3.IntVal(0))
        if term.sort() == z3.BoolSort():
            limits = [
                z3.And(part >= 0, part <= self._sizes.greatest + 1) for part in term.children() if z3.is_int(part)
            ]
            return z3.And(term, *limits) if limits else term
        names = self.names(term.sort())
        if not names or any(term.eq(name) for name in names):
            return term
        kept, *others = names
        for other in others:
            kept = z3.If(term == other, other, kept)
        return kept


def terms_of(term: Term) -> Iterator[Term]:
    """A term and all its parts, each once."""
    seen: set[int] = set()
    waiting = [term]
    while waiting:
        found = waiting.pop()
        if found.get_id() not in seen:
            seen.add(found.get_id())
            yield found
            waiting.extend(found.children())
