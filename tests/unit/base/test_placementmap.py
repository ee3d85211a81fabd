"""What a process believes of who owns which keys."""

from __future__ import annotations

import random

from daybreak.base.ids import JournalId
from daybreak.base.keys import Key
from daybreak.base.placed import Known
from daybreak.base.placementmap import PlacementMap
from daybreak.base.ranges import Ranges, mark_key

A, B, C = (JournalId(f"adj-{n}") for n in range(3))


def fresh() -> PlacementMap:
    """Two halves."""
    return PlacementMap(Ranges({b"": A, b"m": B}), (A, B, C))


def test_it_begins_with_what_the_cluster_was_made_with() -> None:
    known = fresh()
    assert (known.owner(Key(b"a")), known.owner(Key(b"m"))) == (A, B)
    assert known.find(b"z") == Known(b"m", b"", B, 0)
    assert known.journals == (A, B, C), "who owns nothing has a catalog mark all the same"
    assert known.owner(mark_key(C)) == C


def test_the_greatest_time_wins_in_any_order() -> None:
    said = [Known(b"c", b"p", B, 5), Known(b"f", b"g", C, 9), Known(b"", b"d", A, 2), Known(b"f", b"z", A, 7)]
    expected = None
    for seed in range(20):
        known = fresh()
        random.Random(seed).shuffle(said)
        for one in said:
            known.learn([one])
        owners = [known.owner(Key(bytes([byte]))) for byte in range(256)]
        expected = expected or owners
        assert owners == expected
    assert expected is not None
    assert [expected[byte] for byte in b"acdfghpyz"] == [A, B, B, C, A, A, A, A, B]


def test_only_news_changes_its_version() -> None:
    known = fresh()
    assert known.learn([Known(b"c", b"e", B, 5)])
    version = known.version
    assert not known.learn([Known(b"c", b"e", B, 5), Known(b"", b"m", A, 0), Known(b"c", b"d", C, 4)])
    assert known.version == version


def test_what_an_owner_joins_is_one_range() -> None:
    known = fresh()
    known.learn([Known(b"", b"c", A, 0), Known(b"c", b"m", A, 0)])
    assert [k.low for k in known.listed()] == [b"", b"c", b"m"]
    known.learn([Known(b"", b"m", A, 0)])
    assert known.listed() == [Known(b"", b"m", A, 0), Known(b"m", b"", B, 0)]
