"""The syntax trees of expressions: read by Python's own parser, and how paths in them are written."""

from __future__ import annotations

import ast
import keyword
import re
import warnings

from tracecheck.errors import TraceCheckError

HOLE = "_"
ARGS, EVENT = "args", "event"
CONSTANTS = {"true": True, "false": False, "null": None}
_OURS = frozenset({"and", "or", "not", "in", "if", "else", "for", "True", "False", "None"})
_MANGLED = "kw__"
_WORD = re.compile(r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|(\.\s*)?\b([A-Za-z_]\w*)""")
_LONGEST = 2000
_DEEPEST = 60


class ExpressionError(TraceCheckError):
    """A text is no expression of the language above."""


def parse_tree(text: str) -> ast.expr:
    """The syntax tree of an expression, in which words that only Python reserves are written as `unmangled` undoes.

    Raises ExpressionError.
    """
    if len(text) > _LONGEST:
        raise ExpressionError(f"an expression of {len(text)} characters; {_LONGEST} is the most")
    try:
        with warnings.catch_warnings():
            # What Python would only warn of, such as an escape that is none, is a mistake too.
            warnings.simplefilter("error")
            tree = ast.parse(_WORD.sub(_mangle, text.strip()), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else str(error)
        raise ExpressionError(f"{text!r} is no expression: {reason}") from None
    if _is_deep(tree):
        raise ExpressionError(f"{text[:40]!r}... is nested more than {_DEEPEST} levels deep")
    return tree


def _is_deep(tree: ast.expr) -> bool:
    level: list[ast.AST] = [tree]
    for _ in range(_DEEPEST):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return False
    return True


def _mangle(match: re.Match[str]) -> str:
    """Python reserves words such as `from`, which are good names of fields."""
    text, dot, word = match.groups()
    if text is not None or not keyword.iskeyword(word) or (dot is None and word in _OURS):
        return match[0]
    return f"{dot or ''}{_MANGLED}{word}"


def unmangled(name: str) -> str:
    """The name as it was written."""
    return name.removeprefix(_MANGLED)


def written(node: ast.expr) -> str:
    """The text of a part of a tree."""
    return re.sub(rf"\b{_MANGLED}", "", ast.unparse(node))


def path_of(node: ast.expr) -> str | None:
    """How a path is written, None when `node` is something else."""
    match node:
        case ast.Name(id=name) if unmangled(name) not in CONSTANTS and name != HOLE:
            return unmangled(name)
        case ast.Attribute(value=inner, attr=name):
            before = path_of(inner)
            return before and (unmangled(name) if before == ARGS else f"{before}.{unmangled(name)}")
        case ast.Subscript(value=inner, slice=index):
            before, key = path_of(inner), literal_key(index)
            if before is None or key is None:
                return None
            if isinstance(key, str) and before == ARGS:
                return key
            return f"{before}[{key}]" if isinstance(key, int) else f'{before}["{key}"]'
    return None


def literal_key(node: ast.expr) -> str | int | None:
    """The key or index that is written out between brackets, None when it has to be computed."""
    match node:
        case ast.Constant(value=str() | int() as key) if not isinstance(key, bool):
            return key
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as key)):
            return -key
    return None
