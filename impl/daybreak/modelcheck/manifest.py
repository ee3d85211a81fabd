"""The manifest: every model, and what the model checker must say of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from daybreak.errors import RequestError

Kind = Literal["regular", "reachable", "must-fail"]
Expected = Literal["holds", "violates"]


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """One model: a module, a configuration, and the result they must have.

    `property` is the one that is violated, exactly if `expected` is "violates"; `distinct` is the number of distinct
    states, for a model that holds; `seconds` is only an indication; `coverage` demands that every action be taken.
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
    distinct: int | None = None
    coverage: bool = False

    def __post_init__(self) -> None:
        if (self.expected == "violates") != (self.property is not None):
            raise ValueError(f"{self.name}: a property is named exactly if the model violates it")
        if (self.expected == "holds") != (self.distinct is not None):
            raise ValueError(f"{self.name}: distinct states are given exactly if the model holds")
        if (self.kind == "regular") != (self.expected == "holds"):
            raise ValueError(f"{self.name}: regular models hold, all others violate")


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All models, and the directories (beside the manifest) in which their modules are searched."""

    library: list[str]
    model: list[Model]


class Suite(msgspec.Struct, frozen=True):
    """A manifest together with the directory that its paths are relative to."""

    root: Path
    libraries: tuple[Path, ...]
    models: tuple[Model, ...]

    def chosen(self, names: Sequence[str]) -> tuple[Model, ...]:
        """The models called `names`, in the manifest's order; all of them if no name is given.

        Raises RequestError when a name is unknown.
        """
        known = {model.name for model in self.models}
        unknown = [name for name in names if name not in known]
        if unknown:
            raise RequestError(f"no model named {', '.join(unknown)}; there are: {', '.join(sorted(known))}")
        return tuple(model for model in self.models if not names or model.name in names)


def load_suite(path: Path) -> Suite:
    """Reads the manifest at `path`.

    Raises RequestError when it is missing, malformed, names a model twice, or names a file that does not exist.
    """
    try:
        manifest = msgspec.toml.decode(path.read_bytes(), type=Manifest)
    except FileNotFoundError:
        raise RequestError(f"{path}: no such manifest") from None
    except msgspec.MsgspecError as error:
        raise RequestError(f"{path}: {error}") from None
    root = path.resolve().parent
    names = [model.name for model in manifest.model]
    for name in names:
        if names.count(name) > 1:
            raise RequestError(f"{path}: two models are named {name}")
    for model in manifest.model:
        for file in (model.module, model.config):
            if not (root / file).is_file():
                raise RequestError(f"{root / file}: no such file, but model {model.name} needs it")
    return Suite(root, tuple(root / library for library in manifest.library), tuple(manifest.model))
