"""What a corpus of traces has exercised of a spec: its actions, the places where it decides, its invariants.

    seen        each step that a trace takes is gone through as the spec is evaluated: which conjuncts, disjuncts,
                branches and quantifiers it met, with which value
    kept out    in the states on the way, the last event of each sort is tried again: a conjunct that is false then
                keeps something out. Of one that never does, no trace shows what it is for
    pairs       which action followed which in a slice, compared with what can follow which in a model of the spec

Steps are sampled (each action's first, then fewer); the exact engine does all of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tracecheck.codec import ArgumentError
from tracecheck.engine import EvaluationError, State
from tracecheck.feed import ordered
from tracecheck.observe import Attempt, Observation
from tracecheck.plan import Plan
from tracecheck.read import Finding, log_files
from tracecheck.report import shorten
from tracecheck.slice import slice_of
from tracecheck.tlc.engine import TlcEngine
from tracecheck.tlc.exercise import CONDITION, CONJUNCT, DISJUNCT, ELEMENTS, PREMISE, Exercise, Part
from tracecheck.tlc.pairs import Pairs, model_pairs
from tracecheck.tlc.spec import locate

_ALWAYS, _EVERY = 30, 20
DEFAULT_MODEL_STATES = 2_000

_WANTED = {
    CONJUNCT: (("true", "never evaluated"), ("kept_out", "never kept anything out")),
    DISJUNCT: (("true", "never true"),),
    CONDITION: (("true", "never true"), ("false", "never false")),
    PREMISE: (("true", "never true, so what follows was never asked for"),),
    ELEMENTS: (("true", "never had an element to look at"),),
}
"""What should have been seen of each form of part, and what to say when it was not."""


@dataclass
class Spot:
    """A part of the spec with what was seen of it: how often it was true and false in steps that were taken, and how
    often it was false for the last event of a sort, tried again."""

    form: str
    definition: str
    file: str
    line: int
    text: str
    true: int
    false: int
    kept_out: int

    @property
    def gaps(self) -> list[str]:
        """What was never seen of it."""
        return [text for name, text in _WANTED[self.form] if getattr(self, name) == 0]


@dataclass
class Coverage:
    """What a corpus has exercised. `actions` counts the steps of each action of Next, `invariants` how often each was
    evaluated, `followed` how often one action followed another in a slice; `stopped` says where a log ceased to
    conform, which is as far as it was looked at."""

    spec: str
    mapping: str
    actions: dict[str, int]
    unmapped: list[str]
    invariants: dict[str, int]
    spots: list[Spot] = field(default_factory=list)
    followed: dict[tuple[str, str], int] = field(default_factory=dict)
    steps: int = 0
    sampled: int = 0
    stopped: list[str] = field(default_factory=list)
    model: Pairs | None = None

    @property
    def seen(self) -> int:
        """How many of the things that should have been seen of all parts were."""
        return self.wanted - sum(len(spot.gaps) for spot in self.spots)

    @property
    def wanted(self) -> int:
        return sum(len(_WANTED[spot.form]) for spot in self.spots)

    def unfollowed(self) -> list[tuple[str, str]]:
        """Pairs of mapped actions that follow each other in the model and in no trace."""
        pairs = self.model.pairs if self.model else set()
        return sorted(pair for pair in pairs if set(pair) <= self.actions.keys() and pair not in self.followed)

    def to_json(self) -> dict[str, Any]:
        """All of it, as JSON's own types."""
        return {
            "spec": self.spec,
            "mapping": self.mapping,
            "steps": self.steps,
            "sampled": self.sampled,
            "actions": self.actions,
            "unmapped": self.unmapped,
            "invariants": self.invariants,
            "parts": [{**asdict(spot), "gaps": spot.gaps} for spot in self.spots],
            "seen": self.seen,
            "wanted": self.wanted,
            "followed": [[one, other, count] for (one, other), count in sorted(self.followed.items())],
            "stopped": self.stopped,
            "model": self.model
            and {
                "states": self.model.states,
                "complete": self.model.complete,
                "pairs": sorted(map(list, self.model.pairs)),
                "never_seen": list(map(list, self.unfollowed())),
            },
        }


