"""Where everything in the picture of an anomaly stands."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from historycheck.model import Anomaly, Append, Edge, History, Key, Op, Read, Scan, Transaction, Value

LEFT = 330
"""Width of the column that says what each transaction did, in pixels."""
LANE = 12
"""Thickness of a bar."""
WIDEST = 960
BOW = 24
"""How far arrows lean to the side, so that two between the same ends do not lie upon each other."""
TOP = 36
MOST_OPS = 8
MOST_LANES = 20
"""Transactions that are drawn; who is on the cycle is, always."""
TICK = 7
"""Width of a figure above the lanes."""
LONGEST_OP = 40


@dataclass(frozen=True)
class Lane:
    """A transaction: the text beside its bar, and the bar."""

    name: str
    about: str
    ops: tuple[tuple[str, bool], ...]
    """Each operation, and whether the anomaly speaks of its key."""
    known: bool
    """Whether it has surely committed."""
    on_cycle: bool
    top: int
    bottom: int
    start: int
    end: int

    @property
    def middle(self) -> int:
        """Where the bar is."""
        return (self.top + self.bottom) // 2 - 4


@dataclass(frozen=True)
class Arrow:
    """An edge of the cycle."""

    path: str
    label: str
    label_at: tuple[int, int]
    half_width: int
    colour: str
    why: str


@dataclass(frozen=True)
class Drawing:
    """All of it, in pixels."""

    width: int
    height: int
    ticks: tuple[tuple[int, str], ...]
    lanes: tuple[Lane, ...]
    arrows: tuple[Arrow, ...]
    left_out: int
    """Transactions for which there was no room."""


def lay_out(history: History, anomaly: Anomaly) -> Drawing:
    """Gives everything its place: transactions from above in the order of their starts."""
    places = {one.name: place for place, one in enumerate(history.transactions)}
    on_cycle = {name for edge in anomaly.edges for name in (edge.source, edge.target)} or set(anomaly.transactions)
    named = [name for name in anomaly.transactions if name in places]
    named.sort(key=lambda name: name not in on_cycle)
    room = max(MOST_LANES, len(on_cycle))
    chosen = [history.transactions[places[name]] for name in named[:room]]
    spans = {one.name: _span(one, places[one.name]) for one in chosen}
    chosen.sort(key=lambda one: spans[one.name])
    last = max((time for span in spans.values() for time in span if time != inf), default=0.0) + 0.5
    spans = {name: (start, min(end, last)) for name, (start, end) in spans.items()}
    times = sorted({time for span in spans.values() for time in span})
    step = min(120, (WIDEST - LEFT - 80) // max(1, len(times) - 1))
    across = {time: LEFT + 40 + step * number for number, time in enumerate(times)}
    keys = {edge.key for edge in anomaly.edges if edge.key is not None}
    lanes, top = [], TOP
    for one in chosen:
        ops = _ops(one, keys)
        bottom = top + max(84, 36 + 16 * len(ops) + 8)
        start, end = spans[one.name]
        about = {"ok": one.process, "info": f"{one.process}, outcome unknown", "fail": f"{one.process}, failed"}
        known = one.status == "ok"
        involved = one.name in on_cycle
        lanes.append(Lane(one.name, about[one.status], ops, known, involved, top, bottom, across[start], across[end]))
        top = bottom
    arrows = _arrows(anomaly.edges, {lane.name: lane for lane in lanes})
    width = max(620, max(across.values(), default=0) + 60)
    has_times = any(_has_times(one) for one in chosen)
    ticks = _ticks(across) if has_times else ()
    return Drawing(width, top + 14, ticks, tuple(lanes), arrows, len(named) - len(chosen))


def _has_times(one: Transaction) -> bool:
    return one.start is not None or one.invoked is not None


def _span(one: Transaction, place: int) -> tuple[float, float]:
    """From start to commit by the database's times, or else as the client saw it, or else by its place."""
    if one.start is not None:
        unknown = inf if one.status == "info" else one.start
        return one.start, unknown if one.commit is None else one.commit
    if one.invoked is not None:
        return one.invoked, inf if one.completed is None else one.completed
    return place, place + 0.5


def _ticks(across: dict[float, int]) -> tuple[tuple[int, str], ...]:
    """All times by their places, with the figures of those that have room."""
    ticks, taken = [], 0
    for time, x in across.items():
        figures = "" if time != int(time) else str(int(time))
        half = TICK * len(figures) // 2
        if x - half < taken:
            figures = ""
        elif figures:
            taken = x + half + TICK
        ticks.append((x, figures))
    return tuple(ticks)


