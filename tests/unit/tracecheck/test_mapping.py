"""What is wrong with a mapping is said in one line, and nothing can be smuggled through it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tracecheck import MappingError, Plan
from tracecheck.mapping import load_mapping
from tracecheck.observe import compile_moves

SPECS = Path(__file__).parents[3] / "specs"
GOOD = (SPECS / "adjudication/mapping.toml").read_text()

MakeMapping = Callable[[str], Path]


def test_the_mappings_of_the_specs_are_short() -> None:
    for path in SPECS.glob("*/mapping.toml"):
        assert len(path.read_text().splitlines()) <= 60


def test_a_module_can_be_ignored_as_a_whole() -> None:
    mapping = load_mapping(SPECS / "adjudication/mapping.toml")
    assert mapping.ignores("SnapshotIsolation!Begin")
    assert not mapping.ignores("SnapshotIsolationX!Begin")
    assert not mapping.ignores("Adjudication!Move")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[slice]", "[slices]", "[slices] is no table of a mapping"),
        ('by = "slice"', 'by = "colour"', "[slice] takes one line"),
        ('txn   = "string"', 'txn   = "strong"', "'strong' is no type"),
        ('txn   = "string"', "", "argument txn has no type"),
        ('txn   = "string"', 'txn   = "string"\ntxm = "string"', "[types] gives txm a type"),
        ('"Renew(until)"', '"Renew until"', "is no action applied to arguments"),
        ('"Renew(until)"', "7", "is no action applied to arguments"),
        ('"domain(keys)"', '"range(keys)"', "is no derivation"),
        ("Recover = {", "Restart = {", "[derived] speaks of Restart"),
        ('"SnapshotIsolation!*" = "what', '"SnapshotIsolation!*" = "" # ', "say why"),
        ("[ignored]", '[ignored]\n"Adjudication!Renew" = "no"', "both mapped and ignored"),
        ("[ignored]", '[unused]\n"Adjudication!Move" = { a = "b" }\n[ignored]', "[unused] speaks of Adjudication!Move"),
        ("[ignored]", '[unused]\n"Adjudication!Renew" = { until = "b" }\n[ignored]', "both used and unused"),
        ("[types]", '[types."Adjudication!Move"]\nx = "int"\n[types]', "[types] speaks of Adjudication!Move"),
        ("[types]", "[types", "the mapping is no TOML"),
    ],
)
def test_malformed_mapping_is_refused(old: str, new: str, words: str, make_mapping: MakeMapping) -> None:
    assert old in GOOD
    path = make_mapping(GOOD.replace(old, new))
    with pytest.raises(MappingError) as caught:
        load_mapping(path)
    assert words in str(caught.value)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_an_error_names_its_line(make_mapping: MakeMapping) -> None:
    path = make_mapping(GOOD.replace('"Renew(until)"', '"Renew until"'))
    line = next(i for i, text in enumerate(path.read_text().splitlines(), 1) if "Renew until" in text)
    with pytest.raises(MappingError, match=f"^{path}:{line}: "):
        load_mapping(path)


def test_a_mapping_that_maps_nothing_is_refused(make_mapping: MakeMapping) -> None:
    with pytest.raises(MappingError, match="maps nothing"):
        load_mapping(make_mapping('[ignored]\n"Adjudication!*" = "all of it"\n'))


def test_a_mapping_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="cannot read the mapping"):
        load_mapping(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"Renew(until)"', '"Extend(until)"', "Extend is no action of Next in TraceAdjudication; there are: Commit"),
        ('"Renew(until)"', '"Renew(until, upto)"', "the spec has Renew(until), the mapping gives it 2 arguments"),
        ('"Durable(txn, ts)"', '"Durable(txn)"', "the spec has Durable(txn, ts), the mapping gives it 1 arguments"),
        ('Refuse  = { used = "domain(keys)" }', "", "Next quantifies used before Refuse, and nothing binds it"),
        ('Refuse  = { used = "domain(keys)" }', 'Refuse = { used = "domain(key)" }', "no parameter of Refuse"),
        ('Refuse  = { used = "domain(keys)" }', 'Refuse = { used = "domain(txn)" }', "which is no function"),
        ('Refuse  = { used = "domain(keys)" }', 'Refuse = { txn = "domain(keys)" }', "txn is no name that Next"),
        ("[derived]", '[derived]\nRenew = { extra = "domain(until)" }', "which is no function"),
    ],
)
def test_mapping_that_does_not_fit_its_spec_is_refused(
    old: str, new: str, words: str, adjudication: Plan, make_mapping: MakeMapping
) -> None:
    assert old in GOOD
    mapping = load_mapping(make_mapping(GOOD.replace(old, new)))
    with pytest.raises(MappingError) as caught:
        compile_moves(mapping, adjudication.engine)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
