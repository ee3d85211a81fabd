"""Which way letters go, as one process sees it that has B, C and D for peers."""

from __future__ import annotations

from daybreak.runtime.remote.routes import Routes


def routes(**heard: float) -> Routes:
    """A process that has last heard these peers then, and gives them up after a second."""
    made = Routes(("B", "C", "D"), silent_seconds=1.0)
    for name, at in heard.items():
        made.heard(name, at)
    return made


def test_nobody_is_heard_before_he_has_said_something_nor_long_after() -> None:
    found = routes(B=5.0, C=6.0)
    assert found.hears(6.0) == ["B", "C"]
    assert found.hears(6.5) == ["C"]
    assert routes().hears(0.0) == []


def test_the_way_around_leads_through_one_who_hears_both() -> None:
    found = routes(B=1.0, C=5.0, D=5.0)
    assert found.around(5.0) == {}, "nobody has said that he hears B"
    found.told("C", ("B", "D"))
    assert found.around(5.0) == {"B": "C"}
    found.told("D", ("B", "C"))
    assert found.around(5.0) == {"B": "D"}, "the last one"
    found.told("D", ())
    found.told("C", ("D",))
    assert found.around(5.0) == {}


def test_who_is_not_heard_passes_nothing_on_whatever_he_has_said() -> None:
    found = routes(B=1.0, C=1.0, D=5.0)
    found.told("C", ("B", "D"))
    found.told("D", ("C",))
    assert found.around(5.0) == {"C": "D"}, "one hop: not by D and C to B"


def test_who_is_heard_is_sent_to_straight() -> None:
    found = routes(B=1.0, C=5.0)
    found.told("C", ("B",))
    assert found.around(5.0) == {"B": "C"}
    found.heard("B", 5.1)
    assert found.around(5.2) == {}


def test_nobody_is_silent_while_we_were_late_ourselves() -> None:
    found = routes(B=1.0, C=2.0)
    found.excuse(8.0, now=9.5)
    assert found.hears(9.5) == ["B", "C"]
    assert found.hears(10.2) == ["C"], "B has been heard at 9.0, as it were"
    found.excuse(-0.1, now=10.2)
    assert found.hears(10.2) == ["C"]
