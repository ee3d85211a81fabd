"""What is to go wrong, as the orders of a tester have it."""

from __future__ import annotations

from collections import Counter

import pytest

from daybreak.errors import RequestError
from daybreak.runtime.chaos import HELD_US, Chaos, Disturb, Heal, Jump, LinkFault, SetDisk


@pytest.fixture
def chaos() -> Chaos:
    return Chaos(("A", "A2"), seed=1)


def arrivals(chaos: Chaos, peer: str, count: int = 1_000) -> Counter[int]:
    """How often messages arrive."""
    return Counter(len(chaos.delays_us(peer)) for _ in range(count))


def test_at_first_everything_arrives_at_once(chaos: Chaos) -> None:
    assert [chaos.delays_us(peer) for peer in ("A", "A2")] == [[0], [0]]
    assert (chaos.jumped_us, chaos.disk, chaos.fast.is_set()) == (0, "ok", True)


@pytest.mark.parametrize(
    ("fault", "amount", "expected"),
    [("cut", 1.0, {0: 1_000}), ("loss", 0.2, {0: 200, 1: 800}), ("duplicate", 0.2, {1: 800, 2: 200})],
)
def test_messages_with_one_peer_arrive_less_or_more_often(
    chaos: Chaos, fault: LinkFault, amount: float, expected: dict[int, int]
) -> None:
    chaos.obey(Disturb("A2", fault, amount))
    found = arrivals(chaos, "A2")
    assert {times: round(count, -2) for times, count in found.items()} == expected
    assert arrivals(chaos, "A") == {1: 1_000}


def test_messages_are_late_and_overtaken(chaos: Chaos) -> None:
    chaos.obey(Disturb("A", "latency", 60_000))
    assert chaos.delays_us("A") == [60_000]
    chaos.obey(Disturb("A", "reorder", 0.5))
    delays = [delay for _ in range(1_000) for delay in chaos.delays_us("A")]
    assert 400 < delays.count(60_000) < 600
    assert 60_000 + HELD_US * 0.9 < max(delays) <= 60_000 + HELD_US


def test_a_fault_may_concern_all_peers_until_it_is_healed(chaos: Chaos) -> None:
    chaos.obey(Disturb(None, "cut", 1.0))
    assert [chaos.delays_us(peer) for peer in ("A", "A2")] == [[], []]
    chaos.obey(Heal())
    assert [chaos.delays_us(peer) for peer in ("A", "A2")] == [[0], [0]]


@pytest.mark.parametrize("peers", [("A2",), ()])
def test_who_is_no_peer_is_refused(peers: tuple[str, ...]) -> None:
    with pytest.raises(RequestError, match="there is no other process A9"):
        Chaos(peers).obey(Disturb("A9", "cut", 1.0))


def test_a_process_that_is_alone_has_no_messages_to_cut() -> None:
    with pytest.raises(RequestError, match=r"there is no other process$"):
        Chaos(()).obey(Disturb(None, "cut", 1.0))


def test_clocks_and_disks_are_as_ordered_last(chaos: Chaos) -> None:
    chaos.obey(Jump(5))
    chaos.obey(Jump(-7))
    chaos.obey(SetDisk("slow"))
    assert (chaos.jumped_us, chaos.disk, chaos.fast.is_set()) == (-7, "slow", False)
    chaos.obey(SetDisk("full"))
    assert (chaos.disk, chaos.fast.is_set()) == ("full", True)
