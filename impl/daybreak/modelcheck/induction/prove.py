"""Shows the goals of a problem one by one, and looks for a state that refutes what cannot be shown.

The solver loses its way when it knows too much. So it is told only what a goal needs: itself, or what is known of the
variables it speaks of. If that is not enough, the small universe says what is: as long as there is a small state that
satisfies what was told so far and refutes the goal, it is told a conjunct that this state violates. If there is none to
tell, the state is a counterexample.
"""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import z3

from daybreak.modelcheck.induction import show
from daybreak.modelcheck.induction.logic import Axiom
from daybreak.modelcheck.induction.problem import Goal, Invariant, Problem, variables_of
from daybreak.modelcheck.induction.small import Sizes, Small, terms_of
from daybreak.modelcheck.induction.values import Formula, neg

SEED = 20261123
PROVED, REFUTED, OPEN = "proved", "refuted", "not proved"
_EFFORT, _TRIES = 600_000, 8
"""What one try may cost the solver, the same on every machine, and how often it may begin again with other choices.

A proof is found soon or, after a few wrong choices, not at all: many brief tries find what one long try does not."""
_WAYS = ((z3.SimpleSolver, 2, False), (z3.Solver, 2, False), (z3.SimpleSolver, 0, False), (z3.Solver, 2, True))
"""Ways to look for a contradiction: what each of them finds at once another may miss."""


@dataclass(frozen=True)
class Answer:
    """What came out for a goal: `where` is Init, an action, or Implied; `told` are the conjuncts it was shown from.

    `seconds` are those of the processor. `example` is a small state, and step, that refutes it.
    """

    where: str
    name: str
    verdict: str
    seconds: float
    told: tuple[str, ...] = ()
    example: str = ""


