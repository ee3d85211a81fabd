from __future__ import annotations

from itertools import combinations, pairwise
from xml.etree import ElementTree

from historycheck.lanes import lay_out
from historycheck.model import Anomaly, Append, Edge, History, Op, Read, Report, Scan, Transaction, Write
from historycheck.picture import page, picture

FORK = History(
    (
        Transaction("a", "p1", "ok", (Write("x", 1),), 10, 40),
        Transaction("b", "p2", "info", (Write("y", 1), Append("l", 3)), 15),
        Transaction("c", "p3", "ok", (Read("x", 1), Read("y", None)), 45, 70),
        Transaction("d", "p4", "ok", (Read("x", None), Read("y", 1), Scan(1, 9, ((2, 3),))), 80, 90),
        Transaction("e", "p5", "ok", (Read("x", 1),), 95, 99),
    )
)
CYCLE = (
    Edge("a", "c", "wr", "c saw a", "x"),
    Edge("c", "b", "rw", "c overlooked b", "y"),
    Edge("b", "d", "wr", "d saw b", "y"),
    Edge("d", "a", "rw", "d overlooked a", "x"),
)
LONG_FORK = Anomaly("long fork", "c and d disagree", ("c", "d", "a", "b"), CYCLE)


def test_each_transaction_of_the_anomaly_has_a_lane_in_the_order_of_their_starts() -> None:
    drawing = lay_out(FORK, LONG_FORK)
    assert [lane.name for lane in drawing.lanes] == ["a", "b", "c", "d"]
    assert all(above.bottom <= below.top for above, below in pairwise(drawing.lanes))
    assert drawing.lanes[-1].bottom <= drawing.height


def test_time_runs_to_the_right_and_an_unknown_end_is_beyond_all() -> None:
    lanes = {lane.name: lane for lane in lay_out(FORK, LONG_FORK).lanes}
    assert lanes["a"].start < lanes["b"].start < lanes["a"].end < lanes["c"].start < lanes["c"].end < lanes["d"].start
    assert lanes["b"].end > lanes["d"].end
    assert not lanes["b"].known


def test_what_overlooks_a_commit_goes_from_a_start_to_it_and_all_else_from_a_commit_to_a_start() -> None:
    drawing = lay_out(FORK, LONG_FORK)
    lanes = {lane.name: lane for lane in drawing.lanes}
    for arrow, edge in zip(drawing.arrows, CYCLE, strict=True):
        source, target = lanes[edge.source], lanes[edge.target]
        numbers = arrow.path.replace("M", "").replace("C", " ").split()
        ends = (source.start, target.end) if edge.kind == "rw" else (source.end, target.start)
        assert (int(numbers[0]), int(numbers[-2])) == ends
        assert arrow.label == f"{edge.kind} {edge.key}"


def test_labels_do_not_lie_upon_each_other() -> None:
    both = (*CYCLE, *(Edge(edge.target, edge.source, "ww", "", "x") for edge in CYCLE))
    arrows = lay_out(FORK, Anomaly("many", "", ("a", "b", "c", "d"), both)).arrows
    assert len(arrows) == 8
    for one, other in combinations(arrows, 2):
        apart = abs(one.label_at[0] - other.label_at[0]) >= one.half_width + other.half_width
        assert apart or abs(one.label_at[1] - other.label_at[1]) >= 19, (one.label, other.label)


def test_times_of_the_database_come_before_those_of_the_client() -> None:
    times = History((Transaction("a", "p", "ok", (Write("x", 1),), 0, 99, start=5, commit=7),))
    assert lay_out(times, Anomaly("G0", "", ("a",))).ticks == ((370, "5"), (490, "7"))


def test_a_history_without_times_is_drawn_in_its_order() -> None:
    history = History(tuple(Transaction(name, "p", "ok", (Read("x", None),)) for name in "ab"))
    drawing = lay_out(history, Anomaly("G0", "", ("b", "a")))
    assert [lane.name for lane in drawing.lanes] == ["a", "b"]
    assert drawing.ticks == ()


