"""The marker `conforms`, the fixture `trace_dir` and `check_at_end`, each in tests of their own."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

COUNTER = r"""
---- MODULE Counter ----
EXTENDS Naturals
VARIABLE x
Init == x = 0
Up(to) == x' = x + 1 /\ to = x'
Next == \E to \in Nat : Up(to)
====
"""

COUNT = """
import json

import pytest
from tracecheck.pytest_plugin import check_at_end


def count(directory, *numbers):
    directory.mkdir(exist_ok=True)
    with (directory / "a.ndjson").open("w") as log:
        for n, to in enumerate(numbers, 1):
            event = {"v": 1, "n": n, "node": "a", "at": [n, n], "act": "Counter!Up", "args": {"to": to}}
            log.write(json.dumps(event) + "\\n")
"""

BARE = ("-p", "no:faulthandler", "-p", "no:cacheprovider", "-p", "no:hypothesispytest")
"""Of these faulthandler must not run inside: when it ends, it takes the signals of the outer run's Java away."""

REJECTED = "a.ndjson:2: "


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A spec that counts, its mapping, and a helper that writes a log."""
    spec = pytester.mkdir("spec")
    (spec / "Counter.tla").write_text(COUNTER.lstrip())
    (spec / "Counter.cfg").write_text("INIT Init\nNEXT Next\n")
    (spec / "mapping.toml").write_text('[types]\nto = "int"\n[events]\n"Counter!Up" = "Up(to)"\n')
    pytester.makepyfile(counting=COUNT)
    pytester.syspathinsert()
    return pytester


def run(project: pytest.Pytester, body: str, **outcomes: int) -> pytest.RunResult:
    """Run a module of tests, which must end so."""
    project.makepyfile(f"from counting import *\n\n{body}")
    result = project.runpytest_inprocess(*BARE, "--strict-markers")
    result.assert_outcomes(**outcomes)
    return result


# --- the marker -----------------------------------------------------------------------------------------------------


def test_a_test_is_what_its_logs_are(project: pytest.Pytester) -> None:
    body = """
both = pytest.mark.conforms("spec/Counter.tla", mapping="spec/mapping.toml")
@pytest.mark.parametrize("mark", [pytest.param(None, marks=both)])
@pytest.mark.conforms("spec")
@pytest.mark.conforms("spec/mapping.toml")
def test_good(trace_dir, mark):
    count(trace_dir, 1, 2)

@pytest.mark.conforms("spec")
def test_bad(trace_dir):
    count(trace_dir, 1, 3, 4)

@pytest.mark.conforms("spec")
def test_empty(trace_dir):
    pass
"""
    result = run(project, body, passed=1, failed=2)
    result.stdout.fnmatch_lines(
        [
            f"Counter: VIOLATES: *{REJECTED}*",
            "*Captured tracecheck Counter call*",
            "*last good state:*",
            "Counter: INCONCLUSIVE: nothing was checked: the logs hold no event",
        ]
    )


def test_another_verdict_may_be_wanted(project: pytest.Pytester) -> None:
    body = """
@pytest.mark.conforms("spec", verdict="VIOLATES")
@pytest.mark.parametrize("numbers", [(1, 3), (1, 2)])
def test_it(trace_dir, numbers):
    count(trace_dir, *numbers)
"""
    result = run(project, body, passed=1, failed=1)
    result.stdout.fnmatch_lines(["Counter: CONFORMS, not VIOLATES: all 2 events are steps of the spec"])


def test_logs_may_lie_elsewhere(project: pytest.Pytester) -> None:
    body = """
@pytest.mark.conforms("spec", logs="good")
@pytest.mark.conforms("spec", logs="bad")
def test_in_the_directory_of_the_test(tmp_path):
    count(tmp_path / "good", 1, 2)
    count(tmp_path / "bad", 1, 3)

count(__import__("pathlib").Path(__file__).parent / "here", 1, 3)
@pytest.mark.conforms("spec", logs="here")
def test_beside_the_test():
    pass
