"""Who owns which keys."""

from __future__ import annotations

import re

import pytest

from daybreak.base.ids import JournalId
from daybreak.base.keys import Key, make_key
from daybreak.base.places import specs_dir
from daybreak.base.ranges import MAX_ADJUDICATORS, Ranges, mark_key

J = [JournalId(f"adj-{number}") for number in range(5)]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_equal_parts_are_in_order_and_leave_no_key_out(count: int) -> None:
    ranges = Ranges.even(J[:count])
    owners = [ranges.owner(Key(n.to_bytes(2, "big"))) for n in range(1 << 16)]
    assert owners == sorted(owners)
    parts = [owners.count(journal) for journal in J[:count]]
    assert sum(parts) == 1 << 16
    assert max(parts) - min(parts) <= 1
    assert ranges.owner(Key(b"")) == J[0]
    assert ranges.owner(Key(b"\xff" * 9)) == J[count - 1]


def test_a_range_begins_with_its_low_end_and_ends_before_the_next_one() -> None:
    ranges = Ranges({b"": J[0], b"m": J[1], b"t": J[0]})
    keys = [b"", b"lzz", b"m", b"m\x00", b"szz", b"t", b"zz"]
    assert [ranges.owner(Key(key)) for key in keys] == [J[0], J[0], J[1], J[1], J[1], J[0], J[0]]
    assert ranges.journals == (J[0], J[1])
    assert ranges.listed() == [(b"", J[0]), (b"m", J[1]), (b"t", J[0])]


def test_a_key_below_all_ranges_would_have_no_owner() -> None:
    with pytest.raises(ValueError, match="no owner"):
        Ranges({b"a": J[0]})
    with pytest.raises(ValueError, match="no owner"):
        Ranges({})


def test_a_catalog_mark_belongs_to_the_adjudicator_that_it_names() -> None:
    ranges = Ranges.even(J)
    assert [ranges.owner(mark_key(journal)) for journal in J] == J


def test_tables_that_are_made_one_after_the_other_have_different_owners() -> None:
    ranges = Ranges.even(J[:4])
    assert {ranges.owner(make_key(64 * version, b"")) for version in range(1, 5)} == set(J[:4])


def test_the_spec_knows_as_many_adjudicators_as_there_may_be() -> None:
    text = (specs_dir() / "commit" / "TraceCommit.tla").read_text(encoding="utf-8")
    assert set(re.findall(r'"(adj-\d+)"', text)) == {f"adj-{number}" for number in range(MAX_ADJUDICATORS)}
