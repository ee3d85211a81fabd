"""Where the specs are found."""

from __future__ import annotations

from pathlib import Path

import pytest

from daybreak.base.places import MANIFEST, rungs, specs_dir
from daybreak.errors import OperatorError


def with_manifest(directory: Path) -> Path:
    """A directory that looks like one of specs."""
    directory.mkdir(parents=True)
    (directory / MANIFEST).touch()
    return directory


def test_specs_inside_the_package_come_first(tmp_path: Path) -> None:
    package = tmp_path / "impl" / "daybreak"
    in_repository = with_manifest(tmp_path / "specs")
    assert specs_dir(package) == in_repository
    packaged = with_manifest(package / "_specs")
    assert specs_dir(package) == packaged


def test_without_specs_the_operator_is_told_where_they_were_sought(tmp_path: Path) -> None:
    package = tmp_path / "impl" / "daybreak"
    (tmp_path / "specs").mkdir()
    with pytest.raises(OperatorError) as error:
        specs_dir(package)
    assert str(package / "_specs") in error.value.message
    assert str(tmp_path / "specs") in error.value.message


def test_every_rung_has_a_spec_beside_its_mapping() -> None:
    for rung in rungs():
        assert rung.spec.is_file()
        assert rung.spec.parent == rung.mapping.parent == specs_dir() / rung.name


def test_a_monitor_that_runs_for_days_leaves_out_what_grows() -> None:
    assert {rung.name for rung in rungs(2)} - {rung.name for rung in rungs(2, live=True)} == {"crossregion"}
