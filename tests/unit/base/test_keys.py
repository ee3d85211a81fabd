"""Keys: order, bounds, where tables lie, and the form in logs."""

from __future__ import annotations

import pytest

from daybreak.base.keys import GROUP_BITS, key_text, make_key, prefix, space_bounds, space_of

SPACES = [0, 1, 2, 12, 63, 64, 65, 127, 128, 255, 256, 4_095, 12_345_678, 2**32 - 2]


def test_a_key_is_the_prefix_of_its_space_and_the_encoded_values() -> None:
    assert make_key(12, b"\x80\x0a") == b"\x00\x00\x00\x0c\x80\x0a"
    assert prefix(64 + 12) == b"\x80\x00\x00\x0c"
    assert prefix(3 * 64) == b"\xc0\x00\x00\x00"


@pytest.mark.parametrize("space", SPACES)
def test_a_key_tells_its_space_and_no_other_has_its_prefix(space: int) -> None:
    assert space_of(make_key(space, b"")) == space_of(make_key(space, b"\xff" * 9)) == space
    assert sum(prefix(other) == prefix(space) for other in SPACES) == 1


@pytest.mark.parametrize("space", SPACES)
def test_the_bounds_of_a_space_hold_all_its_keys_and_no_other(space: int) -> None:
    low, high = space_bounds(space)
    for suffix in (b"", b"\x00", b"\xff" * 9):
        assert low <= make_key(space, suffix) < high
        assert not any(low <= make_key(other, suffix) < high for other in SPACES if other != space)


def test_what_one_version_of_the_catalog_makes_lies_together_and_apart_from_the_next() -> None:
    group = 1 << GROUP_BITS
    for version in range(1, 200):
        prefixes = sorted(prefix(version * group + ordinal) for ordinal in range(group))
        assert int.from_bytes(prefixes[-1], "big") - int.from_bytes(prefixes[0], "big") == group - 1
        assert {prefix(v * group)[0] >> 7 for v in (version, version + 1)} == {0, 1}, "the two halves take turns"


@pytest.mark.parametrize("space", [2**32, 2**33, -1])
def test_what_identifies_no_table_has_no_prefix(space: int) -> None:
    with pytest.raises(ValueError, match="identifies no table"):
        prefix(space)


def test_the_form_in_logs_names_the_space_and_shows_the_values() -> None:
    assert key_text(make_key(12, b"\x80\x00\x00\x0a")) == "0000000c/8000000a"
    assert key_text(make_key(640, b"")) == "50000000/"
