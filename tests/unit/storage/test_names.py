"""Names of committed transactions."""

from __future__ import annotations

from daybreak.base.ids import TxnId
from daybreak.base.time import ZERO, Timestamp
from daybreak.base.writes import Record
from daybreak.storage.names import Names


def test_names_are_found_until_they_are_forgotten() -> None:
    names = Names()
    assert names.since == ZERO
    for ts in (10, 20, 30):
        names.add(Record(f"t{ts}", ts, ()))
    assert [names.find(TxnId(name)) for name in ("t10", "t20", "t30", "t40")] == [10, 20, 30, None]
    names.forget(Timestamp(20))
    assert (names.since, len(names)) == (20, 1)
    assert [names.find(TxnId(name)) for name in ("t10", "t20", "t30")] == [None, None, 30]
    names.forget(Timestamp(15))
    assert names.since == 20
