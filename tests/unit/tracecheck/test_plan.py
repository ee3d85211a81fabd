"""A spec is loaded once, and again when it has changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tracecheck import SpecError
from tracecheck.plan import PlanCache

BODY = "EXTENDS Naturals, Shared\nVARIABLE x\nInit == x = 0\nSet == x' = One\nNext == Set"


@pytest.mark.parametrize("changed", ["spec/S.tla", "spec/S.cfg", "lib/Shared.tla", "mapping.toml"])
def test_a_plan_is_loaded_again_only_when_a_file_has_changed(
    changed: str, make_spec: Callable[..., Path], make_mapping: Callable[[str], Path], tmp_path: Path
) -> None:
    make_spec("Shared", "One == 1", folder="lib")
    spec, mapping = make_spec("S", BODY), make_mapping('[events]\n"S!Set" = "Set"\n')
    plans = PlanCache()
    first = plans.get(spec, mapping)
    assert plans.get(spec, mapping) is first
    path = tmp_path / changed
    path.write_text(path.read_text() + "\n")
    second = plans.get(spec, mapping)
    assert second is not first
    assert plans.get(spec, mapping) is second


def test_a_spec_that_has_become_wrong_is_refused(
    make_spec: Callable[..., Path], make_mapping: Callable[[str], Path]
) -> None:
    make_spec("Shared", "One == 1", folder="lib")
    spec, mapping = make_spec("S", BODY), make_mapping('[events]\n"S!Set" = "Set"\n')
    plans = PlanCache()
    plans.get(spec, mapping)
    make_spec("S", BODY.replace("= One", "= Two"))
    with pytest.raises(SpecError, match="Unknown operator: `Two'"):
        plans.get(spec, mapping)
