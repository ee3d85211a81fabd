"""Reads what an event is: actions applied to operands, and the parts of variables that an event speaks of.

Commit(txn, msg.ts, _, used=domain(keys))         an argument, a path, one that no event gives, a quantified name
Grant(node) or Deny(node)                          either
active[txn].phase                                  a part of a variable
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from tracecheck.codec import Type, TypeSyntaxError, parse_type
from tracecheck.mapping.expressions import (
    HOLE,
    Expression,
    ExpressionError,
    compile_node,
    parse_tree,
    unmangled,
    written,
)
from tracecheck.mapping.rules import Application, Domain, Operand

TypeOf = Callable[[str], "Type | None"]
"""The type that [types] gives to an operand, as it is written."""

VALUE = Type("value")
_DOMAIN, _TYPED = "domain", "typed"


def parse_choice(text: str, type_of: TypeOf, *, may_be_open: bool = False) -> tuple[Application, ...]:
    """Reads one action, or several alternatives. With `may_be_open` a name alone leaves all its arguments open.

    Raises ExpressionError.
    """
    node = parse_tree(text)
    parts = node.values if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or) else [node]
    return tuple(_application(part, type_of, may_be_open) for part in parts)


def _application(node: ast.expr, type_of: TypeOf, may_be_open: bool) -> Application:
    text = written(node)
    if isinstance(node, ast.Name) and node.id != HOLE:
        return Application(unmangled(node.id), None if may_be_open else (), {}, text)
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        raise ExpressionError(f"{text!r} is no action applied to arguments, such as Commit(txn, ts)")
    texts = [written(argument) for argument in node.args]
    arguments = tuple(None if one == HOLE else operand(arg, type_of) for one, arg in zip(texts, node.args, strict=True))
    named: dict[str, Operand | Domain | None] = {}
    for keyword in node.keywords:
        if keyword.arg is None:
            raise ExpressionError(f"{text!r}: nothing is unpacked here")
        named[unmangled(keyword.arg)] = _named(keyword.value, texts, type_of)
    return Application(unmangled(node.func.id), arguments, named, text)


def _named(node: ast.expr, texts: list[str], type_of: TypeOf) -> Operand | Domain | None:
    text = written(node)
    if text == HOLE:
        return None
    match node:
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name == _DOMAIN:
            of = written(argument)
            if of not in texts:
                raise ExpressionError(f"{text}: {of} is none of the action's arguments")
            return Domain(texts.index(of), text)
    return operand(node, type_of)


def operand(node: ast.expr, type_of: TypeOf) -> Operand:
    """Compiles an operand. Its type is that of `typed(..., "T")`, else the one that [types] gives to a path, else what
    JSON says. Raises ExpressionError."""
    match node:
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name == _TYPED:
            match arguments:
                case [inner, ast.Constant(value=str() as text)]:
                    return Operand(compile_node(inner), _type(text))
            raise ExpressionError(f'{written(node)!r}: write typed(expression, "type")')
    expression = compile_node(node)
    if expression.path is None:
        return Operand(expression, VALUE)
    kind = type_of(expression.path)
    if kind is None and expression.fields:
        raise ExpressionError(f"argument {expression.path} has no type in [types]")
    return Operand(expression, kind or VALUE)


def _type(text: str) -> Type:
    try:
        return parse_type(text)
    except TypeSyntaxError as error:
        raise ExpressionError(str(error)) from None


def parse_operand(text: str, type_of: TypeOf) -> Operand:
    """Reads an operand. Raises ExpressionError."""
    return operand(parse_tree(text), type_of)


def parse_target(text: str, type_of: TypeOf) -> tuple[str, tuple[Operand, ...]]:
    """Reads a part of a variable: its name, and a key or index for each level. Raises ExpressionError."""
    path: list[Operand] = []
    node = parse_tree(text)
    while not isinstance(node, ast.Name):
        if isinstance(node, ast.Attribute):
            path.append(Operand(_constant(unmangled(node.attr)), VALUE))
        elif isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Slice):
            path.append(operand(node.slice, type_of))
        else:
            raise ExpressionError(f"{text!r} is no part of a variable, such as role[node] or log[node].last")
        node = node.value
    return unmangled(node.id), tuple(reversed(path))


def _constant(text: str) -> Expression:
    return compile_node(ast.Constant(text))


__all__ = ["TypeOf", "parse_choice", "parse_operand", "parse_target"]
