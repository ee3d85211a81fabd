"""What a check has found, as values that turn into JSON as they are. Texts are whole here: who shows them cuts them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import msgspec

from tracecheck.errors import UsageError
from tracecheck.report.rejection import Rejection

CONFORMS = "CONFORMS"
VIOLATES = "VIOLATES"
INCONCLUSIVE = "INCONCLUSIVE"
EXIT_CODES = {CONFORMS: 0, VIOLATES: 1, INCONCLUSIVE: 2}

SCHEMA_ID = "https://json-schema.org/draft/2020-12/schema"


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
    first rejected event of any slice; `notes` are worth knowing, and leave the verdict as it is; `seconds` were spent
    stepping the spec. `slices` are the first hundred, those that do not conform before others; `slice_counts` counts
    all by verdict."""

    spec: str
    mapping: str
    verdict: str
    reason: str
    consumed: dict[str, int] = field(default_factory=dict)
    ignored: dict[str, int] = field(default_factory=dict)
    slices: list[SliceResult] = field(default_factory=list)
    rejection: Rejection | None = None
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    seconds: float = 0.0
    slice_counts: dict[str, int] = field(default_factory=dict)

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
        """All of it, as JSON's own types; `schema` describes them."""
        return {
            **asdict(self),
            "events": self.events,
            "events_per_second": round(self.events_per_second, 1),
        }


def from_json(text: str | bytes, name: str) -> list[Result]:
    """The results in what `to_json` gave: one, a list of them, or an object of them. Raises UsageError, naming `name`
    as the place they are from."""
    try:
        document = msgspec.json.decode(text)
        if isinstance(document, dict):
            document = [document] if "verdict" in document else list(document.values())
        return msgspec.convert(document, list[Result])
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise UsageError(f"{name}: this is no result of a check: {error}") from None


def schema() -> dict[str, Any]:
    """The JSON Schema of what `Result.to_json` gives."""
    document = msgspec.json.schema(Result)
    described: dict[str, Any] = document["$defs"]["Result"]
    described["properties"] |= {
        "events": {"type": "integer", "minimum": 0, "description": "How many events were steps of the spec."},
        "events_per_second": {"type": "number", "minimum": 0},
    }
    described["properties"]["verdict"] = {"enum": list(EXIT_CODES)}
    described["required"] = [*described["properties"]]
    return {"$schema": SCHEMA_ID, **document}
