"""Runs the models of the specs through TLC and compares each result with `specs/manifest.toml`.

manifest        which models there are, and what must come out
messages        what TLC says in its own numbered form, as values
complaints      why TLC gave up, as `file:line: reason`
naming          which property was violated, when TLC names a part of it
figures         how far TLC is, from its own counters
tlc             one model through TLC inside this process
retrace         what can be learnt of a counterexample while TLC still has the spec
worker          a process that runs models and reports as JSON lines
process         the workers, seen from the one that starts them
resources       cores and memory, shared out among models
runner          gives models to workers, and judges their results by the manifest
progress        what the user sees while models run
report          the table at the end
counterexample  a counterexample step by step
output          the results as JSON and as JUnit's XML
pages           a counterexample as a page, and why each rule exists
induction       inductive invariants, proved with z3
"""

from daybreak.modelcheck.command import main

__all__ = ["main"]
