"""What can be learnt of a counterexample while TLC still has the spec loaded.

TLC names the action of each step, and no more. So each step is taken once more, to see for which values of its
parameters the action leads from the one state to the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jpype
import msgspec

from daybreak.modelcheck.cause import Cause, find_cause
from daybreak.modelcheck.messages import Step
from daybreak.modelcheck.values import Value, value_of
from tracecheck.tlc.blame import Blame
from tracecheck.tlc.spec import source_lines

NOTED = "Noted"

_DISJUNCTIONS = ("$DisjList", "\\lor")
_EXISTS = "$BoundedExists"

Node = Any
Context = Any
State = Any
Values = dict[str, Value]


class _Taken(NamedTuple):
    """A step as it was taken: its action, and the arguments that can be told."""

    action: str
    arguments: dict[str, str]


def explain(
    steps: Sequence[Step], name: str | None, tool: Any, load: Callable[[str], Any], libraries: Sequence[Path]
) -> tuple[list[Step], Cause | None]:
    """`steps` with their arguments, as far as they can be told; and why the property `name` is false in the end.

    `tool` is the spec as TLC has it loaded, `load` gives the classes of its class loader.
    """

    def source(node: Node) -> tuple[str, int, str]:
        file, line, lines = source_lines(node, libraries)
        return file, line, "\n".join(lines)

    blame = Blame(tool, load, source)
    path = list(_Retrace(tool, load, blame).path(steps))
    states = [state for _, state in path if state is not None]
    complete = len(states) == sum(1 for step in steps if step.values)
    return [step for step, _ in path], find_cause(blame, name, states) if complete and name else None


class _Retrace:
    """Takes the steps of a counterexample again."""

    def __init__(self, tool: Any, load: Callable[[str], Any], blame: Blame) -> None:
        self._tool = tool
        self._blame = blame
        self._action = load("tlc2.tool.Action")
        self._actions: dict[str, list[Any]] = {}
        for action in tool.getActions():
            self._actions.setdefault(str(action.getName()), []).append(action)

    def path(self, steps: Sequence[Step]) -> Iterator[tuple[Step, State | None]]:
        """Each step, told in full, with TLC's state; neither is known after a step that could not be taken again."""
        state: State | None = None
        for step in steps:
            wanted = {name: value_of(text) for name, text in step.values.items()}
            taken = _Taken(step.action, {})
            if step.number == 1:
                state = self._initial(wanted)
            elif state is not None and wanted:
                state, taken = self._follow(state, step.action, wanted)
            yield (
                msgspec.structs.replace(step, action=taken.action, arguments=taken.arguments),
                state if wanted else None,
            )

    def _initial(self, wanted: Values) -> State | None:
        try:
            return _first(self._tool.getInitStates(), wanted)
        except jpype.JException:
            return None

    def _follow(self, state: State, name: str, wanted: Values) -> tuple[State | None, _Taken]:
        """The state after a step that TLC calls `name`, and the step, with the arguments on which all ways agree."""
        named = self._actions.get(name)
        candidates = named or [action for actions in self._actions.values() for action in actions]
        following: State | None = None
        found: list[_Taken] = []
        for action in candidates:
            successor = self._successor(action, state, wanted)
            if successor is not None:
                following = successor
                found.append(self._taken(action, state, wanted))
        return following, _agreed(found) or _Taken(name, {})

    def _successor(self, action: Any, state: State, wanted: Values) -> State | None:
        try:
            return _first(self._tool.getNextStates(action, state), wanted)
        except jpype.JException:
            return None

    def _leads(self, node: Node, context: Context, state: State, wanted: Values) -> bool:
        """Whether a step by `node` alone leads to `wanted`."""
        return self._successor(self._action(node, context), state, wanted) is not None

    def _taken(self, action: Any, state: State, wanted: Values) -> _Taken:
        """The action that a step took. TLC's own is all of Next where that draws from a set that changes."""
        name, definition = str(action.getName()), action.getOpDef()
        inner = self._inner(name, action.pred, action.con, state, wanted)
        if inner is not None:
            return inner
        taken = _agreed(list(self._leaves(action.pred, action.con, state, wanted)))
        if taken is not None or definition is None:
            return taken or _Taken(name, {})
        values = {str(formal.getName()): action.con.lookup(formal) for formal in definition.getParams()}
        return _Taken(name, {formal: str(value) for formal, value in values.items() if value is not None})

    def _inner(self, name: str, body: Node, context: Context, state: State, wanted: Values) -> _Taken | None:
        """The step as `A` itself, if it is called `ANoted` and `body` applies `A`."""
        if not name.endswith(NOTED):
            return None
        found = _agreed(list(self._applications(body, context, name.removesuffix(NOTED), state, wanted)))
        return None if found is None else _Taken(name, found.arguments)

    def _applications(self, node: Node, context: Context, name: str, state: State, wanted: Values) -> Iterator[_Taken]:
        """Where `name` is applied in `node`, with what arguments: once for each choice that leads to `wanted`."""
        if node.getKind() in self._blame.wrappers:
            yield from self._applications(node.getBody(), context, name, state, wanted)
        if node.getKind() != self._blame.application:
            return
        operator = str(node.getOperator().getName())
        if operator == name:
            yield _Taken(name, self._values(node, context, state))
        elif operator == _EXISTS:
            for chosen in self._chosen(node, context, state, wanted):
                yield from self._applications(node.getArgs()[0], chosen, name, state, wanted)
        else:
            for part in node.getArgs():
                if part is not None:
                    yield from self._applications(part, context, name, state, wanted)

    def _leaves(self, node: Node, context: Context, state: State, wanted: Values) -> Iterator[_Taken]:
        """The named actions at the ends of the branches and choices of `node` that lead to `wanted`."""
        if node.getKind() in self._blame.wrappers:
            yield from self._leaves(node.getBody(), context, state, wanted)
        if node.getKind() != self._blame.application:
            return
        operator = node.getOperator()
        if str(operator.getName()) in _DISJUNCTIONS:
            for branch in node.getArgs():
                yield from self._leaves(branch, context, state, wanted)
        elif str(operator.getName()) == _EXISTS:
            for chosen in self._chosen(node, context, state, wanted):
                yield from self._leaves(node.getArgs()[0], chosen, state, wanted)
        elif operator.getKind() == self._blame.user_defined and self._leads(node, context, state, wanted):
            yield from self._applied(node, context, state, wanted)

    def _applied(self, node: Node, context: Context, state: State, wanted: Values) -> Iterator[_Taken]:
        """An operator that leads to named actions itself is looked into; any other is an action."""
        operator = node.getOperator()
        name, body = str(operator.getName()), operator.getBody()
        within = self._tool.getOpContext(operator, node.getArgs(), context, False)
        inner = self._inner(name, body, within, state, wanted)
        if inner is not None:
            yield inner
            return
        deeper = list(self._leaves(body, within, state, wanted)) if self._branches(body) else []
        yield from deeper or [_Taken(name, self._values(node, context, state))]

    def _branches(self, body: Node) -> bool:
        while body.getKind() in self._blame.wrappers:
            body = body.getBody()
        applied = body.getKind() == self._blame.application
        return applied and str(body.getOperator().getName()) in (*_DISJUNCTIONS, _EXISTS)

    def _chosen(self, node: Node, context: Context, state: State, wanted: Values) -> Iterator[Context]:
        """Of the contexts that an "exists" of an action ranges over, those for which it leads to `wanted`."""
        enumeration = self._tool.contexts(node, context, state, self._blame.empty, self._blame.clear)
        while (inner := enumeration.nextElement()) is not None:
            if self._leads(node.getArgs()[0], inner, state, wanted):
                yield inner

    def _values(self, node: Node, context: Context, state: State) -> dict[str, str]:
        """The arguments of an application, as far as they can be evaluated."""
        values = {}
        for formal, argument in zip(node.getOperator().getParams(), node.getArgs(), strict=True):
            try:
                values[str(formal.getName())] = str(self._tool.eval(argument, context, state))
            except jpype.JException:
                continue
        return values


def _first(states: Any, wanted: Values) -> State | None:
    """The first of TLC's vector of states that is the one it printed."""
    return next((s for i in range(states.size()) if _same(s := states.elementAt(i), wanted)), None)


def _same(state: State, wanted: Values) -> bool:
    names = {str(variable.getName()): variable.getName() for variable in state.getVars()}
    return all(value_of(str(state.lookup(names[name]))) == value for name, value in wanted.items())


def _agreed(found: Sequence[_Taken]) -> _Taken | None:
    """What is the same in all of `found`; None if there are none, or not even the action is."""
    if not found or any(other.action != found[0].action for other in found):
        return None
    others = [other.arguments for other in found]
    same = {name: text for name, text in found[0].arguments.items() if all(o.get(name) == text for o in others)}
    return _Taken(found[0].action, same)
