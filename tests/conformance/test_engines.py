"""The compiled engine does what TLC does: in every spec here, from states on random walks, step by step.

Both engines begin in the same states. In each state on a walk they must agree on what every action's quantifiers draw,
on the successors for each choice, on the invariants, and on what cannot be evaluated. For a longer comparison set
TRACECHECK_ENGINE_STEPS to the number of states per model, and TRACECHECK_ENGINE_SEED to another seed.
"""

from __future__ import annotations

import itertools
import os
import random
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.unit.tracecheck.synthetic import World
from tests.unit.tracecheck.synthetic_commit import Chorus
from tracecheck.compiled import CompiledEngine
from tracecheck.engine import EvaluationError
from tracecheck.plan import COMPILED, Plan
from tracecheck.read import Entry, Event
from tracecheck.tlc.engine import TlcEngine
from tracecheck.tlc.jvm import on_deep_stack
from tracecheck.tlc.spec import SpecFiles, locate

SPECS = Path(__file__).parents[2] / "specs"
SEED = int(os.environ.get("TRACECHECK_ENGINE_SEED", "7"))
STATES = int(os.environ.get("TRACECHECK_ENGINE_STEPS", "12"))
BINDINGS = 6
LISTED = 250
WALK = 25

TRANSACTIONS = 40 * STATES


def models() -> list[tuple[str, str]]:
    """Module and configuration of the regular models, one of each module in CI and all of them in a longer comparison.

    Not those that begin in every state of a small world: there are too many of them to be listed. Their steps are
    those of the other models.
    """
    manifest = tomllib.loads((SPECS / "manifest.toml").read_text(encoding="utf-8"))
    regular = [(m["module"], m["config"]) for m in manifest["model"] if m["kind"] == "regular"]
    regular = [pair for pair in regular if "Inductive" not in pair[0]]
    if "TRACECHECK_ENGINE_STEPS" in os.environ:
        return list(dict.fromkeys(regular))
    return list({module: (module, config) for module, config in regular}.values())


def files_of(module: str, config: str) -> SpecFiles:
    manifest = tomllib.loads((SPECS / "manifest.toml").read_text(encoding="utf-8"))
    return locate(SPECS / module, SPECS / config, [SPECS / name for name in manifest["library"]])


def values(engine: Any, state: Any) -> tuple[Any, ...]:
    """A state as portable values."""
    return tuple(engine.export(engine.look(state, name)) for name in engine.variables)


