"""Compiles the syntax tree of an expression into a closure; what it does not know it refuses, and never runs."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from tracecheck.codec import ArgumentError
from tracecheck.mapping.functions import BINARY, COMPARE, FUNCTIONS, elements, hashable, shown, truth
from tracecheck.mapping.syntax import (
    ARGS,
    CONSTANTS,
    EVENT,
    HOLE,
    ExpressionError,
    literal_key,
    path_of,
    unmangled,
    written,
)
from tracecheck.read import Event

EVENT_FIELDS = ("node", "slice", "epoch", "n", "act", "at")
EVERYTHING = "*"
"""Among the optional fields of an expression: it looks at all arguments, whichever there are."""

Scope: TypeAlias = "dict[str, Any]"
Compute: TypeAlias = Callable[[Event, Scope], Any]


class _NoFieldError(ArgumentError):
    """The event lacks a field that an expression looks at."""


class Compiler:
    """Compiles one expression. `bound` are the names that comprehensions around the current part bind; `special` those
    of `args` and `event` that are no fields."""

    def __init__(self, text: str, special: frozenset[str]) -> None:
        self.text = text
        self.special = special
        self.fields: set[str] = set()
        self.optional: set[str] = set()
        self.bound: tuple[str, ...] = ()
        self.lenient = False

    def compile(self, node: ast.expr) -> Compute:
        build = getattr(self, f"_{type(node).__name__.lower()}", None)
        if build is None:
            raise self.error(node, f"{written(node)!r} is nothing that a mapping can compute")
        compute: Compute = build(node)
        return compute

    def error(self, node: ast.expr, message: str) -> ExpressionError:
        where = "" if written(node) == self.text else f"{self.text!r}: "
        return ExpressionError(where + message)

    # -- values ----------------------------------------------------------------------------------------------

    def _constant(self, node: ast.Constant) -> Compute:
        value = node.value
        if value is not None and type(value) not in (str, int, bool):
            raise self.error(node, f"{written(node)!r} is nothing that a mapping can compute")
        return lambda event, scope: value

    def _name(self, node: ast.Name) -> Compute:
        name = unmangled(node.id)
        if name in self.bound:
            return lambda event, scope: scope[name]
        if name in CONSTANTS:
            constant = CONSTANTS[name]
            return lambda event, scope: constant
        if name == HOLE:
            raise self.error(node, "_ stands for a whole argument, not for a part of an expression")
        if name not in self.special:
            return self._field(name)
        if name == EVENT:
            raise self.error(node, f"event stands before one of {', '.join(EVENT_FIELDS)}")
        self.optional.add(EVERYTHING)
        return lambda event, scope: event.args

    def _field(self, name: str) -> Compute:
        (self.optional if self.lenient else self.fields).add(name)

        def look(event: Event, scope: Scope) -> Any:
            try:
                return event.args[name]
            except KeyError:
                raise _NoFieldError(f"the event has no {name}") from None

        return look

    def _attribute(self, node: ast.Attribute) -> Compute:
        name = unmangled(node.attr)
        if isinstance(node.value, ast.Name) and node.value.id in self.special.difference(self.bound):
            if node.value.id == ARGS:
                return self._field(name)
            return self._of_event(node, name)
        return self._part(self.compile(node.value), lambda event, scope: name)

    def _of_event(self, node: ast.expr, name: str) -> Compute:
        if name not in EVENT_FIELDS:
            raise self.error(node, f"an event has no {name}; there are {', '.join(EVENT_FIELDS)}")
        return lambda event, scope: getattr(event, name)

    def _subscript(self, node: ast.Subscript) -> Compute:
        if isinstance(node.slice, ast.Slice):
            raise self.error(node, "a mapping takes one element of a list, not a slice")
        key = literal_key(node.slice)
        if isinstance(key, str) and path_of(node.value) == ARGS and ARGS in self.special.difference(self.bound):
            return self._field(key)
        return self._part(self.compile(node.value), self.compile(node.slice))

    def _part(self, whole: Compute, key: Compute) -> Compute:
        def look(event: Event, scope: Scope) -> Any:
            value, name = whole(event, scope), key(event, scope)
            if isinstance(value, dict) and isinstance(name, str) and name in value:
                return value[name]
            if isinstance(value, list | tuple) and type(name) is int and -len(value) <= name < len(value):
                return value[name]
            raise _NoFieldError(f"there is no {shown(name)} in {shown(value)}")

        return look

    # -- operators -------------------------------------------------------------------------------------------

    def _binop(self, node: ast.BinOp) -> Compute:
        operate = BINARY.get(type(node.op))
        if operate is None:
            raise self.error(node, "there are + - * // and %, no other arithmetic")
        left, right = self.compile(node.left), self.compile(node.right)
        return lambda event, scope: operate(left(event, scope), right(event, scope))

    def _unaryop(self, node: ast.UnaryOp) -> Compute:
        operand = self.compile(node.operand)
        if isinstance(node.op, ast.Not):
            return lambda event, scope: not truth(operand(event, scope))
        if isinstance(node.op, ast.USub):
            return lambda event, scope: BINARY[ast.Sub](0, operand(event, scope))
        raise self.error(node, "there are - and not, no other operator before a value")

    def _boolop(self, node: ast.BoolOp) -> Compute:
        parts = [self.compile(value) for value in node.values]
        decide = all if isinstance(node.op, ast.And) else any
        return lambda event, scope: decide(truth(part(event, scope)) for part in parts)

    def _compare(self, node: ast.Compare) -> Compute:
        unknown = next((op for op in node.ops if type(op) not in COMPARE), None)
        if unknown is not None:
            raise self.error(node, "compare with == != < <= > >= in or not in")
        operands = [self.compile(part) for part in (node.left, *node.comparators)]
        tests = [COMPARE[type(op)] for op in node.ops]

        def compare(event: Event, scope: Scope) -> bool:
            left = operands[0](event, scope)
            for test, operand in zip(tests, operands[1:], strict=True):
                right = operand(event, scope)
                if not test(left, right):
                    return False
                left = right
            return True

        return compare

    def _ifexp(self, node: ast.IfExp) -> Compute:
        test, then, otherwise = self.compile(node.test), self.compile(node.body), self.compile(node.orelse)
        return lambda event, scope: then(event, scope) if truth(test(event, scope)) else otherwise(event, scope)

    # -- collections -----------------------------------------------------------------------------------------

    def _list(self, node: ast.List) -> Compute:
        parts = self._all(node, node.elts)
        return lambda event, scope: [part(event, scope) for part in parts]

    def _set(self, node: ast.Set) -> Compute:
        parts = self._all(node, node.elts)
        return lambda event, scope: frozenset(hashable(part(event, scope)) for part in parts)

    def _dict(self, node: ast.Dict) -> Compute:
        keys = self._all(node, [key for key in node.keys if key is not None])
        held = self._all(node, node.values)
        if len(keys) != len(held):
            raise self.error(node, "an object is written {key: value, ...}")
        pairs = list(zip(keys, held, strict=True))
        return lambda event, scope: {_key(k(event, scope)): v(event, scope) for k, v in pairs}

    def _all(self, node: ast.expr, parts: Sequence[ast.expr]) -> list[Compute]:
        if any(isinstance(part, ast.Starred) for part in parts):
            raise self.error(node, "nothing is unpacked here")
        return [self.compile(part) for part in parts]

    def _listcomp(self, node: ast.ListComp) -> Compute:
        scopes, (part,) = self._comprehension(node, node.generators, node.elt)
        return lambda event, scope: [part(event, inner) for inner in scopes(event, scope)]

    def _setcomp(self, node: ast.SetComp) -> Compute:
        scopes, (part,) = self._comprehension(node, node.generators, node.elt)
        return lambda event, scope: frozenset(hashable(part(event, inner)) for inner in scopes(event, scope))

    def _dictcomp(self, node: ast.DictComp) -> Compute:
        scopes, (key, held) = self._comprehension(node, node.generators, node.key, node.value)
        return lambda event, scope: {_key(key(event, inner)): held(event, inner) for inner in scopes(event, scope)}

    def _comprehension(
        self, node: ast.expr, generators: list[ast.comprehension], *results: ast.expr
    ) -> tuple[Callable[[Event, Scope], list[Scope]], list[Compute]]:
        """What gives a scope for each element that is kept, and the compiled `results`."""
        target = generators[0].target
        names = [part.id for part in (target.elts if isinstance(target, ast.Tuple) else [target]) if _is_name(part)]  # type: ignore[attr-defined]
        if len(generators) > 1 or not names or (isinstance(target, ast.Tuple) and len(names) != len(target.elts)):
            raise self.error(node, "write one `for`, over a name or a tuple of names")
        source = self.compile(generators[0].iter)
        outer, self.bound = self.bound, (*self.bound, *names)
        tests = [self.compile(test) for test in generators[0].ifs]
        parts = [self.compile(result) for result in results]
        self.bound = outer
        single = not isinstance(target, ast.Tuple)

        def scopes(event: Event, scope: Scope) -> list[Scope]:
            found = (scope | _named(names, element, single) for element in elements(source(event, scope)))
            return [inner for inner in found if all(truth(test(event, inner)) for test in tests)]

        return scopes, parts

    # -- functions -------------------------------------------------------------------------------------------

    def _call(self, node: ast.Call) -> Compute:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if node.keywords or any(isinstance(argument, ast.Starred) for argument in node.args):
            raise self.error(node, f"{name} takes plain arguments")
        if name in ("has", "get"):
            return self._lenient_call(node, name)
        function = FUNCTIONS.get(name)
        if function is None:
            known = ", ".join((*FUNCTIONS, "has", "get"))
            raise self.error(node, f"there is no function {written(node.func)}; there are {known}")
        if not function.least <= len(node.args) <= function.most:
            raise self.error(node, f"{name} takes {function.least} argument{'s' * (function.least > 1)}")
        compute, parts = function.compute, [self.compile(argument) for argument in node.args]
        return lambda event, scope: compute(*[part(event, scope) for part in parts])

    def _lenient_call(self, node: ast.Call, name: str) -> Compute:
        wanted = 1 if name == "has" else 2
        if len(node.args) != wanted or path_of(node.args[0]) is None:
            raise self.error(node, "write has(path) or get(path, otherwise)")
        before, self.lenient = self.lenient, True
        path = self.compile(node.args[0])
        self.lenient = before
        default = self.compile(node.args[1]) if wanted == 2 else None

        def look(event: Event, scope: Scope) -> Any:
            try:
                value = path(event, scope)
            except _NoFieldError:
                return default(event, scope) if default is not None else False
            return value if default is not None else True

        return look


def _is_name(node: ast.expr) -> bool:
    return isinstance(node, ast.Name)


def _key(value: Any) -> str:
    if not isinstance(value, str):
        raise ArgumentError(f"{shown(value)} is no key of an object: keys are strings")
    return value


def _named(names: list[str], element: Any, single: bool) -> Scope:
    if single:
        return {names[0]: element}
    if not isinstance(element, list | tuple) or len(element) != len(names):
        raise ArgumentError(f"{shown(element)} has not {len(names)} elements")
    return dict(zip(names, element, strict=True))
