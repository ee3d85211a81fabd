"""Certificates: an accepted run, written out as a behaviour of its spec that plain TLC can check again.

witness   the run as states and the steps between them, found again with the exact engine
module    the same as a TLA+ module that extends the spec, with its configuration
recheck   TLC on such a module, as a process of its own
"""

from tracecheck.certificate.module import write
from tracecheck.certificate.recheck import Recheck, recheck
from tracecheck.certificate.witness import DEFAULT_STEPS, Run, Step, runs_of

__all__ = ["DEFAULT_STEPS", "Recheck", "Run", "Step", "recheck", "runs_of", "write"]