def _ops(one: Transaction, keys: set[Key]) -> tuple[tuple[str, bool], ...]:
    """What it did, what matters first if it is much."""
    lines = [(_clip(_text(op, keys)), not keys or _touches(op, keys)) for op in one.ops]
    if len(lines) <= MOST_OPS:
        return tuple(lines)
    chosen = [line for line in lines if line[1]][: MOST_OPS - 1]
    return (*chosen, (f"and {len(lines) - len(chosen)} more", False))


def _touches(op: Op, keys: set[Key]) -> bool:
    if isinstance(op, Scan):
        return bool(_within(op, keys))
    return op.key in keys


def _within(op: Scan, keys: set[Key]) -> list[Key]:
    """Those that a predicate read tells something of."""
    low, high = op.low, op.high
    within: list[Key] = [key for key, _ in op.found if key in keys]
    if isinstance(low, int) and isinstance(high, int):
        within += [key for key in keys if isinstance(key, int) and low <= key < high]
    elif isinstance(low, str) and isinstance(high, str):
        within += [key for key in keys if isinstance(key, str) and low <= key < high]
    return sorted(set(within), key=str)


def _text(op: Op, keys: set[Key]) -> str:
    if isinstance(op, Read):
        return f"read {op.key} = {_brief(op.value)}"
    if isinstance(op, Append):
        return f"append {op.value} to {op.key}"
    if isinstance(op, Scan):
        return _scanned(op, keys)
    return f"delete {op.key}" if op.value is None else f"write {op.key} = {op.value}"


def _scanned(op: Scan, keys: set[Key]) -> str:
    """All that was found, or, if that is much, what there was of the keys in question."""
    text = (
        f"scan {op.low} to {op.high}: {', '.join(f'{key} = {_brief(value)}' for key, value in op.found) or 'nothing'}"
    )
    within = _within(op, keys)
    if len(text) <= LONGEST_OP or not within:
        return text
    found = dict(op.found)
    return f"scan {op.low} to {op.high}: {', '.join(f'{key} = {_brief(found.get(key))}' for key in within)}, …"


def _brief(value: Value) -> str:
    """A value; of a long list only the end, where it grows."""
    if not isinstance(value, tuple):
        return "nothing" if value is None else str(value)
    text = " ".join(map(str, value))
    return f"[{text}]" if len(text) <= LONGEST_OP // 2 else f"[… {text[-LONGEST_OP // 2 :].partition(' ')[2]}]"


def _clip(text: str) -> str:
    return text if len(text) <= LONGEST_OP else text[: LONGEST_OP - 1] + "…"


def _arrows(edges: tuple[Edge, ...], lanes: dict[str, Lane]) -> tuple[Arrow, ...]:
    """From commit to start, but what overlooks a commit begins at a start and ends at it; labels keep apart."""
    arrows: list[Arrow] = []
    taken = [((lane.start + lane.end) // 2, lane.middle, (lane.end - lane.start) // 2 + 8) for lane in lanes.values()]
    for edge in edges:
        if edge.source not in lanes or edge.target not in lanes:
            continue
        source, target = lanes[edge.source], lanes[edge.target]
        overlooks = edge.kind == "rw"
        x, to_x = (source.start, target.end) if overlooks else (source.end, target.start)
        down = 1 if target.middle >= source.middle else -1
        y, to_y = source.middle + 8 * down, target.middle - 10 * down
        bend, bow = (to_y - y) // 2, BOW * down
        path = f"M{x} {y}C{x + bow} {y + bend} {to_x + bow} {to_y - bend} {to_x} {to_y}"
        label = edge.kind if edge.key is None else f"{edge.kind} {edge.key}"
        half = 4 * len(label) + 6
        at = _free(((x + to_x) // 2 + 3 * bow // 4, (y + to_y) // 2), half, taken)
        taken.append((*at, half))
        colour = edge.kind if edge.kind in ("ww", "wr", "rw") else "other"
        arrows.append(Arrow(path, label, at, half, colour, edge.why))
    return tuple(arrows)


def _free(at: tuple[int, int], half: int, taken: list[tuple[int, int, int]]) -> tuple[int, int]:
    """The place nearest to one, above or below it, where no label is."""
    x, y = at
    for shift in (0, 20, -20, 40, -40, 60, -60):
        if all(abs(x - other) >= half + width or abs(y + shift - above) >= 19 for other, above, width in taken):
            return x, y + shift
    return x, y
