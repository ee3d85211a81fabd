"""A suite with its results, made once: each run of the model checker takes a second."""

from __future__ import annotations

import pytest

from daybreak.modelcheck.manifest import Suite
from daybreak.modelcheck.runner import Result
from tests.support import shop


@pytest.fixture(scope="session")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Suite:
    return shop.build(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="session")
def results(suite: Suite) -> dict[str, Result]:
    """The results of the models that violate a property, by the names of the models."""
    return {result.model.name: result for result in shop.results(suite)}
