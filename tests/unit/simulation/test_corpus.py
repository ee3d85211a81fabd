"""A steered campaign: what is kept, and what is made of it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import pytest

from daybreak.errors import RequestError
from daybreak.runtime.sim.world import Faults
from daybreak.simulation import corpus as module
from daybreak.simulation.case import Case
from daybreak.simulation.corpus import Corpus, crossed, load, save, with_another_rate
from daybreak.simulation.mixed import Mix
from daybreak.simulation.profiles import draw
from daybreak.simulation.run import Options
from daybreak.simulation.verdict import Finding, Verdict


def swarm(seed: int) -> Options:
    return draw("swarm", seed)


def reached(*states: str, pairs: tuple[str, ...] = (), faults: tuple[str, ...] = ("crash",)) -> Verdict:
    """A clean verdict on a run that came there."""
    return Verdict(0, faults=Counter(faults), pairs=Counter(pairs), states=frozenset(states))


def test_with_nothing_kept_the_seeds_come_in_their_order() -> None:
    corpus = Corpus(7, swarm)
    assert [corpus.next_case() for _ in range(3)] == [Case(seed, swarm(seed)) for seed in (7, 8, 9)]


def test_what_comes_where_none_was_before_is_kept() -> None:
    corpus = Corpus(0, swarm)
    cases = [corpus.next_case() for _ in range(4)]
    corpus.learn(cases[0], reached("a"))
    corpus.learn(cases[1], reached("a"))
    corpus.learn(cases[2], reached("a", pairs=("x y",)))
    corpus.learn(cases[3], Verdict(3, (Finding("history", "G0"),), states=frozenset({"b"})))
    assert [entry.case for entry in corpus.entries] == [cases[0], cases[2]]
    assert corpus.states == {"a", "b"} and corpus.pairs == {"x y"}


def test_more_like_it_is_tried_and_as_much_that_is_new() -> None:
    corpus = Corpus(0, swarm)
    first = corpus.next_case()
    corpus.learn(first, reached("a", faults=("crash", "loss")))
    made = [corpus.next_case() for _ in range(300)]
    fresh = [case for case in made if case.options == swarm(case.seed)]
    assert 0.25 < len(fresh) / len(made) < 0.55
    others = [case for case in made if case not in fresh]
    assert any(case.options == first.options and case.seed != first.seed for case in others)
    assert {kind for case in others for kind, _ in case.options.salts} == {"crash", "loss"}
    assert any(case.options.faults != first.options.faults for case in others)
    assert corpus.entries[0].tried == len(others)


def test_the_same_verdicts_lead_to_the_same_cases() -> None:
    one, other = Corpus(3, swarm), Corpus(3, swarm)
    for number in range(60):
        case = one.next_case()
        assert case == other.next_case()
        for corpus in (one, other):
            corpus.learn(case, reached(str(number % 7), str(number)))


def test_what_has_shown_most_is_tried_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FRESH", 0.0)
    corpus = Corpus(0, swarm)
    cases = [corpus.next_case(), Case(99, swarm(99))]
    corpus.learn(cases[0], reached(*map(str, range(400))))
    corpus.learn(cases[1], reached("new"))
    for _ in range(200):
        corpus.next_case()
    rich, poor = corpus.entries
    assert rich.tried > 2 * poor.tried > 0


def test_no_more_are_kept_than_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT", 3)
    corpus = Corpus(0, swarm)
    for number in range(5):
        corpus.learn(Case(number, Options()), reached(*(f"{number}.{k}" for k in range(number + 1))))
    assert [entry.case.seed for entry in corpus.entries] == [2, 3, 4]


def test_crossed_options_have_each_field_from_one_of_both() -> None:
    one = Options(clients=1, accounts=10, faults=Faults(loss=0.1, duplicate=0.1))
    other = Options(clients=2, accounts=20, faults=Faults(loss=0.2, duplicate=0.2))
    made = [crossed(one, other, Random(seed)) for seed in range(64)]
    assert {(m.clients, m.accounts) for m in made} == {(1, 10), (1, 20), (2, 10), (2, 20)}
    assert {(m.faults.loss, m.faults.duplicate) for m in made} == {(0.1, 0.1), (0.1, 0.2), (0.2, 0.1), (0.2, 0.2)}


def test_what_only_one_of_both_has_is_taken_or_left_whole() -> None:
    one, other = Options(mix=Mix(skew=0.5, retries=7)), Options()
    made = {crossed(*pair, Random(seed)).mix for seed in range(16) for pair in ((one, other), (other, one))}
    assert made == {one.mix, None}


def test_a_rate_is_halved_or_doubled_and_none_is_made_of_nothing() -> None:
    options = Options(moves_every_us=40, faults=Faults(crash_every_us=100))
    made = {with_another_rate(options, Random(seed)) for seed in range(64)}
    assert {(m.moves_every_us, m.faults.crash_every_us) for m in made} == {(20, 100), (80, 100), (40, 50), (40, 200)}
    calm = Options(faults=Faults(crash_every_us=0))
    assert with_another_rate(calm, Random(0)).faults == calm.faults


def test_a_kept_corpus_is_run_first_the_next_time(tmp_path: Path) -> None:
    corpus = Corpus(0, swarm)
    for number in range(3):
        corpus.learn(Case(number, swarm(number)), reached(str(number)))
    save(corpus, tmp_path / "corpus")
    again = Corpus(50, swarm, load(tmp_path / "corpus"))
    assert [again.next_case() for _ in range(4)] == [
        *(Case(number, swarm(number)) for number in range(3)),
        Case(50, swarm(50)),
    ]
    assert load(tmp_path / "none") == []


def test_a_file_that_is_no_case_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"seed": 1}')
    with pytest.raises(RequestError, match=r"x\.json"):
        load(tmp_path)
