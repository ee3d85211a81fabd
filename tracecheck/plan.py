"""A spec with its mapping, loaded and compiled: made once, used for any number of traces."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tracecheck.engine import Engine, State
from tracecheck.mapping import load_mapping
from tracecheck.observe import compile_moves
from tracecheck.read import Entry
from tracecheck.report import Nearest
from tracecheck.tlc.engine import TlcEngine
from tracecheck.tlc.explain import Explainer
from tracecheck.tlc.spec import locate


class Plan:
    """How to check a trace against one spec.

    Loading takes a second; it is meant to be used for many traces, by one thread at a time.
    `spec` is a TLA+ module; a module TraceX.tla beside X.tla is preferred, unless a TLC configuration is named.
    Raises SpecError when TLC cannot load it, MappingError when the mapping is malformed or does not fit.
    """

    def __init__(
        self,
        spec: str | Path,
        mapping: str | Path,
        config: str | Path | None = None,
        *,
        libraries: Sequence[str | Path] = (),
    ) -> None:
        self.spec = str(spec)
        self.mapping = load_mapping(mapping)
        self.exact = TlcEngine(locate(spec, config, libraries))
        self.engine: Engine = self.exact
        self.moves = compile_moves(self.mapping, self.engine)
        self._exact_moves = self.moves
        self._explainer = Explainer(self.exact)

    def why_not(self, entry: Entry, state: State, broken: str | None = None) -> list[Nearest]:
        """Why the event `entry`, which the mapping knows, is no step from `state`.

        `broken` is the invariant that keeps the successors there are from counting, if that is why.
        """
        if self.engine is not self.exact:
            known = self.engine
            state = self.exact.state({name: known.export(known.look(state, name)) for name in known.variables})
        return self._explainer.why_not(self._exact_moves[entry.event.act].observe(entry), state, broken)


class PlanCache:
    """Plans by what they were made from.

    Java never gives back what a loaded spec takes (some 12 MiB), so a program that checks many traces must not load
    its spec anew for each. A plan is loaded again when a file that it may depend on has changed.
    """

    def __init__(self) -> None:
        self._plans: dict[tuple[object, ...], tuple[object, Plan]] = {}

    def get(
        self,
        spec: str | Path,
        mapping: str | Path,
        config: str | Path | None = None,
        libraries: Sequence[str | Path] = (),
    ) -> Plan:
        """The plan for these arguments. Raises as `Plan` does."""
        key = (str(spec), str(mapping), str(config), *map(str, libraries), str(Path.cwd()))
        files = locate(spec, config, libraries)
        modules = (path for directory in files.libraries for path in sorted(directory.glob("*.tla")))
        stamp = tuple(_stamp(path) for path in (files.config, Path(mapping), *modules))
        known = self._plans.get(key)
        if known is None or known[0] != stamp:
            known = self._plans[key] = (stamp, Plan(spec, mapping, config, libraries=libraries))
        return known[1]


def _stamp(path: Path) -> tuple[str, int, int]:
    """What changes when a file does; zeros for one that is not there."""
    try:
        status = path.stat()
    except OSError:
        return str(path), 0, 0
    return str(path), status.st_mtime_ns, status.st_size
