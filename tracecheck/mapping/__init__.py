"""The mapping: which event is which action of the spec, and what its fields mean. See docs/mapping.md."""

from tracecheck.mapping.reader import load_mapping
from tracecheck.mapping.rules import EventRule, Mapping, common_format

__all__ = ["EventRule", "Mapping", "common_format", "load_mapping"]
