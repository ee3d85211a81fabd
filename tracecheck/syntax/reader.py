"""Reads SANY's tree. A construct that it does not know is an error that names it and its place, never skipped."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from tracecheck.errors import SpecError
from tracecheck.syntax import tree
from tracecheck.syntax.forms import FORMS
from tracecheck.tlc.spec import Loaded, parse

SanyNode = Any

_LOGIC = ("=", "/=", "#", "\\lnot", "=>", "\\equiv", "~>", "-+->", "\\cdot")
_SETS = ("\\in", "\\notin", "\\subseteq", "\\cup", "\\union", "\\cap", "\\intersect", "\\")
APPLIED = frozenset((*_LOGIC, *_SETS, "SUBSET", "UNION", "DOMAIN", "STRING", "BOOLEAN"))
"""Operators of the language that are applied to plain expressions and have no node of their own."""

_SAME = {"#": "/=", "\\union": "\\cup", "\\intersect": "\\cap", "~": "\\lnot", "<=>": "\\equiv"}


class UnknownConstructError(SpecError):
    """The spec uses something that a program of ours does not cover."""

    def __init__(self, construct: str, place: tree.Place) -> None:
        super().__init__(f"{place}: {construct} is not covered")
        self.construct = construct
        self.place = place


def read(spec: str | Path, libraries: Iterable[str | Path] = ()) -> tree.Module:
    """The tree of the module in the file `spec`, with all that it extends and instantiates.

    Raises SpecError when the module cannot be parsed, UnknownConstructError when the tree has no node for something.
    """
    loaded = parse(spec, tuple(libraries))
    return Reader(loaded).module(loaded.root)


class Reader:
    """Turns the nodes of one parsed spec into ours, each definition once."""

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        kinds = loaded.cls("tla2sany.semantic.ASTConstants")
        self._builtin = int(kinds.BuiltInKind)
        self._defined = int(kinds.UserDefinedOpKind)
        self._variable = int(kinds.VariableDeclKind)
        self._constant = int(kinds.ConstantDeclKind)
        self._by_kind: dict[int, Callable[[SanyNode], tree.Expression]] = {
            int(kinds.OpApplKind): self._application,
            int(kinds.NumeralKind): self._number,
            int(kinds.StringKind): lambda node: tree.Text(self.place(node), str(node.getRep())),
            int(kinds.LetInKind): self._let,
            int(kinds.LabelKind): lambda node: self.expression(node.getBody()),
            int(kinds.SubstInKind): self._instantiated,
            int(kinds.AtNodeKind): self._at,
        }
        self._files: dict[str, Path | None] = {}
        self._definitions: dict[int, tree.Definition] = {}
        self._declared: dict[int, tree.Constant | tree.Variable] = {}
        self._olds: list[tuple[SanyNode, tree.Bound]] = []

    def module(self, root: SanyNode) -> tree.Module:
        """The module whose node is `root`."""
        definitions = {}
        for node in root.getOpDefs():
            if int(node.getKind()) == self._defined and not self._is_standard(node):
                definitions[str(node.getName())] = self._definition(node)
        return tree.Module(
            str(root.getName()),
            {str(node.getName()): self._constant_of(node) for node in root.getConstantDecls()},
            {str(node.getName()): self._variable_of(node) for node in root.getVariableDecls()},
            dict(sorted(definitions.items(), key=lambda item: (item[1].place.file, item[1].place.line))),
            tuple(self._assumption(node) for node in root.getAssumptions()),
        )

    def place(self, node: SanyNode) -> tree.Place:
        """Where `node` stands."""
        location = node.getLocation()
        module = str(location.source())
        end = (int(location.endLine()), int(location.endColumn()))
        file = str(self._file(module) or module)
        return tree.Place(file, int(location.beginLine()), int(location.beginColumn()), end)

    def expression(self, node: SanyNode) -> tree.Expression:
        """Our node for a node of SANY's."""
        make = self._by_kind.get(int(node.getKind()))
        if make is None:
            raise self.unknown(f"a node of the kind {node.getClass().getSimpleName()}", node)
        return make(node)

    # -- names ---------------------------------------------------------------------------------------------

    def _is_standard(self, definition: SanyNode) -> bool:
        """Whether a definition comes from a module of TLA+ itself, whose operators are known by their names."""
        return self._file(self._home(definition)) is None

    def _file(self, module: str) -> Path | None:
        """The file of `module`, or None for a standard module."""
        if module not in self._files:
            paths = (library / f"{module}.tla" for library in self._loaded.libraries)
            self._files[module] = next((path for path in paths if path.is_file()), None)
        return self._files[module]

    @staticmethod
    def _home(definition: SanyNode) -> str:
        home = definition.getSource().getOriginallyDefinedInModuleNode()
        return "" if home is None else str(home.getName())

    def _constant_of(self, node: SanyNode) -> tree.Constant:
        made = self._declared.setdefault(
            int(node.getUid()), tree.Constant(str(node.getName()), int(node.getArity()), self.place(node))
        )
        assert isinstance(made, tree.Constant)
        return made

    def _variable_of(self, node: SanyNode) -> tree.Variable:
        made = self._declared.setdefault(int(node.getUid()), tree.Variable(str(node.getName()), self.place(node)))
        assert isinstance(made, tree.Variable)
        return made

    @staticmethod
    def _bound(node: SanyNode) -> tree.Bound:
        return tree.Bound(str(node.getName()), int(node.getUid()), int(node.getArity()))

    def _definition(self, node: SanyNode) -> tree.Definition:
        uid = int(node.getUid())
        if uid not in self._definitions:
            parameters = tuple(self._bound(parameter) for parameter in node.getParams() or ())
            recursive = bool(node.getInRecursive())
            made = tree.Definition(str(node.getName()), parameters, self.place(node), recursive)
            self._definitions[uid] = made
            made.body = self.expression(node.getBody())
        return self._definitions[uid]

    def _operator(self, node: SanyNode, user: SanyNode) -> tree.Operator:
        """What an operator that is applied or passed on stands for; `user` is the node that mentions it."""
        kind = int(node.getKind())
        if kind == self._constant:
            return self._constant_of(node)
        if kind == self._defined:
            if self._is_standard(node):
                return tree.Given(str(node.getName()), self._home(node))
            return self._definition(node)
        if kind == self._builtin:
            name = str(node.getName())
            if name in ("\\land", "\\lor", *APPLIED, *_SAME):
                return tree.Given(_SAME.get(name, name))
            raise self.unknown(name, user)
        if node.getClass().getSimpleName() == "FormalParamNode":
            return self._bound(node)
        raise self.unknown(f"the operator {node.getName()}", user)

    # -- kinds of node -------------------------------------------------------------------------------------

    def _application(self, node: SanyNode) -> tree.Expression:
        operator = node.getOperator()
        kind, place = int(operator.getKind()), self.place(node)
        if kind == self._builtin:
            return self._by_name(str(operator.getName()), node)
        if kind == self._variable:
            return tree.Name(place, self._variable_of(operator))
        target = self._operator(operator, node)
        arguments = tuple(self.argument(argument) for argument in node.getArgs() or ())
        if isinstance(target, tree.Constant | tree.Bound) and not arguments:
            return tree.Name(place, target)
        return tree.Apply(place, target, arguments)

    def _by_name(self, name: str, node: SanyNode) -> tree.Expression:
        form = FORMS.get(name)
        if form is not None:
            return form(self, node)
        if name in APPLIED or name in _SAME:
            arguments = tuple(self.expression(argument) for argument in node.getArgs() or ())
            return tree.Apply(self.place(node), tree.Given(_SAME.get(name, name)), arguments)
        raise self.unknown(name, node)

    def argument(self, node: SanyNode) -> tree.Expression | tree.OperatorArgument:
        """An argument of an operator: an expression, or an operator."""
        if node.getClass().getSimpleName() != "OpArgNode":
            return self.expression(node)
        operator = node.getOp()
        if str(operator.getName()) == "LAMBDA":
            parameters = tuple(self._bound(parameter) for parameter in operator.getParams())
            return tree.Lambda(self.place(node), parameters, self.expression(operator.getBody()))
        return tree.OperatorName(self.place(node), self._operator(operator, node))

    def _number(self, node: SanyNode) -> tree.Expression:
        large = node.bigVal()
        return tree.Number(self.place(node), int(node.val()) if large is None else int(str(large)))

    def _let(self, node: SanyNode) -> tree.Expression:
        definitions = tuple(self._definition(definition) for definition in node.getLets())
        return tree.Let(self.place(node), definitions, self.expression(node.getBody()))

    def _instantiated(self, node: SanyNode) -> tree.Expression:
        replaced = []
        for substitution in node.getSubsts():
            symbol = substitution.getOp()
            is_variable = int(symbol.getKind()) == self._variable
            target = self._variable_of(symbol) if is_variable else self._constant_of(symbol)
            replaced.append((target, self.argument(substitution.getExpr())))
        return tree.Instantiated(self.place(node), tuple(replaced), self.expression(node.getBody()))

    def _assumption(self, node: SanyNode) -> tree.Assumption:
        name = None if node.getDef() is None else str(node.getDef().getName())
        return tree.Assumption(name, self.expression(node.getAssume()), self.place(node))

    # -- binding -------------------------------------------------------------------------------------------

    def bindings(self, node: SanyNode) -> tuple[tree.Binding, ...]:
        """What a quantifier or a constructor binds, each with its set."""
        groups = zip(node.getBdedQuantSymbolLists(), node.isBdedQuantATuple(), node.getBdedQuantBounds(), strict=True)
        return tuple(
            tree.Binding(tuple(self._bound(s) for s in symbols), self.expression(bound), bool(is_tuple))
            for symbols, is_tuple, bound in groups
        )

    def unbounded(self, node: SanyNode) -> tuple[tree.Bound, ...]:
        """What a quantifier without a set binds."""
        return tuple(self._bound(symbol) for symbol in node.getUnbdedQuantSymbols())

    def update(self, base: SanyNode, pair: SanyNode) -> tree.Update:
        """One `!path = value` of an EXCEPT."""
        path, value = pair.getArgs()
        old = tree.Bound("@", int(pair.getUid()))
        self._olds.append((pair, old))
        steps = tuple(self.expression(step) for step in path.getArgs())
        made = tree.Update(steps, self.expression(value), old)
        self._olds.pop()
        return made

    def _at(self, node: SanyNode) -> tree.Expression:
        pair = node.getExceptComponentRef()
        for known, old in reversed(self._olds):
            if known.equals(pair):
                return tree.Name(self.place(node), old)
        raise self.unknown("@ outside of an EXCEPT", node)

    def unknown(self, construct: str, node: SanyNode) -> UnknownConstructError:
        """The error for something that has no node."""
        return UnknownConstructError(construct, self.place(node))
