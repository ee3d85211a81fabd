"""Kinds of mutation of a spec: small changes of its text, at places that its syntax tree gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from tracecheck.mutate.source import Source, everything, speaks_of_next
from tracecheck.syntax import tree

_INSTEAD = {
    "<": (r"<(?!=)", "<="),
    ">": (r">(?!=)", ">="),
    "\\leq": (r"<=|=<|\\leq", "<"),
    "\\geq": (r">=|\\geq", ">"),
    "=": (r"=", "/="),
    "/=": (r"/=|#", "="),
    "\\in": (r"\\in\b", "\\notin"),
    "\\notin": (r"\\notin\b", "\\in"),
    "\\cup": (r"\\cup\b|\\union\b", "\\cap"),
    "\\cap": (r"\\cap\b|\\intersect\b", "\\cup"),
    "\\": (r"\\", "\\cap"),
    "\\subseteq": (r"\\subseteq\b", "="),
    "=>": (r"=>", "\\equiv"),
    "+": (r"\+", "-"),
    "-": (r"-", "+"),
}
"""For each operator its token and what is put in its place."""

_AND, _OR = r"/\\", r"\\/"


@dataclass(frozen=True)
class Edit:
    """A change of one file of a spec: the text from `begin` to `end`, which is `before`, becomes `after`.

    It stands in `definition`, and begins on a line that reads `around`.
    """

    kind: str
    file: str
    line: int
    begin: int
    end: int
    before: str
    after: str
    definition: str
    around: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.definition}: {self.before!r} becomes {self.after!r}"

    def apply(self, text: str) -> str:
        """The file's text, changed."""
        return text[: self.begin] + self.after + text[self.end :]


