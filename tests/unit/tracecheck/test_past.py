"""What a merger remembers: bounded, and never too sure."""

from __future__ import annotations

import random

import msgspec
import pytest

from tracecheck import past as module
from tracecheck.past import Past, SavedPast
from tracecheck.read import Event


def event(node: str, n: int, at: int, cause: list[tuple[str, int]] | None = None, *, width: int = 0) -> Event:
    return Event(v=1, n=n, node=node, at=(at, at + width), act="S!A", args={}, cause=cause or [])


def grown(seed: int, count: int) -> tuple[Past, random.Random]:
    """A past of three nodes whose clocks differ by up to 300 us."""
    chance, past, counts = random.Random(seed), Past(), dict.fromkeys("abc", 0)
    for now in range(count):
        node = chance.choice("abc")
        counts[node] += 1
        past.add(event(node, counts[node], now * 10 + chance.randint(0, 300)))
    return past, chance


def questions(past: Past, chance: random.Random) -> list[Event]:
    """Events that may come next, early and late, knowing much and little."""
    found = []
    for _ in range(300):
        node, other = chance.sample("abc", 2)
        cause = [(other, max(1, past.last_of(other) - chance.randint(0, 40)))]
        found.append(event(node, past.last_of(node) + 1, past.highest - chance.randint(-50, 600), cause, width=20))
    return found


@pytest.mark.parametrize("seed", range(5))
def test_what_was_saved_judges_as_before(seed: int) -> None:
    past, chance = grown(seed, 400)
    saved = msgspec.json.encode(past.save())
    again = Past()
    again.restore(msgspec.json.decode(saved, type=SavedPast))
    asked = questions(past, chance)
    answers = [past.behind(one) for one in asked]
    assert [again.behind(one) for one in asked] == answers
    assert None in answers and any(answers), "both answers occur"
    assert (again.highest, list(again.nodes())) == (past.highest, list(past.nodes()))


def test_its_size_does_not_depend_on_how_much_has_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_REMEMBERED", 32)
    short, long = (len(msgspec.json.encode(grown(3, count)[0].save())) for count in (500, 20_000))
    assert long < short * 1.5
    past = grown(3, 20_000)[0]
    assert all(len(line.positions) <= 64 for line in past._lines.values())
    assert past.last_of("a") > 5_000


def test_an_event_that_is_no_longer_remembered_is_taken_for_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_REMEMBERED", 4)
    past = Past()
    past.add(event("b", 1, 1_000))
    for n in range(1, 30):
        past.add(event("a", n, n))
    knew = event("c", 1, 50, [("b", 1)])
    assert past.behind(knew) is None, "it knew of the only event that is later"
    for n in range(2, 30):
        past.add(event("b", n, n))
    assert past.behind(knew) == 950


def test_peaks_that_are_thinned_out_never_let_a_late_event_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """Times that fall all the way: each is a peak."""
    exact, thin = Past(), Past()
    for n in range(1, 200):
        exact.add(event("a", n, 10_000 - n * 10))
    monkeypatch.setattr(module, "_MOST_PEAKS", 8)
    for n in range(1, 200):
        thin.add(event("a", n, 10_000 - n * 10))
    assert len(thin._peaks) <= 9 < len(exact._peaks)
    for known in range(1, 200, 7):
        for at in range(7_900, 10_100, 50):
            one = event("b", 1, at, [("a", known)])
            assert exact.behind(one) is None or thin.behind(one) is not None
    assert thin.behind(event("b", 1, 10_001)) is None
