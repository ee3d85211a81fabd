"""Translates what binds names: quantifiers, CHOOSE, sets and functions by a condition or a value for each element."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracecheck.compiled.patterns import Removal, removal
from tracecheck.compiled.scope import Block, Scope, Value
from tracecheck.syntax import tree
from tracecheck.syntax.reader import UnknownConstructError

if TYPE_CHECKING:
    from tracecheck.compiled.expressions import Expressions
    from tracecheck.compiled.translator import Translator


Drawn = tuple[tuple[tree.Bound, ...], tree.Node, bool]
"""What is drawn from a set at a time: its names, the set, and whether it is a tuple of the names."""


class Binders:
    """Writes expressions that bind names."""

    def __init__(self, translator: Translator, expressions: Expressions) -> None:
        self._t = translator
        self._e = expressions

    def quantified(self, node: tree.Quantified, scope: Scope, block: Block) -> str:
        """\\A and \\E over sets"""
        return self._quantified(node, list(groups(node.bindings)), scope, block)

    def _quantified(
        self,
        node: tree.Quantified,
        left: list[Drawn],
        scope: Scope,
        block: Block,
    ) -> str:
        names, bound, is_tuple = left[0]
        elements = self._e.of(bound, scope, block)
        word = "forall" if node.universal else "exists"
        parameter, inner, body = self._bind(names, is_tuple, scope)
        if len(left) == 1:
            text = self._e.truth(node.body, inner, body)
        else:
            text = self._quantified(node, left[1:], inner, body)
        return f"{word}({elements}, {self._wrapped(parameter, text, body, block)})"

    def _bind(self, names: tuple[tree.Bound, ...], is_tuple: bool, scope: Scope) -> tuple[str, Scope, Block]:
        """A parameter for one element of a set, the scope with the names that stand for it or for its parts, and the
        statements that take it apart."""
        body = Block()
        texts = [self._t.fresh(name.name) for name in names]
        inner = scope.bind({name.key: Value(text) for name, text in zip(names, texts, strict=True)})
        if not is_tuple:
            return texts[0], inner, body
        parameter = self._t.fresh("element")
        body.add(f"{', '.join(texts)}, = parts_of({parameter}, {len(texts)})")
        return parameter, inner, body

    def _wrapped(self, parameter: str, text: str, body: Block, block: Block) -> str:
        """Python text for the function with these parameters, statements and value."""
        block.closes = True
        if not body.lines:
            return f"(lambda {parameter}: {text})"
        name = self._t.fresh("f")
        body.add(f"return {text}")
        block.nest(f"def {name}({parameter}):", body)
        return name

    def _one(self, binding: tree.Binding, value: tree.Node, scope: Scope, block: Block, *, truth: bool) -> str:
        """Python text for a function from an element of the binding's set to the value of `value`."""
        parameter, inner, body = self._bind(binding.names, binding.is_tuple, scope)
        text = (self._e.truth if truth else self._e.of)(value, inner, body)
        return self._wrapped(parameter, text, body, block)

    def choice(self, node: tree.Choose, scope: Scope, block: Block) -> str:
        """CHOOSE"""
        if not isinstance(node.binding, tree.Binding):
            raise UnknownConstructError("CHOOSE without a set", node.place)
        test = self._one(node.binding, node.body, scope, block, truth=True)
        return f"choose({self._e.of(node.binding.bound, scope, block)}, {test})"

    def filtered(self, node: tree.Filter, scope: Scope, block: Block) -> str:
        """{x \\in S : condition}"""
        test = self._one(node.binding, node.condition, scope, block, truth=True)
        return f"filtered({self._e.of(node.binding.bound, scope, block)}, {test})"

    def image(self, node: tree.Image, scope: Scope, block: Block) -> str:
        """{value : x \\in S, ...}"""
        function, sets = self._many(node.bindings, node.element, scope, block)
        return f"image({function}, {', '.join(sets)})"

    def _many(
        self,
        bindings: tuple[tree.Binding, ...],
        value: tree.Node,
        scope: Scope,
        block: Block,
        first: tuple[str, ...] = (),
    ) -> tuple[str, list[str]]:
        """Python text for a function of one element of each set, and for the sets."""
        parameters, sets, body = list(first), [], Block()
        for names, bound, is_tuple in groups(bindings):
            sets.append(self._e.of(bound, scope, block))
            parameter, scope, taken = self._bind(names, is_tuple, scope)
            body.lines += taken.lines
            parameters.append(parameter)
        text = self._e.of(value, scope, body)
        return self._wrapped(", ".join(parameters), text, body, block), sets

    def function(self, node: tree.Function, scope: Scope, block: Block) -> str:
        """[x \\in S |-> value]"""
        if node.itself is not None:
            return self._recursive(node, scope, block)
        found = removal(node)
        if found is not None:
            return self._removal(found, scope, block)
        function, sets = self._many(node.bindings, node.value, scope, block)
        return f"{'built' if len(sets) == 1 else 'built_of_many'}({function}, {', '.join(sets)})"

    def _recursive(self, node: tree.Function, scope: Scope, block: Block) -> str:
        assert node.itself is not None
        itself = self._t.fresh(node.itself.name)
        inner = scope.bind({node.itself.key: Value(itself)})
        function, sets = self._many(node.bindings, node.value, inner, block, (itself,))
        if len(sets) > 1:
            raise UnknownConstructError("a recursive function of several arguments", node.place)
        return f"recursive({function}, {sets[0]})"

    def _removal(self, found: Removal, scope: Scope, block: Block) -> str:
        f, gone, changed, name = found
        base = self._e.of(f, scope, block)
        left = "frozenset()" if gone is None else self._e.of(gone, scope, block)
        if changed is None:
            return f"without({base}, {left})"
        assert isinstance(changed.condition, tree.Apply)
        keys = self._e.function([], changed.condition.arguments[1], scope, block)
        text = self._t.fresh(name.name)
        value = self._e.function([text], changed.then, scope.bind({name.key: Value(text)}), block)
        return f"rebuilt({base}, {left}, {keys}, {value})"


def groups(bindings: tuple[tree.Binding, ...]) -> list[Drawn]:
    """The bindings, one for each element that is drawn."""
    found: list[Drawn] = []
    for binding in bindings:
        if binding.is_tuple:
            found.append((binding.names, binding.bound, True))
        else:
            found.extend(((name,), binding.bound, False) for name in binding.names)
    return found
