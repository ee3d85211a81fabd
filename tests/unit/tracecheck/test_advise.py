"""The advisor: of two-phase commit with 16 participants it says which missing argument costs most."""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.tracefiles import write
from tracecheck import Plan, UsageError
from tracecheck.advise import Open, advise, render, to_json
from tracecheck.commands import advise as command

SPEC = Path(__file__).parent / "specs" / "TwoPhase.tla"
ALL = [f"p{i:02}" for i in range(1, 17)]
VOTE, COUNT, FINISH = "TwoPhase!Vote", "TwoPhase!Count", "TwoPhase!Finish"

MakeMapping = Callable[[str], Path]


def mapping(vote: str, count: str) -> str:
    """A mapping of two-phase commit that leaves open what is given as _."""
    events = {VOTE: f"Vote({vote})", COUNT: f"Count({count})", "TwoPhase!Commit": "Commit", FINISH: "Finish(who)"}
    lines = [f'"{act}" = "{rule}"' for act, rule in events.items()]
    return "\n".join(["[types]", 'who = "string"', "[events]", *lines])


def steps(seed: int, participants: int = 16, at_once: int = 0) -> list[tuple[str, str | None]]:
    """All vote, some votes are counted at once and the others when all have voted, then all is committed."""
    order = random.Random(seed)
    who = ALL[:participants]
    order.shuffle(who)
    early, late = who[:at_once], who[at_once:]
    counted = [step for p in early for step in ((VOTE, p), (COUNT, p))]
    rest = [*((VOTE, p) for p in late), *((COUNT, p) for p in sorted(late))]
    return [*counted, *rest, ("TwoPhase!Commit", None), *((FINISH, p) for p in who)]


def logs(directory: Path, said: list[tuple[str, str | None]], *unlogged: str) -> Path:
    """A log in which the events `unlogged` do not say who."""
    events = [
        {
            "v": 1,
            "n": n,
            "node": "coordinator",
            "at": [n, n],
            "act": act,
            "args": {} if who is None or act in unlogged else {"who": who},
        }
        for n, (act, who) in enumerate(said, 1)
    ]
    return write({"coordinator": events}, directory)


def test_the_missing_argument_is_named(tmp_path: Path, make_mapping: MakeMapping) -> None:
    plan = Plan(SPEC, make_mapping(mapping("_", "who")))
    advised = advise(plan, [logs(tmp_path / "logs", steps(1), VOTE)])
    assert advised.found
    (advice,) = advised.advices
    assert advice.missing == Open(VOTE, "p")
    assert (advice.events, advice.most) == (16, 16)
    assert advised.now.gave_up
    assert advised.now.most > 1_000
    assert advice.logged is not None
    assert (advice.logged.most, advice.logged.events, advice.logged.gave_up) == (1, len(steps(1)), False)
    assert render(advised).startswith("log p of TwoPhase!Vote: 16 events lack it, with up to 16 possible values")


def test_of_two_the_one_that_costs_more_comes_first(tmp_path: Path, make_mapping: MakeMapping) -> None:
    """Votes that are counted at once leave little choice of whose it was; who voted is anybody."""
    said = steps(2, 4, at_once=2)
    plan = Plan(SPEC, make_mapping(mapping("_", "_")), small_config(tmp_path))
    advised = advise(plan, [logs(tmp_path / "logs", said, VOTE, COUNT)])
    assert [advice.missing.act for advice in advised.advices] == [VOTE, COUNT]
    first, second = (advice.logged for advice in advised.advices)
    assert first is not None
    assert second is not None
    assert first.total < second.total < advised.now.total
    assert json.loads(json.dumps(to_json(advised)))["advices"][0]["event"] == VOTE


def test_a_trace_that_no_behaviour_fits_gives_no_figures(tmp_path: Path, make_mapping: MakeMapping) -> None:
    said = [step for step in steps(3, 4) if step != (COUNT, ALL[0])]
    plan = Plan(SPEC, make_mapping(mapping("_", "who")), small_config(tmp_path))
    advised = advise(plan, [logs(tmp_path / "logs", said, VOTE)])
    assert not advised.found
    assert [advice.logged for advice in advised.advices] == [None]
    assert "no way through the trace was found" in render(advised)


def test_when_nothing_is_open_there_is_nothing_to_advise(tmp_path: Path, make_mapping: MakeMapping) -> None:
    plan = Plan(SPEC, make_mapping(mapping("who", "who")), small_config(tmp_path))
    with pytest.raises(UsageError, match="leaves no argument of these events open"):
        advise(plan, [logs(tmp_path / "logs", steps(1, 4))])


def test_the_command_prints_it(tmp_path: Path, make_mapping: MakeMapping, capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--library", action="append", default=[])
    common.add_argument("--heap-mb", type=int, default=1024)
    command.add_parser(parser.add_subparsers(required=True), common)
    log = logs(tmp_path / "logs", steps(1, 4), VOTE)
    files = ["--spec", str(SPEC), "--mapping", str(make_mapping(mapping("_", "who")))]
    arguments = parser.parse_args(["advise", *files, "--config", str(small_config(tmp_path)), str(log)])
    assert arguments.run(arguments) == 0
    assert capsys.readouterr().out.startswith("log p of TwoPhase!Vote: 4 events lack it")


def small_config(directory: Path) -> Path:
    """Two-phase commit with four participants."""
    config = directory / "TwoPhase.cfg"
    config.write_text('INIT Init\nNEXT Next\nCONSTANT Participant = {"p01", "p02", "p03", "p04"}\n')
    return config
