"""A counterexample as HTML: what is dropped, what breaks, how it comes to that, and why it is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import escape

from daybreak.modelcheck.cause import Cause
from daybreak.modelcheck.changes import Change
from daybreak.modelcheck.pages.brief import ARROW
from daybreak.modelcheck.pages.diagram import draw
from daybreak.modelcheck.pages.exhibit import Exhibit
from daybreak.modelcheck.pages.scene import Event
from daybreak.modelcheck.pages.texts import Definition
from daybreak.modelcheck.values import Value, show, value_of
from tracecheck.report.markup import block, code, document, prose, tla

_LEGEND = (
    "Time flows down. A coloured box is on the lane of who takes the step; a white one says what the step changes for "
    "another. Arrows lead to those for whom a step changes something, dashed lines to those of whom it only speaks."
)
_NUMBERS = re.compile(r" ?\(P\d+(?:, P\d+)*\)")
_GREY = "Grey: variables that only watch. The properties speak of them; no step depends on them."
_WORD = re.compile(r"\b[A-Za-z]\w*\b")
_FRAMES = ("varsNoted", "notes")


def page(exhibit: Exhibit, rules: Mapping[str, str]) -> str:
    """The page of one violated model."""
    numbers = [number for number in exhibit.model.rules if number in rules]
    head = (
        f'<header>\n<p class="kicker">Model <code>{escape(exhibit.model.name)}</code></p>\n'
        f'<h1>{prose(plain(exhibit.model.says))}</h1>\n<p class="lede">{_lede(exhibit)}</p>\n</header>'
    )
    return document(
        f"{exhibit.model.name}: {plain(exhibit.model.says)}",
        "\n".join([head, *(rule(number, rules[number]) for number in numbers), article(exhibit, "h2")]),
    )


def rule(number: str, words: str) -> str:
    """A rule as the protocol has it."""
    return f'<div class="rule"><p><strong>{number}.</strong> {prose(words)}</p></div>'


def article(exhibit: Exhibit, heading: str) -> str:
    """All that is to be said of a violated model, under headings of one level."""
    parts = [
        *_dropped(exhibit),
        *_breaks(exhibit),
        *_happens(exhibit),
        *_wrong(exhibit),
        *_steps(exhibit),
        *_last(exhibit),
    ]
    return "\n".join(part.replace("<h>", f"<{heading}>").replace("</h>", f"</{heading}>") for part in parts)


def plain(says: str) -> str:
    """What a model says of itself, without the numbers of the rules and the full stop."""
    return _NUMBERS.sub("", says).rstrip(".")


def states(number: int) -> str:
    return f"{number} state{'s' if number != 1 else ''}"


def _lede(exhibit: Exhibit) -> str:
    broken = f"{code(exhibit.property)} is lost within {states(exhibit.length)}."
    return f"With this change to the spec {broken}" if exhibit.model.kind == "must-fail" else broken


def _dropped(exhibit: Exhibit) -> Iterator[str]:
    """The model's definitions beside those of the spec."""
    if exhibit.model.kind != "must-fail":
        return
    yield "<h>What is dropped</h>"
    if not exhibit.dropped:
        yield f"<p>{prose(exhibit.config.about)}</p>"
    for difference in exhibit.dropped:
        ours, theirs = difference.spec, difference.model
        reason = f"{prose(difference.reason)} " if difference.reason else ""
        yield (
            f'<p>{reason}The spec\'s {code(ours.name)} <span class="soft">({escape(ours.module)})</span> is replaced'
            f" by {code(theirs.name)}:</p>"
        )
        kinds = {"-": "out", "+": "in"}
        lines = (
            f'<span class="{kinds[mark]}">{mark} {tla(line)}</span>' if mark in kinds else f"  {tla(line)}\n"
            for mark, line in difference.lines
        )
        yield f"<pre><code>{''.join(lines).rstrip()}</code></pre>"


def _breaks(exhibit: Exhibit) -> Iterator[str]:
    yield "<h>What breaks</h>"
    definition = exhibit.definition
    if definition is None:
        yield f"<p>{code(exhibit.property)}</p>"
        return
    yield f"<p>{code(definition.name)} {_demand(exhibit, definition)}</p>"
    yield block("\n\n".join([definition.text, *(each.text for each in _helpers(exhibit, definition))]))


def _demand(exhibit: Exhibit, definition: Definition) -> str:
    """What a property demands, in words."""
    words = prose(definition.sentence)
    if definition.tag == "REFINES":
        return f"demands that every behaviour be one of {words}"
    if definition.tag == "LIVENESS":
        return f"must become true in the end. {words}"
    return f"must be true of every {'step' if _of_steps(exhibit) else 'state'}. {words}"


