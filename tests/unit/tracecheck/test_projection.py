"""What a rule can say of an event: several steps, hidden ones, none, and what the variables are afterwards."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.tracecheck.votes import CONFIG, MODULE, TYPES
from tracecheck import Plan
from tracecheck.codec import ArgumentError
from tracecheck.compiled import CompiledEngine
from tracecheck.engine import Engine, State
from tracecheck.mapping import load_mapping
from tracecheck.observe import Observation, compile_moves
from tracecheck.projection import Difference
from tracecheck.read import Entry, Event
from tracecheck.tlc.engine import TlcEngine
from tracecheck.tlc.spec import locate

Observe = Callable[..., Observation]
MakeObserve = Callable[[str], Observe]


@pytest.fixture(scope="module", params=[TlcEngine, CompiledEngine], ids=lambda made: made.name)
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """Both engines, on the voters' spec."""
    directory = tmp_path_factory.mktemp("votes")
    (directory / "Votes.tla").write_text(f"---- MODULE Votes ----\n{MODULE}====\n")
    (directory / "Votes.cfg").write_text(CONFIG)
    made: Engine = request.param(locate(directory / "Votes.tla"))
    return made


@pytest.fixture
def rules(engine: Engine, tmp_path: Path) -> MakeObserve:
    """From the text of a mapping to a function from event and arguments to what they say."""

    def make(text: str) -> Observe:
        file = tmp_path / "mapping.toml"
        needed = (line for line in TYPES.splitlines() if line.startswith("[") or line.partition(" ")[0] in text)
        head = "\n".join(needed)
        file.write_text(f"{text}\n{head}\n")
        moves = compile_moves(load_mapping(file), engine)

        def observe(act: str, **args: Any) -> Observation:
            event = Event(v=1, n=1, node="a", at=(1, 1), act=act, args=args)
            return moves[act].observe(Entry(event, "a.ndjson", 1, b""))

        return observe

    return make


PLAIN = """
[events]
ask = "Ask(who)"
lose = "Lose(who)"
grant = "Grant(from, to)"
"""


def after(engine: Engine, observe: Observe, *events: tuple[str, dict[str, str]]) -> State:
    """The one state after the events."""
    (state,) = engine.initial()
    for act, args in events:
        (state,) = observe(act, **args).successors(state)
    return state


@pytest.fixture
def granted(engine: Engine, rules: MakeObserve) -> State:
    """r1 has asked, r2 and r3 have granted."""
    grants = [("grant", {"from": voter, "to": "r1"}) for voter in ("r2", "r3")]
    return after(engine, rules(PLAIN), ("ask", {"who": "r1"}), *grants)


def shown(engine: Engine, observation: Observation, state: State, variable: str) -> list[str]:
    """The values of a variable after the event."""
    return [engine.show(one)[variable] for one in observation.successors(state)]


def differences(observation: Observation, state: State) -> list[Difference]:
    return [attempt.difference for attempt in observation.attempts(state) if attempt.difference is not None]


# -- values ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "args", "part", "logged", "actual"),
    [
        ('after = { "role[who]" = "stated" }', {"stated": "leader"}, "role[r1]", '"leader"', '"asking"'),
        ("after = { 'role[who]' = '\"idle\"' }", {}, "role[r1]", '"idle"', '"asking"'),
        ('after = { net = "members" }', {"members": ["r1", "r2"]}, "net", "{r1, r2}", "{r1}"),
        ('after = { "log[who][1]" = 3 }', {}, "log[r1][1]", "3", "nothing"),
        ('after = { "role[who].x" = 3 }', {}, "role[r1].x", "3", "nothing"),
        ('add = { net = "to" }', {"to": "r2"}, "net", "{r2}", "{r1}"),
        ('remove = { net = "who" }', {}, "net", "{}", "{r1}"),
        ("update = { 'role[who]' = '\"leader\"' }", {}, "role[r1]", '"leader"', '"asking"'),
        ("update = { 'role[to]' = '\"idle\"' }", {"to": "r2"}, "role", "", ""),
        ('append = { "log[who]" = 3 }', {}, "log[r1]", "<<3>>", "<<>>"),
    ],
)
def test_another_value_than_the_event_says_is_no_step(
    rule: str, args: dict[str, Any], part: str, logged: str, actual: str, rules: MakeObserve, engine: Engine
) -> None:
    observe = rules(f'[events]\nask = {{ step = "Ask(who)", {rule} }}\n')
    (state,) = engine.initial()
    observation = observe("ask", who="r1", **args)
    assert list(observation.successors(state)) == []
    (found,) = differences(observation, state)
    assert found.part == part
    if logged:
        assert (found.logged, found.actual) == (logged, actual)


