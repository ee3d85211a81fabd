"""Mutating a spec: edits of its text at places of its tree, judged by a corpus of runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.ledger import make_files, make_log
from tracecheck import Plan, UsageError
from tracecheck.mutate.corpus import Corpus
from tracecheck.mutate.edits import Edit
from tracecheck.mutate.specs import SameSpec, all_edits, load_same, mutate_specs, mutated
from tracecheck.mutate.tally import rate
from tracecheck.mutate.traces import Traces, mutate_traces, read_good


@pytest.fixture(scope="module")
def traces(tmp_path_factory: pytest.TempPathFactory) -> Traces:
    directory = tmp_path_factory.mktemp("ledger")
    spec, mapping = make_files(directory)
    traces = read_good(Plan(spec, mapping), [[make_log(directory / "logs")]])
    mutate_traces(traces, seed=1, count=6)
    return traces


@pytest.fixture(scope="module")
def edits(traces: Traces) -> list[Edit]:
    return all_edits(traces.plan)


def the(edits: list[Edit], kind: str, before: str) -> Edit:
    (found,) = [edit for edit in edits if (edit.kind, edit.before) == (kind, before)]
    return found


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        ("conjunct dropped", "before = log", "TRUE"),
        ("conjunct negated", "before = log", "~(before = log)"),
        ("update dropped", "log' = Append(log, n)", "UNCHANGED log"),
        ("condition of IF always true", "n > 100", "TRUE"),
        ("branches of IF exchanged", "IF n > 100 THEN n ELSE 0", "IF n > 100 THEN 0 ELSE n"),
        ("number one less", "100", "99"),
        ("element of a set dropped", "{n, n + 1}", "{n}"),
    ],
)
def test_an_edit_changes_the_text_at_its_place(kind: str, before: str, after: str, edits: list[Edit]) -> None:
    found = [edit.after for edit in edits if (edit.kind, edit.before) == (kind, before)]
    assert after in found


def test_an_edit_leaves_all_else_alone(traces: Traces, edits: list[Edit]) -> None:
    edit = the(edits, "conjunct dropped", "before = log")
    text = Path(edit.file).read_text()
    with mutated(traces.plan.exact.files, edit) as files:
        assert files.module.read_text() == text.replace("/\\ before = log", "/\\ TRUE")
    assert Path(edit.file).read_text() == text
    assert text.splitlines()[edit.line - 1].strip() == edit.around == "/\\ before = log"


def test_a_weaker_and_a_stricter_spec_are_told_from_it(traces: Traces, edits: list[Edit]) -> None:
    chosen = [the(edits, kind, "before = log") for kind in ("conjunct dropped", "conjunct negated")]
    tallies = mutate_specs(traces.plan, traces.corpus(), seed=1, edits=chosen)
    assert [(tally.kind, tally.killed) for tally in tallies] == [("conjunct dropped", 1), ("conjunct negated", 1)]


def test_without_bad_runs_a_weaker_spec_survives(traces: Traces, edits: list[Edit]) -> None:
    corpus = Corpus()
    for judged in traces.good:
        corpus.add(judged.entries)
    (tally,) = mutate_specs(traces.plan, corpus, seed=1, edits=[the(edits, "conjunct dropped", "before = log")])
    assert tally.killed == 0
    assert "'before = log' becomes 'TRUE'" in tally.misses[0].mutant


def test_a_spec_that_cannot_be_loaded_is_set_apart(traces: Traces, edits: list[Edit]) -> None:
    edit = the(edits, "conjunct dropped", "before = log")
    broken = Edit(
        edit.kind, edit.file, edit.line, edit.begin, edit.end, edit.before, "((", edit.definition, edit.around
    )
    (tally,) = mutate_specs(traces.plan, traces.corpus(), seed=1, edits=[broken])
    assert (tally.unusable, tally.killed, tally.misses) == (1, 0, [])
    assert rate([tally]) == 0.0


def same_as(edit: Edit) -> SameSpec:
    return SameSpec(edit.definition, edit.around, edit.before, edit.after, "said to be the same")


def test_what_is_said_to_change_nothing_must_not_be_noticed(traces: Traces, edits: list[Edit]) -> None:
    noticed, unnoticed = the(edits, "conjunct dropped", "before = log"), the(edits, "number one more", "100")
    tallies = mutate_specs(
        traces.plan, traces.corpus(), seed=1, edits=[noticed, unnoticed], same=[same_as(noticed), same_as(unnoticed)]
    )
    first, second = tallies
    assert "said to change nothing, and does" in first.misses[0].why
    assert (second.equivalent, second.misses) == ({"said to be the same": 1}, [])


def test_same_specs_are_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "same.toml"
    path.write_text('[[same]]\ndefinition = "D"\nline = "l"\nbefore = "b"\nafter = "a"\nwhy = "w"\n')
    assert load_same(path) == [SameSpec("D", "l", "b", "a", "w")]
    path.write_text('[[same]]\ndefinition = "D"\n')
    with pytest.raises(UsageError, match=r"wants tables \[\[same\]\]"):
        load_same(path)


def test_a_sample_takes_of_each_kind_before_it_takes_more(traces: Traces, edits: list[Edit]) -> None:
    kinds = {edit.kind for edit in edits}
    tallies = mutate_specs(traces.plan, Corpus(), seed=1, limit=5, edits=edits)
    assert sum(tally.made for tally in tallies) == 5 <= len(kinds)
    assert all(tally.made == 1 for tally in tallies)