def _helpers(exhibit: Exhibit, definition: Definition) -> list[Definition]:
    """The definitions beside a property that it is made of, as far as they are in its own module."""
    module = next(module for module in exhibit.spec.modules if module.name == definition.module)
    found: dict[str, Definition] = {}
    waiting = [definition] if module.watches else []
    while waiting:
        for name in _WORD.findall(waiting.pop(0).text):
            helper = module.definitions.get(name)
            if helper is not None and name not in found and name not in (definition.name, *_FRAMES):
                found[name] = helper
                waiting.append(helper)
    return list(found.values())


def _happens(exhibit: Exhibit) -> Iterator[str]:
    yield "<h>What happens</h>"
    if not exhibit.scene.events:
        yield "<p>The property is violated in the initial state already.</p>"
        return
    verdict = f"{exhibit.property} is violated"
    name = f"Sequence diagram of the steps that lead to: {verdict}. The table below tells the same."
    yield f'<div class="scroll">{draw(exhibit.scene, verdict, name)}</div>'
    yield f'<p class="legend">{_LEGEND}</p>'


def _steps(exhibit: Exhibit) -> Iterator[str]:
    scene = exhibit.scene
    yield "<h>Step by step</h>"
    initial = "".join(f"<li>{tla(f'{name} = {show(value)}')}</li>" for name, value in _seen(exhibit, scene.initial))
    rows = [f'<tr><td class="number">1</td><td><span class="what">Initial state</span></td>'
            f"<td><ul>{initial}</ul></td></tr>"]  # fmt: skip
    rows += [_row(event, event is scene.events[-1] and not scene.ending) for event in scene.events]
    head = '<thead><tr><th scope="col">Step</th><th scope="col">Action</th><th scope="col">Changes</th></tr></thead>'
    yield f'<table class="steps">{head}<tbody>\n' + "\n".join(rows) + "\n</tbody></table>"
    if scene.ending:
        yield f"<p>{escape(scene.ending)}</p>"
    if any(event.noted for event in scene.events):
        yield f'<p class="legend">{_GREY}</p>'


def _last(exhibit: Exhibit) -> Iterator[str]:
    """The state that the steps lead to."""
    yield "<h>The last state</h>"
    rows = [_entry(name, show(value)) for name, value in _seen(exhibit, exhibit.scene.final)]
    watching = exhibit.spec.watching
    rows += [_entry(n, show(v), "soft") for n, v in exhibit.scene.final.items() if n in watching]
    yield '<table class="values">\n' + "\n".join(rows) + "\n</table>"


def _entry(name: str, value: str, kind: str = "") -> str:
    mark = f' class="{kind}"' if kind else ""
    return f'<tr{mark}><th scope="row"><code>{tla(name)}</code></th><td><code>{tla(value)}</code></td></tr>'


def _row(event: Event, last: bool) -> str:
    arguments = ", ".join(f"{name} = {show(value)}" for name, value in event.arguments.items())
    called = f" <code>{tla(arguments)}</code>" if arguments else ""
    what = f'<span class="what">{escape(event.action)}</span>{called}'
    changed = "".join(f"<li>{_told(change)}</li>" for change in event.seen)
    changed += "".join(f'<li class="soft">{_told(change)}</li>' for change in event.noted)
    mark = ' class="last"' if last else ""
    return (
        f'<tr{mark}><td class="number">{event.number}</td><td>{what}'
        f'<span class="who">{escape(event.actor.title)}</span></td><td><ul>{changed}</ul></td></tr>'
    )


def _told(change: Change) -> str:
    return tla(str(change)).replace(" -&gt; ", f" {ARROW} ")


def _wrong(exhibit: Exhibit) -> Iterator[str]:
    if exhibit.cause is not None:
        yield "<h>Why it is wrong</h>"
        yield from _cause(exhibit, exhibit.cause)
    elif exhibit.scene.ending:
        yield "<h>Why it is wrong</h>"
        yield f"<p>{escape(exhibit.scene.ending)} What {code(exhibit.property)} promises never comes true.</p>"


def _cause(exhibit: Exhibit, cause: Cause) -> Iterator[str]:
    where = "In the last step" if "'" in f"{cause.text}{cause.inside}" or _of_steps(exhibit) else "In the last state"
    verdict = "is true, and must not be" if cause.forbidden else "is false"
    yield f'<p>{where} this part of {code(exhibit.property)} <span class="bad">{verdict}</span>:</p>'
    yield block(cause.text)
    if cause.where:
        rows = "\n".join(_entry(name, show(value_of(value))) for name, value in cause.where.items())
        yield f'<p>where</p>\n<table class="values">\n{rows}\n</table>'


def _of_steps(exhibit: Exhibit) -> bool:
    return exhibit.definition is not None and "[][" in exhibit.definition.text


def _seen(exhibit: Exhibit, state: Mapping[str, Value]) -> list[tuple[str, Value]]:
    """The variables of the spec itself."""
    return [(name, value) for name, value in state.items() if name not in exhibit.spec.watching]
