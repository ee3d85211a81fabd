from __future__ import annotations

from daybreak.query.cache import BoundedCache


def test_the_entry_not_asked_for_the_longest_goes_first() -> None:
    cache: BoundedCache[str, int] = BoundedCache(16)
    for number, name in enumerate("abcdefgh"):
        cache.put(name, number, 2)
    assert cache.get("a") == 0
    cache.put("i", 8, 2)
    assert (cache.get("a"), cache.get("b"), cache.get("c"), cache.get("i")) == (0, None, 2, 8)


def test_a_replaced_entry_counts_once() -> None:
    cache: BoundedCache[str, int] = BoundedCache(16)
    cache.put("a", 1, 2)
    cache.put("a", 2, 1)
    assert (cache.get("a"), cache.size) == (2, 1)


def test_what_is_too_large_is_not_kept() -> None:
    cache: BoundedCache[str, int] = BoundedCache(16)
    cache.put("a", 1, 3)
    assert cache.get("a") is None