@pytest.mark.parametrize(
    ("rule", "args"),
    [
        ('after = { "role[who]" = "stated" }', {"stated": "asking"}),
        ('after = { "voted[who]" = "seen" }', {"seen": None}),
        ('after = { net = "members" }', {"members": ["r1"]}),
        ('add = { net = "who" }', {}),
        ("update = { 'role[who]' = '\"asking\"' }, add = { net = 'who' }", {}),
    ],
)
def test_the_value_that_the_event_says_is_a_step(
    rule: str, args: dict[str, Any], rules: MakeObserve, engine: Engine
) -> None:
    observe = rules(f'[events]\nask = {{ step = "Ask(who)", {rule} }}\n')
    (state,) = engine.initial()
    assert len(list(observe("ask", who="r1", **args).successors(state))) == 1


def test_a_change_that_cannot_be_made_is_a_difference(rules: MakeObserve, engine: Engine) -> None:
    observe = rules('[events]\nask = { step = "Ask(who)", append = { net = "who" } }\n')
    (state,) = engine.initial()
    (found,) = differences(observe("ask", who="r1"), state)
    assert found.logged == "a change that cannot be made: {} is no sequence, so nothing can be appended"


def test_what_is_not_logged_is_found_by_what_it_does(rules: MakeObserve, engine: Engine, granted: State) -> None:
    """Win's term is `_`, and only one term gives the log that the event says."""
    observe = rules('[events]\nwin = { step = "Win(who, _)", append = { "log[who]" = "term + 1" } }\n')
    assert len(list(rules('[events]\nwin = "Win(who, _)"\n')("win", who="r1").successors(granted))) == 5
    assert shown(engine, observe("win", who="r1", term=2), granted, "log") == [
        "(r1 :> <<3>> @@ r2 :> <<>> @@ r3 :> <<>>)"
    ]
    assert list(observe("win", who="r1", term=5).successors(granted)) == []


CHANGES = '[events]\nwin = { step = "Win(who, _)", changes = "changes" }\n'


@pytest.mark.parametrize(
    ("changes", "count"),
    [
        ({"log": [{"op": "append", "path": ["r1"], "value": 3}]}, 1),
        ({"log": {"op": "AppendElement", "path": ["r1"], "args": [3]}, "role": []}, 1),
        ({"role": [{"op": "Update", "path": ["r1"], "args": ["leader"]}]}, 5),
        ({"role": [{"op": "update", "path": ["r1"], "value": "idle"}]}, 0),
        ({"net": [{"op": "remove", "value": "r1"}, {"op": "add", "value": "r1"}]}, 5),
        ({"net": [{"op": "clear"}]}, 0),
        ({}, 5),
    ],
)
def test_a_log_may_bring_its_own_changes(changes: Any, count: int, rules: MakeObserve, granted: State) -> None:
    observation = rules(CHANGES)("win", who="r1", changes=changes)
    assert len(list(observation.successors(granted))) == count


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (3, "changes is no object from variable to changes"),
        ({"logs": []}, "changes speaks of logs, no variable of the spec"),
        ({"log": 3}, "changes.log is no change such as"),
        ({"log": {"op": "grow", "value": 1}}, "changes.log: there is no operation grow; there are update, add"),
        ({"log": {"op": "append", "args": [1, 2]}}, "append takes 1 value"),
        ({"log": {"op": "append", "value": 1.5}}, "changes.log is 1.5, which is no TLA+ value"),
    ],
)
def test_what_is_no_change_is_said(changes: Any, words: str, rules: MakeObserve) -> None:
    with pytest.raises(ArgumentError) as caught:
        rules(CHANGES)("win", who="r1", changes=changes)
    assert words in str(caught.value)


# -- steps -------------------------------------------------------------------------------------------------------


