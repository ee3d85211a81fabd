"""All that is fuzzed, by name."""

from __future__ import annotations

from tools.fuzz import checkpoints, journal, logs, promises, sql
from tools.fuzz.target import Target

TARGETS: dict[str, Target] = {
    target.name: target for target in (journal.TARGET, promises.TARGET, checkpoints.TARGET, logs.TARGET, sql.TARGET)
}
