"""Ways to spoil a trace that conforms: what must be refused then, where, by which spec and by which of its conditions.

Each takes any trace that has what it needs, changes it in place and says what to expect.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from tests.support.tracefiles import Place, Trace, file_name
from tracecheck import VIOLATES, Result


@dataclass(frozen=True)
class Spoilt:
    """Where the first event stands that is impossible now, which spec must refuse it, and by which conjunct."""

    place: Place
    spec: str
    conjunct: str


def assert_refused(spoilt: Spoilt, trace: Trace, directory: Path, result: Result) -> None:
    """The check of `trace`, written to `directory`, has found what `spoilt` says."""
    assert result.verdict == VIOLATES, result.reason
    rejection = result.rejection
    assert rejection is not None, "what is refused is named"
    node, index = spoilt.place
    event = trace[node][index]
    assert (rejection.node, rejection.file, rejection.line) == (node, str(directory / file_name(node)), index + 1), (
        f"refused: {rejection}"
    )
    assert (rejection.act, rejection.n, json.loads(rejection.raw)) == (event["act"], event["n"], event)
    (nearest,) = rejection.nearest
    assert (nearest.inside or nearest.conjunct) == spoilt.conjunct, str(nearest)
    spec_line = Path(nearest.file).read_text().splitlines()[nearest.line - 1]
    assert nearest.conjunct in " ".join(spec_line.split()), "the line of the spec is the right one"
