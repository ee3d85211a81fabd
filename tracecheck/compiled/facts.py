"""What is known of an expression before it is translated: what it mentions, what it needs, what it may be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace

from tracecheck.compiled.standard import TRUTHS
from tracecheck.syntax import tree, walk

_STEPS = (tree.Prime, tree.Unchanged)


@dataclass(frozen=True)
class Facts:
    """What an expression mentions: bound names (`used`, by their keys), those it binds itself (`bound`), declarations,
    definitions; whether it speaks of a step (`primed`)."""

    used: frozenset[int] = frozenset()
    bound: frozenset[int] = frozenset()
    declared: frozenset[tree.Constant | tree.Variable] = frozenset()
    definitions: frozenset[tree.Definition] = frozenset()
    primed: bool = False
    enabled: bool = False

    def __or__(self, other: Facts) -> Facts:
        return Facts(*(getattr(self, f.name) | getattr(other, f.name) for f in fields(Facts)))

    @property
    def free(self) -> frozenset[int]:
        """The names that have to be bound outside. (A name's key is unique, so nothing shadows anything.)"""
        return self.used - self.bound

    @property
    def constant(self) -> bool:
        """Whether the value depends on neither a state nor a step."""
        state = any(isinstance(target, tree.Variable) for target in self.declared)
        return not (self.primed or self.enabled or state)


def parts(node: tree.Node) -> Iterator[tree.Node]:
    """The expressions directly inside a node; the body of an operator that it applies is not."""
    match node:
        case tree.Apply(arguments=arguments):
            yield from arguments
        case tree.OperatorName():
            return
        case _:
            yield from walk.parts(node)


class Known:
    """Facts, by node. `resolve` says what the configuration puts in the place of a definition or of a constant."""

    def __init__(self, resolve: Callable[[object], object]) -> None:
        self._resolve = resolve
        self._direct: dict[int, tuple[tree.Node, Facts]] = {}
        self._whole: dict[int, tuple[tree.Node, Facts]] = {}
        self._free: dict[tree.Definition, frozenset[int]] = {}

    def __call__(self, node: tree.Node) -> Facts:
        """What `node` mentions, and each definition that it uses, and so on."""
        known = self._whole.get(id(node))
        if known is None:
            direct = found = self._facts(node)
            for definition in self._reachable(direct.definitions):
                found |= self._facts(definition.body)
            used = direct.used.union(*(self._free[definition] for definition in direct.definitions))
            known = self._whole[id(node)] = (node, replace(found, used=used, bound=direct.bound))
        return known[1]

    def _reachable(self, first: frozenset[tree.Definition]) -> set[tree.Definition]:
        """The definitions that some definitions use, and so on, those themselves among them."""
        seen: set[tree.Definition] = set()
        waiting = list(first)
        while waiting:
            definition = waiting.pop()
            if definition not in seen:
                seen.add(definition)
                waiting += self._facts(definition.body).definitions
        self._settle(seen)
        return seen

    def _settle(self, definitions: set[tree.Definition]) -> None:
        """Finds the names that each of some definitions needs from outside, recursive ones among them."""
        new = [definition for definition in definitions if definition not in self._free]
        self._free |= dict.fromkeys(new, frozenset())
        changed = bool(new)
        while changed:
            changed = False
            for definition in new:
                facts = self._facts(definition.body)
                used = facts.used.union(*(self._free[other] for other in facts.definitions))
                free = used - facts.bound - {parameter.key for parameter in definition.parameters}
                changed = changed or free != self._free[definition]
                self._free[definition] = free

    def _facts(self, node: tree.Node) -> Facts:
        known = self._direct.get(id(node))
        if known is None:
            found = self._own(node)
            for part in parts(node):
                found |= self._facts(part)
            known = self._direct[id(node)] = (node, found)
        return known[1]

    def _own(self, node: tree.Node) -> Facts:
        found = Facts(
            bound=frozenset(name.key for name in binds(node)),
            primed=isinstance(node, _STEPS),
            enabled=isinstance(node, tree.Enabled),
        )
        target = getattr(node, "target", None) or getattr(node, "operator", None)
        resolved = self._resolve(target)
        if isinstance(resolved, tree.Definition):
            return found | Facts(definitions=frozenset((resolved,)))
        if isinstance(target, tree.Bound):
            return found | Facts(used=frozenset((target.key,)))
        if isinstance(target, tree.Constant | tree.Variable):
            return found | Facts(declared=frozenset((target,)))
        return found


def binds(node: tree.Node) -> list[tree.Bound]:
    """The names that a node binds in its parts."""
    match node:
        case tree.Quantified(bindings=bindings) | tree.Image(bindings=bindings):
            return [name for binding in bindings for name in binding.names]
        case tree.Function(bindings=bindings, itself=itself):
            return [name for binding in bindings for name in binding.names] + ([itself] if itself else [])
        case tree.Filter(binding=binding):
            return list(binding.names)
        case tree.Choose(binding=binding):
            return list(binding.names) if isinstance(binding, tree.Binding) else [binding]
        case tree.Unbounded(names=names):
            return list(names)
        case tree.Lambda(parameters=parameters):
            return list(parameters)
        case tree.Let(definitions=definitions):
            return [name for definition in definitions for name in definition.parameters]
        case tree.Except(updates=updates):
            return [update.old for update in updates]
    return []


class Needs:
    """Whether an expression cannot have a value unless some name in it has: then the name may be computed first."""

    def __init__(self, resolve: Callable[[object], object]) -> None:
        self._resolve = resolve
        self._parameters: dict[tuple[tree.Definition, int], bool] = {}

    def parameter(self, definition: tree.Definition, index: int) -> bool:
        """Whether a definition always needs its parameter; one that calls itself for ever has no value anyway."""
        known = self._parameters.get((definition, index))
        if known is None:
            self._parameters[definition, index] = True
            found = self(definition.body, definition.parameters[index].key)
            known = self._parameters[definition, index] = found
        return known

    def __call__(self, node: tree.Node, key: int) -> bool:
        """Whether `node` needs the bound name with this key."""
        match node:
            case tree.Name(target=target):
                return isinstance(target, tree.Bound) and target.key == key
            case tree.Apply():
                return self._application(node, key)
            case tree.And(parts=items) | tree.Or(parts=items):
                return self(items[0], key)
            case tree.If(condition=condition, then=then, otherwise=otherwise):
                return self(condition, key) or (self(then, key) and self(otherwise, key))
            case tree.Case(arms=arms):
                return self(arms[0][0], key)
            case tree.Quantified(bindings=bindings) | tree.Image(bindings=bindings) | tree.Function(bindings=bindings):
                return self(bindings[0].bound, key)
            case tree.Filter(binding=binding) | tree.Choose(binding=tree.Binding() as binding):
                return self(binding.bound, key)
            case tree.Let(body=body):
                return self(body, key)
            case tree.Except(base=base):
                return self(base, key)
            case tree.Call() | tree.Field() | tree.Tuple() | tree.SetOf() | tree.Record() | tree.Prime():
                return any(self(part, key) for part in parts(node))
        return False

    def _application(self, node: tree.Apply, key: int) -> bool:
        operator = self._resolve(node.operator)
        if isinstance(operator, tree.Definition):
            return any(
                self.parameter(operator, index)
                for index, argument in enumerate(node.arguments)
                if isinstance(argument, tree.Node) and self(argument, key)
            )
        if isinstance(operator, tree.Given) and not (operator.module and operator.name == "SelectSeq"):
            first = operator.name in ("=>", "\\land", "\\lor")
            return any(self(argument, key) for argument in (node.arguments[:1] if first else node.arguments))
        return False


def is_truth(node: tree.Node, resolve: Callable[[object], object], seen: frozenset[object] = frozenset()) -> bool:
    """Whether an expression has the value TRUE or FALSE, if it has any."""
    match node:
        case tree.Truth() | tree.And() | tree.Or() | tree.Quantified() | tree.Enabled():
            return True
        case tree.If(then=then, otherwise=otherwise):
            return is_truth(then, resolve, seen) and is_truth(otherwise, resolve, seen)
        case tree.Let(body=body) | tree.Prime(body=body):
            return is_truth(body, resolve, seen)
        case tree.Case(arms=arms, otherwise=otherwise):
            values = [value for _, value in arms] + ([otherwise] if otherwise else [])
            return all(is_truth(value, resolve, seen) for value in values)
        case tree.Apply(operator=operator):
            target = resolve(operator)
            if isinstance(target, tree.Given):
                return target.name in TRUTHS
            if isinstance(target, tree.Definition):
                return target in seen or is_truth(target.body, resolve, seen | {target})
    return False


def same(one: object, other: object) -> bool:
    """Whether two expressions are the same but for where they stand."""
    if type(one) is not type(other):
        return False
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, tree.Node | tree.Binding | tree.Update):
        names = [f.name for f in fields(one) if f.name != "place"]
        return all(same(getattr(one, name), getattr(other, name)) for name in names)
    return one == other
