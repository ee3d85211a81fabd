"""The parts of the walkthrough: who leads, who lags, and what would be wrong in the end."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from tools.demo.screen import Screen
from tools.demo.server import Cluster, Role, behind, leaders
from tools.demo.traffic import TOTAL, Traffic, complaints


def test_of_two_that_think_they_lead_it_is_the_one_with_the_later_epoch() -> None:
    roles: dict[str, Role] = {
        "A1/adj-0": {"stage": "serving", "epoch": 3},
        "B1/adj-0": {"stage": "serving", "epoch": 4},
        "A1/adj-1": {"stage": "serving", "epoch": 9},
        "B1/adj-1": {"stage": "standby", "epoch": 9},
        "B1/storage-0": {"keys": 3},
    }
    assert leaders(roles) == {"adj-0": "B1", "adj-1": "A1"}
    assert leaders({}) == {}


def test_a_zone_lacks_what_any_other_one_has() -> None:
    last = {"A1/journal-0": 5, "B1/journal-0": 9, "W1/journal-0": 8, "A1/journal-1": 7, "B1/journal-1": 6}
    roles = {node: {"last_index": index} for node, index in last.items()}
    assert [behind(roles, zone) for zone in ("A1", "B1", "W1")] == [4, 1, 8]


def told(region: str, acknowledged: set[str], unknown: set[str], *wrong: int) -> Traffic:
    """Clients of a region, by what they were told."""
    traffic = Traffic(Cluster(Path()), region)
    traffic.acknowledged, traffic.unknown, traffic.wrong = acknowledged, unknown, [*wrong]
    return traffic


def test_what_clients_were_told_is_compared_with_what_is_there() -> None:
    a, b = told("A", {"A0.1", "A0.2"}, {"A0.3"}), told("B", {"B0.1"}, set())
    assert complaints({"A0.1", "A0.2", "A0.3", "B0.1"}, TOTAL, [a, b]) == []
    assert complaints({"A0.1", "A0.2", "B0.1"}, TOTAL, [a, b]) == []
    assert complaints({"A0.1", "A0.2", "B0.2"}, TOTAL - 1, [a, b, told("B", set(), set(), 7)]) == [
        "acknowledged but lost: ['B0.1']",
        "refused but there: ['B0.2']",
        f"the accounts have {TOTAL - 1} in all, not {TOTAL}",
        f"clients saw totals of [7], not {TOTAL}",
    ]


def test_in_a_terminal_the_table_lives_and_elsewhere_it_is_a_line() -> None:
    for terminal, expected in ((True, "two regions and a witness"), (False, "region A, commits 3")):
        shown = io.StringIO()
        console = Console(file=shown, force_terminal=terminal, width=80)
        with Screen(console, ("region", "commits"), lambda: [("A", "3")]) as screen:
            screen.say("It begins.")
            screen.show()
        assert expected in shown.getvalue()
        assert "It begins." in shown.getvalue()
