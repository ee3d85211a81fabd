"""The forms of the language that have nodes of their own, by the names that SANY gives them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tracecheck.syntax import tree

if TYPE_CHECKING:
    from tracecheck.syntax.reader import Reader

SanyNode = Any
Form = Callable[["Reader", SanyNode], tree.Expression]


def _parts(reader: Reader, node: SanyNode) -> tuple[tree.Expression, ...]:
    return tuple(reader.expression(part) for part in node.getArgs() or ())


def _list(kind: type[tree.And] | type[tree.Or]) -> Form:
    """A conjunction or disjunction; one within another of its kind is part of it."""

    def make(reader: Reader, node: SanyNode) -> tree.Expression:
        parts: list[tree.Expression] = []
        for part in _parts(reader, node):
            parts.extend(part.parts if isinstance(part, tree.And | tree.Or) and type(part) is kind else (part,))
        return kind(reader.place(node), tuple(parts))

    return make


def _of_parts(kind: Any) -> Form:
    """A node whose fields are the parts, in their order."""
    return lambda reader, node: kind(reader.place(node), *_parts(reader, node))


def _of_all_parts(kind: Any) -> Form:
    """A node whose one field is the tuple of all parts."""
    return lambda reader, node: kind(reader.place(node), _parts(reader, node))


def _case(reader: Reader, node: SanyNode) -> tree.Expression:
    arms, otherwise = [], None
    for pair in node.getArgs():
        condition, value = pair.getArgs()
        if condition is None:
            otherwise = reader.expression(value)
        else:
            arms.append((reader.expression(condition), reader.expression(value)))
    return tree.Case(reader.place(node), tuple(arms), otherwise)


def _quantified(universal: bool) -> Form:
    return lambda reader, node: tree.Quantified(
        reader.place(node), universal, reader.bindings(node), reader.expression(node.getArgs()[0])
    )


def _unbounded(universal: bool, temporal: bool) -> Form:
    return lambda reader, node: tree.Unbounded(
        reader.place(node), universal, temporal, reader.unbounded(node), reader.expression(node.getArgs()[0])
    )


def _bounded_choose(reader: Reader, node: SanyNode) -> tree.Expression:
    return tree.Choose(reader.place(node), reader.bindings(node)[0], reader.expression(node.getArgs()[0]))


def _unbounded_choose(reader: Reader, node: SanyNode) -> tree.Expression:
    names = reader.unbounded(node)
    if len(names) > 1:
        raise reader.unknown("CHOOSE of a tuple without a set", node)
    return tree.Choose(reader.place(node), names[0], reader.expression(node.getArgs()[0]))


def _filter(reader: Reader, node: SanyNode) -> tree.Expression:
    return tree.Filter(reader.place(node), reader.bindings(node)[0], reader.expression(node.getArgs()[0]))


def _image(reader: Reader, node: SanyNode) -> tree.Expression:
    return tree.Image(reader.place(node), reader.bindings(node), reader.expression(node.getArgs()[0]))


def _function(reader: Reader, node: SanyNode) -> tree.Expression:
    itself = reader.unbounded(node)[0] if node.getUnbdedQuantSymbols() else None
    return tree.Function(reader.place(node), reader.bindings(node), reader.expression(node.getArgs()[0]), itself)


def _fields(kind: Any) -> Form:
    def make(reader: Reader, node: SanyNode) -> tree.Expression:
        pairs = [pair.getArgs() for pair in node.getArgs()]
        fields = tuple((str(name.getRep()), reader.expression(value)) for name, value in pairs)
        made: tree.Expression = kind(reader.place(node), fields)
        return made

    return make


def _field(reader: Reader, node: SanyNode) -> tree.Expression:
    record, name = node.getArgs()
    return tree.Field(reader.place(node), reader.expression(record), str(name.getRep()))


def _except(reader: Reader, node: SanyNode) -> tree.Expression:
    base, *pairs = node.getArgs()
    updates = tuple(reader.update(base, pair) for pair in pairs)
    return tree.Except(reader.place(node), reader.expression(base), updates)


def _truth(value: bool) -> Form:
    return lambda reader, node: tree.Truth(reader.place(node), value)


def _step(changes: bool) -> Form:
    return lambda reader, node: tree.Step(reader.place(node), changes, *_parts(reader, node))


def _fairness(strong: bool) -> Form:
    return lambda reader, node: tree.Fairness(reader.place(node), strong, *_parts(reader, node))


FORMS: dict[str, Form] = {
    "TRUE": _truth(True),
    "FALSE": _truth(False),
    "$ConjList": _list(tree.And),
    "\\land": _list(tree.And),
    "$DisjList": _list(tree.Or),
    "\\lor": _list(tree.Or),
    "$IfThenElse": _of_parts(tree.If),
    "$Case": _case,
    "$BoundedForall": _quantified(True),
    "$BoundedExists": _quantified(False),
    "$UnboundedForall": _unbounded(True, False),
    "$UnboundedExists": _unbounded(False, False),
    "$TemporalForall": _unbounded(True, True),
    "$TemporalExists": _unbounded(False, True),
    "$BoundedChoose": _bounded_choose,
    "$UnboundedChoose": _unbounded_choose,
    "$SetEnumerate": _of_all_parts(tree.SetOf),
    "$SubsetOf": _filter,
    "$SetOfAll": _image,
    "$FcnConstructor": _function,
    "$NonRecursiveFcnSpec": _function,
    "$RecursiveFcnSpec": _function,
    "$FcnApply": _of_parts(tree.Call),
    "$SetOfFcns": _of_parts(tree.Functions),
    "$RcdConstructor": _fields(tree.Record),
    "$SetOfRcds": _fields(tree.Records),
    "$RcdSelect": _field,
    "$Except": _except,
    "$Tuple": _of_all_parts(tree.Tuple),
    "$CartesianProd": _of_all_parts(tree.Product),
    "'": _of_parts(tree.Prime),
    "UNCHANGED": _of_parts(tree.Unchanged),
    "ENABLED": _of_parts(tree.Enabled),
    "$SquareAct": _step(False),
    "$AngleAct": _step(True),
    "$WF": _fairness(False),
    "$SF": _fairness(True),
    "[]": _of_parts(tree.Always),
    "<>": _of_parts(tree.Eventually),
}
