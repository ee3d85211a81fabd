"""An action as the mapping applies it, at one of its places in Next: which logged values bind which names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tracecheck.engine import Binding, Engine, Leaf, OneLeaf, OutsideError, Own, State
from tracecheck.mapping.rules import Application, Case, Domain, Operand

_FUNCTIONS = ("map", "record", "seq", "tuple", "value")


class Slots:
    """The values that a case takes from an event, each encoded once: operands, and domains of operands."""

    def __init__(self) -> None:
        self.operands: list[Operand] = []
        self.domains: list[int] = []
        """The operands whose domain is wanted, too: those values follow the operands'."""
        self._known: dict[tuple[str, str], int] = {}

    def of(self, operand: Operand) -> int:
        """Where the value of `operand` is among the values."""
        key = (operand.text, str(operand.type))
        if key not in self._known:
            self._known[key] = len(self.operands)
            self.operands.append(operand)
        return self._known[key]

    def domain_of(self, operand: int) -> int:
        """Where its domain is: a negative number, counted from the end of the values."""
        if operand not in self.domains:
            self.domains.append(operand)
        return -1 - self.domains.index(operand)


@dataclass(frozen=True)
class Try:
    """One way to take a step: the place in Next and its quantified names bound. When the event cannot be this step,
    `outside` is the value that Next does not draw there, or `mismatch` the parameter on which event and spec differ."""

    leaf: OneLeaf
    binding: Binding
    mismatch: str | None = None
    outside: OutsideError | None = None

    @property
    def fits(self) -> bool:
        return self.mismatch is None and self.outside is None


@dataclass(frozen=True)
class Placement:
    """`application` at the place `leaf`.

    `draws` are the quantified names that a value binds, `same` the parameters that are bound to a name twice and where
    both values are, `others` the logged parameters that Next gives some other expression, with their position.
    """

    application: Application
    leaf: Leaf
    draws: tuple[tuple[str, int], ...]
    same: tuple[tuple[str, int, int], ...]
    others: tuple[tuple[int, str, int], ...]
    logged: tuple[tuple[str, int], ...]

    def tries(self, engine: Engine, values: Sequence[Own], state: State) -> Iterator[Try]:
        """Every way to bind what is not logged, and what keeps the event from being it. Raises EvaluationError."""
        mismatch = self._mismatch(engine, values)
        given = {name: values[slot] for name, slot in self.draws}
        try:
            for binding in engine.bindings(self.leaf, given, state):
                yield Try(self.leaf, binding, mismatch or self._other(engine, values, binding, state))
        except OutsideError as outside:
            yield Try(self.leaf, None, mismatch, outside)

    def successors(self, engine: Engine, values: Sequence[Own], state: State) -> Iterator[State]:
        """The states after the step, perhaps one twice. Raises EvaluationError."""
        if self.same and self._mismatch(engine, values) is not None:
            return
        leaf = self.leaf
        try:
            for binding in engine.bindings(leaf, {name: values[slot] for name, slot in self.draws}, state):
                if not self.others or self._other(engine, values, binding, state) is None:
                    yield from engine.successors(leaf, binding, state)
        except OutsideError:
            return

    def _mismatch(self, engine: Engine, values: Sequence[Own]) -> str | None:
        return next((formal for formal, one, two in self.same if not engine.equal(values[one], values[two])), None)

    def _other(self, engine: Engine, values: Sequence[Own], binding: Binding, state: State) -> str | None:
        """The parameter for which the spec gives another value than was logged."""
        if not self.others:
            return None
        given = engine.arguments(self.leaf, binding, state)
        for position, formal, slot in self.others:
            if not engine.equal(given[position], values[slot]):
                return formal
        return None


def place(case: Case, application: Application, leaf: Leaf, slots: Slots) -> Placement:
    """Fits an application to a place of its action. Raises MappingError when names are left open or bound twice."""
    arguments = _arguments(case, application, leaf)
    logged = [
        (formal, variable, slots.of(argument))
        for formal, variable, argument in zip(leaf.formals, leaf.variables, arguments, strict=True)
        if argument is not None
    ]
    draws: dict[str, int] = {}
    same = [
        (formal, draws[variable], slot)
        for formal, variable, slot in logged
        if variable is not None and draws.setdefault(variable, slot) != slot
    ]
    draws |= _named(case, application, leaf, frozenset(draws), slots)
    return Placement(
        application,
        leaf,
        tuple(draws.items()),
        tuple(same),
        tuple((leaf.formals.index(f), f, slot) for f, variable, slot in logged if variable is None),
        tuple((formal, slot) for formal, _, slot in logged),
    )


def _arguments(case: Case, application: Application, leaf: Leaf) -> tuple[Operand | None, ...]:
    """What the mapping gives for each parameter, None where it leaves that open."""
    arguments = application.arguments
    if arguments is None:
        return (None,) * len(leaf.formals)
    if len(arguments) != len(leaf.formals):
        wanted = f"{leaf.action}({', '.join(leaf.formals)})" if leaf.formals else f"{leaf.action} (no arguments)"
        raise case.error(f"the spec has {wanted}, the mapping gives it {len(arguments)} arguments")
    return arguments


def _named(case: Case, application: Application, leaf: Leaf, drawn: frozenset[str], slots: Slots) -> dict[str, int]:
    """The quantified names that are bound beside the arguments, which bind those in `drawn`."""
    found: dict[str, int] = {}
    spoken = {variable for variable in leaf.variables if variable is not None}
    for name, given in application.named.items():
        if name not in leaf.quantified or name in drawn or (name in spoken and given is None):
            raise case.error(f"{name} is no name that Next quantifies and {leaf.action} leaves open")
        if isinstance(given, Domain):
            found[name] = slots.domain_of(_function(case, application, leaf, given, name, slots))
        elif given is not None:
            found[name] = slots.of(given)
    unsaid = [name for name in leaf.quantified if name not in spoken and name not in application.named]
    if unsaid and application.arguments is not None:
        names, hint = ", ".join(unsaid), f"{unsaid[0]}=_"
        text = f"Next quantifies {names} before {leaf.action}, and nothing binds it; give its value, or say {hint}"
        raise case.error(text)
    return found


def _function(case: Case, application: Application, leaf: Leaf, domain: Domain, name: str, slots: Slots) -> int:
    """Where the function is whose domain is wanted."""
    argument = (application.arguments or ())[domain.of]
    if argument is None or argument.type.kind not in _FUNCTIONS:
        raise case.error(f"{name} is the domain of {leaf.formals[domain.of]}, which is no function")
    return slots.of(argument)
