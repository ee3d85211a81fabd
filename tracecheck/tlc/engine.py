"""One step of a spec: evaluates a leaf of Next with its quantified names bound to given values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import jpype

from tracecheck.codec import Type
from tracecheck.engine import Encode, EvaluationError, OutsideError
from tracecheck.errors import SpecError
from tracecheck.tlc.fingerprints import Fingerprints
from tracecheck.tlc.next import Leaf, Quantifier, Substitution, leaves_of
from tracecheck.tlc.portable import NotFiniteError, Portable
from tracecheck.tlc.spec import SpecFiles, load
from tracecheck.tlc.values import Values
from tracecheck.values import Value, to_text

State = Any
JavaValue = Any
Context = Any


class TlcEngine:
    """A spec that TLC has loaded: the exact engine (see `tracecheck.engine.Engine`)."""

    name = "tlc"

    def __init__(self, files: SpecFiles) -> None:
        self.files = files
        self.loaded, self.tool = load(files)
        self.values = Values(self.loaded.loader)
        self._portable = Portable(self.loaded.loader)
        self.context_class = self.loaded.cls("tlc2.util.Context")
        self._action = self.loaded.cls("tlc2.tool.Action")
        self._clear = int(self.loaded.cls("tlc2.tool.EvalControl").Clear)
        self._empty = self.loaded.cls("tlc2.tool.TLCState").Empty
        self._tell_states_apart()
        next_action = self.tool.getNextStateSpec()
        if next_action is None:
            raise SpecError(f"{files.config}: names no next-state relation; say SPECIFICATION or NEXT")
        self._root: Context = next_action.con
        self.leaves = leaves_of(self.loaded, next_action.pred)
        self._sets: dict[int, JavaValue] = {}
        names = (str(name) for name in self.tool.getInvNames())
        self._invariants = dict(zip(names, self.tool.getInvariants(), strict=True))
        self._variables = {str(v.getName()): v.getName() for v in self._empty.createEmpty().getVars()}
        self.variables = tuple(self._variables)
        self._fingerprints = Fingerprints(list(self._variables.values()), self.loaded.cls("tlc2.util.FP64"))

    def _tell_states_apart(self) -> None:
        """Takes SYMMETRY and VIEW from fingerprints: a log names what they take for one."""
        states = self.loaded.cls("tlc2.tool.TLCStateMut").class_
        for name in ("perms", "viewMap"):
            field = states.getDeclaredField(name)
            field.setAccessible(True)
            field.set(None, None)

    def initial(self) -> list[State]:
        found = self._guarded(lambda: self.tool.getInitStates())
        states = [found.elementAt(i) for i in range(found.size())]
        for state in states:
            self._demand_all(state, "the initial predicate", "value")
        return self.distinct(states)

    def encoder(self, kind: Type) -> Encode:
        """See `tracecheck.engine.Engine`; so for all below that has no description."""
        return self.values.encoder(kind)

    def bindings(self, leaf: Leaf, given: Mapping[str, JavaValue], state: State) -> Iterator[Context]:
        outside: list[OutsideError] = []
        found = False
        for context in self._bound(leaf.path, given, state, self._root, outside):
            found = True
            yield context
        if outside and not found:
            raise outside[0]

    def _bound(
        self,
        path: Sequence[Quantifier | Substitution],
        given: Mapping[str, JavaValue],
        state: State,
        context: Context,
        outside: list[OutsideError],
    ) -> Iterator[Context]:
        if not path:
            yield context
            return
        step, rest = path[0], path[1:]
        if isinstance(step, Substitution):
            inner = context.cons(step.symbol, self.evaluate(step.argument, context, state))
            yield from self._bound(rest, given, state, inner, outside)
            return
        for values in self._drawn(step, given, context, state, outside):
            inner = context
            for symbol, value in zip(step.symbols, values, strict=True):
                inner = inner.cons(symbol, value)
            yield from self._bound(rest, given, state, inner, outside)

    def _drawn(
        self,
        step: Quantifier,
        given: Mapping[str, JavaValue],
        context: Context,
        state: State,
        outside: list[OutsideError],
    ) -> Iterator[Sequence[JavaValue]]:
        """What a quantifier may draw: each time one value for each of its names."""
        domain = self._guarded(lambda: self._domain(step, context, state))
        wanted = [given.get(name) for name in step.names]
        if None not in wanted:
            drawn = self.values.tuple_of(wanted) if step.is_tuple else wanted[0]
            if self._guarded(lambda: domain.member(drawn)):
                yield wanted
            else:
                file, line, text = self.loaded.source(step.bound)
                outside.append(OutsideError(step.names, self.text(drawn), text, file, line))
            return
        for element in self._elements(domain):
            values = list(element.elems) if step.is_tuple else [element]
            if all(known is None or known.equals(value) for known, value in zip(wanted, values, strict=True)):
                yield values

    def _elements(self, domain: JavaValue) -> Iterator[JavaValue]:
        if not hasattr(domain, "elements"):
            raise EvaluationError(f"the elements of {domain} cannot be gone through: it is not finite")
        elements = self._guarded(domain.elements)
        while (element := self._guarded(elements.nextElement)) is not None:
            yield element

    def arguments(self, leaf: Leaf, binding: Context, state: State) -> list[JavaValue]:
        return [self.evaluate(argument, binding, state) for argument in leaf.node.getArgs()]

    def successors(self, leaf: Leaf, context: Context, state: State) -> list[State]:
        """A successor that leaves a variable without a value is an error of the spec, as it is in model checking."""
        found = self._guarded(lambda: self.tool.getNextStates(self._action(leaf.node, context), state))
        count = found.size()
        states = [found.elementAt(i) for i in range(count)]
        for successor in states:
            self._demand_all(successor, leaf.action, "next value")
        return states if count < 2 else self.distinct(states)

    def _demand_all(self, state: State, by: str, noun: str) -> None:
        """Raises EvaluationError when `state`, which `by` has made, has a variable without a value."""
        if not self.tool.isGoodState(state):
            missing = ", ".join(sorted(str(variable.getName()) for variable in state.getUnassigned()))
            raise EvaluationError(f"{by} leaves {missing} without a {noun}")

    def distinct(self, states: list[State]) -> list[State]:
        """`states` without those equal to an earlier one."""
        return list({self.key(state): state for state in reversed(states)}.values())[::-1]

    def broken_invariant(self, state: State) -> str | None:
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

    def key(self, state: State) -> tuple[int, ...]:
        return self._fingerprints.of(state)

    def same(self, one: State, other: State) -> bool:
        pairs = ((self.look(one, name), self.look(other, name)) for name in self.variables)
        try:
            return all(self._fingerprints.one_object(a, b) or self.equal(a, b) for a, b in pairs)
        except EvaluationError:  # TLC does not compare values of different kinds; their fingerprints differ.
            return self.key(one) == self.key(other)

    def look(self, state: State, variable: str) -> JavaValue:
        return state.lookup(self._variables[variable])

    def equal(self, one: JavaValue, other: JavaValue) -> bool:
        return bool(self._guarded(lambda: one.equals(other)))

    def domain(self, function: JavaValue) -> JavaValue:
        return self._guarded(lambda: function.getDomain())

    def select(self, function: JavaValue, argument: JavaValue) -> JavaValue | None:
        if not hasattr(function, "getDomain"):
            return None
        if not self._guarded(lambda: function.getDomain().member(argument)):
            return None
        return self._guarded(lambda: function.apply(argument, self._clear))

    def export(self, value: JavaValue) -> Value:
        try:
            exported: Value = self._guarded(lambda: self._portable.export(value))
        except NotFiniteError as error:
            raise EvaluationError(f"no finite value: {error}") from None
        return exported

    def text(self, value: JavaValue) -> str:
        """The value as TLA+ text, the same for equal values. (TLC's own text has no such order.)"""
        try:
            return to_text(self.export(value))
        except EvaluationError:
            return str(value)

    def adopt(self, value: Value) -> JavaValue:
        return self._portable.adopt(value)

    def state(self, values: Mapping[str, Value]) -> State:
        made = self._empty.createEmpty()
        for name, variable in self._variables.items():
            made.bind(variable, self.adopt(values[name]))
        return made

    def show(self, state: State) -> dict[str, str]:
        return {name: self.text(self.look(state, name)) for name in self.variables}

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
