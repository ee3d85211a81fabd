"""Which part of an action is blamed when it does not allow a step."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tracecheck import VIOLATES, check
from tracecheck.report import Nearest, Rejection, shorten

MakeSpec = Callable[..., Path]
MakeMapping = Callable[[str], Path]


def blame(guard: str, make_spec: MakeSpec, make_mapping: MakeMapping, tmp_path: Path, more: str = "") -> Nearest:
    """What is blamed when A(n), with `guard` before its assignment, is logged with n = 7 where x = {1, 5}."""
    body = (
        "EXTENDS Integers\nVARIABLE x\nInit == x = {1, 5}\n"
        f"{more}\nA(n) ==\n  {guard}\n  /\\ x' = x \\cup {{n}}\nNext == \\E n \\in Nat : A(n)"
    )
    event = {"v": 1, "n": 1, "node": "a", "at": [1, 1], "act": "S!A", "args": {"n": 7}}
    (tmp_path / "a.ndjson").write_text(json.dumps(event) + "\n")
    mapping = make_mapping('[types]\nn = "int"\n[events]\n"S!A" = "A(n)"\n')
    result = check(make_spec("S", body), mapping, [tmp_path / "a.ndjson"])
    assert result.verdict == VIOLATES
    assert result.rejection is not None
    (nearest,) = result.rejection.nearest
    assert nearest.values == {"n": "7"}
    return nearest


@pytest.mark.parametrize(
    ("guard", "more", "conjunct", "where", "inside"),
    [
        ("/\\ n > 0 /\\ n < 5 /\\ n > 9", "", "n < 5", {}, ""),
        ("/\\ n \\in x", "", "n \\in x", {"x": "{1, 5}"}, ""),
        ("/\\ n > 0\n  /\\ n <\n     5", "", "n < 5", {}, ""),
        ("/\\ \\A e \\in x : n > e + 4", "", "n > e + 4", {"e": "5", "e + 4": "9"}, "\\A e \\in x : n > e + 4"),
        ("/\\ Low(n + 1)", "Low(m) == /\\ m > 0\n          /\\ m < 5", "m < 5", {"m": "8"}, "Low(n + 1)"),
        ("/\\ Low(n + 1)", "Low(m) == m < 5", "Low(n + 1)", {"n + 1": "8"}, ""),
        ("/\\ n > 0 => n < 5", "", "n < 5", {}, "n > 0 => n < 5"),
        ("/\\ LET m == n + 1 IN m < 5", "", "m < 5", {"m": "8"}, ""),
        ("/\\ IF n > 5 THEN n > 8 ELSE n > 9", "", "n > 8", {}, "IF n > 5 THEN n > 8 ELSE n > 9"),
        ("/\\ n > 0 \\/ n < 5 => n = 1", "", "n = 1", {}, "n > 0 \\/ n < 5 => n = 1"),
    ],
)
def test_the_first_false_part_is_blamed(
    guard: str,
    more: str,
    conjunct: str,
    where: dict[str, str],
    inside: str,
    make_spec: MakeSpec,
    make_mapping: MakeMapping,
    tmp_path: Path,
) -> None:
    nearest = blame(guard, make_spec, make_mapping, tmp_path, more)
    assert (nearest.conjunct, nearest.where, nearest.inside) == (conjunct, where, inside)
    assert nearest.note == "false"
    lines = Path(nearest.file).read_text().splitlines()
    assert conjunct[:3] in lines[nearest.line - 1]


def test_what_makes_a_forbidden_thing_true_is_blamed(
    make_spec: MakeSpec, make_mapping: MakeMapping, tmp_path: Path
) -> None:
    more = "Near(m) == \\E e \\in x : e + 2 = m"
    nearest = blame("/\\ ~Near(n)", make_spec, make_mapping, tmp_path, more)
    assert (nearest.conjunct, nearest.note) == ("e + 2 = m", "true, and must not be")
    assert nearest.where == {"m": "7", "e": "5", "e + 2": "7"}


def test_an_action_that_contradicts_itself_is_blamed_as_a_whole(
    make_spec: MakeSpec, make_mapping: MakeMapping, tmp_path: Path
) -> None:
    nearest = blame("/\\ x' = {}", make_spec, make_mapping, tmp_path)
    assert (nearest.conjunct, nearest.note) == ("A(n)", "no conjunct is false by itself, yet there is no next state")


def test_long_values_are_cut() -> None:
    assert shorten("a\n  b") == "a b"
    cut = shorten("x" * 1000)
    assert len(cut) < 350
    assert cut.endswith("... (700 more characters)")


# --- what is wrong after the step ---------------------------------------------------------------------------------

ADDING = """EXTENDS Integers
VARIABLE x
Init == x = {1, 5}
Add(n) == /\\ n > 0
          /\\ x' = x \\cup {n}
Take(n) == n \\in x /\\ x' = x \\ {n}
Swap(n, m) == x' = {n, m}
Next == \\/ \\E n \\in 0 .. 9 : Add(n) \\/ Take(n)
        \\/ \\E n, m \\in 0 .. 9 : Swap(n, m)
Small == \\A e \\in x : e < 7
"""


def rejected(
    rule: str, args: dict[str, object], make_spec: MakeSpec, make_mapping: MakeMapping, path: Path
) -> Rejection:
    """The rejection of an event that is `rule` of the spec above."""
    event = {"v": 1, "n": 1, "node": "a", "at": [1, 1], "act": "S!A", "args": args}
    (path / "a.ndjson").write_text(json.dumps(event) + "\n")
    types = 'n = "int"\n' + ('x = "set(int)"\n' if "x" in args else "")
    mapping = make_mapping(f'[types]\n{types}[events]\n"S!A" = {rule}\n')
    spec = make_spec("S", ADDING, "INIT Init\nNEXT Next\nINVARIANT Small\n")
    rejection = check(spec, mapping, [path / "a.ndjson"]).rejection
    assert rejection is not None
    return rejection


def test_of_a_broken_invariant_the_false_part_is_blamed(
    make_spec: MakeSpec, make_mapping: MakeMapping, tmp_path: Path
) -> None:
    rejection = rejected('"Add(n)"', {"n": 7}, make_spec, make_mapping, tmp_path)
    (nearest,) = rejection.nearest
    assert (nearest.invariant, nearest.conjunct, nearest.where) == ("Small", "e < 7", {"e": "7"})
    assert 'it would break the invariant Small: "e < 7" is false (e = 7)' in str(rejection)


def test_a_variable_that_differs_is_named_with_both_values(
    make_spec: MakeSpec, make_mapping: MakeMapping, tmp_path: Path
) -> None:
    rule = '{ step = "Add(n)", after = { x = "x" } }'
    rejection = rejected(rule, {"n": 3, "x": [5, 4, 1]}, make_spec, make_mapping, tmp_path)
    assert 'for "x = {1, 4, 5}", which the event says, is false after it (x = {1, 3, 5})' in str(rejection)


def test_other_actions_that_take_what_was_logged_are_named(
    make_spec: MakeSpec, make_mapping: MakeMapping, tmp_path: Path
) -> None:
    assert rejected('"Take(n)"', {"n": 3}, make_spec, make_mapping, tmp_path).instead == ["Add(n)"]
    assert rejected('"Add(n)"', {"n": 0}, make_spec, make_mapping, tmp_path).instead == []
