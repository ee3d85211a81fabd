"""Everything that a page says of a violated model, gathered from its result, its files and the rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from daybreak.modelcheck.cause import Cause
from daybreak.modelcheck.manifest import Model, Suite
from daybreak.modelcheck.pages.dropped import Difference, differences
from daybreak.modelcheck.pages.lanes import Cast, Role
from daybreak.modelcheck.pages.rules import read_rules
from daybreak.modelcheck.pages.scene import Scene, stage
from daybreak.modelcheck.pages.settings import FILE, read_settings
from daybreak.modelcheck.pages.texts import Config, Definition, Module, Spec, read_config, read_spec
from daybreak.modelcheck.runner import Result

_RULES = Path("docs") / "rules.md"


@dataclass(frozen=True)
class Exhibit:
    """A violated model: the property that broke, how, and what the model has otherwise than its spec."""

    model: Model
    property: str
    definition: Definition | None
    spec: Spec
    config: Config
    dropped: Sequence[Difference]
    scene: Scene
    length: int
    cause: Cause | None


class Gallery:
    """Makes exhibits of the results of one suite."""

    def __init__(self, suite: Suite) -> None:
        self.suite = suite
        self.rules_file = suite.root.parent / _RULES
        self.rules: Mapping[str, str] = read_rules(self.rules_file)
        self.settings = read_settings(suite.root / FILE)

    def modules(self) -> list[Module]:
        """Every module that some model uses, in the order of the models."""
        found = (module for model in self.suite.models for module in self.spec(model).modules)
        return list({module.name: module for module in found}.values())

    def spec(self, model: Model) -> Spec:
        return read_spec(self.suite.root / model.module, self.suite.libraries)

    def exhibit(self, result: Result) -> Exhibit:
        """The exhibit of a result that violates a property in at least one state."""
        model, outcome = result.model, result.outcome
        spec, config = self.spec(model), read_config(self.suite.root / model.config)
        name = outcome.property or ""
        dropped = tuple(differences(spec, config, self._needed(model, name))) if model.kind == "must-fail" else ()
        return Exhibit(
            model=model,
            property=name,
            definition=spec.definition(name),
            spec=spec,
            config=config,
            dropped=dropped,
            scene=stage(outcome.steps, spec, Cast(self._cast(spec))),
            length=outcome.length,
            cause=outcome.cause,
        )

    def _cast(self, spec: Spec) -> Sequence[Role]:
        """The roles of the first of a spec's modules that has any."""
        roles = self.settings.roles
        return next((roles[module.name] for module in spec.modules if module.name in roles), ())

    def _needed(self, model: Model, name: str) -> str:
        """The specification under which a regular model of the same rung checks the property `name`."""
        for other in self.suite.models:
            if other.kind == "regular" and other.rung == model.rung:
                path = self.suite.root / other.config
                if name in path.read_text(encoding="utf-8").split():
                    return read_config(path).specification
        return ""