def test_of_many_operations_those_of_the_keys_in_question_are_shown() -> None:
    ops: tuple[Op, ...] = (*(Read(f"k{number}", None) for number in range(30)), Write("x", 1))
    history = History((Transaction("a", "p", "ok", ops), Transaction("b", "p", "ok", (Read("x", 1),))))
    lane = lay_out(history, Anomaly("", "", ("a", "b"), (Edge("a", "b", "wr", "", "x"),))).lanes[0]
    assert lane.ops == (("write x = 1", True), ("and 30 more", False))


def test_a_long_scan_tells_of_the_keys_in_question() -> None:
    ops = (Scan(0, 99, tuple((key, 1000 + key) for key in range(20, 60))),)
    history = History((Transaction("a", "p", "ok", ops), Transaction("b", "p", "ok", (Write(7, 1),))))
    lane = lay_out(history, Anomaly("", "", ("a", "b"), (Edge("a", "b", "rw", "", 7),))).lanes[0]
    assert lane.ops == (("scan 0 to 99: 7 = nothing, …", True),)


def test_of_a_large_proof_the_cycle_is_drawn_and_the_rest_as_far_as_there_is_room() -> None:
    names = [f"t{number}" for number in range(40)]
    history = History(tuple(Transaction(n, "p", "ok", (Write("x", 1),), i, i + 1) for i, n in enumerate(names)))
    anomaly = Anomaly("", "", tuple(names), (Edge("t38", "t39", "ww", "", "x"), Edge("t39", "t38", "ww", "", "x")))
    drawing = lay_out(history, anomaly)
    assert [lane.name for lane in drawing.lanes if lane.on_cycle] == ["t38", "t39"]
    assert (len(drawing.lanes), drawing.left_out) == (20, 20)
    assert "and 20 more transactions" in picture(history, anomaly)


def test_figures_above_the_lanes_keep_apart() -> None:
    spans = [(1_000_000 + 3 * number, 1_000_001 + 3 * number) for number in range(12)]
    history = History(tuple(Transaction(str(span[0]), "p", "ok", (), *span) for span in spans))
    ticks = lay_out(history, Anomaly("", "", tuple(one.name for one in history.transactions))).ticks
    shown = [x for x, figures in ticks if figures]
    assert len(ticks) == 24 and 5 < len(shown) < 24
    assert all(later - earlier > 49 for earlier, later in pairwise(shown))


def test_the_picture_is_well_formed_and_shows_all_that_was_done() -> None:
    root = ElementTree.fromstring(picture(FORK, LONG_FORK))
    text = " ".join(root.itertext())
    for word in ("write x = 1", "append 3 to l", "read y = nothing", "scan 1 to 9: 2 = 3", "outcome unknown", "rw y"):
        assert word in text


def test_nothing_in_a_history_becomes_markup() -> None:
    evil = "<script>alert(1)</script>&"
    history = History((Transaction(evil, evil, "ok", (Read(evil, evil),)), Transaction("b", "p", "ok", ())))
    anomaly = Anomaly(evil, evil, (evil, "b"), (Edge(evil, "b", "wr", evil, evil),))
    assert "<script" not in page(history, Report((anomaly,), transactions=2))
    ElementTree.fromstring(picture(history, anomaly))


def test_the_page_counts_and_tells_what_is_allowed_or_not_decided() -> None:
    assert "<h1>No anomaly in 5 transactions</h1>" in page(FORK, Report((), transactions=5))
    whole = page(FORK, Report((LONG_FORK,), (LONG_FORK,), 5, "out of time"))
    assert "<h1>1 anomaly in 5 transactions</h1>" in whole
    assert whole.count("<svg") == 2
    assert "Not decided: out of time" in whole
    assert whole.index("long fork") < whole.index("Allowed by snapshot isolation") < whole.rindex("long fork")
