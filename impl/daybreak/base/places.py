"""Where the files lie that belong to Daybreak but are no code."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from daybreak.errors import OperatorError

MANIFEST = "manifest.toml"

_PACKAGE = Path(__file__).resolve().parent.parent


def specs_dir(package: Path = _PACKAGE) -> Path:
    """The directory of the specs: inside the installed package, else `specs/` of the repository it is run from.

    `package` is the directory of the package daybreak. Raises OperatorError when neither has a manifest.
    """
    packaged = package / "_specs"
    in_repository = package.parent.parent / "specs"
    for place in (packaged, in_repository):
        if (place / MANIFEST).is_file():
            return place
    raise OperatorError(f"no specs: neither {packaged} nor {in_repository} has a {MANIFEST}; install daybreak again")


class Rung(NamedTuple):
    """A rung of the ladder of specs that recorded runs can be checked against."""

    name: str
    spec: Path
    mapping: Path


ALONE = ("adjudication",)
"""Specs of one adjudicator that decides alone: they say nothing of votes."""


GROWING = ("crossregion",)
"""Specs whose state grows with a run for ever, as a journal does: nothing for a monitor that runs for days."""


def rungs(adjudicators: int | None = None, *, live: bool = False) -> list[Rung]:
    """Every spec that has a mapping, in the order of the ladder's directories; given how many adjudicators a cluster
    has, those that its runs can be checked against; `live`: for as long as it runs."""
    return [
        Rung(mapping.parent.name, next(mapping.parent.glob("Trace*.tla")), mapping)
        for mapping in sorted(specs_dir().glob("*/mapping.toml"))
        if adjudicators in (None, 1) or mapping.parent.name not in ALONE
        if not live or mapping.parent.name not in GROWING
    ]
