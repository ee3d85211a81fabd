"""pytest's way into tracecheck: the marker `conforms` and the fixture `trace_dir`.

    @pytest.mark.conforms("specs/commit")
    def test_transfer(trace_dir):
        run_the_program(trace_dir)

`tracecheck.pytest_plugin` says what they mean and does the work. It is imported when the first test asks for it: for
those that do not, nothing is loaded and no Java is started.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Generator
from pathlib import Path
from types import ModuleType

import pytest

_MARKER = "conforms"
_WORK = "tracecheck.pytest_plugin"


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    text = (
        "conforms(spec, mapping=None, *, logs=None, verdict='CONFORMS'): when the test has run, its logs must conform"
    )
    config.addinivalue_line("markers", text)


@pytest.fixture
def trace_dir(tmp_path: Path) -> Path:
    """An empty directory for the logs of the test; a test marked `conforms` has them checked when it has run."""
    directory = tmp_path / "trace"
    directory.mkdir()
    return directory


def _loaded(item: pytest.Item) -> ModuleType | None:
    """The module that does the work, if `item` or anything before it has a use for it."""
    if item.get_closest_marker(_MARKER) is not None:
        importlib.import_module(_WORK)
    return sys.modules.get(_WORK)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Check after the test and as a part of it: what is found is the test's failure."""
    work = _loaded(item)
    marked = work.marked(item) if work is not None else []
    try:
        result = yield
    except BaseException as error:
        if (work := _loaded(item)) is not None:
            work.remark(item, marked, error)
        raise
    if (work := _loaded(item)) is not None:
        work.judge(item, "call", marked)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """Check what fixtures have brought to an end."""
    result = yield
    if (work := _loaded(item)) is not None:
        work.judge(item, "teardown", [])
    return result
