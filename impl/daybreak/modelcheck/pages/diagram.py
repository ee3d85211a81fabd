"""A counterexample as a sequence diagram: one lane for each who takes part, time flows down.

A box stands on the lane of who takes the step, and says on every lane what changed there. An arrow leads to those for
whom the step changes something, a dashed line to those of whom it only speaks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from daybreak.modelcheck.pages.brief import brief, on_lane, wrapped
from daybreak.modelcheck.pages.lanes import Lane
from daybreak.modelcheck.pages.scene import Event, Scene

_GUTTER = 34
_GAP = 32
_LETTER = 7.3
_TITLE_LETTER = 8
_LINE = 17
_TITLE = 20
_PAD = 10
_HEAD = 34
_ROW_GAP = 18
_NARROWEST, _WIDEST = 17, 31
_MOST_LINES = 5
_LEAST_SCALE = 0.75


@dataclass(frozen=True)
class _Box:
    """A box on a lane: the action and its arguments (none where a step only changes something), and what changed."""

    title: str
    spoken: Sequence[str]
    lines: Sequence[str]

    @property
    def height(self) -> int:
        return (_TITLE if self.title else 0) + (len(self.spoken) + len(self.lines)) * _LINE + 2 * _PAD - 4


@dataclass(frozen=True)
class _Column:
    """Where a lane stands, in pixels."""

    left: int
    width: int

    @property
    def middle(self) -> int:
        return self.left + self.width // 2

    @property
    def right(self) -> int:
        return self.left + self.width


def draw(scene: Scene, verdict: str, name: str) -> str:
    """The diagram as an SVG element. `verdict` stands below the last step, `name` is for those who do not see it."""
    rows = [(event, _boxes(event)) for event in scene.events]
    columns = _columns(scene.lanes, [boxes for _, boxes in rows])
    below = round(max(len(verdict), len(scene.ending)) * _TITLE_LETTER) + 2 * _PAD
    width = max(columns[scene.lanes[-1]].right, _GUTTER + below) + 12
    parts: list[str] = []
    top = _HEAD + 14
    for event, boxes in rows:
        last = event is scene.events[-1] and not scene.ending
        parts += _row(event, boxes, columns, top, last)
        top += max(box.height for box in boxes.values()) + _ROW_GAP
    foot = _foot(scene.ending, verdict, width, top)
    height = top + (62 if scene.ending else 38)
    lifelines = [f'<line class="life" x1="{c.middle}" y1="{_HEAD}" x2="{c.middle}" y2="{top - 6}"/>'
                 for c in columns.values()]  # fmt: skip
    heads = [_head(lane.title, columns[lane]) for lane in scene.lanes]
    body = "\n".join([*lifelines, *heads, *parts, *foot])
    return (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" style="min-width: {width * _LEAST_SCALE:.0f}px"'
        f' role="img" aria-label="{escape(name)}">\n{body}\n</svg>'
    )


def _boxes(event: Event) -> dict[Lane, _Box]:
    """What stands on each lane in the row of a step."""
    found = {}
    for lane, changed in event.on.items():
        lines = [line for change in changed for line in wrapped(on_lane(change, lane), _WIDEST, _MOST_LINES)]
        if lane == event.actor:
            spoken = ", ".join(f"{name} {brief(value, inner=True)}" for name, value in event.spoken.items())
            found[lane] = _Box(event.action, wrapped(spoken, _WIDEST, 3) if spoken else [], lines)
        else:
            found[lane] = _Box("", [], lines)
    return found


def _columns(lanes: Sequence[Lane], rows: Sequence[Mapping[Lane, _Box]]) -> dict[Lane, _Column]:
    """Each lane as wide as its widest box."""
    columns: dict[Lane, _Column] = {}
    left = _GUTTER
    for lane in lanes:
        boxes = [boxes[lane] for boxes in rows if lane in boxes]
        letters = max([len(line) for box in boxes for line in (*box.spoken, *box.lines)] + [_NARROWEST if boxes else 0])
        titles = max([len(box.title) for box in boxes] + [len(lane.title)])
        width = round(max(letters * _LETTER, titles * _TITLE_LETTER)) + 2 * _PAD + 2
        columns[lane] = _Column(left, width)
        left += width + _GAP
    return columns


def _head(title: str, column: _Column) -> str:
    return (
        f'<rect class="head" x="{column.left}" y="2" width="{column.width}" height="{_HEAD - 6}" rx="14"/>'
        f'<text class="lane" x="{column.middle}" y="{_HEAD - 14}" text-anchor="middle">{escape(title)}</text>'
    )


def _row(
    event: Event, boxes: Mapping[Lane, _Box], columns: Mapping[Lane, _Column], top: int, last: bool
) -> Iterator[str]:
    """The boxes and arrows of one step."""
    level = top + _PAD + 6
    actor = columns[event.actor]
    yield f'<text class="number" x="{_GUTTER - 12}" y="{level + 4}" text-anchor="end">{event.number}</text>'
    yield from _heard([columns[lane] for lane in event.heard], actor, level)
    for lane in boxes:
        if lane != event.actor:
            yield _arrow(*_edges(actor, columns[lane]), level)
    for lane, box in boxes.items():
        yield from _box(box, columns[lane], top, "act" if lane == event.actor else "part", last)


def _edges(here: _Column, there: _Column) -> tuple[int, int]:
    """The sides of two columns that face each other."""
    return (here.right, there.left) if here.left < there.left else (here.left, there.right)


def _heard(others: Sequence[_Column], actor: _Column, level: int) -> Iterator[str]:
    """A dot on the lane of each of `others`, and a line on either side as far as the farthest of them."""
    for end, side in (
        (actor.left, [other.middle for other in others if other.left < actor.left]),
        (actor.right, [other.middle for other in others if other.left > actor.left]),
    ):
        if side:
            far = max(side, key=lambda middle: abs(middle - end))
            yield f'<line class="read" x1="{far}" y1="{level}" x2="{end}" y2="{level}"/>'
        yield from (f'<circle class="dot" cx="{middle}" cy="{level}" r="4"/>' for middle in side)


def _arrow(start: int, end: int, level: int) -> str:
    back = -7 if end > start else 7
    return (
        f'<line class="said" x1="{start}" y1="{level}" x2="{end + back}" y2="{level}"/>'
        f'<path class="tip" d="M{end},{level} l{back},-4 v8 z"/>'
    )


def _box(box: _Box, column: _Column, top: int, kind: str, last: bool) -> Iterator[str]:
    classes = f"box {kind} last" if last else f"box {kind}"
    yield (f'<rect class="{classes}" x="{column.left}" y="{top}" width="{column.width}" height="{box.height}" rx="6"/>')
    level = top + _PAD + 9
    if box.title:
        yield f'<text class="title" x="{column.left + _PAD}" y="{level}">{escape(box.title)}</text>'
        level += _TITLE
    for kind, lines in (("spoken", box.spoken), ("changed", box.lines)):
        for line in lines:
            indent = len(line) - len(line.lstrip())
            x = column.left + _PAD + round(indent * _LETTER)
            yield f'<text class="line {kind}" x="{x}" y="{level}">{escape(line.strip())}</text>'
            level += _LINE


def _foot(ending: str, verdict: str, width: int, top: int) -> Iterator[str]:
    """What stands below the last step."""
    if ending:
        yield f'<text class="ending" x="{_GUTTER}" y="{top + 10}">{escape(ending)}</text>'
        top += 24
    yield f'<rect class="verdict" x="{_GUTTER}" y="{top}" width="{width - _GUTTER - 12}" height="28" rx="6"/>'
    yield f'<text class="verdict" x="{_GUTTER + 12}" y="{top + 19}">{escape(verdict)}</text>'
