"""The name that the literature has for a cycle, and a sentence that tells it.

G0, G1c and G-single are Adya's (2000); the names of the others are older. Under snapshot isolation a cycle with
several anti-dependencies, no two of them in a row, is a long fork.
"""

from __future__ import annotations

from collections.abc import Sequence

from historycheck.cycles import Step
from historycheck.index import Index
from historycheck.model import Anomaly, Edge

MEANINGS = {
    "G0": "the orders of their writes contradict each other",
    "G1c": "each depends on what the other had already committed",
    "G-single": "a transaction saw some of what another one did, or of what came before, and missed another part",
    "long fork": "two transactions disagree about which of two commits came first",
    "lost update": "it replaced a version that it had not seen",
    "phantom": "a scan missed a key that came to be, or saw one that was gone, in the snapshot that it belongs to",
    "real-time violation": "what had been acknowledged in real time was not in the snapshot of a later transaction",
    "session violation": "a client did not see what it had seen or done before",
    "write conflict": "they overlap and wrote the same key, and both committed: the first committer did not win",
    "time violation": "what was seen does not fit the database's own times",
    "write skew": "each missed what the other wrote; snapshot isolation allows this, serialisability does not",
}


def name_of(steps: Sequence[Step]) -> str:
    """The name of a cycle of starts and commits."""
    kinds = [step.kind for step in steps]
    for kind, name in (("rt", "real-time violation"), ("session", "session violation")):
        if kind in kinds:
            return name
    if "time" in kinds:
        return "time violation"
    missed = [number for number, kind in enumerate(kinds) if kind == "rw"]
    if not missed:
        return "G0" if set(kinds) == {"ww"} else "G1c"
    if len(missed) > 1:
        return "long fork"
    into = steps[missed[0] - 1]
    if into.kind == "ww" and into.key == steps[missed[0]].key:
        return "lost update"
    dependency = steps[missed[0]].dependency
    return "phantom" if dependency and dependency.phantom else "G-single"


def describe(steps: Sequence[Step], index: Index, name: str = "") -> Anomaly:
    """A cycle with its name, or with one that is given, as a sentence and as edges between transactions."""
    name = name or name_of(steps)
    edges = tuple(_edge(step, index) for step in steps)
    names = tuple(dict.fromkeys(edge.source for edge in edges))
    story = "; ".join(edge.why for edge in edges)
    return Anomaly(name, f"{story}: {MEANINGS[name]}.", names, edges)


def _edge(step: Step, index: Index) -> Edge:
    source, target = index.name(step.source // 2), index.name(step.target // 2)
    return Edge(source, target, step.kind, _why(step, index, source, target), step.key)


def _why(step: Step, index: Index, source: str, target: str) -> str:
    if step.kind == "ww":
        return f"{target} wrote {step.key!r} after {source}"
    if step.kind == "wr":
        return f"{target} saw {step.key!r} as {source} left it"
    if step.kind == "rw":
        return f"{source} saw {step.key!r} as it was before {target} wrote it"
    if step.kind == "session":
        return f"in session {index.transactions[step.target // 2].process!r} {target} followed {source}"
    if step.kind == "rt":
        return f"{source} had ended in real time before {target} began"
    return f"{_moment(step.source, index)} not after {_moment(step.target, index)}"


def _moment(node: int, index: Index) -> str:
    transaction = index.transactions[node // 2]
    if node % 2:
        return f"{transaction.name} committed at {transaction.commit}"
    return f"{transaction.name} started at {transaction.start}"
