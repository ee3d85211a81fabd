"""Which of a model's properties was violated, when TLC names only a part of it.

TLC takes each property apart: `Refines == High!Spec` becomes an initial predicate, an action property and temporal
formulas. What it reports is the part, by the name of its definition or by its place.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_CONJUNCTIONS = ("$ConjList", "\\land")
_MOST_NESTED = 20


def whole(tool: Any, part: str | None) -> str:
    """The property of the configuration that `part` belongs to; all that it may belong to, joined by "or".

    `tool` is TLC's own `ITool`. Without a `part` it is one of the temporal formulas: TLC does not say which.
    """
    config = tool.getModelConfig()
    names = [str(name) for vector in (config.getInvariants(), config.getProperties()) for name in _elements(vector)]
    if part in names:
        return str(part)
    properties = [str(name) for name in _elements(config.getProperties())]
    if len(properties) == 1:
        return properties[0]
    parts = {str(name) for name in tool.getImpliedTemporalNames()} if part is None else {part}
    root = tool.getSpecProcessor().getRootModule()
    owners = [name for name in properties if parts & {name, *_parts(root.getOpDef(name).getBody())}]
    return " or ".join(owners or properties)


def _elements(vector: Any) -> Iterator[Any]:
    return (vector.elementAt(i) for i in range(vector.size()))


def _parts(node: Any, depth: int = 0) -> Iterator[str]:
    """The names and places of the conjuncts of a property, through definitions and instances."""
    yield str(node.getLocation())
    if depth > _MOST_NESTED:
        return
    kind = node.getClass().getSimpleName()
    if kind in ("SubstInNode", "LabelNode"):
        yield from _parts(node.getBody(), depth + 1)
    elif kind == "OpApplNode":
        operator = node.getOperator()
        yield str(operator.getName())
        if str(operator.getName()) in _CONJUNCTIONS:
            for argument in node.getArgs():
                yield from _parts(argument, depth + 1)
        elif operator.getClass().getSimpleName() == "OpDefNode" and operator.getBody() is not None:
            yield from _parts(operator.getBody(), depth + 1)