class Pair:
    """Both engines with one spec, and their states side by side."""

    def __init__(self, files: SpecFiles, seed: int) -> None:
        self.fast, self.exact = CompiledEngine(files), TlcEngine(files)
        self.random = random.Random(seed)
        self.steps = 0
        names = [(leaf.action, leaf.formals, leaf.variables, leaf.quantified) for leaf in self.fast.leaves]
        assert names == [(leaf.action, leaf.formals, leaf.variables, leaf.quantified) for leaf in self.exact.leaves]
        assert self.fast.variables == self.exact.variables

    def twins(self, fast: list[Any], exact: list[Any], what: str) -> list[tuple[Any, Any]]:
        """The states of both lists in pairs; they must hold the same states."""
        ours = {values(self.fast, state): state for state in fast}
        theirs = {values(self.exact, state): state for state in exact}
        assert ours.keys() == theirs.keys(), what
        assert len(ours) == len(fast), f"{what}: a state twice"
        return [(state, theirs[key]) for key, state in ours.items()]

    def outcome(self, call: Any) -> Any:
        try:
            return call()
        except EvaluationError as error:
            return error

    def agree(self, fast: Any, exact: Any, what: str) -> bool:
        """Whether both have a value; if one is an error, the other has to be."""
        assert isinstance(fast, EvaluationError) == isinstance(exact, EvaluationError), (what, fast, exact)
        return not isinstance(fast, EvaluationError)

    def walk(self, states: int) -> None:
        """Compares both in some `states` states, on random walks from the initial ones."""
        first = self.twins(self.fast.initial(), self.exact.initial(), "Init")
        for _ in range(-(-states // WALK)):
            pair = self.random.choice(first)
            for _ in range(min(states, WALK)):
                following = self.compare(*pair)
                if not following:
                    break
                pair = self.random.choice(following)

    def compare(self, fast: Any, exact: Any) -> list[tuple[Any, Any]]:
        """The successors that were found, in pairs."""
        self.steps += 1
        broken = self.outcome(lambda: self.fast.broken_invariant(fast))
        theirs = self.outcome(lambda: self.exact.broken_invariant(exact))
        assert self.agree(broken, theirs, "an invariant") is False or broken == theirs
        found: list[tuple[Any, Any]] = []
        for index in range(len(self.fast.leaves)):
            found += self.compare_leaf(index, fast, exact)
        return found

    def compare_leaf(self, index: int, fast: Any, exact: Any) -> list[tuple[Any, Any]]:
        ours, theirs = self.fast.leaves[index], self.exact.leaves[index]
        listed = self.outcome(lambda: list(itertools.islice(self.fast.bindings(ours, {}, fast), LISTED)))
        count = self.outcome(lambda: sum(1 for _ in itertools.islice(self.exact.bindings(theirs, {}, exact), LISTED)))
        if not self.agree(listed, count, f"bindings of {ours.action}"):
            return []
        assert len(listed) == count, ours.action
        taken = [binding for binding in listed if self.outcome(lambda b=binding: self.fast.successors(ours, b, fast))]
        found = []
        for some in (taken, listed):
            for binding in self.random.sample(some, min(BINDINGS, len(some))):
                found += self.compare_binding(index, binding, fast, exact)
        return found

    def compare_binding(self, index: int, binding: Any, fast: Any, exact: Any) -> list[tuple[Any, Any]]:
        ours, theirs = self.fast.leaves[index], self.exact.leaves[index]
        held, at = {}, 0
        for step in ours.steps:
            for name in step.names:
                held[name] = binding[at + step.names.index(name)]
            at += len(step.names) or 1
        assert list(self.fast.bindings(ours, held, fast)) == [binding]
        given = {name: self.exact.adopt(self.fast.export(value)) for name, value in held.items()}
        (context,) = self.exact.bindings(theirs, given, exact)
        what = f"{ours.action} with {held}"
        one = self.outcome(lambda: [self.fast.export(v) for v in self.fast.arguments(ours, binding, fast)])
        other = self.outcome(lambda: [self.exact.export(v) for v in self.exact.arguments(theirs, context, exact)])
        assert not self.agree(one, other, what) or one == other, what
        found = self.outcome(lambda: self.fast.successors(ours, binding, fast))
        wanted = self.outcome(lambda: self.exact.successors(theirs, context, exact))
        return self.twins(found, wanted, what) if self.agree(found, wanted, what) else []


@pytest.mark.parametrize(("module", "config"), models(), ids=lambda path: Path(path).stem)
def test_both_engines_take_the_same_steps(module: str, config: str) -> None:
    def run() -> int:
        pair = Pair(files_of(module, config), seed=SEED)
        pair.walk(STATES)
        return pair.steps

    assert on_deep_stack(run) >= STATES // 3


def in_order(world: World, transactions: int) -> list[Entry]:
    """The events of a synthetic run, as they happened."""
    trace = world.run(transactions)
    events = sorted((e for events in trace.values() for e in events), key=lambda e: (e["at"], e["node"], e["n"]))
    return [Entry(msgspec.convert(event, Event), "synthetic", i, b"") for i, event in enumerate(events, 1)]


def in_turn(transactions: int) -> list[Entry]:
    """The events of a synthetic run of several adjudicators."""
    return Chorus(20261123, keys=12).run(8 * transactions).entries()


RUNS = {
    "isolation/SnapshotIsolation": lambda n: in_order(World(20261123, keys=12, hot=2), n),
    "adjudication/Adjudication": lambda n: in_order(World(20261123, keys=12, hot=2), n),
    "commit/Commit": in_turn,
}


@pytest.mark.parametrize("spec", RUNS)
def test_both_engines_follow_a_trace_in_lockstep(spec: str) -> None:
    def run() -> int:
        directory = (SPECS / spec).parent
        plan = Plan(SPECS / f"{spec}.tla", directory / "mapping.toml", engine=COMPILED)
        fast, exact, steps = plan.engine, plan.exact, 0
        (ours,), (theirs,) = fast.initial(), exact.initial()
        for entry in RUNS[spec](TRANSACTIONS):
            if entry.event.act not in plan.moves:
                continue
            (ours,) = plan.moves[entry.event.act].observe(entry).successors(ours)
            (theirs,) = plan.exact_moves[entry.event.act].observe(entry).successors(theirs)
            assert fast.broken_invariant(ours) == exact.broken_invariant(theirs) is None
            steps += 1
            if steps % 20 == 0:
                assert values(fast, ours) == values(exact, theirs), entry
        assert values(fast, ours) == values(exact, theirs)
        return steps

    assert on_deep_stack(run) > 2 * TRANSACTIONS
