"""What is told of a run that failed: what was found, what went wrong by chance, what clients did, and what each judge
can show of it; short enough for a screen, and whole as a page."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple

import msgspec

from daybreak.runtime.sim.strikes import Hit, kind_of, read_hits
from daybreak.simulation.case import Case
from daybreak.simulation.judges import plans
from daybreak.simulation.run import Options
from daybreak.simulation.shrink import names_of_turns
from daybreak.simulation.verdict import Finding
from historycheck.check import check
from historycheck.model import Append, History, Op, Read, Report, Scan, Transaction
from historycheck.picture import picture
from tracecheck import VIOLATES, check_all
from tracecheck.minimise import explained

WIDTH = 118
"""Characters of a line on the screen."""
SCREEN = {"what was found": 3, "what went wrong": 9, "what clients did": 9, "the steps that matter": 8}
"""Lines of each section on the screen, its title and an empty line aside."""
AGAIN = "see it again"
"""The title of a command, which is never cut short."""
STYLE = """
:root { color-scheme: light dark; --ink: #1c2230; --dim: #6a7385; --paper: #fff; --band: #f4f6fa; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9f0; --dim: #98a2b5; --paper: #14171d; --band: #1b1f27; } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1040px; margin: 2rem auto; padding: 0 1rem;
  color: var(--ink); background: var(--paper); }
