"""The manifest: every model, and what the model checker must say of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec

from daybreak.errors import RequestError

Kind = Literal["regular", "reachable", "must-fail"]
Expected = Literal["holds", "violates"]
Tier = Literal["ci", "nightly"]
Mode = Literal["explore", "simulate"]
Rule = Annotated[str, msgspec.Meta(pattern=r"^P([1-9]|1[0-9]|2[0-3])$")]
Count = Annotated[int, msgspec.Meta(ge=1)]

_TIME_LIMIT_S: dict[Tier, int] = {"ci": 300, "nightly": 3600}
_HEAP_MB: dict[Tier, int] = {"ci": 1024, "nightly": 4096}


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One model: a module, a configuration, and the result they must have.

    `property` is the one that is violated, exactly if `expected` is "violates"; `length` is how many states its
    counterexample has. `rules` are those of the architecture that a must-fail model drops, or a reachable one shows.
    `distinct` is the number of distinct states, for a model that is explored and holds. One that is simulated takes
    `traces` random behaviours of at most `depth` steps instead. `coverage` demands that every action be taken.
    `seconds` is only an indication; beyond `time_limit` seconds the model is given up. `heap_mb` is in MiB.
    """

    name: str
    says: str
    rung: int
    kind: Kind
    module: str
    config: str
    expected: Expected
    seconds: float
    property: str | None = None
    distinct: Count | None = None
    length: Count | None = None
    rules: list[Rule] = []
    coverage: bool = False
    tier: Tier = "ci"
    mode: Mode = "explore"
    traces: Count | None = None
    depth: Count | None = None
    time_limit: Count | None = None
    heap_mb: Count | None = None

    def __post_init__(self) -> None:
        holds, simulated = self.expected == "holds", self.mode == "simulate"
        demands = {
            "regular models hold, all others violate": (self.kind == "regular") == holds,
            "a property is named exactly if the model violates it": (self.property is None) == holds,
            "rules are named exactly if the model is must-fail or reachable": bool(self.rules) != holds,
            "the length is that of a counterexample": self.length is None or not holds,
            "only a regular model is simulated": holds or not simulated,
            "actions are counted only when the model is explored": not (self.coverage and simulated),
            "distinct states are given exactly if the model is explored and holds": (
                (self.distinct is not None) == (holds and not simulated)
            ),
            "traces and depth are given exactly if the model is simulated": (
                (self.traces is not None) == (self.depth is not None) == simulated
            ),
        }
        for demand, met in demands.items():
            if not met:
                raise ValueError(f"{self.name}: {demand}")

    def limit_s(self) -> int:
        """After how many seconds the model is given up."""
        return self.time_limit or _TIME_LIMIT_S[self.tier]

    def most_heap_mb(self) -> int:
        """The greatest heap that the model may use, in MiB."""
        return self.heap_mb or _HEAP_MB[self.tier]


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All models, and the directories (beside the manifest) in which their modules are searched."""

    library: list[str]
    model: list[Model]


class Suite(msgspec.Struct, frozen=True):
    """A manifest together with the directory that its paths are relative to."""

    path: Path
    root: Path
    libraries: tuple[Path, ...]
    models: tuple[Model, ...]

    def lacks(self, model: Model) -> str | None:
        """Which file `model` needs that does not exist, at the place of the manifest that names it; None if none."""
        for file in (model.module, model.config):
            if not (self.root / file).is_file():
                lines = self.path.read_text().splitlines()
                line = next((number for number, text in enumerate(lines, 1) if file in text), 1)
                return f"{self.path}:{line}: {model.name} needs {self.root / file}, and there is no such file"
        return None


def load_suite(path: Path) -> Suite:
    """Reads the manifest at `path`.

    Raises RequestError when it is missing or malformed, or names a model twice.
    """
    try:
        manifest = msgspec.toml.decode(path.read_bytes(), type=Manifest)
    except FileNotFoundError:
        raise RequestError(f"{path}: no such manifest") from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise RequestError(f"{path}: {error}") from None
    root = path.resolve().parent
    names = [model.name for model in manifest.model]
    for name in names:
        if names.count(name) > 1:
            raise RequestError(f"{path}: two models are named {name}")
    return Suite(path, root, tuple(root / library for library in manifest.library), tuple(manifest.model))
