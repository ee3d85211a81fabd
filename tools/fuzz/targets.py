"""All that is fuzzed, by name."""

from __future__ import annotations

from tools.fuzz import checkpoints, frames, journal, logs, promises, ranges, sql, wire
from tools.fuzz.target import Target

TARGETS: dict[str, Target] = {
    module.TARGET.name: module.TARGET for module in (journal, promises, checkpoints, logs, sql, wire, frames, ranges)
}
