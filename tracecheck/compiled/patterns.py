"""Functions that are made from another one by a few changes, recognised by their shape.

    [x \\in DOMAIN f \\ S |-> f[x]]                              f without the keys in S
    [x \\in DOMAIN f \\ S |-> IF x \\in D THEN e ELSE f[x]]      the same, with other values for the keys in D

and both without S. What f, S and D are must not depend on x. So they can be made without going through all of f.
"""

from __future__ import annotations

from tracecheck.compiled.facts import same
from tracecheck.syntax import tree
from tracecheck.syntax.walk import free_names

Removal = tuple[tree.Node, tree.Node | None, tree.If | None, tree.Bound]


def removal(node: tree.Function) -> Removal | None:
    """f, S (if any), the IF (if any) and x of a function of one of the shapes above."""
    if len(node.bindings) != 1 or node.bindings[0].is_tuple or len(node.bindings[0].names) != 1:
        return None
    name = node.bindings[0].names[0]
    f, gone = _base(node.bindings[0].bound)
    if f is None:
        return None
    if _is_call(node.value, f, name):
        return f, gone, None, name
    match node.value:
        case tree.If(condition=tree.Apply(operator=tree.Given(name="\\in"), arguments=(tree.Name(target=x), keys))) if (
            x == name and name not in free_names(keys) and _is_call(node.value.otherwise, f, name)
        ):
            return f, gone, node.value, name
    return None


def _base(bound: tree.Node) -> tuple[tree.Node | None, tree.Node | None]:
    match bound:
        case tree.Apply(operator=tree.Given(name="\\", module=""), arguments=(left, gone)):
            f, more = _base(left)
            return (f, gone) if more is None else (None, None)
        case tree.Apply(operator=tree.Given(name="DOMAIN", module=""), arguments=(f,)):
            return f, None
    return None, None


def _is_call(node: tree.Node, f: tree.Node, name: tree.Bound) -> bool:
    match node:
        case tree.Call(function=function, argument=tree.Name(target=target)):
            return target == name and same(function, f)
    return False
