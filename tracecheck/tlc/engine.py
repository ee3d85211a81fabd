"""One step of a spec: evaluates a leaf of Next with its quantified names bound to given values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jpype

from tracecheck.errors import SpecError
from tracecheck.tlc.next import Leaf, Quantifier, leaves_of
from tracecheck.tlc.spec import SpecFiles, load
from tracecheck.tlc.values import Values

State = Any
JavaValue = Any
Context = Any


class EvaluationError(Exception):
    """TLC could not evaluate an expression of the spec; the text is TLC's own, on one line."""


class OutsideError(Exception):
    """A value is not in the set that a quantifier of Next draws it from."""

    def __init__(self, quantifier: Quantifier, value: JavaValue) -> None:
        super().__init__(", ".join(quantifier.names))
        self.quantifier = quantifier
        self.value = value


class Engine:
    """A loaded spec that can be stepped."""

    def __init__(self, files: SpecFiles) -> None:
        self.files = files
        self.loaded, self.tool = load(files)
        self.values = Values(self.loaded.loader)
        self.context_class = self.loaded.cls("tlc2.util.Context")
        self._action = self.loaded.cls("tlc2.tool.Action")
        self._clear = int(self.loaded.cls("tlc2.tool.EvalControl").Clear)
        self._empty = self.loaded.cls("tlc2.tool.TLCState").Empty
        next_action = self.tool.getNextStateSpec()
        if next_action is None:
            raise SpecError(f"{files.config}: names no next-state relation; say SPECIFICATION or NEXT")
        self._root: Context = next_action.con
        self.leaves = leaves_of(self.loaded, next_action.pred)
        self._sets: dict[int, JavaValue] = {}
        names = (str(name) for name in self.tool.getInvNames())
        self._invariants = dict(zip(names, self.tool.getInvariants(), strict=True))

    def initial(self) -> list[State]:
        """The initial states. Raises EvaluationError."""
        states = self._guarded(lambda: self.tool.getInitStates())
        return [states.elementAt(i) for i in range(states.size())]

    def bind(self, leaf: Leaf, given: Mapping[str, JavaValue], state: State) -> Context:
        """The context in which `leaf` stands when its quantified names have the values of `given`.

        Raises OutsideError when Next does not draw one of them from its set, and EvaluationError.
        """
        context = self._root
        for step in leaf.path:
            if isinstance(step, Quantifier):
                values = [given[name] for name in step.names]
                drawn = self.values.tuple_of(values) if step.is_tuple else values[0]
                if not self._guarded(lambda s=step, c=context, d=drawn: self._domain(s, c, state).member(d)):
                    raise OutsideError(step, drawn)
                for symbol, value in zip(step.symbols, values, strict=True):
                    context = context.cons(symbol, value)
            else:
                context = context.cons(step.symbol, self.evaluate(step.argument, context, state))
        return context

    def argument(self, leaf: Leaf, index: int, context: Context, state: State) -> JavaValue:
        """The value of the leaf's `index`-th argument, as the spec writes it."""
        return self.evaluate(leaf.node.getArgs()[index], context, state)

    def successors(self, leaf: Leaf, context: Context, state: State) -> list[State]:
        """The distinct successors of `state` by `leaf`. Raises EvaluationError.

        A successor that leaves a variable without a value is an error of the spec, as it is in model checking.
        """
        found = self._guarded(lambda: self.tool.getNextStates(self._action(leaf.node, context), state))
        count = found.size()
        states = [found.elementAt(i) for i in range(count)]
        for successor in states:
            if not self.tool.isGoodState(successor):
                missing = ", ".join(sorted(str(variable.getName()) for variable in successor.getUnassigned()))
                raise EvaluationError(f"{leaf.action} leaves {missing} without a next value")
        return states if count < 2 else self.distinct(states)

    def distinct(self, states: list[State]) -> list[State]:
        """`states` without those equal to an earlier one."""
        return list({int(state.fingerPrint()): state for state in reversed(states)}.values())[::-1]

    def broken_invariant(self, state: State) -> str | None:
        """The name of the first invariant of the configuration that `state` breaks. Raises EvaluationError."""
        for name, invariant in self._invariants.items():
            if not self._guarded(lambda i=invariant: self.tool.isValid(i, state)):
                return name
        return None

    def invariant(self, name: str) -> Any:
        """The expression of the invariant `name`."""
        return self._invariants[name].pred

    def evaluate(self, node: Any, context: Context, state: State) -> JavaValue:
        """The value of an expression without primes. Raises EvaluationError."""
        return self._guarded(lambda: self.tool.eval(node, context, state))

    def contexts(self, node: Any, context: Context, state: State) -> Any:
        """TLC's enumeration of the contexts that a bounded quantifier ranges over."""
        return self._guarded(lambda: self.tool.contexts(node, context, state, self._empty, self._clear))

    def show(self, state: State) -> dict[str, str]:
        """The variables of `state` as TLA+ text, in the order of the spec."""
        return {str(v.getName()): str(state.lookup(v.getName())) for v in state.getVars()}

    def _domain(self, quantifier: Quantifier, context: Context, state: State) -> JavaValue:
        if not quantifier.constant:
            return self.tool.eval(quantifier.bound, context, state)
        key = int(quantifier.bound.getUid())
        if key not in self._sets:
            self._sets[key] = self.tool.eval(quantifier.bound, context, state)
        return self._sets[key]

    def _guarded(self, compute: Any) -> Any:
        try:
            return compute()
        except jpype.JException as error:
            text = " ".join(str(error.getMessage() or error).split())
            raise EvaluationError(text if len(text) <= 400 else text[:397] + "...") from None