def cover(
    plan: Plan,
    runs: Sequence[Sequence[str | Path]],
    *,
    everything: bool = False,
    model: str | Path | None = None,
    model_config: str | Path | None = None,
    model_states: int = DEFAULT_MODEL_STATES,
) -> Coverage:
    """Goes through the logs of each run; `everything` looks at all steps instead of a sample.

    `model` is a module to explore for pairs of actions, with `model_config` or the configuration beside it.
    Raises SpecError and UsageError.
    """
    collector = _Collector(plan, everything=everything)
    for logs in runs:
        collector.run(logs)
    coverage = collector.coverage()
    if model is not None:
        config = model_config or Path(model).with_suffix(".cfg")
        coverage.model = model_pairs(TlcEngine(locate(model, config)), set(coverage.actions), model_states)
    return coverage


class _Collector:
    def __init__(self, plan: Plan, *, everything: bool) -> None:
        self._plan = plan
        self._engine = plan.exact
        self._everything = everything
        self._taken, self._retried = Exercise(plan.exact), Exercise(plan.exact, thorough=True)
        self._invariants = {str(name): 0 for name in plan.exact.tool.getInvNames()}
        for exercise in (self._taken, self._retried):
            for leaf in plan.exact.leaves:
                exercise.add(leaf.action, leaf.definition.getBody())
            for name in self._invariants:
                exercise.add(name, plan.exact.invariant(name))
        self._actions = {leaf.action: 0 for leaf in plan.exact.leaves}
        self._followed: dict[tuple[str, str], int] = {}
        self._last: dict[str, Observation] = {}
        self._steps = self._sampled = 0
        self._stopped: list[str] = []

    def run(self, logs: Sequence[str | Path]) -> None:
        """Goes through the logs of one run, each slice as far as it conforms."""
        states: dict[str | None, State] = {}
        before: dict[str | None, str] = {}
        ended: set[str | None] = set()
        for item in ordered(log_files(logs, self._plan.mapping.log)):
            if isinstance(item, Finding):
                self._stopped.append(str(item))
                return
            move = self._plan.exact_moves.get(item.event.act)
            if move is None:
                continue
            name, problem = slice_of(self._plan.mapping.slice_by, item)
            if problem is not None:
                self._stopped.append(str(problem))
                return
            if name in ended:
                continue
            try:
                observation = move.observe(item)
                if name not in states:
                    states[name] = self._engine.initial()[0]
                after = None if observation.ignored else self._step(observation, states[name], before, name)
            except (EvaluationError, ArgumentError) as error:
                after, observation = None, None
                self._stopped.append(f"{item.place}: {error}")
                ended.add(name)
            if after is not None:
                states[name] = after
            elif observation is not None and observation.ignored is None:
                self._stopped.append(f"{item.place}: {item.event.act} is no step of the spec from here on")
                ended.add(name)

    def _step(
        self, observation: Observation, state: State, before: dict[str | None, str], name: str | None
    ) -> State | None:
        """The state after an event, of several the first; what was gone through is counted."""
        for attempt, after in self._ways(observation, state):
            if self._engine.broken_invariant(after) is not None:
                continue
            for action in (*attempt.before, attempt.action) if attempt.tried is not None else attempt.before:
                self._count(action, before, name)
            if attempt.tried is not None and self._is_sampled(self._actions[attempt.action]):
                self._look(attempt, after)
            self._last[observation.entry.event.act] = observation
            return after
        return None

    def _count(self, action: str, before: dict[str | None, str], name: str | None) -> None:
        self._steps += 1
        self._actions[action] += 1
        if name in before:
            pair = (before[name], action)
            self._followed[pair] = self._followed.get(pair, 0) + 1
        before[name] = action

    def _ways(self, observation: Observation, state: State) -> Iterator[tuple[Attempt, State]]:
        for attempt in observation.attempts(state):
            tried = attempt.tried
            if attempt.difference is not None:
                continue
            if tried is None:
                yield attempt, attempt.state
            elif tried.fits:
                for after in self._engine.successors(tried.leaf, tried.binding, attempt.state):
                    yield attempt, after

    def _is_sampled(self, count: int) -> bool:
        return self._everything or count <= _ALWAYS or count % _EVERY == 0

    def _look(self, attempt: Attempt, after: State) -> None:
        """Goes through a step, the invariants after it, and the events that are tried again before it."""
        self._sampled += 1
        self._visit(self._taken, attempt, after)
        for name in self._invariants:
            self._invariants[name] += 1
            self._taken.visit(self._engine.invariant(name), self._engine.context_class.Empty, after)
        for again in self._last.values():
            try:
                for other in again.attempts(attempt.state):
                    self._visit(self._retried, other, None)
            except EvaluationError:
                # An action may ask for what is not there any more: it is kept out, if by nothing that can be named.
                continue

    def _visit(self, exercise: Exercise, attempt: Attempt, after: State | None) -> None:
        tried = attempt.tried
        if tried is None or not tried.fits:
            return
        definition = tried.leaf.definition
        context = self._engine.tool.getOpContext(definition, tried.leaf.node.getArgs(), tried.binding, False)
        exercise.visit(definition.getBody(), context, attempt.state, after)

    def coverage(self) -> Coverage:
        mapped = {
            one.action for rule in self._plan.mapping.rules.values() for c in rule.cases for one in c.applications
        }
        again = self._retried.parts
        spots = [_spot(part, again[uid].false) for uid, part in self._taken.parts.items()]
        return Coverage(
            spec=self._plan.spec,
            mapping=str(self._plan.mapping.path),
            actions=self._actions,
            unmapped=sorted(self._actions.keys() - mapped),
            invariants=self._invariants,
            spots=sorted(spots, key=lambda spot: (spot.file, spot.line)),
            followed=self._followed,
            steps=self._steps,
            sampled=self._sampled,
            stopped=self._stopped,
        )


