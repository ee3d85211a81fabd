"""What is left of transactions once everything has recovered: in storage, and in the journals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from math import inf
from typing import NamedTuple

from daybreak.base.ids import JournalId
from daybreak.base.keys import Key, key_text
from daybreak.base.records import decode
from daybreak.base.time import ZERO, Timestamp
from daybreak.errors import CorruptionError
from daybreak.journal.replica import Journal
from daybreak.simulation.verdict import Finding
from daybreak.simulation.witness import Attempt, committed
from daybreak.storage.mvcc import History
from daybreak.storage.replica import Replica

Versions = dict[Key, dict[Timestamp, bytes | None]]
"""What was written to each key, by commit time."""


class Known(NamedTuple):
    """What clients were told, and what can be told of the rest."""

    versions: Versions
    findings: list[Finding]


def durability(
    attempts: Sequence[Attempt], storages: Mapping[str, Replica], journals: Mapping[JournalId, Sequence[Journal]]
) -> list[Finding]:
    """Once everything has recovered: what was acknowledged is in every storage replica as it was written, and in a
    majority of the replicas of a journal unless it was trimmed there; what failed is nowhere; of what nobody was told
    of, all is there or nothing."""
    contents = {name: replica.contents() for name, replica in storages.items()}
    upto = min(replica.watermark for replica in storages.values())
    versions, findings = _expected(attempts, storages, contents, upto)
    for name, replica in storages.items():
        findings += _compare(name, contents[name], versions, Timestamp(replica.forgotten), upto)
    logs = [[_log(journal) for journal in replicas] for replicas in journals.values()]
    return findings + [_lost(attempt) for attempt in committed(attempts) if not _is_kept(attempt, logs)]


def _expected(
    attempts: Sequence[Attempt],
    storages: Mapping[str, Replica],
    contents: Mapping[str, list[tuple[Key, History]]],
    upto: Timestamp,
) -> Known:
    """What should be there; of what became of transactions nobody was told of, the replicas' lists of names tell."""
    versions: Versions = {}
    for attempt in committed(attempts):
        assert attempt.commit is not None, "it is one of those"
        _add(versions, attempt, attempt.commit)
    unknown = []
    for attempt in (attempt for attempt in attempts if attempt.outcome == "info"):
        found = next((ts for replica in storages.values() if (ts := replica.committed(attempt.txn)) is not None), None)
        if found is None:
            unknown.append(attempt)
        else:
            _add(versions, attempt, found)
    known = Known(versions, [])
    for name, rows in contents.items():
        for key, ts, value in _flat(rows):
            if ts <= upto and ts not in versions.get(key, {}):
                _explain(known, name, Attempts(attempts, unknown), (key, ts, value))
    return known


class Attempts(NamedTuple):
    """All of them, and those of which nobody knows what came of them."""

    all: Sequence[Attempt]
    unknown: list[Attempt]


def _flat(rows: list[tuple[Key, History]]) -> Iterator[tuple[Key, Timestamp, bytes | None]]:
    return ((key, ts, value) for key, history in rows for ts, value in history)


def _add(versions: Versions, attempt: Attempt, ts: Timestamp) -> None:
    for key, value in attempt.writes.items():
        versions.setdefault(key, {})[ts] = value


def _explain(known: Known, name: str, attempts: Attempts, version: tuple[Key, Timestamp, bytes | None]) -> None:
    """Find out whose a version is that nobody was told of."""
    key, ts, value = version

    def wrote(attempt: Attempt) -> bool:
        return key in attempt.writes and attempt.writes[key] == value and attempt.start < ts

    found = next((attempt for attempt in attempts.unknown if wrote(attempt)), None)
    if found is not None:
        attempts.unknown.remove(found)
        _add(known.versions, found, ts)
        return
    where = f"{name} has a version of {key_text(key)} of time {ts}"
    liar = next((attempt for attempt in attempts.all if attempt.outcome == "fail" and wrote(attempt)), None)
    whose = f"that failed: transaction {liar.txn} of client {liar.client}" if liar else "that nobody wrote then"
    known.versions.setdefault(key, {})[ts] = value
    known.findings.append(Finding("durability", f"{where} {whose}"))


def _compare(
    name: str, rows: list[tuple[Key, History]], versions: Versions, floor: Timestamp, upto: Timestamp
) -> list[Finding]:
    """What a replica lacks, or has otherwise than it was written; below `floor` the newest version is enough."""
    have = {key: _seen(dict(history), floor, upto) for key, history in rows}
    findings = []
    for key in sorted(versions.keys() | have.keys()):
        wanted, found = _seen(versions.get(key, {}), floor, upto), have.get(key, {})
        for ts in sorted(wanted.keys() | found.keys()):
            if ts not in wanted or ts not in found or wanted[ts] != found[ts]:
                kind = "lacks" if ts not in found else "has still" if ts not in wanted else "has another value of"
                findings.append(Finding("durability", f"{name} {kind} the version of {key_text(key)} of time {ts}"))
    return findings


def _seen(history: dict[Timestamp, bytes | None], floor: Timestamp, upto: Timestamp) -> dict[Timestamp, bytes | None]:
    """What snapshots from `floor` to `upto` can see; that a key does not exist goes without saying."""
    first = max((ts for ts in history if ts <= floor), default=ZERO)
    seen = {ts: value for ts, value in history.items() if first <= ts <= upto}
    if first in seen and seen[first] is None:
        del seen[first]
    return seen


class Log(NamedTuple):
    """What a replica of a journal has."""

    base: int
    records: dict[int, Place]
    """By index: what was committed."""

    @property
    def first(self) -> float:
        """The commit time before which nothing is in it."""
        return min((ts for ts, _ in self.records.values()), default=inf)


Place = tuple[int, frozenset[Key]]
"""A commit time and the keys that were written."""


def _log(journal: Journal) -> Log:
    records = {}
    for index in range(journal.base + 1, journal.synced + 1):
        with suppress(CorruptionError):  # what is damaged does not count
            for entry in journal.entries(index, index):
                record = decode(entry.payload).record
                if record is not None:
                    records[index] = (record.ts, frozenset(write.key for write in record.writes))
    return Log(journal.base, records)


def _is_kept(attempt: Attempt, logs: Sequence[Sequence[Log]]) -> bool:
    """Whether a committed transaction is in a majority of the replicas of some journal, or may have been trimmed."""
    assert attempt.commit is not None, "it has committed"
    wanted = attempt.commit, frozenset(attempt.writes)
    return any(2 * sum(_has(log, wanted, replicas) for log in replicas) > len(replicas) for replicas in logs)


def _has(log: Log, wanted: Place, replicas: Sequence[Log]) -> bool:
    """Whether a replica has a record, or had it once: entries are dropped in their order, which is that of times."""
    index = next((index for other in replicas for index, place in other.records.items() if place == wanted), None)
    if index is None:
        return log.base > 0 and wanted[0] < log.first
    return log.base >= index or log.records.get(index) == wanted


def _lost(attempt: Attempt) -> Finding:
    what = f"transaction {attempt.txn} of client {attempt.client}, acknowledged with time {attempt.commit}"
    return Finding("durability", f"{what}, is in no majority of a journal's replicas")
