"""Translates expressions into Python expressions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tracecheck.compiled.binders import Binders
from tracecheck.compiled.scope import Block, Macro, Operator, Scope, Value, Whole
from tracecheck.compiled.standard import LANGUAGE, MODULES, STANDARD
from tracecheck.syntax import tree
from tracecheck.syntax.reader import UnknownConstructError

if TYPE_CHECKING:
    from tracecheck.compiled.translator import Translator

_DIRECT = {
    "=": "eq",
    "/=": "ne",
    "<": "lt",
    ">": "gt",
    "\\leq": "le",
    "<=": "le",
    "=<": "le",
    "\\geq": "ge",
    ">=": "ge",
}
_DIRECT |= {"+": "add", "-": "sub", "DOMAIN": "domain", "SUBSET": "Subsets"}


class Expressions:
    """Writes expressions. `block` takes the statements that have to stand before one."""

    def __init__(self, translator: Translator) -> None:
        self._t = translator
        self.binders = Binders(translator, self)
        self._kinds: dict[type, Callable[[Any, Scope, Block], str]] = {
            tree.Name: self._name,
            tree.Apply: self._application,
            tree.And: lambda node, scope, block: self._joined(" and ", node, scope, block),
            tree.Or: lambda node, scope, block: self._joined(" or ", node, scope, block),
            tree.If: self._if,
            tree.Case: self._case,
            tree.Let: self._let,
            tree.Quantified: self.binders.quantified,
            tree.Choose: self.binders.choice,
            tree.Filter: self.binders.filtered,
            tree.Image: self.binders.image,
            tree.Function: self.binders.function,
            tree.SetOf: self._set,
            tree.Call: self._call,
            tree.Functions: self._functions,
            tree.Record: self._record,
            tree.Records: self._records,
            tree.Field: lambda node, scope, block: f"call({self.of(node.record, scope, block)}, {node.name!r})",
            tree.Except: self._except,
            tree.Tuple: self._tuple,
            tree.Product: lambda node, scope, block: f"Product({self._list(node.factors, scope, block)})",
            tree.Prime: self._prime,
            tree.Unchanged: self._unchanged,
            tree.Enabled: self._enabled,
            tree.Instantiated: self._instantiated,
        }

    def of(self, node: tree.Node, scope: Scope, block: Block) -> str:
        """Python text for the value of `node`. Raises UnknownConstructError."""
        return self._t.folded(node, scope) or self.plain(node, scope, block)

    def plain(self, node: tree.Node, scope: Scope, block: Block) -> str:
        """As `of`, but computed each time, be it a constant or not."""
        match node:
            case tree.Number(value=value) | tree.Text(value=value) | tree.Truth(value=value):
                return f"({value!r})"
        write = self._kinds.get(type(node))
        if write is None:
            raise UnknownConstructError(f"{type(node).__name__} in a step or an invariant", node.place)
        return write(node, scope, block)

    def truth(self, node: tree.Node, scope: Scope, block: Block) -> str:
        """Python text for the value of `node` where it has to be TRUE or FALSE."""
        text = self.of(node, scope, block)
        return text if self._t.is_truth(node) else f"truth({text})"

    def function(
        self, parameters: list[str], node: tree.Node, scope: Scope, block: Block, *, truth: bool = False
    ) -> str:
        """Python text for a function whose value is that of `node`."""
        block.closes = True
        body = Block()
        text = (self.truth if truth else self.of)(node, scope, body)
        if not body.lines:
            return f"(lambda {', '.join(parameters)}: {text})"
        name = self._t.fresh("f")
        body.add(f"return {text}")
        block.nest(f"def {name}({', '.join(parameters)}):", body)
        return name

    def operator(self, node: tree.Node, scope: Scope, block: Block) -> Operator | Macro:
        """What an operator that is an argument stands for."""
        if isinstance(node, tree.Lambda):
            names = {p.key: Value(self._t.fresh(p.name)) for p in node.parameters}
            parameters = [value.text for value in names.values()]
            return Operator(self.function(parameters, node.body, scope.bind(names), block))
        assert isinstance(node, tree.OperatorName)
        target = self._t.resolve(node.operator)
        if isinstance(target, tree.Bound):
            meaning = scope.names[target.key]
            assert isinstance(meaning, Operator)
            return meaning
        if isinstance(target, tree.Given):
            return Operator(self._given(target, node))
        if not isinstance(target, tree.Definition):
            raise UnknownConstructError(f"the constant operator {target} as an argument", node.place)
        names = {p.key: Value(self._t.fresh(p.name)) for p in target.parameters}
        arguments = tuple(tree.Name(node.place, p) for p in target.parameters)
        call = tree.Apply(node.place, target, arguments)
        return Operator(self.function([v.text for v in names.values()], call, scope.bind(names), block))

    # -- names and applications ----------------------------------------------------------------------------

    def _name(self, node: tree.Name, scope: Scope, block: Block) -> str:
        target = node.target
        if isinstance(target, tree.Bound):
            meaning = scope.names[target.key]
            if isinstance(meaning, Value):
                return meaning.use
            assert isinstance(meaning, Macro)
            return self.of(meaning.node, meaning.scope.reading(scope.now, scope.next), block)
        if target in scope.replaced:
            macro = scope.replaced[target]
            return self.of(macro.node, macro.scope.reading(scope.now, scope.next), block)
        resolved = self._t.resolve(target)
        if isinstance(resolved, tree.Definition):
            return self._t.use(tree.Apply(node.place, resolved, ()), resolved, scope, block)
        if isinstance(target, tree.Constant):
            return self._t.constant_of(target, node)
        return self.variable(target, node, scope)

    def variable(self, variable: tree.Variable, node: tree.Node, scope: Scope) -> str:
        """Python text for the value of a variable."""
        index = self._t.index(variable)
        if isinstance(scope.now, Whole):
            return f"{scope.now.text}[{index}]"
        if scope.now is None:
            return f"fail({f'{variable.name} is primed at {node.place}, where there is no next state'!r})"
        return scope.now.values.get(index) or f"fail({f'{variable.name} has no value yet at {node.place}'!r})"

    def _application(self, node: tree.Apply, scope: Scope, block: Block) -> str:
        target = self._t.resolve(node.operator)
        if isinstance(target, tree.Definition):
            return self._t.use(node, target, scope, block)
        if isinstance(target, tree.Bound):
            meaning = scope.names[target.key]
            assert isinstance(meaning, Operator)
            return f"{meaning.text}({self._list(node.arguments, scope, block)})"
        if isinstance(target, tree.Given):
            return self._applied(target, node, scope, block)
        if isinstance(target, tree.Constant) and target in scope.replaced:
            meaning = self.operator(scope.replaced[target].node, scope.replaced[target].scope, block)
            assert isinstance(meaning, Operator)
            return f"{meaning.text}({self._list(node.arguments, scope, block)})"
        raise UnknownConstructError(f"the constant operator {getattr(target, 'name', target)}", node.place)

    def _applied(self, given: tree.Given, node: tree.Apply, scope: Scope, block: Block) -> str:
        arguments: tuple[Any, ...] = node.arguments
        match given.name, arguments:
            case "\\lnot", (one,):
                return f"(not {self.truth(one, scope, block)})"
            case ("\\land" | "\\lor") as name, (one, other):
                word = "and" if name == "\\land" else "or"
                return f"({self.truth(one, scope, block)} {word} {self.truth(other, scope, block)})"
            case "=>", (one, other):
                return f"(not {self.truth(one, scope, block)} or {self.truth(other, scope, block)})"
            case "\\equiv", (one, other):
                return f"({self.truth(one, scope, block)} is {self.truth(other, scope, block)})"
            case ("=" | "/=") as name, (one, tree.Number(value=value) | tree.Text(value=value)):
                return self._compared(name, self.of(one, scope, block), value)
            case "\\in", (one, other):
                return self.member(self.of(one, scope, block), other, scope, block)
            case "\\notin", (one, other):
                return f"(not {self.member(self.of(one, scope, block), other, scope, block)})"
            case "SelectSeq", (elements, test) if given.module:
                meaning = self.operator(test, scope, block)
                assert isinstance(meaning, Operator)
                chosen = self.of(elements, scope, block)
                if isinstance(test, tree.Lambda) and self._t.is_truth(test.body):
                    return f"selected({chosen}, {meaning.text})"
                return f"selected({chosen}, (lambda element: truth({meaning.text}(element))))"
        return f"{self._given(given, node)}({self._list(arguments, scope, block)})"

    def _compared(self, relation: str, text: str, value: int | str) -> str:
        """Python text for an equation with a number or a string: told at once where the other is one too."""
        held = text if text.isidentifier() else self._t.fresh("held")
        first = f"type({held})" if held == text else f"type({held} := {text})"
        direct, slow = ("==", "eq") if relation == "=" else ("!=", "ne")
        return f"({held} {direct} {value!r} if {first} is {type(value).__name__} else {slow}({held}, {value!r}))"

    def _given(self, given: tree.Given, node: tree.Node) -> str:
        """The name of the Python function for an operator of the language or of a standard module."""
        if given.name in _DIRECT and given.module in ("", *MODULES):
            return _DIRECT[given.name]
        function = LANGUAGE.get(given.name) if not given.module else STANDARD.get(given.name)
        if function is None or given.module not in ("", *MODULES):
            raise UnknownConstructError(f"{given.name} of {given.module or 'the language'}", node.place)
        name = f"given_{given.module}_{''.join(c if c.isalnum() else f'x{ord(c):x}' for c in given.name)}"
        self._t.names[name] = function
        return name

    def member(self, value: str, elements: tree.Node, scope: Scope, block: Block) -> str:
        """Python text for whether `value` is in a set, without making the set where its shape allows that."""
        folded = self._t.folded(elements, scope)
        if folded is not None:
            test = getattr(self._t.names.get(folded), "has", None)
            if test is None:
                return f"member({value}, {folded})"
            self._t.names[f"{folded}_has"] = test
            return f"{folded}_has({value})"
        match elements:
            case tree.Apply(operator=tree.Given(name="DOMAIN", module=""), arguments=(f,)):
                return f"in_domain({value}, {self.of(f, scope, block)})"
            case tree.Apply(operator=tree.Given(name="SUBSET", module=""), arguments=(base,)):
                return f"subset_of({value}, {self.of(base, scope, block)})"
            case tree.Functions(domain=domain, range=values):
                return f"in_functions({value}, {self.of(domain, scope, block)}, {self.of(values, scope, block)})"
        return f"member({value}, {self.of(elements, scope, block)})"

    def _list(self, nodes: tuple[Any, ...], scope: Scope, block: Block) -> str:
        return ", ".join(self.of(node, scope, block) for node in nodes)

    # -- logic ---------------------------------------------------------------------------------------------

    def _joined(self, word: str, node: tree.And | tree.Or, scope: Scope, block: Block) -> str:
        return f"({word.join(self.truth(part, scope, block) for part in node.parts)})"

    def _if(self, node: tree.If, scope: Scope, block: Block) -> str:
        condition = self.truth(node.condition, scope, block)
        return f"({self.of(node.then, scope, block)} if {condition} else {self.of(node.otherwise, scope, block)})"

    def _case(self, node: tree.Case, scope: Scope, block: Block) -> str:
        if node.otherwise is None:
            text = f"fail({f'CASE at {node.place} has no arm that is true'!r})"
        else:
            text = self.of(node.otherwise, scope, block)
        for condition, value in reversed(node.arms):
            text = f"({self.of(value, scope, block)} if {self.truth(condition, scope, block)} else {text})"
        return text

    def _let(self, node: tree.Let, scope: Scope, block: Block) -> str:
        return self.of(node.body, self._t.statements.let(node.definitions, scope, block), block)

    # -- data ----------------------------------------------------------------------------------------------

    def _set(self, node: tree.SetOf, scope: Scope, block: Block) -> str:
        if len(node.elements) == 1:
            return f"frozenset(({self.of(node.elements[0], scope, block)},))"
        return f"set_of({self._list(node.elements, scope, block)})" if node.elements else "frozenset()"

    def _tuple(self, node: tree.Tuple, scope: Scope, block: Block) -> str:
        return f"({self._list(node.elements, scope, block)},)" if node.elements else "()"

    def _record(self, node: tree.Record, scope: Scope, block: Block) -> str:
        return f"Map({{{self._fields(node.fields, scope, block)}}})"

    def _records(self, node: tree.Records, scope: Scope, block: Block) -> str:
        return f"Records({{{self._fields(node.fields, scope, block)}}})"

    def _fields(self, fields: tuple[tuple[str, tree.Node], ...], scope: Scope, block: Block) -> str:
        return ", ".join(f"{name!r}: {self.of(value, scope, block)}" for name, value in fields)

    def _functions(self, node: tree.Functions, scope: Scope, block: Block) -> str:
        return f"Functions({self.of(node.domain, scope, block)}, {self.of(node.range, scope, block)})"

    def _call(self, node: tree.Call, scope: Scope, block: Block) -> str:
        f = self.of(node.function, scope, block)
        if isinstance(node.argument, tree.Number) and node.argument.value > 0 and f.isidentifier():
            index = node.argument.value
            return f"({f}[{index - 1}] if type({f}) is tuple and len({f}) >= {index} else call({f}, {index}))"
        return f"call({f}, {self.of(node.argument, scope, block)})"

    def _except(self, node: tree.Except, scope: Scope, block: Block) -> str:
        text = self.of(node.base, scope, block)
        for update in node.updates:
            text = self._put(text, update, update.path, scope, block)
        return text

    def _put(self, base: str, update: tree.Update, path: tuple[tree.Node, ...], scope: Scope, block: Block) -> str:
        key, old = self.of(path[0], scope, block), self._t.fresh("old")
        if len(path) == 1:
            inner = scope.bind({update.old.key: Value(old)})
            return f"put({base}, {key}, {self.function([old], update.value, inner, block)})"
        body = Block()
        text = self._put(old, update, path[1:], scope, body)
        if not body.lines:
            return f"put({base}, {key}, (lambda {old}: {text}))"
        name = self._t.fresh("f")
        body.add(f"return {text}")
        block.nest(f"def {name}({old}):", body)
        return f"put({base}, {key}, {name})"

    # -- steps ---------------------------------------------------------------------------------------------

    def _prime(self, node: tree.Prime, scope: Scope, block: Block) -> str:
        return self.of(node.body, scope.reading(scope.next, None), block)

    def _unchanged(self, node: tree.Unchanged, scope: Scope, block: Block) -> str:
        after = self.of(node.body, scope.reading(scope.next, None), block)
        return f"eq({self.of(node.body, scope, block)}, {after})"

    def _enabled(self, node: tree.Enabled, scope: Scope, block: Block) -> str:
        if not isinstance(scope.now, Whole):
            raise UnknownConstructError("ENABLED of another state than this", node.place)
        return self._t.actions.enabled(node, scope, block)

    def _instantiated(self, node: tree.Instantiated, scope: Scope, block: Block) -> str:
        return self.of(node.body, instantiated(node, scope), block)


def instantiated(node: tree.Instantiated, scope: Scope) -> Scope:
    """The scope inside of an instance of another module."""
    return scope.instance({target: Macro(given, scope) for target, given in node.replaced})
