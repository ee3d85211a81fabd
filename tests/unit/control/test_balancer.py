"""The balancer: busy ranges are split and moved, idle ones merged, leaders moved, and not too eagerly."""

from __future__ import annotations

from collections.abc import Mapping

from daybreak.adjudicator.messages import Load, MergeRanges, MoveLead, MoveRange, OwnedRanges, Request, SplitRange
from daybreak.base.ids import JournalId, NodeId
from daybreak.base.keys import Key
from daybreak.base.placed import Known
from daybreak.base.placementmap import PlacementMap
from daybreak.base.ranges import Ranges
from daybreak.control.balancer import Balancer, Settings, median
from daybreak.control.leading import Settings as LeadingSettings
from daybreak.control.messages import LookTick
from daybreak.runtime.protocols import Send
from daybreak.trace.recorder import NoTrace
from tests.support.roles import ManualClock

J = tuple(JournalId(f"adj-{n}") for n in range(3))
NODES = {journal: (NodeId(f"A1/{journal}"), NodeId(f"B1/{journal}")) for journal in J}
NODE = NodeId("A/balancer-0")
KEYS = tuple(Key(bytes([n])) for n in range(0, 64, 2))


class Bench:
    """A balancer over three adjudicators, of which the first has everything."""

    def __init__(self, *, split_above: int = 100, share: int = 70) -> None:
        self.clock = ManualClock()
        self.settings = Settings(split_above=split_above, leading=LeadingSettings(share=share))
        self.map = PlacementMap(Ranges({b"": J[0]}), J)
        self.role = Balancer(NODE, self.clock, NoTrace(), ranges=self.map, candidates=NODES, settings=self.settings)

    def tell(
        self,
        journal: JournalId,
        *ranges: tuple[bytes, bytes, int, float, tuple[Key, ...]],
        kept: tuple[bytes, ...] = (),
        origins: Mapping[str, float] = {},
    ) -> None:
        """An adjudicator says what it has."""
        known = tuple(Known(low, high, journal, ts) for low, high, ts, _, _ in ranges)
        loads = tuple(Load(low, rate, sample, low in kept) for low, _, _, rate, sample in ranges)
        self.role.receive(NODES[journal][0], OwnedRanges(journal, known, loads, origins))

    def looks(self, count: int) -> list[tuple[NodeId, Request]]:
        """What it asks for at some looks."""
        asked: list[tuple[NodeId, Request]] = []
        for _ in range(count):
            self.clock.advance(self.settings.look_us)
            for effect in self.role.receive(NODE, LookTick()):
                if isinstance(effect, Send):
                    assert isinstance(effect.message, SplitRange | MergeRanges | MoveRange | MoveLead)
                    asked.append((effect.to, effect.message))
        return asked


def test_what_is_too_busy_for_long_enough_is_split_at_its_median() -> None:
    bench = Bench()
    bench.tell(J[0], (b"", b"", 0, 150.0, KEYS))
    assert bench.looks(1) == [], "once may be chance"
    ((to, request),) = bench.looks(1)
    assert to == NODES[J[0]][0]
    assert isinstance(request, SplitRange) and request.at == KEYS[16]
    assert bench.looks(2) == [], "first the figures settle"


def test_one_hot_key_cannot_be_split() -> None:
    bench = Bench()
    bench.tell(J[0], (b"", b"", 0, 500.0, (KEYS[9],) * 30))
    bench.tell(J[1])
    assert bench.looks(5) == []
    assert median(Load(b"", 1.0, KEYS[:7])) is None
    assert median(Load(KEYS[4], 1.0, KEYS[4:5] * 20 + KEYS[5:7])) is None


def test_the_busiest_gives_to_the_least_busy_what_makes_them_equal() -> None:
    bench = Bench()
    bench.tell(J[0], (b"", b"\x10", 0, 90.0, ()), (b"\x10", b"\x20", 0, 70.0, ()), (b"\x20", b"", 0, 5.0, ()))
    ((to, request),) = bench.looks(1)
    assert to == NODES[J[0]][0]
    assert isinstance(request, MoveRange) and (request.low, request.to) == (b"", J[1])


def test_little_load_is_left_where_it_is() -> None:
    bench = Bench()
    bench.tell(J[0], (b"", b"\x10", 0, 50.0, ()), (b"\x10", b"", 0, 40.0, ()))
    assert bench.looks(5) == []


def test_a_lone_range_is_not_sent_to_and_fro() -> None:
    bench = Bench()
    bench.tell(J[0], (b"", b"", 0, 150.0, ()))
    assert bench.looks(5) == []


def test_neighbours_that_stay_idle_are_merged() -> None:
    bench = Bench()
    bench.tell(J[0], (b"", b"\x10", 0, 5.0, ()), (b"\x10", b"\x20", 0, 9.0, ()))
    bench.tell(J[1], (b"\x20", b"", 4, 0.0, ()))
    assert bench.looks(bench.settings.cold_looks - 1) == []
    ((to, request),) = bench.looks(1)
    assert to == NODES[J[0]][0]
    assert isinstance(request, MergeRanges) and request.at == b"\x10"


def test_requests_go_to_who_spoke_last_for_a_journal() -> None:
    bench = Bench()
    bench.role.receive(NodeId("A3/adj-0"), OwnedRanges(J[0], (Known(b"", b"", J[0], 0),), (Load(b"", 150.0, KEYS),)))
    assert [to for to, _ in bench.looks(2)] == [NodeId("A3/adj-0")]


def test_with_a_threshold_of_zero_it_never_looks() -> None:
    assert Bench(split_above=0, share=0).role.start() == []
    for bench in (Bench(), Bench(share=0), Bench(split_above=0)):
        assert len(bench.role.start()) == 1


def test_with_a_threshold_of_zero_ranges_stay_as_they_are() -> None:
    bench = Bench(split_above=0)
    bench.tell(J[0], (b"", b"\x10", 0, 500.0, KEYS), (b"\x10", b"", 0, 0.0, ()))
    assert bench.looks(40) == []


def test_what_an_operator_has_split_is_not_merged() -> None:
    bench = Bench()
    bench.tell(J[0], (b"", b"\x10", 0, 5.0, ()), (b"\x10", b"\x20", 0, 9.0, ()), kept=(b"\x10",))
    bench.tell(J[1], (b"\x20", b"", 4, 0.0, ()))
    assert bench.looks(2 * bench.settings.cold_looks) == []
    bench.tell(J[0], (b"", b"\x10", 0, 5.0, ()), (b"\x10", b"\x20", 0, 9.0, ()))
    assert [type(request) for _, request in bench.looks(1)] == [MergeRanges]


def test_a_leader_is_asked_to_hand_over_and_the_figures_settle_before_anything_else() -> None:
    bench = Bench(split_above=0)
    for _ in range(bench.settings.leading.looks - 1):
        bench.tell(J[2], (b"", b"", 0, 5.0, ()), origins={"B": 5.0})
        assert bench.looks(1) == []
    ((to, request),) = bench.looks(1)
    assert to == NODES[J[2]][0]
    assert isinstance(request, MoveLead) and (request.to, request.kept_in) == (NodeId("B1/adj-2"), None)
    assert bench.looks(2) == []
