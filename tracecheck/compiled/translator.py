"""Translates definitions and expressions of a spec into Python text, and makes functions of the text.

An expression becomes a Python expression over the helpers of `tracecheck.compiled.helpers`. What cannot be written in
one (LET, a long body) becomes statements before it, which only define functions: nothing is computed before it is
needed, since a spec may guard a part that has no value.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tracecheck.compiled.actions import Actions
from tracecheck.compiled.expressions import Expressions
from tracecheck.compiled.facts import Known, Needs, is_truth
from tracecheck.compiled.helpers import python_names
from tracecheck.compiled.order import Order
from tracecheck.compiled.scope import Block, Macro, Meaning, Operator, Parts, Scope, Value, Whole
from tracecheck.compiled.statements import Loop, Statements
from tracecheck.engine import EvaluationError
from tracecheck.syntax import tree
from tracecheck.syntax.reader import UnknownConstructError

_Key = tuple[Any, ...]
_TURNS = 1_000_000
"""How often a definition that calls itself at its end may do so: one that never ends is an error, as it is in TLC."""


class Translator:
    """The functions made for one spec with its configuration.

    `constants` are the values of its constants by name; `overrides` what the configuration puts in the place of a
    constant or a definition of the root module.
    """

    def __init__(
        self,
        variables: Sequence[tree.Variable],
        constants: dict[str, Any],
        overrides: dict[object, tree.Definition],
        order: Order,
    ) -> None:
        self.variables = list(variables)
        self.names = python_names(order)
        self._constants = constants
        self._overrides = overrides
        self.known = Known(self.resolve)
        self.needs = Needs(self.resolve)
        self.expressions = Expressions(self)
        self.statements = Statements(self)
        self.actions = Actions(self)
        self._count = 0
        self._functions: dict[_Key, str] = {}
        self._folded: dict[int, tuple[tree.Node, str | None]] = {}
        self.texts: dict[str, str] = {}

    def resolve(self, target: object) -> object:
        """What the configuration puts in the place of a constant or definition; else what it is."""
        declared = tree.Definition | tree.Constant | tree.Given
        return self._overrides.get(target, target) if isinstance(target, declared) else target

    def is_truth(self, node: tree.Node) -> bool:
        """Whether an expression is TRUE or FALSE, if it has a value."""
        return is_truth(node, self.resolve)

    def fresh(self, name: str) -> str:
        """A Python name that is not used yet, and tells a reader of the text what it stands for."""
        self._count += 1
        plain = "".join(c if c.isascii() and c.isalnum() else "_" for c in name)
        return f"{plain}_{self._count}"

    def make(self, name: str, text: str) -> Any:
        """The function `name` that `text` defines."""
        self.texts[name] = text
        exec(compile(text, f"<{name}>", "exec"), self.names)
        return self.names[name]

    def constant(self, value: Any) -> str:
        """Python text for a value that is known."""
        if type(value) in (int, str, bool):
            return f"({value!r})"
        name = self.fresh("C")
        self.names[name] = value
        return name

    def constant_of(self, target: tree.Constant, node: tree.Node) -> str:
        """Python text for a constant that the configuration gives a value."""
        if target.name not in self._constants:
            raise UnknownConstructError(
                f"the constant {target.name}, to which the configuration gives no value,", node.place
            )
        return self.constant(self._constants[target.name])

    def folded(self, node: tree.Node, scope: Scope) -> str | None:
        """Python text for the value of an expression that is the same in all states; None if it is not, or has none."""
        known = self._folded.get(id(node))
        if known is None:
            facts = self.known(node)
            same = facts.constant and not facts.free and not (facts.declared & scope.replaced.keys())
            known = (node, self._evaluated(node) if same else None)
            if not (facts.declared & scope.replaced.keys()):
                self._folded[id(node)] = known
        return known[1]

    def _evaluated(self, node: tree.Node) -> str | None:
        self._folded[id(node)] = (node, None)
        name = self.fresh("fold")
        block = Block()
        block.add(f"return {self.expressions.plain(node, Scope(), block)}")
        try:
            return self.constant(self.make(name, self._whole(f"def {name}(S=None):", block))())
        except (EvaluationError, RecursionError):
            return None

    @staticmethod
    def _whole(head: str, body: Block) -> str:
        block = Block()
        block.nest(head, body)
        return block.text

    # -- definitions ---------------------------------------------------------------------------------------

    def use(self, node: tree.Apply, definition: tree.Definition, scope: Scope, block: Block) -> str:
        """Python text for the application of a definition."""
        # What LET computes in this state is not what it is in the next.
        rigid = isinstance(scope.now, Whole) or self.known(definition.body).constant
        meaning = scope.local.get(definition) if rigid else None
        if isinstance(meaning, Value):
            return meaning.use
        if isinstance(meaning, Operator):
            return f"{meaning.text}({', '.join(self.arguments(node, definition, meaning.lazy, scope, block))})"
        if self.inlines(node, definition, scope):
            return self.expressions.of(definition.body, self.inside(node, definition, scope, block), block)
        lazy = self.modes(node, definition, scope)
        name = self._function(definition, lazy, scope)
        arguments = self.arguments(node, definition, lazy, scope, block)
        return f"{name}({', '.join([self._state(definition, scope), *arguments])})"

    def inlines(self, node: tree.Apply, definition: tree.Definition, scope: Scope) -> bool:
        """Whether a definition has to be translated where it is used: it speaks of a step, takes operators, or mentions
        names from around it."""
        facts = self.known(definition.body)
        own = {parameter.key for parameter in definition.parameters}
        outer = any(self.known(macro.node).free for macro in scope.replaced.values())
        higher = any(parameter.arity for parameter in definition.parameters)
        primed = any(isinstance(a, tree.Node) and self.known(a).primed for a in node.arguments)
        inlined = facts.primed or primed or bool(facts.free - own) or higher or outer
        if inlined and definition.recursive:
            raise UnknownConstructError(
                f"{definition.name}, which is recursive and takes more than values,", node.place
            )
        return inlined

    def inside(self, node: tree.Apply, definition: tree.Definition, scope: Scope, block: Block) -> Scope:
        """The scope of a definition's body that is translated where it is used."""
        names: dict[int, Meaning] = {}
        step = self.known(definition.body).primed
        for parameter, argument in zip(definition.parameters, node.arguments, strict=True):
            names[parameter.key] = self._meaning(argument, scope, block, step)
        return scope.bind(names)

    def _meaning(self, argument: tree.Node, scope: Scope, block: Block, step: bool) -> Meaning:
        """What a parameter stands for; where it may be primed (`step`), an expression of the state."""
        if isinstance(argument, tree.OperatorName | tree.Lambda):
            return self.expressions.operator(argument, scope, block)
        if isinstance(argument, tree.Name) and isinstance(argument.target, tree.Bound):
            return scope.names[argument.target.key]
        facts = self.known(argument)
        if facts.primed or isinstance(scope.now, Parts) or (step and not facts.constant) or self.total(argument, scope):
            return Macro(argument, scope)
        return self.lazily(argument, scope, block)

    def lazily(self, node: tree.Node, scope: Scope, block: Block) -> Value:
        """A Python name for a value that is computed when it is needed first."""
        name = self.fresh("later")
        block.add(f"{name} = lazy({self.expressions.function([], node, scope, block)})")
        block.closes = True
        return Value(name, lazy=True)

    def total(self, node: tree.Node, scope: Scope) -> bool:
        """Whether an expression surely has a value, and is cheap."""
        match node:
            case tree.Number() | tree.Text() | tree.Truth():
                return True
            case tree.Name(target=tree.Bound(key=key)):
                meaning = scope.names.get(key)
                return isinstance(meaning, Value) and not meaning.lazy
            case tree.Name(target=tree.Variable()):
                return isinstance(scope.now, Whole) and not scope.replaced
            case tree.Tuple(elements=elements):
                return all(self.total(element, scope) for element in elements)
            case tree.Record(fields=fields):
                return all(self.total(value, scope) for _, value in fields)
        return self.folded(node, scope) is not None

    def modes(self, node: tree.Apply, definition: tree.Definition, scope: Scope) -> tuple[bool, ...]:
        """Which arguments are handed over as functions that give them: those that may fail and may not be needed."""
        return tuple(
            not self.needs.parameter(definition, index) and not self.total(argument, scope)
            for index, argument in enumerate(node.arguments)
        )

    def is_later(self, node: object, scope: Scope) -> bool:
        """Whether `node` merely names a value that is computed when it is needed."""
        if not isinstance(node, tree.Name) or not isinstance(node.target, tree.Bound):
            return False
        meaning = scope.names.get(node.target.key)
        return isinstance(meaning, Value) and meaning.lazy

    def arguments(
        self, node: tree.Apply, definition: tree.Definition, lazy: tuple[bool, ...], scope: Scope, block: Block
    ) -> list[str]:
        """Python texts for the arguments of a definition, some as functions that give them."""
        made = []
        for argument, later in zip(node.arguments, lazy, strict=True):
            if not later:
                made.append(self.expressions.of(argument, scope, block))
            elif self.is_later(argument, scope):
                meaning = scope.names[argument.target.key]  # type: ignore[attr-defined]
                assert isinstance(meaning, Value)
                made.append(meaning.text)
            elif self.total(argument, scope):
                block.closes = True
                made.append(f"(lambda: {self.expressions.of(argument, scope, block)})")
            else:
                made.append(self.lazily(argument, scope, block).text)
        return made

    def _function(self, definition: tree.Definition, lazy: tuple[bool, ...], scope: Scope) -> str:
        """The name of the function for a definition, made when it is used first."""
        replaced = frozenset((target, id(macro.node)) for target, macro in scope.replaced.items())
        key = (definition, lazy, replaced)
        if key not in self._functions:
            name = self._functions[key] = self.fresh(definition.name)
            inner = Scope(replaced=scope.replaced)
            self.make(name, self.text_of(name, ["S"], definition, lazy, inner))
        return self._functions[key]

    def text_of(
        self, name: str, first: list[str], definition: tree.Definition, lazy: tuple[bool, ...], scope: Scope
    ) -> str:
        """The Python text of the function `name` for a definition; calls to itself at the end become a loop."""
        parameters = [Value(self.fresh(p.name), later) for p, later in zip(definition.parameters, lazy, strict=True)]
        pairs = zip(definition.parameters, parameters, strict=True)
        inner = scope.bind({p.key: value for p, value in pairs})
        head = f"def {name}({', '.join([*first, *(p.text for p in parameters)])}):"
        body, loop = Block(), Loop(definition, lazy, [p.text for p in parameters])
        self.statements.returned(definition.body, inner, body, loop)
        if loop.used and not body.closes:
            outer = Block()
            outer.nest(f"for _ in range({_TURNS}):", body)
            outer.add(f"fail({definition.name + ' calls itself too deeply'!r})")
            return self._whole(head, outer)
        if loop.used:
            body = Block()
            self.statements.returned(definition.body, inner, body, None)
        return self._whole(head, body)

    def _state(self, definition: tree.Definition, scope: Scope) -> str:
        """Python text for the state that a definition reads."""
        if isinstance(scope.now, Whole):
            return scope.now.text
        needed = self._variables_of(definition, scope)
        if not needed:
            return "None"
        values = {} if scope.now is None else scope.now.values
        missing = [self.variables[index].name for index in sorted(needed - values.keys())]
        if missing:
            return f"fail({definition.name + ' needs ' + ', '.join(missing) + ', which has no value yet'!r})"
        return f"({', '.join(values.get(i, 'None') for i in range(len(self.variables)))},)"

    def _variables_of(self, definition: tree.Definition, scope: Scope) -> set[int]:
        declared = set(self.known(definition.body).declared)
        for target, macro in scope.replaced.items():
            if target in declared:
                declared |= self.known(macro.node).declared
        return {index for index, variable in enumerate(self.variables) if variable in declared}

    def index(self, variable: tree.Variable) -> int:
        """The place of a variable in a state."""
        return self.variables.index(variable)
