"""A spec with its mapping, loaded and compiled: made once, used for any number of traces."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tracecheck.compiled.engine import CompiledEngine
from tracecheck.engine import Engine, State
from tracecheck.errors import UsageError
from tracecheck.mapping import load_mapping
from tracecheck.observe import compile_moves
from tracecheck.read import Entry
from tracecheck.report.rejection import Rejection
from tracecheck.syntax import UnknownConstructError
from tracecheck.tlc.engine import TlcEngine
from tracecheck.tlc.explain import Explainer
from tracecheck.tlc.spec import locate

AUTO, TLC, COMPILED = ENGINES = ("auto", "tlc", "compiled")
"""Which engine steps the spec: the fast one where it can, or the one that is named."""


class Plan:
    """How to check a trace against one spec.

    Loading takes a second; it is meant to be used for many traces, by one thread at a time.
    `spec` is a TLA+ module; a module TraceX.tla beside X.tla is preferred, unless a TLC configuration is named.
    `engine` is one of ENGINES; with `auto`, `note` says why it is not the fast one, if it is not.
    Raises SpecError when TLC cannot load it, MappingError when the mapping is malformed or does not fit,
    UnknownConstructError when the fast engine is named and does not cover the spec, UsageError.
    """

    def __init__(
        self,
        spec: str | Path,
        mapping: str | Path,
        config: str | Path | None = None,
        *,
        libraries: Sequence[str | Path] = (),
        engine: str = AUTO,
    ) -> None:
        if engine not in ENGINES:
            raise UsageError(f"{engine} is no engine; there are {', '.join(ENGINES)}")
        self.spec = str(spec)
        self.mapping = load_mapping(mapping)
        self.exact = TlcEngine(locate(spec, config, libraries))
        self.engine: Engine = self.exact
        self.note = ""
        if engine != TLC:
            try:
                self.engine = CompiledEngine(self.exact.files, (self.exact.loaded, self.exact.tool))
            except UnknownConstructError as error:
                if engine == COMPILED:
                    raise
                self.note = str(error)
        self.moves = compile_moves(self.mapping, self.engine)
        self.exact_moves = self.moves if self.engine is self.exact else compile_moves(self.mapping, self.exact)
        self._explainer = Explainer(self.exact, self.mapping)

    def reject(self, entry: Entry, slice_name: str | None, states: Sequence[State], broken: str | None) -> Rejection:
        """What there is to say of the event `entry`, which the mapping knows and which none of `states` allows.

        `broken` is the invariant that keeps the successors there are from counting, if that is why.
        """
        event, state = entry.event, self._as_exact(states[0])
        observation = self.exact_moves[event.act].observe(entry)
        return Rejection(
            act=event.act,
            node=event.node,
            n=event.n,
            file=entry.file,
            line=entry.line,
            raw=entry.raw.decode(errors="replace"),
            slice=slice_name,
            nearest=self._explainer.why_not(observation, state, broken),
            state=self.exact.show(state),
            candidates=len(states),
            instead=self._explainer.instead(observation, state),
        )

    def _as_exact(self, state: State) -> State:
        """The same state as the exact engine has it."""
        known = self.engine
        if known is self.exact:
            return state
        return self.exact.state({name: known.export(known.look(state, name)) for name in known.variables})


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
        engine: str = AUTO,
    ) -> Plan:
        """The plan for these arguments. Raises as `Plan` does."""
        key = (str(spec), str(mapping), str(config), engine, *map(str, libraries), str(Path.cwd()))
        files = locate(spec, config, libraries)
        modules = (path for directory in files.libraries for path in sorted(directory.glob("*.tla")))
        stamp = tuple(_stamp(path) for path in (files.config, Path(mapping), *modules))
        known = self._plans.get(key)
        if known is None or known[0] != stamp:
            known = self._plans[key] = (stamp, Plan(spec, mapping, config, libraries=libraries, engine=engine))
        return known[1]


def _stamp(path: Path) -> tuple[str, int, int]:
    """What changes when a file does; zeros for one that is not there."""
    try:
        status = path.stat()
    except OSError:
        return str(path), 0, 0
    return str(path), status.st_mtime_ns, status.st_size
