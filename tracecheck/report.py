"""What a check has found: a value that turns into JSON as it is, and into text for people."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

CONFORMS = "CONFORMS"
VIOLATES = "VIOLATES"
INCONCLUSIVE = "INCONCLUSIVE"
_SHOWN = 300
EXIT_CODES = {CONFORMS: 0, VIOLATES: 1, INCONCLUSIVE: 2}


@dataclass(frozen=True)
class Nearest:
    """The action that the rejected event should have been, and the first of its conjuncts that is false.

    `file` and `line` point into the spec; `values` are the action's arguments; `where` says what the other names and
    operands of the conjunct stand for. `note` says in words what is wrong with the conjunct; `inside` is the
    conjunct of the action itself, where that one was looked into.
    """

    action: str
    conjunct: str
    file: str
    line: int
    values: dict[str, str]
    where: dict[str, str]
    note: str = "false"
    inside: str = ""

    def __str__(self) -> str:
        within = f", in {self.inside}" if self.inside else ""
        return f"{self.file}:{self.line}: {self.note}: {self.conjunct}{within}"


@dataclass(frozen=True)
class Rejection:
    """An event that no behaviour of the spec allows. `state` is the last good state, as TLA+ text by variable."""

    act: str
    node: str
    n: int
    file: str
    line: int
    raw: str
    slice: str | None
    nearest: list[Nearest]
    state: dict[str, str]

    def __str__(self) -> str:
        head = f"{self.file}:{self.line}: event {self.n} of {self.node}, {self.act}, is allowed by no behaviour"
        if not self.nearest:
            return head
        return f"{head}: {self.nearest[0]}"


@dataclass(frozen=True)
class Problem:
    """What kept the checker from a verdict; `kind` is a word for programs."""

    kind: str
    message: str
    file: str | None
    line: int | None

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.line else f"{self.file}: " if self.file else ""
        return place + self.message


@dataclass(frozen=True)
class SliceResult:
    """One independent behaviour: `checked` events conform, `unchecked` came after the verdict fell."""

    name: str | None
    verdict: str
    checked: int
    unchecked: int
    rejection: Rejection | None


@dataclass(frozen=True)
class Result:
    """The verdict on one spec. `consumed` counts events by action of the spec, `ignored` by event; `rejection` is the
    first rejected event of any slice; `seconds` were spent stepping the spec."""

    spec: str
    mapping: str
    verdict: str
    reason: str
    consumed: dict[str, int] = field(default_factory=dict)
    ignored: dict[str, int] = field(default_factory=dict)
    slices: list[SliceResult] = field(default_factory=list)
    rejection: Rejection | None = None
    problems: list[Problem] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def events(self) -> int:
        """How many events were steps of the spec."""
        return sum(self.consumed.values())

    @property
    def events_per_second(self) -> float:
        return self.events / self.seconds if self.seconds > 0 else 0.0

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.verdict]

    def to_json(self) -> dict[str, Any]:
        """All of it, as JSON's own types."""
        return {
            **asdict(self),
            "events": self.events,
            "events_per_second": round(self.events_per_second, 1),
        }


def shorten(text: str) -> str:
    """`text` on one line, cut off where it grows long."""
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}... ({len(line) - _SHOWN} more characters)"


def render(result: Result) -> str:
    """The result as text of a few lines."""
    lines = [f"{result.spec}: {result.verdict}: {result.reason}"]
    steps = ", ".join(f"{action} {count}" for action, count in result.consumed.items()) or "none"
    lines.append(f"  checked: {result.events} events ({steps})")
    if result.ignored:
        lines.append(f"  ignored: {', '.join(f'{act} {count}' for act, count in result.ignored.items())}")
    named = [s for s in result.slices if s.name is not None]
    if named:
        lines.append(f"  slices:  {', '.join(f'{s.name} {s.verdict} ({s.checked} events)' for s in named)}")
    lines.append(f"  speed:   {result.events_per_second:.0f} events/s, {result.seconds:.1f} s")
    for problem in result.problems:
        lines.append(f"  problem: {problem}")
    for part in result.slices:
        if part.rejection is not None:
            lines += _render_rejection(part.rejection)
    return "\n".join(lines)


def _render_rejection(rejection: Rejection) -> list[str]:
    lines = [f"  event:   {rejection.raw}"]
    for nearest in rejection.nearest:
        lines.append(f"  nearest: {nearest.action}, {nearest}")
        lines += [f"      where {name} = {value}" for name, value in nearest.where.items()]
        lines += [f"    {name} = {value}" for name, value in nearest.values.items()]
    lines.append("  last good state:")
    lines += [f"    {name} = {value}" for name, value in rejection.state.items()]
    return lines
