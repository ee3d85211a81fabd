"""Classes of access, and what a journal entry holds."""

from __future__ import annotations

import itertools

import pytest

from daybreak.base.keys import make_key
from daybreak.base.records import Payload, decode, encode
from daybreak.base.writes import Access, Record, Write, stronger

BY_STRENGTH = (Access.VALIDATE, Access.SHARE, Access.UPDATE, Access.WRITE)


@pytest.mark.parametrize(("weak", "strong"), list(itertools.combinations_with_replacement(BY_STRENGTH, 2)))
def test_of_two_accesses_the_one_that_conflicts_with_more_counts(weak: Access, strong: Access) -> None:
    assert stronger(weak, strong) is stronger(strong, weak) is strong


@pytest.mark.parametrize(
    "payload",
    [
        Payload(1_790_000_000_000_000),
        Payload(0, Record("t", 1, ())),
        Payload(
            1_790_000_000_000_000,
            Record(
                "5dc0.7",
                1_790_000_000_000_001,
                (
                    Write(make_key(7, b"\x00\xff"), Access.WRITE, b""),
                    Write(make_key(7, b""), Access.UPDATE, None),
                    Write(make_key(9, b"k"), Access.SHARE, bytes(range(256))),
                ),
            ),
        ),
    ],
)
def test_a_payload_comes_out_of_the_journal_as_it_went_in(payload: Payload) -> None:
    assert decode(encode(payload)) == payload
