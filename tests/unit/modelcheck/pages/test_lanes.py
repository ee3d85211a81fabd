"""Who takes part in a step is found from its arguments, its changes and its card."""

from __future__ import annotations

import pytest

from daybreak.modelcheck.changes import changes
from daybreak.modelcheck.messages import Step
from daybreak.modelcheck.pages.brief import brief, on_lane, wrapped
from daybreak.modelcheck.pages.lanes import Cast, Lane, Role
from daybreak.modelcheck.pages.scene import stage
from daybreak.modelcheck.pages.texts import Spec
from daybreak.modelcheck.values import Atom, parse

ZONE = Role("zone", names=("zone", "quorum"), owns=("held",))
LEADER = Role("leader", who=("would-be leader",), names=("epoch",), owns=("led",))
WORLD = Role("world", owns=("now",))
CAST = Cast([LEADER, ZONE, WORLD])


def lane(role: str, key: str = "") -> Lane:
    return Lane(role, Atom(key) if key else None)


@pytest.mark.parametrize(
    ("name", "value", "named"),
    [
        ("zone", "z1", [lane("zone", "z1")]),
        ("quorum", "{z2, z1}", [lane("zone", "z1"), lane("zone", "z2")]),
        ("epoch", "(3 :> z1)", [lane("leader", "3")]),
        ("chosen", "[zone |-> z1, held |-> [epoch |-> 2]]", [lane("zone", "z1")]),
        ("replies", "{[zone |-> z1]}", [lane("zone", "z1")]),
        ("ts", "3", []),
    ],
)
def test_an_argument_names_who_takes_part(name: str, value: str, named: list[Lane]) -> None:
    assert CAST.in_order(CAST.named({name: parse(value)})) == named


def test_lanes_stand_in_the_order_of_the_roles_and_of_their_numbers() -> None:
    lanes = [lane("world"), lane("zone", "z1"), lane("leader", "10"), lane("leader", "9")]
    assert CAST.in_order(lanes) == [lane("leader", "9"), lane("leader", "10"), lane("zone", "z1"), lane("world")]
    assert [each.title for each in CAST.in_order(lanes)] == ["leader 9", "leader 10", "zone z1", "world"]


def test_the_card_says_who_takes_the_step() -> None:
    named = [lane("leader", "1"), lane("zone", "z1")]
    assert CAST.actor("a zone, asked by a would-be leader", named) == lane("zone", "z1")
    assert CAST.actor("a would-be leader, told by a zone", named) == lane("leader", "1")
    assert CAST.actor("the world", named) == lane("world")
    assert CAST.actor("", named) == lane("leader", "1")
    assert CAST.actor("a zone", []) is None


def test_a_change_touches_who_owns_it_or_who_is_named_in_it() -> None:
    def touched(name: str, before: str, after: str) -> list[Lane]:
        (change,) = changes({name: parse(before)}, {name: parse(after)})
        return CAST.touched(change)

    assert touched("held", "(z1 :> 0)", "(z1 :> 1)") == [lane("zone", "z1")]
    assert touched("now", "0", "1") == [lane("world")]
    assert touched("replies", "{}", "{[zone |-> z1]}") == [lane("zone", "z1")]
    assert touched("replies", "{}", "{1}") == []
    assert touched("led", "{}", "{1, 2}") == [lane("leader", "1"), lane("leader", "2")]
    assert touched("led", "{}", "{[epoch |-> 1, zone |-> z1]}") == [lane("leader", "1")]


def test_on_a_lane_its_own_name_is_not_said_again() -> None:
    (change,) = changes({"held": parse("(z1 :> [at |-> 0])")}, {"held": parse("(z1 :> [at |-> 1])")})
    assert on_lane(change, lane("zone", "z1")) == "held at 0 \N{RIGHTWARDS ARROW} 1"
    assert on_lane(change, lane("leader", "1")) == "held z1 at 0 \N{RIGHTWARDS ARROW} 1"


def test_values_in_few_words() -> None:
    assert brief(parse('[txn |-> 1, keys |-> (k1 :> "W")]')) == "keys (k1: W), txn 1"
    assert brief(parse("{<<1, a>>, [x |-> {}]}")) == "{<1, a>, (x {})}"


def test_a_long_line_is_broken_and_cut() -> None:
    assert wrapped("one two three", 9, 3) == ["one two", "  three"]
    assert wrapped("one two three four", 7, 2) == ["one two", "  three"[:6] + "\N{HORIZONTAL ELLIPSIS}"]


def test_a_spec_without_roles_has_one_lane() -> None:
    steps = [Step(1, "Initial predicate", {"x": "0"}), Step(2, "Grow", {"x": "1"}), Step(3, "goes back: 2: <Grow>", {})]
    scene = stage(steps, Spec(()), Cast([]))
    assert [each.title for each in scene.lanes] == ["state"]
    assert [str(change) for change in scene.events[0].seen] == ["x: 0 -> 1"]
    assert scene.ending == "From here on the steps after step 2 repeat for ever."
