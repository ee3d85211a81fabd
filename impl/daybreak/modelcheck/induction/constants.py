"""What the constants of a module are: what its assumptions say of each.

ASSUME C \\in S              one value in S
ASSUME C \\subseteq S        any set of elements of S
ASSUME C \\subseteq SUBSET S any set of sets of elements of S
ASSUME C = {...}            this set
nothing                     any set; of its elements nothing is known but whether they are the same
"""

from __future__ import annotations

from collections.abc import Iterator

from daybreak.modelcheck.induction import shapes
from daybreak.modelcheck.induction.environment import Env
from daybreak.modelcheck.induction.evaluate import Evaluator
from daybreak.modelcheck.induction.shapes import UncoveredError
from daybreak.modelcheck.induction.values import Value
from tracecheck.syntax import tree


class Constants:
    """The values of a module's constants, as far as its assumptions tell them."""

    def __init__(self, module: tree.Module) -> None:
        self._said: dict[str, tuple[str, tree.Node]] = {}
        self._values: dict[str, Value] = {}
        self.evaluator: Evaluator | None = None
        for assumption in module.assumptions:
            for part in conjuncts(assumption.formula):
                self._note(part)

    def _note(self, part: tree.Node) -> None:
        """Takes what an assumption says of a constant; an equation, else the first word, counts for what it is."""
        match part:
            case tree.Apply(
                operator=tree.Given(name="\\in" | "\\subseteq" | "=" as relation),
                arguments=(tree.Name(target=tree.Constant(name=name)), value),
            ) if name not in self._said or relation == "=":
                self._said[name] = (relation, value)

    def __call__(self, constant: tree.Constant) -> Value:
        """The value of a constant."""
        if constant.name not in self._values:
            self._values[constant.name] = self._made(constant)
        return self._values[constant.name]

    def _made(self, constant: tree.Constant) -> Value:
        assert self.evaluator is not None
        logic, env, name = self.evaluator.logic, Env({}, {}), constant.name
        if name not in self._said:
            return logic.unknown(shapes.Sets(shapes.Atoms(name)), name)
        relation, node = self._said[name]
        if relation == "=":
            return self.evaluator.value(node, env)
        shape = self.evaluator.set(node, env).element()
        if relation == "\\in":
            return logic.unknown(shape, name)
        if isinstance(shape, shapes.Sets):
            return logic.unknown(shapes.Sets(shapes.Family(name, shape.element)), name)
        if not isinstance(shape, shapes.SCALARS):
            raise UncoveredError(f"the constant {name}, a set of neither plain values nor sets of them")
        return logic.unknown(shapes.Sets(shape), name)


def conjuncts(node: tree.Node) -> Iterator[tree.Node]:
    """The parts of a conjunction, and of the definitions that it names."""
    if isinstance(node, tree.And):
        for part in node.parts:
            yield from conjuncts(part)
    elif isinstance(node, tree.Apply) and isinstance(node.operator, tree.Definition) and not node.arguments:
        yield from conjuncts(node.operator.body)
    else:
        yield node
