"""Expressions of a mapping: small computations over the fields of an event.

    txn                            the argument `txn` of the event, as is args.txn
    msg.from, args["msg-id"]       paths into the arguments; log[0].term, log[-1] into lists
    event.node, event.slice, event.epoch, event.n, event.act     what else an event says
    event.at[0], event.at[1]       the ends of its clock's interval, in microseconds
    + - * // %   == != < <= > >= in, not in   and or not   a if c else b   "text" 7 true false null [..] {..}
    len keys values items set list sorted min max sum abs int str lower upper split
    has(msg.from)                  whether the event has that field
    get(msg.from, "nobody")        the field, or something else where the event has none
    [f.term for f in log if f.kind == "entry"]    also {..} for a set and {k: v for ..} for an object

They are read by Python's own parser, and compiled into closures: nothing that is not in this list is ever run.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any

from tracecheck.codec import ArgumentError
from tracecheck.mapping.compiler import EVERYTHING, Compiler, Compute
from tracecheck.mapping.syntax import ARGS, EVENT, HOLE, ExpressionError, parse_tree, path_of, unmangled, written
from tracecheck.read import Event


@dataclass(frozen=True)
class Expression:
    """A compiled expression.

    `path` is how it is written when it is nothing but a path into the event, without a leading `args.`; `fields` are
    the arguments it looks at, and those in `optional` need not be there.
    """

    text: str
    compute: Compute
    fields: frozenset[str]
    optional: frozenset[str]
    path: str | None = None

    @property
    def argument(self) -> str | None:
        """The argument of the event that the expression merely names."""
        return self.path if self.path in self.fields else None

    def evaluate(self, event: Event) -> Any:
        """The value for `event`: JSON's own types, or a frozenset. Raises ArgumentError."""
        try:
            return self.compute(event, {})
        except ArgumentError as error:
            raise ArgumentError(f"{self.text}: {error}") from None


def parse(text: str, *, of_line: bool = False) -> Expression:
    """Compiles an expression, over an event or over the whole line that is one: there `args` and `event` are fields
    like any other. Raises ExpressionError."""
    return compile_node(parse_tree(text), text, of_line=of_line)


def compile_node(node: ast.expr, text: str | None = None, *, of_line: bool = False) -> Expression:
    """Compiles a part of a tree that `parse_tree` made. Raises ExpressionError."""
    text = written(node) if text is None else text.strip()
    compiler = Compiler(text, frozenset() if of_line else frozenset({ARGS, EVENT}))
    compute = compiler.compile(node)
    needed = frozenset(compiler.fields)
    return Expression(text, compute, needed, frozenset(compiler.optional) - needed, path_of(node))


__all__ = [
    "EVERYTHING",
    "HOLE",
    "Expression",
    "ExpressionError",
    "compile_node",
    "parse",
    "parse_tree",
    "path_of",
    "unmangled",
    "written",
]
