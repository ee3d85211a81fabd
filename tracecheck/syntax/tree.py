"""TLA+ expressions as typed values.

Every name is resolved: to what the spec declares (`Constant`, `Variable`), what a quantifier, an operator's parameter
list or LET binds (`Bound`, `Definition`), or what the language and its standard modules give (`Given`). Notation that
differs only in looks is the same node: a bulleted list of conjuncts is `/\\`, and `[f EXCEPT !.a = 1]` is
`[f EXCEPT !["a"] = 1]` as far as a program cares.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True)
class Place:
    """Where a node stands in a spec's text: `file` is a path, or the name of a standard module. `end` is the line and
    the column of its last character."""

    file: str
    line: int
    column: int
    end: tuple[int, int] = field(default=(0, 0), compare=False)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


# -- what names stand for ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Constant:
    """A declared CONSTANT, which is an operator if `arity` is not 0."""

    name: str
    arity: int
    place: Place


@dataclass(frozen=True)
class Variable:
    """A declared VARIABLE."""

    name: str
    place: Place


@dataclass(frozen=True)
class Bound:
    """A name bound by a quantifier, a constructor, or an operator's list of parameters.

    `key` tells apart bound names that are spelled alike; it is unique in one process.
    """

    name: str
    key: int
    arity: int = 0


@dataclass(frozen=True)
class Given:
    """An operator of the language (`module` is empty) or of a standard module, e.g. \\cup, or Len of Sequences."""

    name: str
    module: str = ""


@dataclass(eq=False)
class Definition:
    """`name(parameters) == body`, at the top of a module or in a LET.

    A recursive definition occurs in its own body, so two definitions are equal only if they are the same one.
    """

    name: str
    parameters: tuple[Bound, ...]
    place: Place
    recursive: bool = False
    body: Expression = field(init=False, repr=False)


Operator: TypeAlias = "Definition | Given | Constant | Bound"


# -- expressions ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Node:
    """Any expression."""

    place: Place


@dataclass(frozen=True)
class Number(Node):
    value: int


@dataclass(frozen=True)
class Text(Node):
    """A string."""

    value: str


@dataclass(frozen=True)
class Truth(Node):
    """TRUE or FALSE."""

    value: bool


@dataclass(frozen=True)
class Name(Node):
    """A constant, a variable, or a bound name that is no operator."""

    target: Constant | Variable | Bound


@dataclass(frozen=True)
class Apply(Node):
    """An operator and its arguments; without arguments, the use of a definition by its name."""

    operator: Operator
    arguments: tuple[Expression | OperatorArgument, ...]


@dataclass(frozen=True)
class OperatorName(Node):
    """An operator given to another as an argument, by its name."""

    operator: Operator


@dataclass(frozen=True)
class Lambda(Node):
    """An operator without a name, given to another as an argument."""

    parameters: tuple[Bound, ...]
    body: Expression


@dataclass(frozen=True)
class And(Node):
    parts: tuple[Expression, ...]


@dataclass(frozen=True)
class Or(Node):
    parts: tuple[Expression, ...]


@dataclass(frozen=True)
class If(Node):
    condition: Expression
    then: Expression
    otherwise: Expression


@dataclass(frozen=True)
class Case(Node):
    """`otherwise` is None when there is no OTHER."""

    arms: tuple[tuple[Expression, Expression], ...]
    otherwise: Expression | None


@dataclass(frozen=True)
class Let(Node):
    definitions: tuple[Definition, ...]
    body: Expression


@dataclass(frozen=True)
class Binding:
    """`x, y \\in bound`, or `<<x, y>> \\in bound` if `is_tuple`."""

    names: tuple[Bound, ...]
    bound: Expression
    is_tuple: bool


@dataclass(frozen=True)
class Quantified(Node):
    """\\A (`universal`) or \\E over sets."""

    universal: bool
    bindings: tuple[Binding, ...]
    body: Expression


@dataclass(frozen=True)
class Unbounded(Node):
    """\\A or \\E over everything, or over all behaviours of hidden variables (`temporal`: \\AA, \\EE)."""

    universal: bool
    temporal: bool
    names: tuple[Bound, ...]
    body: Expression


@dataclass(frozen=True)
class Choose(Node):
    """`binding` has one name, or one tuple of names; the name alone when CHOOSE has no set."""

    binding: Binding | Bound
    body: Expression


@dataclass(frozen=True)
class SetOf(Node):
    """{a, b, c}"""

    elements: tuple[Expression, ...]


@dataclass(frozen=True)
class Filter(Node):
    """{x \\in S : condition}"""

    binding: Binding
    condition: Expression


@dataclass(frozen=True)
class Image(Node):
    """{element : x \\in S, y \\in T}"""

    bindings: tuple[Binding, ...]
    element: Expression


@dataclass(frozen=True)
class Function(Node):
    """[x \\in S, y \\in T |-> value]. A recursive one, f[x \\in S] == ..., names itself `itself` in its value."""

    bindings: tuple[Binding, ...]
    value: Expression
    itself: Bound | None = None


@dataclass(frozen=True)
class Call(Node):
    """function[argument]; f[a, b] has the argument <<a, b>>."""

    function: Expression
    argument: Expression


@dataclass(frozen=True)
class Functions(Node):
    """[S -> T]"""

    domain: Expression
    range: Expression


@dataclass(frozen=True)
class Record(Node):
    """[a |-> 1, b |-> 2]"""

    fields: tuple[tuple[str, Expression], ...]


@dataclass(frozen=True)
class Records(Node):
    """[a : S, b : T]"""

    fields: tuple[tuple[str, Expression], ...]


@dataclass(frozen=True)
class Field(Node):
    """record.name"""

    record: Expression
    name: str


@dataclass(frozen=True)
class Update:
    """`![1].a = value`: the path is <<1, "a">>. `old` is what @ stands for in the value."""

    path: tuple[Expression, ...]
    value: Expression
    old: Bound


@dataclass(frozen=True)
class Except(Node):
    """[base EXCEPT updates], each update made to the result of the one before."""

    base: Expression
    updates: tuple[Update, ...]


@dataclass(frozen=True)
class Tuple(Node):
    """<<a, b>>, which is a sequence as well."""

    elements: tuple[Expression, ...]


@dataclass(frozen=True)
class Product(Node):
    """S \\X T"""

    factors: tuple[Expression, ...]


@dataclass(frozen=True)
class Prime(Node):
    """e'"""

    body: Expression


