"""What names stand for in the Python text that is being written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from tracecheck.syntax import tree


@dataclass(frozen=True)
class Value:
    """A Python name that holds a value or, if `lazy`, a function without arguments that gives it."""

    text: str
    lazy: bool = False

    @property
    def use(self) -> str:
        """The expression whose value is the value."""
        return f"{self.text}()" if self.lazy else self.text


@dataclass(frozen=True)
class Operator:
    """A Python function; `lazy` says which arguments it takes as functions that give them."""

    text: str
    lazy: tuple[bool, ...] = ()


@dataclass(frozen=True)
class Macro:
    """An expression that is translated anew wherever the name is used, in the scope in which it stands."""

    node: tree.Node
    scope: Scope
    parameters: tuple[tree.Bound, ...] = ()


Meaning: TypeAlias = Value | Operator | Macro


@dataclass(frozen=True)
class Whole:
    """A state in a Python name: a tuple of the variables' values."""

    text: str = "S"


@dataclass(frozen=True)
class Parts:
    """A state of which some variables have a value so far, each in a Python name."""

    values: Mapping[int, str]


Reading: TypeAlias = Whole | Parts


@dataclass(frozen=True)
class Scope:
    """`now` is the state that variables are read from, `next` the one that primed variables are read from.

    `replaced` is what INSTANCE puts in the place of another module's constants and variables.
    """

    names: Mapping[int, Meaning] = field(default_factory=dict)
    local: Mapping[tree.Definition, Meaning] = field(default_factory=dict)
    replaced: Mapping[tree.Constant | tree.Variable, Macro] = field(default_factory=dict)
    now: Reading | None = field(default_factory=Whole)
    next: Reading | None = None

    def bind(self, names: Mapping[int, Meaning]) -> Scope:
        """The scope with these bound names as well."""
        return replace(self, names={**self.names, **names})

    def define(self, definition: tree.Definition, meaning: Meaning) -> Scope:
        """The scope with a definition of a LET as well."""
        return replace(self, local={**self.local, definition: meaning})

    def reading(self, now: Reading | None, after: Reading | None) -> Scope:
        """The scope with other states."""
        return replace(self, now=now, next=after)

    def instance(self, replaced: Mapping[tree.Constant | tree.Variable, Macro]) -> Scope:
        """The scope inside of another module."""
        return replace(self, replaced=dict(replaced))


class Block:
    """Statements of one Python function, or of one branch in it.

    `closes` is set when a function inside of it is written, which may be called after a name has got another value.
    """

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.closes = False

    def add(self, line: str) -> None:
        """Appends a statement of one line."""
        self.lines.append(line)

    def nest(self, head: str, body: Block) -> None:
        """Appends `head`, which ends in a colon, with its own statements."""
        self.lines.append(head)
        self.lines += ["  " + line for line in body.lines] or ["  pass"]
        self.closes = self.closes or body.closes

    @property
    def text(self) -> str:
        """The statements as Python text."""
        return "\n".join(self.lines)
