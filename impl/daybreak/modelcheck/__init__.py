"""Runs the models of the specs through TLC and compares each result with `specs/manifest.toml`.

manifest   which models there are, and what must come out
messages   what TLC says in its own numbered form, as values
tlc        one model through TLC inside this process
worker     a process that does so for one model and reports as JSON lines
runner     starts workers, and judges their results by the manifest
report     progress, the table at the end, a counterexample step by step
"""

from daybreak.modelcheck.command import main

__all__ = ["main"]
