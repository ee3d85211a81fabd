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


def test_of_a_quoting_message_the_quoted_one_is_the_reason() -> None:
    quoted = "@!@!@STARTMSG 5006:0 @!@!@\nIt was expecting\na keyword.\n@!@!@ENDMSG 5006 @!@!@"
    transcript = messages.read(said(1000, 1, f"TLC threw an exception\n: {quoted}"))
    assert messages.complaint(transcript) == "It was expecting a keyword."
    assert [message.code for message in transcript.messages] == [1000, 5006]


def test_the_innermost_place_of_an_evaluation_error_is_named() -> None:
    lines = said(2111, 1, "Evaluating failed.") + said(2103, 1, "positions:\n0. Line 1 in M\n1. Line 2 in N")
    assert messages.complaint(messages.read(lines)) == "Evaluating failed. 1. Line 2 in N"


def test_a_semantic_error_is_placed_in_the_module_it_names() -> None:
    text = (
        "Parsing file /s/M.tla\nParsing file /s/N.tla\nSemantic processing of module N\nSemantic errors:\n\n"
        "*** Errors: 1\n\nline 4, col 13 to line 4, col 15 of module M\n\nUnknown operator: `foo'.\n"
    )
    assert messages.parse_complaint(messages.read(text)) == "/s/M.tla:4: Unknown operator: `foo'."


def test_a_syntax_error_is_placed_in_the_file_that_was_being_parsed() -> None:
    text = 'Parsing file /s/M.tla\nParsing file /s/N.tla\n***Parse Error***\nEncountered "1" at line 7, column 15\n'
    assert messages.parse_complaint(messages.read(text)).startswith('/s/N.tla:7: Encountered "1"')
