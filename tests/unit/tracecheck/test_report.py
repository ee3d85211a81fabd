"""The result as text and as JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from tests.support.reports import CONFORMING, MINIMISED, NEAREST, REJECTION, UNDECIDED, violating
from tracecheck import UsageError
from tracecheck.report import Nearest, Rejection, Result, explain, from_json, render, schema, sentence, shorten

PUBLISHED = Path(__file__).parents[3] / "tracecheck" / "report" / "result.schema.json"
PLACE = "specs/isolation/SnapshotIsolation.tla:74"


def rejected(**changes: object) -> Rejection:
    """The rejection, its reason changed."""
    return replace(REJECTION, nearest=[replace(NEAREST, **changes)])  # type: ignore[arg-type]


# --- the first sentence -------------------------------------------------------------------------------------------


def test_the_sentence_names_the_event_the_action_the_condition_and_the_values() -> None:
    assert sentence(REJECTION) == (
        'log/qp 1.ndjson:41: Read(txn |-> "t7", seen |-> ("k1" :> <<1, 2>>)) by A/qp-1: not allowed, for '
        '"seen = newest" is false (seen = <<1, 2>>, newest = <<0, 9>>, k = "k1"), in '
        f'"\\A k \\in DOMAIN seen : IsNewest(k, seen[k], start)", {PLACE}.'
    )


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"note": "true, and must not be"}, 'for "seen = newest" is true and must not be ('),
        ({"note": "Next does not offer this value"}, 'for "seen = newest", which Next demands, is false ('),
        ({"note": "TLC cannot evaluate it (x)"}, 'for TLC cannot evaluate it (x): "seen = newest" ('),
        ({"invariant": "Inv"}, 'for it would break the invariant Inv: "seen = newest" is false ('),
        (
            {"inside": "", "where": {}, "values": {}},
            f'Read by A/qp-1: not allowed, for "seen = newest" is false, {PLACE}.',
        ),
        ({"where": {"newest": "9" * 100}}, f"newest = {'9' * 60}... (40 more characters)"),
    ],
)
def test_the_sentence_says_in_which_way(changes: dict[str, object], told: str) -> None:
    assert told in sentence(rejected(**changes))


def test_what_is_not_spoken_of_is_not_told() -> None:
    assert "versions" not in sentence(REJECTION)


def test_an_event_that_is_near_to_nothing_has_a_sentence_too() -> None:
    alone = replace(REJECTION, nearest=[])
    assert sentence(alone) == (
        "log/qp 1.ndjson:41: SnapshotIsolation!Read by A/qp-1: not allowed by any action of the spec."
    )


def test_long_values_are_cut_in_the_text_and_whole_in_the_explanation() -> None:
    assert shorten("a\n  b") == "a b"
    assert shorten("x" * 1000) == "x" * 300 + "... (700 more characters)"
    assert "(700 more characters)" in render(violating())
    assert "x" * 1000 in explain(REJECTION)


# --- text ---------------------------------------------------------------------------------------------------------


def test_the_text_of_a_violation_has_all_that_helps() -> None:
    text = render(violating(replace(REJECTION, minimised=MINIMISED, candidates=3)))
    for words in (
        "VIOLATES: log/qp 1.ndjson:41",
        "nearest: Read",
        "possible instead: Abort(txn)",
        "last good state (one of 3 candidates):",
        "acked = <<0, 5>>",
        "the same with 2 events (39 dropped; none of them can be left out):",
        "log/qp 1.ndjson:1: A/qp-1: S!Begin",
    ):
        assert words in text, words


def test_the_text_of_other_verdicts() -> None:
    assert "CONFORMS: all 3 events" in render(CONFORMING)
    assert "problem: a.ndjson:3: event 3 of a missing" in render(UNDECIDED)


# --- JSON ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("result", [CONFORMING, UNDECIDED, violating(replace(REJECTION, minimised=MINIMISED))])
def test_json_fits_its_schema_and_can_be_read_again(result: Result) -> None:
    text = json.dumps(result.to_json())
    jsonschema.Draft202012Validator(schema()).validate(json.loads(text))
    assert from_json(text, "r.json") == [result]
    assert from_json(f"[{text}, {text}]", "r.json") == [result, result]
    assert from_json(f'{{"one": {text}}}', "r.json") == [result]


def test_the_schema_that_is_published_is_that_of_the_code() -> None:
    """To write it anew: `json.dumps(schema(), indent=2)`."""
    assert json.loads(PUBLISHED.read_text()) == schema()


@pytest.mark.parametrize(("field", "value"), [("verdict", "FINE"), ("events", "3"), ("slices", None)])
def test_other_json_does_not_fit(field: str, value: object) -> None:
    document = CONFORMING.to_json() | {field: value}
    assert not jsonschema.Draft202012Validator(schema()).is_valid(document)


@pytest.mark.parametrize("text", ["", "3", "{}", '{"verdict": "CONFORMS"}', "[1]"])
def test_what_is_no_result_is_refused_in_one_line(text: str) -> None:
    if text == "{}":
        assert from_json(text, "r.json") == []
        return
    with pytest.raises(UsageError, match=r"^r\.json: this is no result of a check: .+$"):
        from_json(text, "r.json")


def test_a_condition_is_a_value() -> None:
    assert str(Nearest("A", "x < 5", "S.tla", 3, {}, {})) == "S.tla:3: false: x < 5"
