"""The way through Next to an action: which values the quantifiers on it may draw."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tracecheck.compiled.kinds import LazySet, eq, shown
from tracecheck.compiled.membership import member
from tracecheck.compiled.scope import Block, Meaning, Scope, Value
from tracecheck.compiled.translator import Translator
from tracecheck.engine import EvaluationError, OutsideError
from tracecheck.syntax.reader import Reader
from tracecheck.tlc.next import Leaf as TlcLeaf
from tracecheck.tlc.next import Quantifier, Substitution
from tracecheck.tlc.spec import Loaded

Values = tuple[Any, ...]


@dataclass(frozen=True)
class Step:
    """One quantifier, or the argument of an operator that was looked into (then `names` is empty).

    `elements` gives its set, or the argument's value, from a state and the values bound before.
    """

    names: tuple[str, ...]
    is_tuple: bool
    elements: Callable[..., Any]
    source: tuple[str, int, str]


@dataclass(frozen=True)
class Path:
    """An action applied at the end of a path through Next (see `tracecheck.engine.Leaf`).

    A binding is the tuple of the values of all names on the path. `test` makes it from a state and a value for each
    quantified name, or gives the index of the step whose set does not hold its value.
    """

    action: str
    formals: tuple[str, ...]
    variables: tuple[str | None, ...]
    quantified: tuple[str, ...]
    steps: tuple[Step, ...]
    test: Callable[..., Any]
    apply: Callable[..., list[Any]]
    arguments: Callable[..., Any]
    ordered: Callable[[Any], Sequence[Any]]

    def bindings(self, given: Mapping[str, Any], state: Any) -> Iterator[Values]:
        """See `tracecheck.engine.Engine.bindings`."""
        values = [given[name] for name in self.quantified if name in given]
        if len(values) == len(self.quantified):
            found = self.test(state, *values)
            if type(found) is int:
                raise self._outside(self.steps[found], [given[name] for name in self.steps[found].names])
            yield found
            return
        outside: list[OutsideError] = []
        none = True
        for binding in self._bound(0, given, state, (), outside):
            none = False
            yield binding
        if none and outside:
            raise outside[0]

    def _bound(
        self, index: int, given: Mapping[str, Any], state: Any, values: Values, outside: list[OutsideError]
    ) -> Iterator[Values]:
        if index == len(self.steps):
            yield values
            return
        step = self.steps[index]
        if not step.names:
            yield from self._bound(index + 1, given, state, (*values, step.elements(state, *values)), outside)
            return
        for drawn in self._drawn(step, given, step.elements(state, *values), outside):
            yield from self._bound(index + 1, given, state, (*values, *drawn), outside)

    def _drawn(
        self, step: Step, given: Mapping[str, Any], elements: Any, outside: list[OutsideError]
    ) -> Iterator[Sequence[Any]]:
        """What a quantifier may draw: each time one value for each of its names."""
        known = {i: given[name] for i, name in enumerate(step.names) if name in given}
        if len(known) == len(step.names):
            wanted = [known[i] for i in range(len(known))]
            if member(tuple(wanted) if step.is_tuple else wanted[0], elements):
                yield wanted
            else:
                outside.append(self._outside(step, wanted))
            return
        if isinstance(elements, LazySet) and not elements.finite:
            raise EvaluationError(f"{', '.join(step.names)} may be any element of {elements}, which is not finite")
        for element in self.ordered(elements):
            drawn = element if step.is_tuple else (element,)
            if all(eq(drawn[i], value) for i, value in known.items()):
                yield drawn

    @staticmethod
    def _outside(step: Step, values: Sequence[Any]) -> OutsideError:
        file, line, text = step.source
        return OutsideError(step.names, shown(tuple(values) if step.is_tuple else values[0]), text, file, line)


class Paths:
    """Makes the paths of a spec."""

    def __init__(self, translator: Translator, reader: Reader, loaded: Loaded) -> None:
        self._t = translator
        self._reader = reader
        self._loaded = loaded

    def of(self, leaf: TlcLeaf) -> Path:
        """The path to a leaf. Raises UnknownConstructError."""
        names: dict[int, Meaning] = {}
        order: list[str] = []
        steps: list[Step] = []
        test = Block()
        for index, step in enumerate(leaf.path):
            scope = Scope(names=dict(names))
            if isinstance(step, Substitution):
                steps.append(self._step((), False, step.argument, scope, order))
                text = self._new(names, order, step.symbol)
                test.add(f"{text} = {self._t.expressions.of(self._reader.expression(step.argument), scope, test)}")
            else:
                self._quantifier(index, step, scope, steps, names, order, test)
        test.add(f"return ({''.join(f'{text}, ' for text in order)})")
        return self._made(leaf, tuple(steps), names, order, test)

    def _new(self, names: dict[int, Meaning], order: list[str], symbol: Any) -> str:
        text = self._t.fresh(str(symbol.getName()))
        names[int(symbol.getUid())] = Value(text)
        order.append(text)
        return text

    def _quantifier(
        self,
        index: int,
        step: Quantifier,
        scope: Scope,
        steps: list[Step],
        names: dict[int, Meaning],
        order: list[str],
        test: Block,
    ) -> None:
        steps.append(self._step(step.names, step.is_tuple, step.bound, scope, order))
        texts = [self._new(names, order, symbol) for symbol in step.symbols]
        value = f"({', '.join(texts)},)" if step.is_tuple else texts[0]
        bound = self._reader.expression(step.bound)
        test.add(f"if not {self._t.expressions.member(value, bound, scope, test)}: return {index}")

    def _step(self, names: tuple[str, ...], is_tuple: bool, node: Any, scope: Scope, order: list[str]) -> Step:
        name = self._t.fresh("elements")
        block, whole = Block(), Block()
        block.add(f"return {self._t.expressions.of(self._reader.expression(node), scope, block)}")
        whole.nest(f"def {name}({', '.join(['S', *order])}):", block)
        source = self._loaded.source(node) if names else ("", 0, "")
        return Step(names, is_tuple, self._t.make(name, whole.text), source)

    def _made(
        self, leaf: TlcLeaf, steps: tuple[Step, ...], names: dict[int, Meaning], order: list[str], test: Block
    ) -> Path:
        scope = Scope(names=names)
        node: Any = self._reader.expression(leaf.node)
        drawn = [
            value.text
            for step in leaf.path
            if isinstance(step, Quantifier)
            for symbol in step.symbols
            if isinstance(value := names[int(symbol.getUid())], Value)
        ]
        test_name, arguments_name = self._t.fresh("test"), self._t.fresh("arguments")
        whole, given, listed = Block(), Block(), Block()
        whole.nest(f"def {test_name}({', '.join(['S', *drawn])}):", test)
        texts = [self._t.expressions.of(argument, scope, given) for argument in node.arguments]
        given.add(f"return [{', '.join(texts)}]")
        listed.nest(f"def {arguments_name}({', '.join(['S', *order])}):", given)
        return Path(
            leaf.action,
            leaf.formals,
            leaf.variables,
            leaf.quantified,
            steps,
            self._t.make(test_name, whole.text),
            self._t.actions.listed(self._t.fresh(leaf.action), order, ((node, scope),), leaf.action),
            self._t.make(arguments_name, listed.text),
            self._t.names["ordered"],
        )