class Prover:
    """Answers the goals of one invariant. `timeout_s` bounds each question to the solver."""

    def __init__(self, invariant: Invariant, timeout_s: float = 10.0, sizes: Sizes | None = None) -> None:
        self.problem = Problem(invariant)
        self._mentioned = {
            part.name: variables_of(part.node) for part in (*invariant.types, *invariant.conjuncts, *invariant.implied)
        }
        self._goals = list(self.problem.goals())
        self._small = Small(sizes or Sizes(), self.problem.logic, self.problem.texts())
        self._timeout_ms = int(timeout_s * 1000)
        self._assumed = [*self.problem.assumptions(), *self.problem.background()]

    def answers(self) -> Iterator[Answer]:
        """An answer for each goal, in the order of the spec."""
        return (self.answer(goal) for goal in self._goals)

    def idle(self) -> list[str]:
        """The actions, or Init, that no small state allows which satisfies the invariant: nothing is shown of them."""
        possible: dict[str, bool] = {}
        asked: set[tuple[str, int]] = set()
        for goal in self._goals:
            case = (goal.where, id(goal.step))
            if not possible.get(goal.where) and case not in asked:
                asked.add(case)
                possible[goal.where] = self._refutation((*goal.given, *goal.known.values())) is not None
        return [where for where, found in possible.items() if not found]

    def refuted(self) -> list[tuple[str, str]]:
        """The goals that some small state refutes, by where and name. What is proved may not be among them."""
        return [
            (goal.where, goal.name)
            for goal in self._goals
            if self._refutation((*goal.given, neg(goal.formula), *goal.known.values())) is not None
        ]

    def failure_without(self, conjunct: str, answers: Sequence[Answer]) -> Answer | None:
        """What fails if one conjunct is left out of the invariant, refuted if possible; None if all is still shown.

        `answers` are those of the whole invariant: only what was shown from the conjunct is asked again. The goals that
        were shown from the least come first, and one of each name before the others, which differ by parameters only.
        """
        asked: list[tuple[int, int, Goal]] = []
        alike: Counter[tuple[str, str]] = Counter()
        for goal, answer in zip(self._goals, answers, strict=True):
            if conjunct in answer.told and (goal.name != conjunct or goal.where == "Implied"):
                known = {name: formula for name, formula in goal.known.items() if name != conjunct}
                asked.append((alike[goal.where, goal.name], len(answer.told), replace(goal, known=known)))
                alike[goal.where, goal.name] += 1
        goals = [goal for _, _, goal in sorted(asked, key=lambda entry: entry[:2])]
        for goal in goals:
            began = time.process_time()
            model = self._refutation((*goal.given, neg(goal.formula), *goal.known.values()))
            if model is not None:
                example = show.example(self.problem, goal, self._small, model)
                seconds = round(time.process_time() - began, 2)
                return Answer(goal.where, goal.name, REFUTED, seconds, tuple(goal.known), example)
        return next((answer for answer in map(self.answer, goals) if answer.verdict != PROVED), None)

    def answer(self, goal: Goal) -> Answer:
        """Shows or refutes one goal."""
        began = time.process_time()
        told = {name: goal.known[name] for name in (goal.name,) if name in goal.known}
        verdict, example = self._settle(goal, told)
        seconds = round(time.process_time() - began, 2)
        return Answer(goal.where, goal.name, verdict, seconds, tuple(told), example)

    def _settle(self, goal: Goal, told: dict[str, Formula]) -> tuple[str, str]:
        denied = (*goal.given, neg(goal.formula))
        near = self._near(goal)
        for known, tries in ((told, 1), (near, 1), (goal.known, 1), (near, _TRIES)):
            if self._follows(denied, known.values(), tries):
                told.update(known)
                return PROVED, ""
        while (model := self._refutation((*denied, *told.values()))) is not None:
            violated = next((n for n, f in goal.known.items() if n not in told and not self._true(model, f)), None)
            if violated is None:
                return REFUTED, show.example(self.problem, goal, self._small, model)
            told[violated] = goal.known[violated]
        for known in (told, goal.known):
            if self._follows(denied, known.values(), _TRIES):
                told.update(known)
                return PROVED, ""
        return OPEN, ""

    def _near(self, goal: Goal) -> dict[str, Formula]:
        """What is known of the variables that the goal speaks of or the step changes, and of no others."""
        concerned = set(self._mentioned.get(goal.name, ()))
        if goal.step is not None:
            concerned |= {name for name, value in goal.step.then.items() if value is not goal.before[name]}
        return {name: formula for name, formula in goal.known.items() if self._mentioned[name] <= concerned}

    def _follows(self, denied: Sequence[Formula], told: Iterable[Formula], tries: int) -> bool:
        """Whether what is denied contradicts what is told."""
        formulas = self._with_axioms((*self._assumed, *denied, *told))
        for number, (make, relevancy, mbqi) in itertools.product(range(tries), _WAYS):
            solver = make()
            solver.set("timeout", self._timeout_ms)
            solver.set("rlimit", _EFFORT)
            solver.set("random_seed", SEED + number)
            solver.set("mbqi", mbqi)
            solver.set("relevancy", relevancy)
            solver.add(*formulas)
            if (found := solver.check()) != z3.unknown:
                return bool(found == z3.unsat)
        return False

    def _refutation(self, formulas: Sequence[Formula]) -> z3.ModelRef | None:
        """A state of the small universe in which all formulas are true."""
        solver = z3.SolverFor("QF_UFLIA")
        solver.set("timeout", self._timeout_ms)
        solver.set("random_seed", SEED)
        counted = [self._small.formula(formula) for formula in self._with_axioms((*self._assumed, *formulas))]
        solver.add(*counted, *self._small.differing(counted))
        return solver.model() if solver.check() == z3.sat else None

    def _true(self, model: z3.ModelRef, formula: Formula) -> bool:
        return bool(z3.is_true(model.eval(self._small.formula(formula), model_completion=True)))

    def _with_axioms(self, formulas: Sequence[Formula]) -> list[Formula]:
        """The formulas, and what is known of the values that they mention."""
        found, waiting = list(formulas), list(formulas)
        left: list[Axiom] = list(self.problem.logic.axioms)
        while waiting and left:
            names = {term.decl().name() for formula in waiting for term in terms_of(formula) if z3.is_app(term)}
            used = [axiom for axiom in left if any(name.startswith(axiom.symbol) for name in names)]
            left = [axiom for axiom in left if axiom not in used]
            waiting = [axiom.formula for axiom in used]
            found += waiting
        return found