"""
    result = run(project, body, failed=2)
    result.stdout.fnmatch_lines([f"Counter: VIOLATES: *bad/{REJECTED}*", f"Counter: VIOLATES: *here/{REJECTED}*"])
    result.stdout.no_fnmatch_line("Counter: *good/*")


MISTAKES = {
    '"nowhere"': "nowhere: there is neither */nowhere nor */nowhere",
    '"."': "*: no mapping.toml there; name the spec and the mapping",
    '"spec/Counter.tla"': "*Counter.tla is no mapping; name the spec and the mapping",
    '"twins"': "*twins: which spec? Those with a configuration: A.tla, B.tla; name the spec and the mapping",
    '"spec", where="here"': "it takes a spec and its mapping, or a directory with both, and by name logs= and verdict=",
    '"spec", verdict="FINE"': "'FINE' is no verdict; there are CONFORMS, VIOLATES, INCONCLUSIVE",
    '"spec", logs=7': "logs=7 is no path",
    '"spec"': "where are the logs? Ask for the fixture trace_dir, or say logs=",
}


def test_a_mark_that_makes_no_sense_fails_before_the_test_runs(project: pytest.Pytester) -> None:
    twins = project.mkdir("twins")
    for name in ("A.tla", "A.cfg", "B.tla", "B.cfg", "C.tla", "mapping.toml"):
        (twins / name).touch()
    body = "\n".join(
        f"@pytest.mark.conforms({arguments})\ndef test_{number}():\n    print('has run')"
        for number, arguments in enumerate(MISTAKES)
    )
    result = run(project, body, failed=len(MISTAKES))
    result.stdout.fnmatch_lines([f"@pytest.mark.conforms: {complaint}" for complaint in MISTAKES.values()])
    result.stdout.no_fnmatch_line("has run")


def test_what_keeps_the_checker_from_working_fails_the_test(project: pytest.Pytester) -> None:
    (project.path / "spec" / "Counter.cfg").write_text("INIT Init\nNEXT Away\n")
    result = run(project, '@pytest.mark.conforms("spec")\ndef test_it(trace_dir):\n    count(trace_dir, 1)', failed=1)
    result.stdout.fnmatch_lines(["tracecheck: *Counter.tla: *Away*"])


# --- tests that fail or are skipped ---------------------------------------------------------------------------------


def test_a_failing_test_says_what_the_checker_found_and_a_skipped_one_is_not_checked(project: pytest.Pytester) -> None:
    body = """
@pytest.mark.conforms("spec")
def test_failing(trace_dir):
    count(trace_dir, 1, 3)
    assert not trace_dir

@pytest.mark.conforms("spec")
def test_skipped(trace_dir):
    count(trace_dir, 7)
    pytest.skip("not here")
"""
    result = run(project, body, failed=1, skipped=1)
    result.stdout.fnmatch_lines(["E *assert not *", "*Captured tracecheck Counter call*", f"*VIOLATES*{REJECTED}*"])


# --- programs that end ----------------------------------------------------------------------------------------------


def test_a_program_that_has_ended_is_judged_with_the_test_in_which_it_did(project: pytest.Pytester) -> None:
    body = """
def test_bad(tmp_path):
    count(tmp_path, 1, 3)
    check_at_end(tmp_path, "spec/Counter.tla", "spec/mapping.toml")
    check_at_end(tmp_path, "spec/Counter.tla", "spec/mapping.toml")

def test_good(tmp_path):
    count(tmp_path, 1, 2)
    check_at_end(tmp_path, "spec/Counter.tla", "spec/mapping.toml")

def test_failing(tmp_path):
    count(tmp_path, 1, 3)
    check_at_end(tmp_path, "spec/Counter.tla", "spec/mapping.toml")
    assert False

def test_without():
    pass
"""
    result = run(project, body, passed=2, failed=2)
    sections = [line for line in result.outlines if "Captured tracecheck Counter call" in line]
    assert len(sections) == 2, "one for each of those that fail, however often it was asked for"


def test_a_program_that_ends_with_a_fixture_is_judged_after_it(project: pytest.Pytester) -> None:
    body = """
@pytest.fixture(scope="module")
def program(tmp_path_factory):
    logs = tmp_path_factory.mktemp("logs")
    yield logs
    count(logs, 1, 3)
    check_at_end(logs, "spec/Counter.tla", "spec/mapping.toml")

def test_one(program):
    pass

def test_two(program):
    pass
"""
    result = run(project, body, passed=2, errors=1)
    result.stdout.fnmatch_lines(["*ERROR at teardown of test_two*", f"Counter: VIOLATES: *{REJECTED}*"])


# --- what it costs --------------------------------------------------------------------------------------------------


def test_nothing_is_loaded_for_tests_that_do_not_ask(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("import sys\n\ndef test_it():\n    assert not {'tracecheck', 'jpype'} & sys.modules.keys()")
    result = pytester.runpytest_subprocess(*BARE)
    result.assert_outcomes(passed=1)


def test_in_several_processes(project: pytest.Pytester) -> None:
    body = """
@pytest.mark.conforms("spec")
@pytest.mark.parametrize("last", [2, 3, 2, 4])
def test_it(trace_dir, last):
    count(trace_dir, 1, last)
"""
    project.makepyfile(f"from counting import *\n\n{body}")
    project.runpytest_subprocess("-n", "2", *BARE).assert_outcomes(passed=2, failed=2)
