"""No module that a simulated run consists of asks anything but its seed: roles, simulation, and what they import."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.support.chance import complaints, reachable, set_names

PACKAGE = Path(__file__).parents[2] / "impl" / "daybreak"
ROOTS = ("cluster", "simulation.run", "simulation.strong", "simulation.profiles")
"""All roles, and whatever a run is made of."""
EXCEPTIONS = {
    ("runtime.chaos", "imports threading"): "what waits for a slow disk there is a thread of a real process",
    ("runtime.chaos", "uses os.kill"): "how a real process ends; in a simulation another function stands there",
    ("runtime.chaos", "uses os.getpid"): "the same",
}
"""What is there all the same, and why it does no harm."""
GOOD = """
import os, random
from random import Random
Names = frozenset[str]
class A:
    seen: set[str]
    def all_of(self, keys: Names, table: dict[str, int], more: list[str]) -> set[str]:
        stream = random.Random(f"{len(keys)}/a")
        for key in sorted(keys | table.keys()):
            self.seen.add(key)
        for key in table:
            stream.random()
        total = sum(len(key) for key in self.seen)
        return {key for key in self.seen if key in more and all(key <= other for other in keys)} - set(more)
    def others(self, keys: list[str], random: Random) -> list[str]:
        return [random.choice(keys) for key in keys if key not in self.seen] + [self.found.pop()]
"""
BAD = {
    "import time": "imports time",
    "from concurrent.futures import Executor": "imports concurrent.futures",
    "import os\nos.urandom(8)": "uses os.urandom",
    "from os import environ": "uses os.environ",
    "import random\nrandom.random()": "uses random.random()",
    "import random\nrandom.shuffle([])": "uses random.shuffle()",
    "from random import choice": "imports random.choice",
    "import random\nrandom.Random()": "makes random numbers without a seed",
    "sorted([], key=id)": "uses id()",
    "hash('a') % 2": "uses hash()",
    "for path in directory.iterdir(): pass": "takes the files of a directory as they come, by iterdir()",
    "for one in {1, 2}: pass": "goes through a set",
    "for one in a.keys() - b: pass": "goes through a set",
    "def f(a: set[str]):\n    for one in a: pass": "goes through a set",
    "Link = frozenset[str]\ndef f(a: Link):\n    return [one for one in a]": "makes a sequence of a set",
    "class A:\n    a: set[str]\n\ndef f(b):\n    return tuple(b.a)": "tuple() of a set",
    "def f() -> set[str]: pass\nx = {one: 1 for one in f()}": "makes a sequence of a set",
    "x = set()\ny = [*x]": "spreads a set",
    "x = set()\ny = ','.join(x)": "join() of a set",
    "x = set()\ny = max(x, key=len)": "max() of a set",
    "x = set()\nx.pop()": "pop() of a set",
}
"""Sources, each with what is to be said of it."""


def found(package: Path, roots: tuple[str, ...]) -> dict[tuple[str, str], int]:
    """Module and complaint, with a line where it stands."""
    trees = {module: ast.parse(path.read_text()) for module, path in reachable(package, roots).items()}
    names = set_names([*trees.values()])
    return {(module, one.what): one.line for module, tree in trees.items() for one in complaints(tree, names)}


def said_of(source: str) -> list[str]:
    """The complaints about one source."""
    tree = ast.parse(source)
    return [one.what for one in complaints(tree, set_names([tree]))]


def test_a_run_depends_on_its_seed_alone() -> None:
    runtime = tuple(f"runtime.sim.{path.stem}" for path in sorted((PACKAGE / "runtime" / "sim").glob("*.py")))
    assert found(PACKAGE, (*ROOTS, *runtime)).keys() == EXCEPTIONS.keys()


def test_all_roles_are_looked_at() -> None:
    modules = reachable(PACKAGE, ROOTS)
    for role in ("adjudicator.adjudicator", "journal.replica", "crossbar.crossbar", "storage.replica"):
        assert role in modules
    assert {"query.processor", "runtime.sim.world", "control.balancer", "simulation.chaos"} <= modules.keys()
    assert "control.chaos.server" not in modules, "what serves sockets is no part of a simulation"


@pytest.mark.parametrize("source", BAD)
def test_whatever_else_it_may_depend_on_is_found(source: str) -> None:
    assert said_of(source) == [BAD[source]]


def test_sets_whose_order_does_not_matter_are_left_alone() -> None:
    assert said_of(GOOD) == []
