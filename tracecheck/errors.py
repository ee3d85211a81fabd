"""The errors a caller of tracecheck can meet, sorted by what the caller must do.

    TraceCheckError
      SetupError      repair the installation: no Java, no jar
      SpecError       repair the spec or its configuration
      MappingError    repair the mapping
      UsageError      call it with other arguments

What is wrong with a log is no error but a finding in the result: see `tracecheck.report`.
"""

from __future__ import annotations


class TraceCheckError(Exception):
    """Any of the below; its text is one line that says what is wrong, where, and what to do."""


class SetupError(TraceCheckError):
    """The installation lacks something."""


class SpecError(TraceCheckError):
    """TLC cannot load the spec or its configuration."""


class MappingError(TraceCheckError):
    """The mapping is malformed or does not fit its spec."""


class UsageError(TraceCheckError):
    """The arguments make no sense."""
