"""An anomaly as a picture: its transactions as bars on a line of time, and the edges of its cycle between them.

One lane per transaction: on the left what it did, on the right a bar from its start to its end. Equal times stand above
each other; between different times the distance is always the same, because only the order matters. The picture needs
no script, no font and no file beside it, and follows the reader's choice of light or dark.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from historycheck.lanes import LANE, LEFT, Drawing, Lane, lay_out
from historycheck.model import Anomaly, History, Report

STYLE = """
.history { --ink: #1c2230; --dim: #6a7385; --paper: #ffffff; --band: #f4f6fa; --bar: #cfd8e8; --line: #c3cbd9;
  --ww: #b3261e; --wr: #1f6fb2; --rw: #a05a00; --other: #5b6474; }
@media (prefers-color-scheme: dark) { .history { --ink: #e6e9f0; --dim: #98a2b5; --paper: #14171d; --band: #1b1f27;
  --bar: #39445a; --line: #3a4252; --ww: #ff8a80; --wr: #7cc0ff; --rw: #ffc069; --other: #a9b3c4; } }
.history text { font: 13px system-ui, sans-serif; fill: var(--ink); }
.history .op { font: 12px ui-monospace, monospace; }
.history .dim { fill: var(--dim); }
.history .name { font-weight: 600; }
.history .tick { font-size: 11px; fill: var(--dim); text-anchor: middle; }
.history .label { font-size: 12px; text-anchor: middle; font-weight: 600; }
.history .arrow { fill: none; stroke-width: 1.8; }
"""

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>History</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; max-width: 1040px; margin: 2rem auto; padding: 0 1rem; color: #1c2230;
  background: #fff; }}
h2 {{ margin: 2.2rem 0 .3rem; font-size: 1.15rem; }} p {{ margin: .3rem 0 .8rem; }}
svg {{ max-width: 100%; height: auto; }}
@media (prefers-color-scheme: dark) {{ body {{ color: #e6e9f0; background: #14171d; }} }}
</style></head><body>
<h1>{title}</h1>
{body}
</body></html>
"""


def picture(history: History, anomaly: Anomaly) -> str:
    """The anomaly as an SVG element, whole in itself; it can stand in a page or be a file of its own."""
    drawing = lay_out(history, anomaly)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="history" role="img" width="{drawing.width}" '
        f'height="{drawing.height}" viewBox="0 0 {drawing.width} {drawing.height}">',
        f"<title>{escape(anomaly.name)}: {escape(anomaly.sentence)}</title>",
        f"<style>{STYLE}</style>",
        f'<rect width="{drawing.width}" height="{drawing.height}" rx="8" fill="var(--paper)"/>',
        *_ticks(drawing),
        *(part for lane in drawing.lanes for part in _lane(drawing, lane)),
        *_arrows(drawing),
        *_left_out(drawing),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def page(history: History, report: Report) -> str:
    """A page with every anomaly of a report: its name, its sentence, its picture."""
    count = len(report.anomalies)
    title = f"{count} {'anomaly' if count == 1 else 'anomalies'} in {report.transactions} transactions"
    if not count:
        title = f"No anomaly in {report.transactions} transactions"
    body = [*_sections(history, report.anomalies)]
    if report.undecided:
        body.insert(0, f"<p>Not decided: {escape(report.undecided)}</p>")
    if report.allowed:
        body += ["<h1>Allowed by snapshot isolation</h1>", *_sections(history, report.allowed)]
    return PAGE.format(title=escape(title), body="\n".join(body))


def _sections(history: History, anomalies: Iterable[Anomaly]) -> Iterable[str]:
    for anomaly in anomalies:
        yield f"<h2>{escape(anomaly.name)}</h2>\n<p>{escape(anomaly.sentence)}</p>\n{picture(history, anomaly)}"


def _left_out(drawing: Drawing) -> Iterable[str]:
    if drawing.left_out:
        yield f'<text class="dim" x="18" y="{drawing.height - 4}">and {drawing.left_out} more transactions</text>'


def _ticks(drawing: Drawing) -> Iterable[str]:
    """The times at which something begins or ends, above the lanes and as lines through them."""
    bottom = drawing.height - 12
    for x, time in drawing.ticks:
        yield f'<line x1="{x}" y1="28" x2="{x}" y2="{bottom}" stroke="var(--line)" stroke-dasharray="2 5"/>'
        yield f'<text class="tick" x="{x}" y="20">{escape(time)}</text>'


def _lane(drawing: Drawing, lane: Lane) -> Iterable[str]:
    """What a transaction did, and its bar: round where it starts, square where it commits."""
    height = lane.bottom - lane.top
    yield f'<g opacity="{1 if lane.on_cycle else 0.6}">'
    yield f'<rect x="8" y="{lane.top}" width="{LEFT - 16}" height="{height - 8}" rx="6" fill="var(--band)"/>'
    yield (
        f'<text x="18" y="{lane.top + 19}"><tspan class="name">{escape(lane.name)}</tspan>'
        f'<tspan class="dim" dx="8">{escape(lane.about)}</tspan></text>'
    )
    for line, (text, matters) in enumerate(lane.ops):
        style = "op" if matters else "op dim"
        yield f'<text class="{style}" x="18" y="{lane.top + 38 + 16 * line}">{escape(text)}</text>'
    y = lane.middle
    yield (
        f'<line x1="{lane.start}" y1="{y}" x2="{lane.end}" y2="{y}" stroke="var(--bar)" stroke-width="{LANE}" '
        f'stroke-linecap="round"{"" if lane.known else DASHED}/>'
    )
    yield f'<circle cx="{lane.start}" cy="{y}" r="5" fill="var(--ink)"/>'
    filled = "var(--ink)" if lane.known else "var(--paper)"
    square = f'x="{lane.end - 5}" y="{y - 5}" width="10" height="10"'
    yield f'<rect {square} fill="{filled}" stroke="var(--ink)" stroke-width="1.5"/></g>'


DASHED = ' stroke-dasharray="1 14"'


def _arrows(drawing: Drawing) -> Iterable[str]:
    """The edges, and their labels above all of them."""
    colours = sorted({arrow.colour for arrow in drawing.arrows})
    for colour in colours:
        yield (
            f'<marker id="tip-{colour}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
            f'orient="auto"><path d="M0 0 8 4 0 8z" fill="var(--{colour})"/></marker>'
        )
    for arrow in drawing.arrows:
        dashes = ' stroke-dasharray="6 4"' if arrow.colour == "other" else ""
        yield (
            f'<path class="arrow" d="{arrow.path}" stroke="var(--{arrow.colour})" '
            f'marker-end="url(#tip-{arrow.colour})"{dashes}><title>{escape(arrow.why)}</title></path>'
        )
    for arrow in drawing.arrows:
        x, y = arrow.label_at
        half = arrow.half_width
        yield f'<rect x="{x - half}" y="{y - 10}" width="{2 * half}" height="19" rx="9" fill="var(--paper)"/>'
        yield f'<text class="label" x="{x}" y="{y + 4}" style="fill:var(--{arrow.colour})">{escape(arrow.label)}</text>'
