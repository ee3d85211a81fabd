"""TLC's numbered messages become values."""

from __future__ import annotations

from daybreak.modelcheck import messages


def said(code: int, severity: int, text: str) -> str:
    return f"@!@!@STARTMSG {code}:{severity} @!@!@\n{text}\n@!@!@ENDMSG {code} @!@!@\n"


def test_messages_and_the_text_between_them_are_kept_apart() -> None:
    transcript = messages.read("before\n" + said(2185, 0, "Starting...") + "after\n")
    assert transcript.messages == (messages.Message(2185, "0", "Starting..."),)
    assert transcript.between == "before\nafter"


def test_names_of_violated_invariants_and_properties() -> None:
    invariant = messages.read(said(2110, 1, "Invariant Foo is violated."))
    initial = messages.read(said(2107, 1, "Invariant Bar is violated by the initial state:"))
    action = messages.read(said(2112, 1, "Action property Baz is violated."))
    assert [messages.violated(each) for each in (invariant, initial, action)] == ["Foo", "Bar", "Baz"]
    assert messages.violated(messages.read(said(2193, 0, "Invariant Foo is violated."))) is None


def test_a_counterexample_has_actions_and_values() -> None:
    states = said(2217, 4, "1: <Initial predicate>\n/\\ x = 1\n/\\ f = (a :> 1 @@\n  b :> 2)\n")
    states += said(2217, 4, "2: <Grow line 5, col 1 to line 5, col 9 of module M>\n/\\ x = 2\n/\\ f = <<>>\n")
    first, second = messages.steps(messages.read(states))
    assert (first.action, first.values) == ("Initial predicate", {"x": "1", "f": "(a :> 1 @@ b :> 2)"})
    assert (second.number, second.action, second.values["x"]) == (2, "Grow", "2")


def test_the_only_variable_has_no_junction() -> None:
    (step,) = messages.steps(messages.read(said(2217, 4, "1: <Initial predicate>\nx = 1\n")))
    assert step.values == {"x": "1"}


def test_a_cycle_is_told() -> None:
    lines = said(2217, 4, "1: <Initial predicate>\nx = 1\n") + said(2218, 4, "2: Stuttering")
    assert [step.action for step in messages.steps(messages.read(lines))][1].startswith("stutters for ever")


def test_coverage_adds_up_per_action() -> None:
    grow = "<Grow line 5, col 1 to line 5, col 9 of module M>: 2:5"
    place = "<Grow line 5, col 1 to line 5, col 9 of module M (7 1 8 2)>: 0:1"
    lines = said(2772, 0, grow) + said(2772, 0, place) + said(2773, 0, "<Init line 1 of module M>: 1:1")
    assert messages.coverage(messages.read(lines)) == {"Grow": 6}


def test_a_message_ends_where_the_one_it_quotes_begins() -> None:
    quoted = "@!@!@STARTMSG 5006:0 @!@!@\nIt was expecting\na keyword.\n@!@!@ENDMSG 5006 @!@!@"
    transcript = messages.read(said(1000, 1, f"TLC threw an exception\n: {quoted}"))
    assert [message.code for message in transcript.messages] == [1000, 5006]


def test_an_initial_state_that_violates_is_the_whole_counterexample() -> None:
    transcript = messages.read(said(2108, 1, "Property Init is violated by the initial state:\n/\\ x = 1\n/\\ y = 2"))
    assert messages.violated(transcript) == "Init"
    (step,) = messages.steps(transcript)
    assert (step.number, step.action, step.values) == (1, "Initial predicate", {"x": "1", "y": "2"})


def test_a_part_of_a_property_goes_by_its_place() -> None:
    place = "line 6, col 17 to line 6, col 26 of module Low"
    assert messages.violated(messages.read(said(2112, 1, f"Action property {place} is violated."))) == place


def test_the_length_counts_states_only() -> None:
    lines = said(2217, 4, "1: <Initial predicate>\nx = 1\n") + said(2218, 4, "2: Stuttering")
    assert messages.length(messages.steps(messages.read(lines))) == 1
