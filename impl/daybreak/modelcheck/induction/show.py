"""A refutation as text: the state before, the action with its parameters, the state after, and what is false then."""

from __future__ import annotations

import z3

from daybreak.modelcheck.induction.problem import Goal, Problem
from daybreak.modelcheck.induction.shapes import UncoveredError
from daybreak.modelcheck.induction.small import Small
from daybreak.modelcheck.induction.values import (
    Formula,
    FunctionValue,
    RecordValue,
    Scalar,
    SequenceValue,
    SetValue,
    Term,
    TupleValue,
    Value,
)


class _Text:
    """Values as TLA+ text, in one model of the small universe."""

    def __init__(self, small: Small, model: z3.ModelRef) -> None:
        self._small = small
        self._model = model

    def value(self, value: Value) -> str:
        match value:
            case Scalar(term):
                return self._term(term)
            case RecordValue(fields):
                return "[" + ", ".join(f"{name} |-> {self.value(part)}" for name, part in fields.items()) + "]"
            case TupleValue(items):
                return f"<<{', '.join(map(self.value, items))}>>"
            case SequenceValue():
                length = self._evaluated(value.length)
                count = length.as_long() if z3.is_int_value(length) else 0
                return f"<<{', '.join(self.value(value.at(z3.IntVal(i))) for i in range(1, count + 1))}>>"
            case SetValue():
                return "{" + ", ".join(map(self.value, self._elements(value))) + "}"
            case FunctionValue():
                pairs = (f"{self.value(x)} :> {self.value(value.apply(x))}" for x in self._elements(value.domain))
                return "(" + " @@ ".join(pairs) + ")"

    def _elements(self, values: SetValue) -> list[Value]:
        """The elements of a set, each once."""
        candidates = [value for _, value in values.elements or ()] or self._small.values(values.element())
        found: dict[str, Value] = {}
        for value in candidates:
            if self._holds(values.contains(value)):
                found.setdefault(self.value(value), value)
        return list(found.values())

    def _holds(self, formula: Formula) -> bool:
        return bool(z3.is_true(self._evaluated(formula)))

    def _evaluated(self, term: Term) -> Term:
        return self._model.eval(self._small.formula(term), model_completion=True)

    def _term(self, term: Term) -> str:
        evaluated = self._evaluated(term)
        if z3.is_int_value(evaluated) or z3.is_true(evaluated) or z3.is_false(evaluated):
            return str(evaluated).upper()
        names = self._small.names(term.sort())
        return next((str(name) for name in names if self._holds(term == name)), str(evaluated))


def example(problem: Problem, goal: Goal, small: Small, model: z3.ModelRef) -> str:
    """The state, and step, of `model`, in which `goal` is false."""
    text = _Text(small, model)

    def shown(name: str, value: Value) -> str:
        try:
            return f"    {name} = {text.value(value)}"
        except UncoveredError as error:
            return f"    {name}: {error} cannot be shown"

    lines = ["  constants", *(shown(name, value) for name, value in problem.constants.items())]
    lines += ["  state", *(shown(name, value) for name, value in goal.before.items())]
    if goal.step is not None:
        lines += [f"  {goal.step.action}", *(shown(name, value) for name, value in goal.step.parameters)]
        changed = {name: value for name, value in goal.step.then.items() if value is not goal.before[name]}
        lines += ["  makes", *(shown(f"{name}'", value) for name, value in changed.items())]
    return "\n".join([*lines, f"  and {goal.name} is false"])