class Editor:
    """Generates the edits of definitions."""

    def __init__(
        self,
        source: Source,
        definitions: list[tree.Definition],
        variables: tuple[str, ...],
        replaced: Mapping[str, str],
    ) -> None:
        self._source = source
        self._definitions = definitions
        self._variables = variables
        self._replaced = replaced
        nodes = [node for definition in definitions for node in everything(definition.body)]
        self._texts = sorted({node.value for node in nodes if isinstance(node, tree.Text)})
        self._definition = definitions[0] if definitions else None

    def edits(self) -> Iterator[Edit]:
        """Every edit of every definition."""
        for definition in self._definitions:
            self._definition = definition
            for node in everything(definition.body):
                yield from self._of(node)

    def _of(self, node: tree.Node) -> Iterator[Edit]:
        match node:
            case tree.And():
                yield from self._conjunction(node)
            case tree.Or():
                yield from self._disjunction(node)
            case tree.If():
                yield from self._if(node)
            case tree.Case():
                for condition, _ in node.arms:
                    yield self._whole("arm of CASE never taken", condition, "FALSE")
            case tree.Quantified():
                yield from self._quantifier(node)
            case tree.Apply():
                yield from self._applied(node)
            case tree.Filter():
                yield self._whole("condition of a set dropped", node.condition, "TRUE")
            case tree.SetOf():
                yield from self._set(node)
            case tree.Number():
                yield self._whole("number one more", node, str(node.value + 1))
                if node.value > 0:
                    yield self._whole("number one less", node, str(node.value - 1))
            case tree.Text():
                yield from self._text(node)
            case tree.Name():
                yield from self._name(node)

    # -- logic ---------------------------------------------------------------------------------------------

    def _conjunction(self, node: tree.And) -> Iterator[Edit]:
        for part in node.parts:
            if speaks_of_next(part):
                yield from self._update(part)
            else:
                yield self._whole("conjunct dropped", part, "TRUE")
                yield self._whole("conjunct negated", part, self._wrapped("~(", part))
        if not speaks_of_next(node):
            yield from self._connective("or for and", node.place, node.parts, _AND, "\\/")

    def _disjunction(self, node: tree.Or) -> Iterator[Edit]:
        if not speaks_of_next(node):
            for part in node.parts:
                yield self._whole("disjunct dropped", part, "FALSE")
            yield from self._connective("and for or", node.place, node.parts, _OR, "/\\")

    def _update(self, part: tree.Node) -> Iterator[Edit]:
        """x' = e becomes UNCHANGED x."""
        if isinstance(part, tree.Apply) and part.operator == tree.Given("="):
            left = part.arguments[0]
            if isinstance(left, tree.Prime) and isinstance(left.body, tree.Name):
                yield self._whole("update dropped", part, f"UNCHANGED {left.body.target.name}")

    def _connective(
        self, kind: str, place: tree.Place, members: tuple[tree.Node, ...], token: str, other: str
    ) -> Iterator[Edit]:
        """All the connectives between some parts, and the bullet before the first."""
        begin, end = self._source.span(place)
        tokens = []
        at = begin
        for number, part in enumerate(members):
            first, last = self._source.span(part.place)
            found = self._source.token(place.file, at, first, token)
            if found is None and number > 0:
                return
            tokens += [found] if found is not None else []
            at = last
        text = self._source.text(place.file)
        after = text[begin:end]
        for first, last in reversed(tokens):
            after = after[: first - begin] + other + after[last - begin :]
        yield self._made(kind, place, begin, end, after)

    def _quantifier(self, node: tree.Quantified) -> Iterator[Edit]:
        if not speaks_of_next(node):
            begin, _ = self._source.span(node.place)
            yield self._made("quantifier exchanged", node.place, begin, begin + 2, "\\E" if node.universal else "\\A")

    def _if(self, node: tree.If) -> Iterator[Edit]:
        yield self._whole("condition of IF always true", node.condition, "TRUE")
        yield self._whole("condition of IF always false", node.condition, "FALSE")
        begin, end = self._source.span(node.place)
        (a, b), (c, d) = self._source.span(node.then.place), self._source.span(node.otherwise.place)
        text = self._source.text(node.place.file)
        if begin <= a < b < c < d <= end and "\n" not in text[a:b] + text[c:d]:
            after = text[begin:a] + text[c:d] + text[b:c] + text[a:b] + text[d:end]
            yield self._made("branches of IF exchanged", node.place, begin, end, after)

    # -- operators -----------------------------------------------------------------------------------------

    def _applied(self, node: tree.Apply) -> Iterator[Edit]:
        if isinstance(node.operator, tree.Given):
            yield from self._given(node, node.operator.name)
        elif isinstance(node.operator, tree.Definition) and len(node.arguments) > 1:
            yield from self._arguments(node)
            yield from self._other_operator(node, node.operator)

    def _given(self, node: tree.Apply, name: str) -> Iterator[Edit]:
        if name == "\\lnot":
            begin, _ = self._source.span(node.place)
            first, _ = self._source.span(node.arguments[0].place)
            if first > begin:
                yield self._made("negation dropped", node.place, begin, first, " " * (first - begin))
        if name not in _INSTEAD or len(node.arguments) != 2 or speaks_of_next(node):
            return
        token, other = _INSTEAD[name]
        left, right = (self._source.span(argument.place) for argument in node.arguments)
        found = self._source.token(node.place.file, left[1], right[0], token)
        if found is not None:
            kind = "comparison changed" if name in ("<", ">", "\\leq", "\\geq", "=", "/=") else "operator changed"
            yield self._made(kind, node.place, *found, other)

    def _arguments(self, node: tree.Apply) -> Iterator[Edit]:
        spans = [self._source.span(argument.place) for argument in node.arguments]
        text = self._source.text(node.place.file)
        for (a, b), (c, d) in pairwise(spans):
            if b < c and "\n" not in text[a:d] and text[a:b] != text[c:d]:
                yield self._made("arguments exchanged", node.place, a, d, text[c:d] + text[b:c] + text[a:b])

    def _other_operator(self, node: tree.Apply, own: tree.Definition) -> Iterator[Edit]:
        """Another operator of the same file with as many parameters."""
        begin, _ = self._source.span(node.place)
        for other in self._definitions:
            same = other.place.file == own.place.file and len(other.parameters) == len(own.parameters)
            another = other not in (own, self._definition) and self._replaced.get(own.name) != other.name
            is_prefix = self._source.of(node).startswith(own.name)
            if same and another and is_prefix and not speaks_of_next(other.body):
                yield self._made("another operator", node.place, begin, begin + len(own.name), other.name)

    # -- values --------------------------------------------------------------------------------------------

    def _set(self, node: tree.SetOf) -> Iterator[Edit]:
        texts = [self._source.of(element) for element in node.elements]
        if len(texts) > 1 and "\n" not in self._source.of(node):
            for i in range(len(texts)):
                yield self._whole("element of a set dropped", node, "{" + ", ".join(texts[:i] + texts[i + 1 :]) + "}")

    def _text(self, node: tree.Text) -> Iterator[Edit]:
        for other in self._texts:
            if other != node.value and self._source.of(node).startswith('"'):
                yield self._whole("another text", node, f'"{other}"')

    def _name(self, node: tree.Name) -> Iterator[Edit]:
        assert self._definition is not None
        own = node.target.name
        if isinstance(node.target, tree.Variable):
            others = [name for name in self._variables if name != own]
        else:
            names = [parameter.name for parameter in self._definition.parameters]
            others = [name for name in names if name != own] if own in names else []
        if self._source.of(node) == own:
            for other in others:
                yield self._whole("another name", node, other)

    # -- making --------------------------------------------------------------------------------------------

    def _wrapped(self, before: str, node: tree.Node) -> str:
        """The text of a node in parentheses, on lines of its own: lists of conjuncts go by their columns."""
        text = self._source.of(node)
        if "\n" not in text:
            return f"{before}{text})"
        return f"{before}\n{' ' * (node.place.column - 1)}{text})"

    def _whole(self, kind: str, node: tree.Node, after: str) -> Edit:
        return self._made(kind, node.place, *self._source.span(node.place), after)

    def _made(self, kind: str, place: tree.Place, begin: int, end: int, after: str) -> Edit:
        definition = self._definition
        assert definition is not None
        text = self._source.text(place.file)
        around = text[text.rfind("\n", 0, begin) + 1 :].partition("\n")[0].strip()
        line = text.count("\n", 0, begin) + 1
        return Edit(kind, place.file, line, begin, end, text[begin:end], after, definition.name, around)
