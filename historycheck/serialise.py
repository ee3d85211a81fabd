"""Puts points in one line so that every clause holds, or finds clauses that exclude each other.

Three ways, each for what the one before has left: what follows from single choices is added to a partial order until
nothing more follows (most histories are decided by that, as real time and the reads leave few choices); then each
clause that is still open takes the choice that agrees with the times at which clients saw things; and if that fails, z3
looks for numbers for the points, or proves that there are none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from historycheck.constraints import Choice, Clause, Constraints
from historycheck.precedence import Precedence

BATCHES = 20
"""In how many parts open clauses are guessed at: more of them see better what follows, and take longer."""


@dataclass(frozen=True)
class Refuted:
    """These clauses (their indices) cannot all hold."""

    clauses: frozenset[int]


class UndecidedError(Exception):
    """It could not be found out; says why."""


def serialise(constraints: Constraints, wish: list[float], *, seconds: int = 60) -> list[int] | Refuted:
    """All points in one line, or clauses that no line fulfils.

    `wish` is a time for each point; the line keeps to it where nothing says otherwise. Raises UndecidedError if z3 does
    not decide within `seconds`, or is needed and not installed.
    """
    search = Search(constraints)
    if not search.propagate():
        return search.refuted()
    return search.guess(wish) or search.ask_z3(wish, seconds)


class Search:
    """The partial order of all points as far as it follows, and the clauses that are still open."""

    def __init__(self, constraints: Constraints, order: Precedence | None = None) -> None:
        self._constraints = constraints
        self._clauses = constraints.clauses
        self._order = order or Precedence(constraints.points)
        self._open = list(range(len(self._clauses)))
        self._failed = -1

    def propagate(self) -> bool:
        """Adds all that follows clause by clause. False: a clause has no choice left."""
        before = -1
        while before != len(self._order.added):
            before = len(self._order.added)
            still = []
            for index in self._open:
                left = _left(self._order, self._clauses[index])
                if left is None:
                    continue
                if not left:
                    self._failed = index
                    return False
                if len(left) == 1:
                    self._order.add(left[0].before, left[0].after, index)
                else:
                    still.append(index)
            self._open = still
        return True

    def refuted(self) -> Refuted:
        """What the clause that has no choice left has lost its choices to."""
        return self._because([self._failed], [])

    def _because(self, clauses: list[int], pairs: list[int]) -> Refuted:
        """Of some clauses, and some pairs in the order, all clauses that they come from."""
        because = set(clauses)
        todo = [*pairs, *(pair for index in clauses for pair in self._losses(index, len(self._order.added)))]
        done: set[int] = set()
        while todo:
            pair = todo.pop()
            if pair not in done:
                done.add(pair)
                because.add(self._order.added[pair].reason)
                todo += self._losses(self._order.added[pair].reason, pair)
        return Refuted(frozenset(because))

    def _losses(self, index: int, limit: int) -> list[int]:
        """The pairs in the order, of the first `limit`, that exclude choices of a clause."""
        lost: list[int] = []
        for choice in self._clauses[index].choices:
            lost += self._order.path(choice.after, choice.before, limit)
        return lost

    def guess(self, wish: list[float]) -> list[int] | None:
        """Takes the choice that is wished for the open clauses, the earliest first, a few at a time, and looks what
        follows; None if that leaves a clause without a choice."""
        other = Search(self._constraints, self._order.copy())
        other._open = sorted(self._open, key=lambda index: self._middle(index, wish))
        while other._open:
            for index in other._open[: max(1, len(other._open) // BATCHES)]:
                left = _left(other._order, self._clauses[index])
                if left is None:
                    continue
                if not left:
                    return None
                choice = max(left, key=lambda choice: wish[choice.after] - wish[choice.before])
                other._order.add(choice.before, choice.after, index)
            if not other.propagate():
                return None
        return other._order.line(wish)

    def _middle(self, index: int, wish: list[float]) -> float:
        choices = self._clauses[index].choices
        return sum(wish[choice.before] for choice in choices) / len(choices)

    def ask_z3(self, wish: list[float], seconds: int) -> list[int] | Refuted:
        """Has z3 decide about the open clauses; what is in the order already is given to it as it is."""
        try:
            import z3
        except ImportError:
            raise UndecidedError("the order of some transactions is open; install z3-solver to find one") from None
        solver = z3.SolverFor("QF_IDL")
        solver.set("timeout", seconds * 1000)
        points = [z3.Int(f"p{point}") for point in range(self._order.size)]
        for index, pair in enumerate(self._order.added):
            solver.assert_and_track(points[pair.before] < points[pair.after], f"e{index}")
        for index in self._open:
            left = _left(self._order, self._clauses[index]) or []
            either = [points[choice.before] < points[choice.after] for choice in left]
            solver.assert_and_track(z3.Or(either), f"c{index}")
        answer = solver.check()
        if answer == z3.sat:
            model = solver.model()
            places = [model.eval(point, model_completion=True).as_long() for point in points]
            return sorted(range(len(points)), key=lambda point: (places[point], wish[point]))
        if answer == z3.unknown:
            raise UndecidedError(f"z3 could not tell within {seconds} seconds")
        return self._from_core(solver.unsat_core())

    def _from_core(self, core: list[Any]) -> Refuted:
        """The clauses behind what z3 says exclude each other."""
        names = [str(name) for name in core]
        clauses = [int(name[1:]) for name in names if name[0] == "c"]
        return self._because(clauses, [int(name[1:]) for name in names if name[0] == "e"])


def _left(order: Precedence, clause: Clause) -> list[Choice] | None:
    """The choices of a clause that the order does not exclude; None: one holds already."""
    left = []
    for choice in clause.choices:
        if order.knows(choice.before, choice.after):
            return None
        if not order.excludes(choice.before, choice.after):
            left.append(choice)
    return left