def _spot(part: Part, kept_out: int) -> Spot:
    text = shorten(part.text)
    return Spot(part.form, part.definition, part.file, part.line, text, part.true, part.false, kept_out)


def render(coverage: Coverage) -> str:
    """The coverage as text: what was seen in one line each, then all that never was."""
    done = sum(count > 0 for count in coverage.actions.values())
    lines = [f"{coverage.spec}: {coverage.steps} steps, {coverage.sampled} of them looked into"]
    lines.append(f"  actions: {done} of {len(coverage.actions)} seen")
    lines += [f"    {action} {count}" for action, count in coverage.actions.items()]
    lines += [f"    {action} is in no rule of the mapping" for action in coverage.unmapped]
    lines += [f"  invariant {name}: evaluated {count} times" for name, count in coverage.invariants.items()]
    share = 100 * coverage.seen / coverage.wanted if coverage.wanted else 100.0
    lines.append(f"  parts:   {coverage.seen} of {coverage.wanted} outcomes seen ({share:.1f} %)")
    for spot in coverage.spots:
        lines += [f"    {spot.file}:{spot.line}: {spot.definition}: {gap}: {spot.text}" for gap in spot.gaps]
    lines.append(f"  pairs:   {len(coverage.followed)} of actions that followed each other")
    if coverage.model is not None:
        lines += _render_model(coverage, coverage.model)
    return "\n".join(lines + [f"  stopped: {text}" for text in coverage.stopped])


def _render_model(coverage: Coverage, model: Pairs) -> list[str]:
    size = "all" if model.complete else "the first"
    known = [pair for pair in coverage.followed if pair in model.pairs]
    missing = coverage.unfollowed()
    total = len(known) + len(missing)
    lines = [f"  model:   {size} {model.states} states have {total} pairs of these actions; {len(known)} of them seen"]
    lines += [f"    never seen: {one}, then {other}" for one, other in missing]
    strange = sorted(pair for pair in coverage.followed if pair not in model.pairs)
    return lines + [f"    seen, and not in the model (too small?): {one}, then {other}" for one, other in strange]
