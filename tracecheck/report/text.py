"""A result as text for people: one sentence that says what is wrong, then all that explains it."""

from __future__ import annotations

from collections.abc import Iterator

from tracecheck.report.rejection import Minimised, Rejection, sentence, shorten, shown_path
from tracecheck.report.result import Result

_SHOWN_SLICES = 20


def render(result: Result) -> str:
    """The result as text of a few lines."""
    lines = [f"{result.spec}: {result.verdict}: {result.reason}"]
    steps = ", ".join(f"{action} {count}" for action, count in result.consumed.items()) or "none"
    lines.append(f"  checked: {result.events} events ({steps})")
    if result.ignored:
        lines.append(f"  ignored: {', '.join(f'{act} {count}' for act, count in result.ignored.items())}")
    named = [s for s in result.slices if s.name is not None]
    if named:
        shown = ", ".join(f"{s.name} {s.verdict} ({s.checked} events)" for s in named[:_SHOWN_SLICES])
        more = f", and {len(named) - _SHOWN_SLICES} more" if len(named) > _SHOWN_SLICES else ""
        lines.append(f"  slices:  {shown}{more}")
    lines.append(f"  speed:   {result.events_per_second:.0f} events/s, {result.seconds:.1f} s")
    for problem in result.problems:
        lines.append(f"  problem: {problem}")
    for note in result.notes:
        lines.append(f"  note:    {note}")
    for part in result.slices:
        if part.rejection is not None:
            lines += _rejection(part.rejection)
    return "\n".join(lines)


def explain(rejection: Rejection) -> str:
    """All that is known of one rejection, the sentence first; nothing in it is cut."""
    return "\n".join([sentence(rejection), *_rejection(rejection, whole=True)])


def _rejection(rejection: Rejection, *, whole: bool = False) -> Iterator[str]:
    def cut(text: str) -> str:
        return " ".join(text.split()) if whole else shorten(text)

    yield f"  event:   {cut(rejection.raw)}"
    for nearest in rejection.nearest:
        yield f"  nearest: {nearest.action}, {nearest}"
        yield from (f"      where {name} = {cut(value)}" for name, value in nearest.where.items())
        yield from (f"    {name} = {cut(value)}" for name, value in nearest.values.items())
    if rejection.instead:
        yield f"  possible instead: {', '.join(rejection.instead)}"
    one_of = f" (one of {rejection.candidates} candidates)" if rejection.candidates > 1 else ""
    yield f"  last good state{one_of}:"
    yield from (f"    {name} = {cut(value)}" for name, value in rejection.state.items())
    if rejection.minimised is not None:
        yield from _minimised(rejection.minimised)


def _minimised(minimised: Minimised) -> Iterator[str]:
    size = "none of them can be left out" if minimised.smallest else "perhaps not the fewest"
    yield f"  the same with {len(minimised.steps)} events ({minimised.dropped} dropped; {size}):"
    yield from (f"    {shown_path(s.file)}:{s.line}: {s.node}: {s.act}" for s in minimised.steps)
