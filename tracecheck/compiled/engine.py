"""The fast engine: a spec translated into Python (see `tracecheck.engine.Engine`)."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Any, TypeVar

from tracecheck.codec import Type
from tracecheck.compiled import functions
from tracecheck.compiled.actions import Actions
from tracecheck.compiled.config import configure
from tracecheck.compiled.kinds import eq
from tracecheck.compiled.large import Large, Sequence
from tracecheck.compiled.own import adopt, encoder, export
from tracecheck.compiled.paths import Path, Paths
from tracecheck.compiled.scope import Block, Scope
from tracecheck.compiled.translator import Translator
from tracecheck.engine import Encode, EvaluationError
from tracecheck.syntax.reader import Reader
from tracecheck.tlc.next import leaves_of
from tracecheck.tlc.spec import Loaded, SpecFiles, load
from tracecheck.values import to_text

State = tuple[Any, ...]
Result = TypeVar("Result")


class CompiledEngine:
    """A spec translated into Python.

    Loading translates all that Next, the initial predicate and the invariants use. Raises SpecError when the spec
    cannot be loaded, UnknownConstructError when something in it cannot be translated.
    """

    name = "compiled"

    def __init__(self, files: SpecFiles, parsed: tuple[Loaded, Any] | None = None) -> None:
        """`parsed` is what `tracecheck.tlc.spec.load` made of `files`, if that was done already: it takes longest."""
        self.files = files
        loaded, tool = parsed or load(files)
        reader = Reader(loaded)
        config = configure(files, loaded, tool, reader)
        declared = list(config.module.variables.values())
        constants = {name: adopt(value) for name, value in config.constants.items()}
        self._translator = Translator(declared, constants, config.overrides, config.order)
        self.variables = tuple(config.module.variables)
        self._places = {name: index for index, name in enumerate(self.variables)}
        self._models = config.models
        paths = Paths(self._translator, reader, loaded)
        self.leaves = [paths.of(leaf) for leaf in leaves_of(loaded, config.next_node)]
        first = Actions(self._translator, first=True)
        todo = tuple((node, Scope()) for node in config.initial)
        self._initial = first.listed(self._translator.fresh("Init"), [], todo, "the initial predicate")
        self._invariants = {name: self._predicate(name, node) for name, node in config.invariants.items()}

    def _predicate(self, name: str, node: Any) -> Callable[[State], bool]:
        text, block, whole = self._translator.fresh(name), Block(), Block()
        block.add(f"return {self._translator.expressions.truth(node, Scope(), block)}")
        whole.nest(f"def {text}(S):", block)
        return self._translator.make(text, whole.text)  # type: ignore[no-any-return]

    def initial(self) -> list[State]:
        """See `tracecheck.engine.Engine`; so for all below that has no description."""
        return self._distinct(self._guarded(self._initial, None))

    def encoder(self, kind: Type) -> Encode:
        return encoder(kind, self._models)

    def bindings(self, leaf: Path, given: Mapping[str, Any], state: State) -> Iterator[tuple[Any, ...]]:
        try:
            yield from leaf.bindings(given, state)
        except RecursionError:
            raise _too_deep() from None

    def arguments(self, leaf: Path, binding: tuple[Any, ...], state: State) -> list[Any]:
        return self._guarded(leaf.arguments, state, *binding)

    def successors(self, leaf: Path, binding: tuple[Any, ...], state: State) -> list[State]:
        return self._distinct(self._guarded(leaf.apply, state, *binding))

    def _distinct(self, states: list[State]) -> list[State]:
        if len(states) < 2:
            return states
        return list({self.key(state): state for state in states}.values())

    def broken_invariant(self, state: State) -> str | None:
        for name, holds in self._invariants.items():
            if not self._guarded(holds, state):
                return name
        return None

    def key(self, state: State) -> Hashable:
        """Python takes TRUE for 1. A variable that is now the one, now the other, is told apart here; inside of a set
        or a function, where TLC would not even compare the two, it is not."""
        return tuple(
            [
                (len(value), value.digest())
                if (kind := type(value)) is Large or kind is Sequence
                else (value, kind)
                if kind is bool
                else value
                for value in state
            ]
        )

    def same(self, one: State, other: State) -> bool:
        return one is other or self.key(one) == self.key(other)

    def look(self, state: State, variable: str) -> Any:
        return state[self._places[variable]]

    def equal(self, one: Any, other: Any) -> bool:
        return eq(one, other)

    def domain(self, function: Any) -> Any:
        return functions.domain(function)

    def select(self, function: Any, argument: Any) -> Any | None:
        return functions.select(function, argument)

    def export(self, value: Any) -> Any:
        return export(value)

    def adopt(self, value: Any) -> Any:
        return adopt(value)

    def show(self, state: State) -> dict[str, str]:
        return {name: to_text(export(value)) for name, value in zip(self.variables, state, strict=True)}

    def state(self, values: Mapping[str, Any]) -> State:
        return tuple([adopt(values[name]) for name in self.variables])

    @staticmethod
    def _guarded(function: Callable[..., Result], *arguments: Any) -> Result:
        try:
            return function(*arguments)
        except RecursionError:
            raise _too_deep() from None


def _too_deep() -> EvaluationError:
    return EvaluationError("an operator of the spec calls itself too deeply")