def test_several_rules_are_tried_in_turn(rules: MakeObserve, engine: Engine) -> None:
    observe = rules(
        '[events]\nask = [{ when = "args.ok", step = "Ask(who)" }, { when = "tries > 2", step = "Lose(who)" }, '
        '{ ignore = "it will ask again" }]\n'
    )
    assert observe("ask", who="r1", ok=True, tries=0).action == "Ask"
    assert observe("ask", who="r1", ok=False, tries=3).action == "Lose"
    ignored = observe("ask", who="r1", ok=False, tries=1)
    assert (ignored.action, ignored.ignored) == ("no step", "it will ask again")
    (state,) = engine.initial()
    assert list(ignored.successors(state)) == [state]
    with pytest.raises(ArgumentError, match="'no' is neither true nor false"):
        observe("ask", who="r1", ok="no", tries=1)
    with pytest.raises(ArgumentError, match="ok: the event has no ok"):
        observe("ask", who="r1", tries=1)


def test_an_event_for_which_no_rule_is_true_is_said(rules: MakeObserve) -> None:
    observe = rules('[events]\nask = { when = "args.ok", step = "Ask(who)" }\n')
    with pytest.raises(ArgumentError, match="no rule of the mapping is for this ask"):
        observe("ask", who="r1", ok=False)


def test_an_event_may_be_several_steps(rules: MakeObserve, engine: Engine) -> None:
    observe = rules('[events]\nboth = ["Ask(who)", "Grant(from, who)", "Lose(who)"]\n')
    (state,) = engine.initial()
    observation = observe("both", **{"who": "r1", "from": "r2"})
    (passage,) = observation.passages(state)
    assert passage.actions == ("Ask", "Grant", "Lose")
    assert [engine.show(one)["net"] for one in passage.states] == ["{r1}", "{r1}", "{}"]
    assert list(observation.successors(passage.states[-1])) == []
    (attempt,) = observation.attempts(passage.states[-1])
    assert (attempt.action, attempt.before) == ("Ask", ())


def test_the_first_step_that_is_not_possible_is_named(rules: MakeObserve, engine: Engine) -> None:
    observe = rules('[events]\nboth = ["Ask(who)", "Grant(from, to)"]\n')
    (state,) = engine.initial()
    (attempt,) = observe("both", **{"who": "r1", "from": "r2", "to": "r3"}).attempts(state)
    assert (attempt.action, attempt.before, engine.show(attempt.state)["net"]) == ("Grant", ("Ask",), "{r1}")


def test_an_event_may_be_one_of_several_actions(rules: MakeObserve, engine: Engine) -> None:
    observe = rules('[events]\neither = "Lose(who) or Ask(who)"\n')
    (state,) = engine.initial()
    observation = observe("either", who="r1")
    assert observation.action == "Lose or Ask"
    (asked,) = observation.successors(state)
    (lost,) = observation.successors(asked)
    assert (engine.show(asked)["net"], engine.show(lost)["net"]) == ("{r1}", "{}")


def test_a_stutter_changes_nothing_and_is_compared(rules: MakeObserve, engine: Engine, granted: State) -> None:
    observe = rules('[events]\nlook = { stutter = "only looks", after = { "role[who]" = "stated" } }\n')
    assert list(observe("look", who="r1", stated="asking").successors(granted)) == [granted]
    wrong = observe("look", who="r1", stated="idle")
    assert list(wrong.successors(granted)) == []
    (attempt,) = wrong.attempts(granted)
    assert (attempt.action, attempt.tried) == ("no step", None)
    assert attempt.difference == Difference("role[r1]", '"idle"', '"asking"')


def test_an_invariant_must_hold_between_the_steps_of_an_event(rules: MakeObserve, engine: Engine) -> None:
    """What is so at the end only, the search looks at; three requests at once are one too many in between, too."""
    observe = rules('[events]\nbrief = ["Ask(who)", "Lose(who)"]\nask = "Ask(who)"\n')
    state = after(engine, observe, ("ask", {"who": "r1"}))
    assert len(list(observe("brief", who="r3").successors(state))) == 1
    state = after(engine, observe, ("ask", {"who": "r1"}), ("ask", {"who": "r2"}))
    assert list(observe("brief", who="r3").successors(state)) == []
    (broken,) = observe("ask", who="r3").successors(state)
    assert engine.broken_invariant(broken) == "Calm"


# -- hidden steps ------------------------------------------------------------------------------------------------

LOST = '[events]\nlook = { stutter = "only looks", after = { net = "members" } }\n'


