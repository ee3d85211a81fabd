"""Keys: prefixes, ranges and their form in logs."""

from __future__ import annotations

from daybreak.base.keys import key_text, make_key, prefix, space_bounds


def test_a_key_begins_with_its_space() -> None:
    assert make_key(12, b"\x80\x0a") == b"\x00\x00\x00\x0c\x80\x0a"
    assert prefix(12) == b"\x00\x00\x00\x0c"


def test_the_bounds_of_a_space_hold_all_its_keys_and_no_other() -> None:
    low, high = space_bounds(255)
    for suffix in (b"", b"\x00", b"\xff" * 20):
        assert low <= make_key(255, suffix) < high
        assert not low <= make_key(254, suffix) < high
        assert not low <= make_key(256, suffix) < high


def test_logs_show_a_key_by_its_space_and_its_bytes() -> None:
    assert key_text(make_key(12, b"\x80\x00\x00\x0a")) == "t12/8000000a"
    assert key_text(make_key(0, b"")) == "t0/"