pre { background: var(--band); border-radius: 8px; padding: .8rem 1rem; overflow-x: auto; font-size: 13px; }
h2 { font-size: 1.1rem; margin: 2rem 0 .4rem; } svg { max-width: 100%; height: auto; }
"""


class Section(NamedTuple):
    """Lines under a title; of `last` the last ones matter most."""

    title: str
    lines: list[str]
    last: bool = False


class Told(NamedTuple):
    """A failure report."""

    head: str
    sections: list[Section]
    pictures: list[str]
    """Of what is wrong with the history, each an SVG element."""

    def screen(self) -> str:
        """What fits on a screen: of each section so much, and how much more there is."""
        lines = [_cut(self.head)]
        for section in self.sections:
            shown = [f"  {line}" for line in _shown(section)]
            lines += ["", section.title, *(shown if section.title == AGAIN else map(_cut, shown))]
        return "\n".join(lines) + "\n"

    def page(self) -> str:
        """All of it as HTML, which needs no other file."""
        body = "".join(
            f"<h2>{escape(title)}</h2>\n<pre>{escape(chr(10).join(lines))}</pre>\n" for title, lines, _ in self.sections
        )
        return (
            f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(self.head)}</title>'
            f"<style>{STYLE}</style></head><body>\n<h1>{escape(self.head)}</h1>\n{''.join(self.pictures)}{body}"
            "</body></html>\n"
        )


def tell(case: Case, findings: Sequence[Finding], directory: Path, *, plant: str | None = None, note: str = "") -> Told:
    """The report on a failed run, of which `directory` has what `trial.run_trial` leaves. `plant` is what had put a
    bug into the process, `note` what is to be said of the case, such as that it was made small."""
    history = read_history(directory / "history.json")
    judged = check(history)
    sections = [
        Section("what was found", [f"{finding.judge}: {finding.sentence}" for finding in findings]),
        Section("what it takes", _size(case.options)),
        Section("what went wrong", _timeline(case.options, read_hits(directory / "faults.json"))),
        Section("what clients did", _clients(history, judged)),
        Section("the steps that matter", _steps(directory / "trace", case.options), last=True),
        Section(AGAIN, [_again(directory, plant)]),
    ]
    head = f"seed {case.seed}: FAILED" + (f" ({note})" if note else "")
    pictures = [picture(history, anomaly) for anomaly in judged.anomalies]
    return Told(head, [section for section in sections if section.lines], pictures)


def read_history(file: Path) -> History:
    """What `trial.run_trial` has written of what the clients saw."""
    return msgspec.json.decode(file.read_bytes(), type=History)


def _shown(section: Section) -> list[str]:
    """As many lines of a section as there is room for, and how many others there are."""
    lines, most = section.lines, SCREEN.get(section.title, len(section.lines))
    if len(lines) <= most:
        return lines
    note = f"… {len(lines) - most + 1} others"
    return [note, *lines[1 - most :]] if section.last else [*lines[: most - 1], note]


def _cut(line: str) -> str:
    return line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"


def _again(directory: Path, plant: str | None) -> str:
    words = ["daybreak", "simulate", "--options", str(directory / "case.json")]
    return shlex.join(words + (["--plant", plant] if plant else []))


# --- the case -----------------------------------------------------------------------------------------------------


def _size(options: Options) -> list[str]:
    """What the run consists of, in two lines."""
    regions, journals = _many(options.regions, "region"), _many(options.adjudicators, "adjudicator")
    turns = names_of_turns(options)
    clients = _many(len({turn.partition(".")[0] for turn in turns}), "client")
    strikes = "any strike" if options.only is None else _many(len(options.only), "strike")
    faults = options.faults
    rates = {"loss": faults.loss, "duplicate": faults.duplicate, "reorder": faults.reorder}
    messages = ", ".join(f"{kind} {rate:.1%}" for kind, rate in rates.items() if rate) or "no faults"
    return [
        f"{regions}, {journals}, {clients} with {_many(len(turns), 'transaction')}, {strikes}",
        f"messages: {messages}; each takes {faults.delay_us[0]} to {faults.delay_us[1]} us",
    ]


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _timeline(options: Options, hits: Iterable[Hit]) -> list[str]:
    """What went wrong, and when; what was to go wrong all the same but had no effect is not in it."""
    return [
        f"{hit.at_us / 1e6:9.4f} s  {hit.name:<16} {hit.target}"
        + (f": {hit.what}" if hit.what else "")
        + (f", for {hit.lasts_us / 1e6:.3f} s" if hit.lasts_us else "")
        for hit in hits
        if options.only is None or hit.name in options.only or kind_of(hit.name) == "chaos"
    ]


# --- the clients --------------------------------------------------------------------------------------------------


OUTCOMES = {"ok": "committed", "fail": "failed", "info": "unknown"}


def _clients(history: History, judged: Report) -> list[str]:
    """Their transactions, in order of time: those of anomalies if there are any, else all."""
    wanted = {name for anomaly in judged.anomalies for name in anomaly.transactions}
    told = [one for one in history.transactions if not wanted or one.name in wanted]
    begun = min((one.invoked for one in history.transactions if one.invoked is not None), default=0)
    return [_transaction(one, begun) for one in told]


def _transaction(one: Transaction, begun: int) -> str:
    times = [f"{(at - begun) / 1e6:8.4f}" if at is not None else "       ?" for at in (one.invoked, one.completed)]
    ops = " ".join(map(_op, one.ops))
    return f"{times[0]} to{times[1]} s  {one.process}: {OUTCOMES[one.status]:<9} {one.name}: {ops}"


def _op(op: Op) -> str:
    match op:
        case Read(key, value):
            return f"read {key}={_value(value)}"
        case Append(key, value):
            return f"append {key}+={value}"
        case Scan(low, high, found):
            return f"scan {low}..{high}={{{', '.join(f'{key}={_value(value)}' for key, value in found)}}}"
        case _:
            return f"delete {op.key}" if op.value is None else f"write {op.key}={op.value}"


def _value(value: object) -> str:
    return f"[{' '.join(map(str, value))}]" if isinstance(value, tuple) else "none" if value is None else str(value)


# --- the protocol -------------------------------------------------------------------------------------------------


def _steps(trace: Path, options: Options) -> list[str]:
    """Of the first spec that refuses the trace, the fewest events that are refused in the same way; the last one is
    what is not allowed."""
    for name, plan in plans(options.adjudicators).items():
        (result,) = check_all([plan], [trace])
        if result.verdict == VIOLATES:
            rejection = explained(plan, result, [trace]).rejection
            small = rejection.minimised if rejection is not None else None
            return (
                [f"{name}: {Path(step.file).name}:{step.line}  {_event(step.raw)}" for step in small.steps]
                if small
                else []
            )
    return []


def _event(raw: str) -> str:
    """An event without what every event has."""
    event = msgspec.json.decode(raw)
    return f"{event['act']} {msgspec.json.encode(event.get('args', {})).decode()}"