@pytest.mark.parametrize(
    ("hidden", "count"),
    [
        ('[hidden]\nmost = 1\nactions = ["Lose"]\n', 1),
        ('[hidden]\nmost = 1\nactions = ["Lose(_)"]\n', 1),
        ('[hidden]\nmost = 3\nactions = ["Ask", "Lose"]\n', 3),
        ("", 0),
        ('[hidden]\nmost = 1\nactions = ["Ask"]\n', 0),
        ('[hidden]\nmost = 0\nactions = ["Lose"]\n', 0),
    ],
)
def test_steps_that_are_not_logged_may_come_before(hidden: str, count: int, rules: MakeObserve, granted: State) -> None:
    """r1's request was lost, and no event says so."""
    assert len(list(rules(hidden + LOST)("look", members=[]).successors(granted))) == count


def test_the_bound_on_hidden_steps_holds(rules: MakeObserve, engine: Engine) -> None:
    state = after(engine, rules(PLAIN), ("ask", {"who": "r1"}), ("ask", {"who": "r2"}))
    for most, count in ((1, 0), (2, 1), (5, 1)):
        observation = rules(f'[hidden]\nmost = {most}\nactions = ["Lose"]\n{LOST}')("look", members=[])
        assert len(list(observation.successors(state))) == count


def test_a_rule_may_have_hidden_steps_of_its_own(rules: MakeObserve, engine: Engine, granted: State) -> None:
    text = (
        '[hidden]\nmost = 1\nactions = ["Lose"]\n[events]\n'
        'never = { stutter = "w", after = { net = "members" }, hidden = { most = 0 } }\n'
        'named = { stutter = "w", after = { net = "members" }, hidden = { most = 1, actions = ["Lose(who)"] } }\n'
    )
    observe = rules(text)
    assert list(observe("never", members=[]).successors(granted)) == []
    (passage,) = observe("named", members=[], who="r1").passages(granted)
    assert passage.actions == ("Lose",)
    assert list(observe("named", members=[], who="r2").successors(granted)) == []


def test_fewer_hidden_steps_come_first(rules: MakeObserve, granted: State) -> None:
    observe = rules('[hidden]\nmost = 2\nactions = ["Lose", "Ask"]\n[events]\nask = "Ask(who)"\n')
    lengths = [len(passage.actions) for passage in observe("ask", who="r2").passages(granted)]
    assert lengths == sorted(lengths)
    assert (lengths[0], lengths[-1]) == (1, 3)


# -- the arguments -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({"who": "r1", "extra": 1}, "ask has extra, which the mapping does not know"),
        ({}, "ask lacks who"),
        ({"who": "r9"}, "who is 'r9', no model value of the configuration"),
    ],
)
def test_other_arguments_than_declared_are_said(args: dict[str, Any], words: str, rules: MakeObserve) -> None:
    with pytest.raises(ArgumentError) as caught:
        rules(PLAIN)("ask", **args)
    assert words in str(caught.value)


def test_arguments_that_may_be_missing(rules: MakeObserve) -> None:
    step = """ask = "Ask(typed(get(voter, other), 'model'))"\n"""
    observe = rules(f'[events]\n{step}[unused]\nask = {{ spare = "not looked at" }}\n')
    assert observe("ask", voter="r1", other="r2", spare=1).values
    assert observe("ask", other="r2", spare=1).values
    with pytest.raises(ArgumentError, match="ask lacks other, spare"):
        observe("ask", voter="r1")


def test_a_reason_may_be_given_for_all_that_is_not_looked_at(rules: MakeObserve) -> None:
    for unused in ('[unused]\n"*" = "all is logged"\n', '[unused]\nask = "all is logged"\n'):
        observe = rules(f'[events]\nask = "Ask(who)"\n{unused}')
        assert observe("ask", who="r1", much=1, more=2).values


def test_the_report_names_the_part(engine: Engine, rules: MakeObserve, tmp_path: Path) -> None:
    rules('[events]\nask = { step = "Ask(who)", after = { "role[who]" = "stated" } }\n')
    plan = Plan(engine.files.module, tmp_path / "mapping.toml")
    event = Event(v=1, n=1, node="a", at=(1, 1), act="ask", args={"who": "r1", "stated": "leader"})
    entry = Entry(event, "a.ndjson", 1, b"{}")
    rejection = plan.reject(entry, None, plan.engine.initial(), None)
    nearest = rejection.nearest[0]
    assert (nearest.action, nearest.conjunct) == ("Ask", 'role[r1] = "leader"')
    assert nearest.where == {"role[r1]": '"asking"'}
