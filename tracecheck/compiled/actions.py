"""Translates actions and initial predicates into Python functions that list the states they allow.

The conjuncts are taken from left to right. Where a variable has no value yet, x' = e gives it one and x' \\in S each
one in turn; where it has one, both ask. Alternatives become functions that are called one after the other, and what
follows after them a function that each of them calls.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tracecheck.compiled.binders import Drawn, groups
from tracecheck.compiled.expressions import instantiated
from tracecheck.compiled.scope import Block, Macro, Parts, Scope, Value
from tracecheck.syntax import tree

if TYPE_CHECKING:
    from tracecheck.compiled.translator import Translator

Given = Mapping[int, str]
"""The variables that have a value so far, by their place in a state, each with the Python name that holds it."""

End = Callable[[Given, Block], None]
"""Writes what is done when all conjuncts hold."""

Todo = tuple[tuple[tree.Node, Scope], ...]


@dataclass
class _Rest:
    """What follows after alternatives: one function for each set of variables that have a value by then."""

    todo: Todo
    end: End
    block: Block
    names: dict[frozenset[int], tuple[str, list[int]]]


class Actions:
    """Writes functions for one kind of predicate: `first` for initial ones, else for steps."""

    def __init__(self, translator: Translator, *, first: bool = False) -> None:
        self._t = translator
        self._first = first

    def listed(self, name: str, parameters: list[str], todo: Todo, what: str) -> Any:
        """A function of a state and `parameters` that lists the states which satisfy the conjuncts `todo`."""
        body, inner = Block(), Block()
        body.add("out = []")
        self._conjuncts(todo, {}, inner, lambda given, block: self._state(given, block, what))
        body.nest("def walk():", inner)
        body.add("walk()")
        body.add("return out")
        whole = Block()
        whole.nest(f"def {name}({', '.join(['S', *parameters])}):", body)
        return self._t.make(name, whole.text)

    def enabled(self, node: tree.Enabled, scope: Scope, block: Block) -> str:
        """Python text for ENABLED of an action."""
        name, body, inner = self._t.fresh("enabled"), Block(), Block()
        self._conjuncts(((node.body, scope),), {}, inner, lambda given, block: block.add("raise Found"))
        body.nest("def walk():", inner)
        body.lines += ["try: walk()", "except Found: return True", "return False"]
        block.nest(f"def {name}():", body)
        block.closes = True
        return f"{name}()"

    def _state(self, given: Given, block: Block, what: str) -> None:
        missing = sorted(v.name for i, v in enumerate(self._t.variables) if i not in given)
        if missing:
            noun = "without a value" if self._first else "without a next value"
            text = f"{what} leaves {', '.join(missing)} {noun}"
            block.add(f"fail({text!r})")
        else:
            block.add(f"out.append(({', '.join(given[i] for i in range(len(self._t.variables)))},))")

    def _at(self, scope: Scope, given: Given) -> Scope:
        """`scope` where these variables have a value."""
        return scope.reading(Parts(given), None) if self._first else scope.reading(scope.now, Parts(given))

    def _conjuncts(self, todo: Todo, given: Given, block: Block, end: End) -> None:
        """Statements for what is left to do; where a conjunct is false they return."""
        if not todo:
            end(given, block)
            return
        (node, scope), rest = todo[0], todo[1:]
        scope = self._at(scope, given)
        match node:
            case tree.And(parts=parts):
                self._conjuncts((*((part, scope) for part in parts), *rest), given, block, end)
            case tree.Apply(operator=tree.Given(name="\\land", module=""), arguments=(one, other)):
                self._conjuncts(((one, scope), (other, scope), *rest), given, block, end)
            case tree.Or() | tree.Quantified(universal=False) | tree.If() | tree.Case() if self._steps(node, scope):
                self._alternatives(node, scope, rest, given, block, end)
            case tree.Let(definitions=definitions, body=body):
                inner = self._t.statements.let(definitions, scope, block)
                self._conjuncts(((body, inner), *rest), given, block, end)
            case tree.Instantiated(body=body):
                self._conjuncts(((body, instantiated(node, scope)), *rest), given, block, end)
            case tree.Unchanged(body=body):
                self._unchanged(body, scope, rest, given, block, end)
            case tree.Apply() | tree.Name():
                self._applied(node, scope, rest, given, block, end)
            case _:
                self._asked(node, scope, rest, given, block, end)

    def _asked(self, node: tree.Node, scope: Scope, rest: Todo, given: Given, block: Block, end: End) -> None:
        """A conjunct that gives no variable a value."""
        block.add(f"if not {self._t.expressions.truth(node, scope, block)}: return")
        self._conjuncts(rest, given, block, end)

    def _steps(self, node: tree.Node, scope: Scope) -> bool:
        """Whether `node` may give a variable a value."""
        facts = self._t.known(node)
        if not self._first:
            macros = (scope.names[key] for key in facts.free if key in scope.names)
            return facts.primed or any(isinstance(m, Macro) and self._t.known(m.node).primed for m in macros)
        return bool(scope.replaced) or any(isinstance(target, tree.Variable) for target in facts.declared)

    # -- variables -----------------------------------------------------------------------------------------

    def _target(self, node: tree.Node, scope: Scope) -> int | None:
        """The variable to which an equation with `node` on its left may give a value."""
        if self._first:
            return self._plain(node, scope)
        while isinstance(node, tree.Name) and isinstance(node.target, tree.Bound):
            meaning = scope.names.get(node.target.key)
            if not isinstance(meaning, Macro):
                return None
            node, scope = meaning.node, meaning.scope
        return self._plain(node.body, scope) if isinstance(node, tree.Prime) else None

    def _plain(self, node: tree.Node, scope: Scope) -> int | None:
        """The variable that `node` merely names."""
        while isinstance(node, tree.Name):
            target = node.target
            if isinstance(target, tree.Variable) and target not in scope.replaced:
                return self._t.index(target)
            meaning = scope.names.get(target.key) if isinstance(target, tree.Bound) else scope.replaced.get(target)
            if not isinstance(meaning, Macro):
                return None
            node, scope = meaning.node, meaning.scope
        return None

    def _applied(self, node: Any, scope: Scope, rest: Todo, given: Given, block: Block, end: End) -> None:
        operator = getattr(node, "operator", None) or node.target
        target = self._t.resolve(operator)
        if (
            isinstance(target, tree.Bound)
            and isinstance(scope.names.get(target.key), Macro)
            and isinstance(node, tree.Name)
        ):
            macro = scope.names[target.key]
            assert isinstance(macro, Macro)
            self._conjuncts(((macro.node, macro.scope), *rest), given, block, end)
        elif isinstance(target, tree.Definition) and self._opens(target, node, scope):
            application = node if isinstance(node, tree.Apply) else tree.Apply(node.place, target, ())
            inner = self._t.inside(application, target, scope, block)
            self._conjuncts(((target.body, inner), *rest), given, block, end)
        elif isinstance(target, tree.Given) and target.name in ("=", "\\in") and not target.module:
            index = self._target(node.arguments[0], scope)
            if index is None or index in given:
                self._asked(node, scope, rest, given, block, end)
            elif target.name == "=":
                value = self._t.expressions.of(node.arguments[1], scope, block)
                self._assigned(index, value, rest, given, block, end)
            else:
                self._drawn(index, self._t.expressions.of(node.arguments[1], scope, block), rest, given, block, end)
        else:
            self._asked(node, scope, rest, given, block, end)

    def _opens(self, definition: tree.Definition, node: tree.Node, scope: Scope) -> bool:
        """Whether a definition is looked into, since it may give variables a value."""
        parts = [tree.Apply(node.place, definition, getattr(node, "arguments", ()))]
        return not definition.recursive and any(self._steps(part, scope) for part in parts)

    def _assigned(self, index: int, value: str, rest: Todo, given: Given, block: Block, end: End) -> None:
        name = self._t.fresh(self._t.variables[index].name)
        block.add(f"{name} = {value}")
        self._conjuncts(rest, {**given, index: name}, block, end)

    def _drawn(self, index: int, elements: str, rest: Todo, given: Given, block: Block, end: End) -> None:
        """x' \\in S: each element in turn."""
        name, body, branch = self._t.fresh(self._t.variables[index].name), Block(), self._t.fresh("branch")
        self._conjuncts(rest, {**given, index: name}, body, end)
        block.nest(f"def {branch}({name}):", body)
        self._each(branch, elements, block)

    def _each(self, branch: str, elements: str, block: Block) -> None:
        value = self._t.fresh("element")
        block.add(f"for {value} in ordered({elements}): {branch}({value})")
        block.closes = True

    def _unchanged(self, node: tree.Node, scope: Scope, rest: Todo, given: Given, block: Block, end: End) -> None:
        """UNCHANGED of a variable, of a tuple of such, or of a definition that is one of these."""
        index = self._plain(node, scope)
        match node:
            case _ if index is not None and index not in given:
                self._assigned(index, self._t.expressions.of(node, scope, block), rest, given, block, end)
            case tree.Tuple(elements=elements):
                parts = tuple((tree.Unchanged(node.place, element), scope) for element in elements)
                self._conjuncts((*parts, *rest), given, block, end)
            case tree.Apply(operator=tree.Definition() as definition, arguments=()):
                target = self._t.resolve(definition)
                assert isinstance(target, tree.Definition)
                self._conjuncts(((tree.Unchanged(node.place, target.body), scope), *rest), given, block, end)
            case tree.Instantiated(body=body):
                inner = instantiated(node, scope)
                self._conjuncts(((tree.Unchanged(node.place, body), inner), *rest), given, block, end)
            case _:
                self._asked(tree.Unchanged(node.place, node), scope, rest, given, block, end)

    # -- alternatives --------------------------------------------------------------------------------------

    def _alternatives(self, node: tree.Node, scope: Scope, todo: Todo, given: Given, block: Block, end: End) -> None:
        rest = _Rest(todo, end, block, {}) if todo else None
        after: End = end if rest is None else lambda found, inner: self._go_on(rest, found, inner)
        match node:
            case tree.Or(parts=parts):
                for part in parts:
                    block.add(f"{self._branch(part, scope, given, block, after)}()")
            case tree.If(condition=condition, then=then, otherwise=otherwise):
                test = self._t.expressions.truth(condition, scope, block)
                ways = [self._branch(way, scope, given, block, after) for way in (then, otherwise)]
                block.add(f"{ways[0]}() if {test} else {ways[1]}()")
            case tree.Case():
                self._case(node, scope, given, block, after)
            case tree.Quantified(bindings=bindings, body=body):
                self._drawn_names(list(groups(bindings)), body, scope, given, block, after)
        block.closes = True

    def _branch(self, node: tree.Node, scope: Scope, given: Given, block: Block, after: End) -> str:
        """The name of a function for one alternative."""
        name, body = self._t.fresh("branch"), Block()
        self._conjuncts(((node, scope),), given, body, after)
        block.nest(f"def {name}():", body)
        return name

    def _case(self, node: tree.Case, scope: Scope, given: Given, block: Block, after: End) -> None:
        word = "if"
        ways = [(condition, self._branch(value, scope, given, block, after)) for condition, value in node.arms]
        other = f"fail({f'CASE at {node.place} has no arm that is true'!r})"
        if node.otherwise is not None:
            other = f"{self._branch(node.otherwise, scope, given, block, after)}()"
        for condition, way in ways:
            block.add(f"{word} {self._t.expressions.truth(condition, scope, block)}: {way}()")
            word = "elif"
        block.add(f"else: {other}")

    def _drawn_names(
        self,
        left: list[Drawn],
        body: tree.Node,
        scope: Scope,
        given: Given,
        block: Block,
        after: End,
    ) -> None:
        """\\E: each element of the first set in turn, and within it each of the next."""
        names, bound, is_tuple = left[0]
        texts = [self._t.fresh(name.name) for name in names]
        inner = scope.bind({name.key: Value(text) for name, text in zip(names, texts, strict=True)})
        elements, branch, statements = self._t.expressions.of(bound, scope, block), self._t.fresh("branch"), Block()
        parameter = texts[0]
        if is_tuple:
            parameter = self._t.fresh("element")
            statements.add(f"{', '.join(texts)}, = parts_of({parameter}, {len(texts)})")
        if len(left) > 1:
            self._drawn_names(left[1:], body, inner, given, statements, after)
        else:
            self._conjuncts(((body, inner),), given, statements, after)
        block.nest(f"def {branch}({parameter}):", statements)
        self._each(branch, elements, block)

    def _go_on(self, rest: _Rest, given: Given, block: Block) -> None:
        """Calls the function for what follows after alternatives."""
        key = frozenset(given)
        if key not in rest.names:
            name, order = self._t.fresh("rest"), sorted(key)
            rest.names[key] = (name, order)
            parameters = {i: self._t.fresh(self._t.variables[i].name) for i in order}
            body = Block()
            self._conjuncts(rest.todo, parameters, body, rest.end)
            rest.block.nest(f"def {name}({', '.join(parameters[i] for i in order)}):", body)
        name, order = rest.names[key]
        block.add(f"{name}({', '.join(given[i] for i in order)})")
