"""What names stand for while an expression is evaluated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from daybreak.modelcheck.induction.values import Value
from tracecheck.syntax import tree

State: TypeAlias = "Mapping[str, Value]"


@dataclass(eq=False)
class Delayed:
    """An expression that is evaluated where its name is used: in this state or, under a prime, in the next."""

    expression: tree.Expression
    names: Names
    known: list[tuple[State, State | None, Value]] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Closure:
    """An operator given as an argument."""

    parameters: tuple[tree.Bound, ...]
    body: tree.Expression
    names: Names


Meaning: TypeAlias = "Value | Delayed | Closure | tree.Given"
Names: TypeAlias = "Mapping[object, Meaning]"


@dataclass(frozen=True)
class Env:
    """`names` says what bound names and LET's definitions mean; `now` and `then` are this state and the next."""

    names: Names
    now: State
    then: State | None = None

    def with_names(self, more: Names) -> Env:
        return replace(self, names={**self.names, **more})

    def primed(self) -> Env | None:
        """The same in the next state; None if there is none to speak of."""
        return None if self.then is None else Env(self.names, self.then)
