"""An event that the spec does not allow, and the sentence that says so."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

FALSE = "false"
FORBIDDEN = "true, and must not be"
OUTSIDE = "Next does not offer this value"
DIFFERENT = "the event says so, and the spec has another value after the step"

_SHOWN = 300
_SHOWN_IN_SENTENCE = 60
_WORD = re.compile(r"(?<![\w.])\w+'?")
_TOLD = {
    FALSE: "{} is false",
    FORBIDDEN: "{} is true and must not be",
    OUTSIDE: "{}, which Next demands, is false",
    DIFFERENT: "{}, which the event says, is false after it",
}


@dataclass(frozen=True)
class Nearest:
    """An action that the rejected event should have been, and the first of its conjuncts that is false.

    `file` and `line` point into the spec; `values` are the action's arguments; `where` says what the other names and
    operands of the conjunct stand for. `note` says in words what is wrong with the conjunct; `inside` is the
    conjunct of the action itself, where that one was looked into. `invariant` is the invariant that the conjunct is
    part of, when the action is allowed but the state after it is not.
    """

    action: str
    conjunct: str
    file: str
    line: int
    values: dict[str, str]
    where: dict[str, str]
    note: str = FALSE
    inside: str = ""
    invariant: str = ""

    def __str__(self) -> str:
        within = f", in {self.inside}" if self.inside else ""
        return f"{shown_path(self.file)}:{self.line}: {self.note}: {self.conjunct}{within}"


@dataclass(frozen=True)
class Step:
    """An event of a minimised trace: where it stands, and what it says."""

    file: str
    line: int
    node: str
    act: str
    raw: str


@dataclass(frozen=True)
class Minimised:
    """A small part of a slice that is rejected for the same reason at the same event.

    `steps` end with the rejected event; without them `dropped` events went before it too. `smallest` is true when no
    single one of `steps` could be left out as well, false when the search ended before that was known.
    """

    steps: list[Step]
    dropped: int
    smallest: bool


@dataclass(frozen=True)
class Rejection:
    """An event that no behaviour of the spec allows. `state` is the last good state, as TLA+ text by variable (one of
    `candidates` in which the spec may have been); `instead` are other actions of Next that would have been possible
    there with the logged arguments of the same names."""

    act: str
    node: str
    n: int
    file: str
    line: int
    raw: str
    slice: str | None
    nearest: list[Nearest]
    state: dict[str, str]
    candidates: int = 1
    instead: list[str] = field(default_factory=list)
    minimised: Minimised | None = None

    def __str__(self) -> str:
        return sentence(self)


def shorten(text: str, limit: int = _SHOWN) -> str:
    """`text` on one line, cut off where it grows longer than `limit` characters."""
    line = " ".join(text.split())
    return line if len(line) <= limit else f"{line[:limit]}... ({len(line) - limit} more characters)"


def sentence(rejection: Rejection) -> str:
    """Which event is not allowed, as which action, and for which condition of the spec, on one line."""
    place = f"{shown_path(rejection.file)}:{rejection.line}"
    if not rejection.nearest:
        return f"{place}: {rejection.act} by {rejection.node}: not allowed by any action of the spec."
    nearest = rejection.nearest[0]
    where = f"{shown_path(nearest.file)}:{nearest.line}"
    return f"{place}: {applied(nearest)} by {rejection.node}: not allowed, for {because(nearest)}, {where}."


def applied(nearest: Nearest) -> str:
    """The action with its arguments, as a record is written: Commit(txn |-> "t7", ts |-> 3)."""
    given = ", ".join(f"{name} |-> {_brief(value)}" for name, value in nearest.values.items())
    return f"{nearest.action}({given})" if given else nearest.action


def because(nearest: Nearest) -> str:
    """Which condition keeps the action from being a step, and what the names in it stand for."""
    quoted = f'"{shorten(nearest.conjunct)}"'
    condition = _TOLD[nearest.note].format(quoted) if nearest.note in _TOLD else f"{nearest.note}: {quoted}"
    values = ", ".join(f"{name} = {_brief(value)}" for name, value in operands(nearest).items())
    inside = f', in "{shorten(nearest.inside)}"' if nearest.inside else ""
    broken = f"it would break the invariant {nearest.invariant}: " if nearest.invariant else ""
    return f"{broken}{condition}{f' ({values})' if values else ''}{inside}"


def operands(nearest: Nearest) -> dict[str, str]:
    """What the names and operands of the false condition stand for, in its order; arguments of the action among them.
    Then what else is spoken of in the conjunct around it."""
    around = set(_WORD.findall(nearest.inside)) - nearest.values.keys()
    places = {found[0]: found.start() for found in reversed(list(_WORD.finditer(nearest.conjunct)))}
    known = nearest.values | nearest.where
    spoken = {name: nearest.conjunct.find(name) for name in known if not _WORD.fullmatch(name)}
    spoken |= {name: places.get(name, len(nearest.conjunct)) for name in known if name in places or name in around}
    return {name: known[name] for name in sorted(spoken, key=spoken.__getitem__)}


def shown_path(path: str) -> str:
    """`path` as a person here would write it: relative to the working directory, if it lies below it."""
    try:
        return Path(path).relative_to(Path.cwd()).as_posix()
    except ValueError:
        return path


def _brief(text: str) -> str:
    return shorten(text, _SHOWN_IN_SENTENCE)
