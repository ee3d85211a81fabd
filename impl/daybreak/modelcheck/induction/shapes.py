"""What kind of values an expression can have: as much of types as the encoding needs.

TLA+ has no types. A variable has the shape of the set that `Types` says it is in, and every other expression that of
its parts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from daybreak.modelcheck.induction.values import SetValue


@dataclass(frozen=True)
class Numbers:
    """Integers."""


@dataclass(frozen=True)
class Truths:
    """TRUE and FALSE."""


@dataclass(frozen=True)
class Texts:
    """Strings."""


@dataclass(frozen=True)
class Atoms:
    """Elements of a constant set of which nothing is known; they can only be told apart."""

    name: str


@dataclass(frozen=True)
class Family:
    """Sets that are the elements of the constant `name`, a set of sets; each is known by an atom of its own."""

    name: str
    element: Shape


@dataclass(frozen=True)
class Records:
    fields: tuple[tuple[str, Shape], ...]


@dataclass(frozen=True)
class Tuples:
    items: tuple[Shape, ...]


@dataclass(frozen=True)
class Sets:
    element: Shape


@dataclass(frozen=True)
class Functions:
    """Functions; all with one `domain`, if it is known."""

    argument: Shape
    result: Shape
    domain: SetValue | None = None


@dataclass(frozen=True)
class Sequences:
    element: Shape


Shape: TypeAlias = "Numbers | Truths | Texts | Atoms | Family | Records | Tuples | Sets | Functions | Sequences"

SCALARS = (Numbers, Truths, Texts, Atoms)


class UncoveredError(Exception):
    """The encoding does not cover something; the text names it. Who knows the place adds it."""


def without_domains(shape: Shape) -> Shape:
    """The shape of the same functions, with any domain."""
    match shape:
        case Functions(argument, result):
            return Functions(without_domains(argument), without_domains(result))
        case Sets(element) | Sequences(element):
            return replace(shape, element=without_domains(element))
        case Records(fields):
            return Records(tuple((name, without_domains(field)) for name, field in fields))
        case Tuples(items):
            return Tuples(tuple(without_domains(item) for item in items))
    return shape
