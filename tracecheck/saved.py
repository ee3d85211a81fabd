"""A checker between two events as JSON's own types, and back.

States are written as exported values. The events of a slice that are not settled are written as they were logged, and
taken anew: the search starts from the states before them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import msgspec

from tracecheck.behaviour import Behaviour
from tracecheck.precedence import Placed
from tracecheck.read import Entry, Event, Finding
from tracecheck.report import Rejection, SliceResult
from tracecheck.search import Item
from tracecheck.values import from_json, to_json

if TYPE_CHECKING:
    from tracecheck.checker import Checker

FORMAT = 1


def save(checker: Checker) -> dict[str, Any]:
    """See `tracecheck.checker.Checker.save`."""
    tally, shared = checker.tally, checker.shared
    return {
        "format": FORMAT,
        "engine": checker.plan.engine.name,
        "seconds": checker.seconds,
        "consumed": dict(tally.consumed),
        "ignored": dict(tally.ignored),
        "retired": dict(tally.retired),
        "kept": [asdict(kept) for kept in tally.kept],
        "rejections": [asdict(rejection) for rejection in tally.rejections],
        "problems": [asdict(problem) for problem in tally.problems],
        "halt": None if checker.halted is None else asdict(checker.halted),
        "order": checker.precedence.save(),
        "horizon_us": shared.horizon_us,
        "slices": [_save_slice(checker, part) for part in checker.slices],
        "sampled": shared.recheck.checked,
    }


def _save_slice(checker: Checker, part: Behaviour) -> dict[str, Any]:
    window, engine = part.window, checker.plan.engine
    failure = window.stepper.failure
    return {
        "name": part.name,
        "checked": part.checked,
        "unchecked": part.unchecked,
        "rejection": None if part.rejection is None else asdict(part.rejection),
        "problem": None if part.problem is None else asdict(part.problem),
        "over": None if part.over is None else part.over.save(),
        "forgone": window.forgone or (None if failure is None else f"an event could not be evaluated: {failure[1]}"),
        "classes": None if window.classes is None else [[to_json(one) for one in group] for group in window.classes],
        "roots": [
            {name: to_json(engine.export(engine.look(state, name))) for name in engine.variables}
            for state in window.roots
        ],
        "covered": window.covered,
        "items": [_save_item(item) for item in window.items],
        "settled": [placed.save() for placed in window.settled],
    }


def _save_item(item: Item) -> dict[str, Any]:
    entry = item.observed.entry
    return {
        "event": msgspec.to_builtins(entry.event),
        "file": entry.file,
        "line": entry.line,
        "raw": entry.raw.decode(errors="surrogateescape"),
        "placed": item.placed.save(),
    }


def restore(checker: Checker, saved: dict[str, Any]) -> None:
    """See `tracecheck.checker.Checker.restore`."""
    if saved.get("format") != FORMAT:
        raise ValueError(f"the checker was saved in format {saved.get('format')}; this one reads format {FORMAT}")
    try:
        tally = checker.tally
        tally.consumed, tally.ignored = Counter(saved["consumed"]), Counter(saved["ignored"])
        tally.retired = Counter(saved["retired"])
        tally.kept = msgspec.convert(saved["kept"], list[SliceResult])
        tally.rejections = msgspec.convert(saved["rejections"], list[Rejection])
        tally.problems = msgspec.convert(saved["problems"], list[Finding])
        checker.seconds = saved["seconds"]
        checker.resume(saved["order"], saved["horizon_us"])
        if saved["halt"] is not None:
            checker.halt(msgspec.convert(saved["halt"], Finding))
        for content in saved["slices"]:
            checker.adopt(_restored(checker, content))
    except (KeyError, TypeError, AttributeError, msgspec.ValidationError) as error:
        raise ValueError(f"this is no saved checker: {error!r}") from None


def _restored(checker: Checker, content: dict[str, Any]) -> Behaviour:
    part = Behaviour(content["name"], checker.shared)
    part.checked, part.unchecked = content["checked"], content["unchecked"]
    if content["rejection"] is not None:
        part.rejection = msgspec.convert(content["rejection"], Rejection)
    if content["problem"] is not None:
        part.problem = msgspec.convert(content["problem"], Finding)
    part.noted = part.ended
    part.over = None if content["over"] is None else Placed(*content["over"])
    if not part.ended:
        roots = [{name: from_json(value) for name, value in root.items()} for root in content["roots"]]
        classes = content["classes"]
        part.window.begin(
            [checker.plan.engine.state(root) for root in roots],
            None if classes is None else tuple(tuple(from_json(one) for one in group) for group in classes),
            [Placed(*placed) for placed in content["settled"]],
        )
        part.window.forgone = content["forgone"]
        part.retake([(_entry(item), Placed(*item["placed"])) for item in content["items"]], content["covered"])
    return part


def _entry(item: dict[str, Any]) -> Entry:
    event = msgspec.convert(item["event"], Event)
    return Entry(event, item["file"], item["line"], item["raw"].encode(errors="surrogateescape"))
