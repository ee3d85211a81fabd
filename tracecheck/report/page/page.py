"""The page itself: what the check has found, in words and tables, and the place where the events are drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path

from tracecheck.report.markup import code, document, tla
from tracecheck.report.page.events import Events
from tracecheck.report.rejection import Minimised, Nearest, Rejection, because, operands, shown_path
from tracecheck.report.result import VIOLATES, Result

_HERE = Path(__file__).parent
_AROUND = 8
"""Lines of the spec that are shown before and after the one to blame."""
_MOST_REJECTIONS = 20
_LONGEST_VALUE = 20_000


def page(results: Sequence[Result], events: Events) -> str:
    """One HTML file that holds all it needs."""
    specs = ", ".join(Path(result.spec).stem for result in results)
    body = [f'<p class="kicker">trace check</p><h1>{escape(specs)}</h1>']
    for result in results:
        body += _result(result)
    if events.entries:
        body += _events(events)
    read = {name: (_HERE / name).read_text(encoding="utf-8") for name in ("page.css", "page.js")}
    title = f"{specs}: {results[0].verdict}" if len(results) == 1 else specs
    return document(title, "\n".join(body), style=read["page.css"], script=read["page.js"])


def _result(result: Result) -> Iterator[str]:
    yield f'<p><span class="verdict {result.verdict}">{result.verdict}</span> {code(shown_path(result.spec))}</p>'
    if result.verdict != VIOLATES:
        yield f'<p class="sentence">{escape(result.reason)}</p>'
    steps = ", ".join(f"{escape(action)} {count}" for action, count in result.consumed.items()) or "none"
    ignored = sum(result.ignored.values())
    yield f'<p class="soft">{result.events} events checked ({steps}); {ignored} ignored.</p>'
    for problem in result.problems:
        yield f"<p>{escape(str(problem))}</p>"
    for note in result.notes:
        yield f'<p class="soft">{escape(str(note))}</p>'
    parts = [part.rejection for part in result.slices] + [result.rejection]
    rejections = [r for i, r in enumerate(parts) if r is not None and r not in parts[:i]]
    for rejection in rejections[:_MOST_REJECTIONS]:
        yield from _rejection(rejection)
    if len(rejections) > _MOST_REJECTIONS:
        yield f'<p class="soft">{len(rejections) - _MOST_REJECTIONS} more slices are violated.</p>'


def _rejection(rejection: Rejection) -> Iterator[str]:
    where = f" in slice {escape(rejection.slice)}" if rejection.slice is not None else ""
    yield f"<h2>Not allowed{where}</h2>"
    yield f'<p class="rule sentence">{escape(str(rejection))}</p>'
    for nearest in rejection.nearest:
        yield from _nearest(nearest)
    if rejection.instead:
        instead = ", ".join(code(text) for text in rejection.instead)
        yield f"<p>With these arguments the spec would have allowed: {instead}.</p>"
    one_of = f", one of {rejection.candidates} candidates" if rejection.candidates > 1 else ""
    yield f"<details open><summary>Last good state{one_of}</summary>{_values(rejection.state)}</details>"
    if rejection.minimised is not None:
        yield from _minimised(rejection.minimised)
    yield f"<details><summary>The event as it was logged</summary><pre>{escape(rejection.raw)}</pre></details>"


def _nearest(nearest: Nearest) -> Iterator[str]:
    yield f"<h3>{escape(nearest.action)}: {escape(because(nearest))}</h3>"
    yield from _excerpt(nearest)
    found = operands(nearest)
    if found:
        yield f"<p>where</p>{_values(found)}"
    if nearest.values:
        yield f"<details><summary>Arguments</summary>{_values(nearest.values)}</details>"


def _excerpt(nearest: Nearest) -> Iterator[str]:
    """The lines of the spec around the one to blame, if the spec can be read here."""
    try:
        lines = Path(nearest.file).read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    first = max(0, nearest.line - 1 - _AROUND)
    drawn = []
    for number, line in enumerate(lines[first : nearest.line + _AROUND], first + 1):
        text = f'<span class="at">{number:5d}  </span>{tla(line)}'
        drawn.append(f'<span class="here">{text}</span>' if number == nearest.line else f"{text}\n")
    yield f'<p class="soft">{escape(shown_path(nearest.file))}:{nearest.line}</p>'
    yield f"<pre><code>{''.join(drawn)}</code></pre>"


def _values(values: Mapping[str, str]) -> str:
    rows = "\n".join(f"<tr><th>{tla(name)}</th><td>{code(_cut(value))}</td></tr>" for name, value in values.items())
    return f'<div class="scroll"><table class="values">\n{rows}\n</table></div>'


def _cut(value: str) -> str:
    left = len(value) - _LONGEST_VALUE
    return value if left <= 0 else f"{value[:_LONGEST_VALUE]}... ({left} more characters)"


def _minimised(minimised: Minimised) -> Iterator[str]:
    size = "none of them can be left out" if minimised.smallest else "perhaps not the fewest"
    yield f"<details open><summary>The same with {len(minimised.steps)} events "
    yield f'<span class="soft">({minimised.dropped} dropped; {size})</span></summary>'
    rows = "\n".join(
        f"<tr><td>{escape(shown_path(step.file))}:{step.line}</td><td>{escape(step.node)}</td>"
        f"<td>{escape(step.act)}</td><td>{code(_cut(step.raw))}</td></tr>"
        for step in minimised.steps
    )
    yield f'<div class="scroll"><table class="values">\n{rows}\n</table></div></details>'


def _events(events: Events) -> Iterator[str]:
    yield "<h2>Events</h2>"
    left_out = events.before + events.after
    if left_out:
        where = f"{events.before} before them and {events.after} after them"
        yield f"<p>{len(events.entries)} events are shown; {left_out} are left out: {where}.</p>"
    yield '<p class="legend">A lane for each node, time flows down; a dot is an event, an arrow leads to it from an'
    yield "event that its node knew of. A red ring marks an event that is not allowed.</p>"
    yield '<div class="bar"><label>zoom <input id="zoom" type="range" min="0" max="1" step="0.01" value="0.95"></label>'
    yield '<button id="wrong" type="button">to the rejected event</button></div>'
    yield '<div id="diagram" class="pane"><div id="drawn" class="tall"></div><canvas id="canvas"></canvas></div>'
    yield '<div id="detail" class="detail"></div>'
    yield '<div class="bar"><input id="search" type="search" placeholder="words in node, action, arguments, file">'
    yield '<span id="count" class="soft"></span></div>'
    yield '<div id="list" class="pane"><div id="listed" class="tall"></div><div id="rows"></div></div>'
    yield "<noscript><p>The events are drawn by the script in this page.</p></noscript>"
    yield f'<script id="events" type="application/octet-stream">{events.packed()}</script>'