@dataclass(frozen=True)
class Unchanged(Node):
    body: Expression


@dataclass(frozen=True)
class Enabled(Node):
    body: Expression


@dataclass(frozen=True)
class Step(Node):
    """[action]_subscript, or <<action>>_subscript if `changes`."""

    changes: bool
    action: Expression
    subscript: Expression


@dataclass(frozen=True)
class Fairness(Node):
    """WF or, if `strong`, SF."""

    strong: bool
    subscript: Expression
    action: Expression


@dataclass(frozen=True)
class Always(Node):
    """[]formula"""

    body: Expression


@dataclass(frozen=True)
class Eventually(Node):
    """<>formula"""

    body: Expression


@dataclass(frozen=True)
class Instantiated(Node):
    """An expression of another module, with that module's constants and variables replaced by expressions of this."""

    replaced: tuple[tuple[Constant | Variable, Expression | OperatorArgument], ...]
    body: Expression


Expression: TypeAlias = Node
OperatorArgument: TypeAlias = OperatorName | Lambda


@dataclass(frozen=True)
class Assumption:
    """ASSUME, with its name if it has one."""

    name: str | None
    formula: Expression
    place: Place


@dataclass(frozen=True)
class Module:
    """A module with all it extends: definitions by name, in the order of the text."""

    name: str
    constants: dict[str, Constant]
    variables: dict[str, Variable]
    definitions: dict[str, Definition]
    assumptions: tuple[Assumption, ...]
