"""Mutates the spec of one rung, in a process of its own: Java never gives back what a loaded spec takes.

python -m tests.support.mutate_specs RUNG SEED LIMIT     prints the tallies as JSON
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from daybreak.base.places import rungs
from tests.support.walks import corpus_of
from tracecheck import Plan
from tracecheck.mutate.specs import load_same, mutate_specs
from tracecheck.mutate.tally import to_json

SAME = Path(__file__).parents[1] / "conformance" / "mutation"
WALKS, STEPS = 80, 30


def main() -> None:
    name, seed, limit = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    (rung,) = [rung for rung in rungs() if rung.name == name]
    plan = Plan(rung.spec, rung.mapping)
    corpus = corpus_of(name, 1, WALKS, STEPS)
    difference = corpus.first_difference(plan)
    assert difference is None, f"spec and reference differ: {difference}"
    tallies = mutate_specs(plan, corpus, seed=seed, limit=limit, same=load_same(SAME / f"{name}.toml"))
    print(json.dumps(to_json(tallies)))


if __name__ == "__main__":
    main()
