"""The body of a Python function for a definition: statements that end in a return, or in the next turn of a loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracecheck.compiled.scope import Block, Macro, Operator, Parts, Scope, Value
from tracecheck.syntax import tree
from tracecheck.syntax.reader import UnknownConstructError

if TYPE_CHECKING:
    from tracecheck.compiled.translator import Translator


class Loop:
    """A function whose calls to itself at the end are turned into a loop: `used` says that there is one."""

    def __init__(self, definition: tree.Definition, lazy: tuple[bool, ...], parameters: list[str]) -> None:
        self.definition = definition
        self.lazy = lazy
        self.parameters = parameters
        self.used = False


class Statements:
    """Writes statements."""

    def __init__(self, translator: Translator) -> None:
        self._t = translator

    def returned(self, node: tree.Node, scope: Scope, block: Block, loop: Loop | None) -> None:
        """Statements that return the value of `node`."""
        folded = self._t.folded(node, scope)
        if folded is not None:
            block.add(f"return {folded}")
            return
        match node:
            case tree.If(condition=condition, then=then, otherwise=otherwise):
                self._branch(condition, then, scope, block, loop)
                self.returned(otherwise, scope, block, loop)
            case tree.And(parts=parts) | tree.Or(parts=parts):
                stop = "False" if isinstance(node, tree.And) else "True"
                for part in parts[:-1]:
                    test = self._t.expressions.truth(part, scope, block)
                    block.add(f"if {'not ' if stop == 'False' else ''}{test}: return {stop}")
                self._last(parts[-1], scope, block, loop)
            case tree.Case(arms=arms, otherwise=otherwise):
                for condition, value in arms:
                    self._branch(condition, value, scope, block, loop)
                if otherwise is None:
                    block.add(f"fail({f'CASE at {node.place} has no arm that is true'!r})")
                else:
                    self.returned(otherwise, scope, block, loop)
            case tree.Let(definitions=definitions, body=body):
                inner = self.let(definitions, scope, block)
                self.returned(body, inner, block, loop)
            case tree.Apply() if loop is not None and self._again(node, scope, loop):
                self._next_turn(node, scope, block, loop)
            case _:
                block.add(f"return {self._t.expressions.of(node, scope, block)}")

    def _last(self, node: tree.Node, scope: Scope, block: Block, loop: Loop | None) -> None:
        """Returns the last part of a conjunction or disjunction, which has to be TRUE or FALSE."""
        if self._t.is_truth(node):
            self.returned(node, scope, block, loop)
        else:
            block.add(f"return {self._t.expressions.truth(node, scope, block)}")

    def _branch(self, condition: tree.Node, value: tree.Node, scope: Scope, block: Block, loop: Loop | None) -> None:
        test = self._t.expressions.truth(condition, scope, block)
        inner = Block()
        self.returned(value, scope, inner, loop)
        block.nest(f"if {test}:", inner)

    def _again(self, node: tree.Apply, scope: Scope, loop: Loop) -> bool:
        """Whether `node` is a call that can be a turn of the loop: what is not computed yet is handed on as it is."""
        if self._t.resolve(node.operator) is not loop.definition:
            return False
        modes = self._t.modes(node, loop.definition, scope)
        handed_on = (self._t.is_later(a, scope) for a, later in zip(node.arguments, modes, strict=True) if later)
        return modes == loop.lazy and all(handed_on)

    def _next_turn(self, node: tree.Apply, scope: Scope, block: Block, loop: Loop) -> None:
        loop.used = True
        values = self._t.arguments(node, loop.definition, loop.lazy, scope, block)
        if values:
            block.add(f"{', '.join(loop.parameters)} = {', '.join(values)}")
        block.add("continue")

    def let(self, definitions: tuple[tree.Definition, ...], scope: Scope, block: Block) -> Scope:
        """The scope with the definitions of a LET. Those that take no arguments are computed when they are needed."""
        for definition in definitions:
            if self._expands(definition, scope):
                scope = scope.define(definition, Macro(definition.body, scope, definition.parameters))
            elif definition.parameters:
                scope = self._local_function(definition, scope, block)
            elif definition.recursive:
                raise UnknownConstructError(f"{definition.name}, recursive without parameters,", definition.place)
            elif self._t.total(definition.body, scope):
                scope = scope.define(definition, Value(self._t.expressions.of(definition.body, scope, block)))
            else:
                scope = scope.define(definition, self._t.lazily(definition.body, scope, block))
        return scope

    def _expands(self, definition: tree.Definition, scope: Scope) -> bool:
        """Whether a definition of a LET is translated anew wherever it is used."""
        higher = any(parameter.arity for parameter in definition.parameters)
        return higher or isinstance(scope.now, Parts) or self._t.known(definition.body).primed

    def _local_function(self, definition: tree.Definition, scope: Scope, block: Block) -> Scope:
        lazy = tuple(not self._t.needs.parameter(definition, i) for i in range(len(definition.parameters)))
        name = self._t.fresh(definition.name)
        scope = scope.define(definition, Operator(name, lazy))
        block.lines += self._t.text_of(name, [], definition, lazy, scope).split("\n")
        block.closes = True
        return scope
