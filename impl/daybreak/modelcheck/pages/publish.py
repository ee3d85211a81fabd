"""Writes pages to files, or compares those that are there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from daybreak.errors import RequestError
from daybreak.modelcheck.pages import why
from daybreak.modelcheck.pages.exhibit import Gallery
from daybreak.modelcheck.pages.page import page
from daybreak.modelcheck.runner import Result


def write_violations(gallery: Gallery, results: Sequence[Result], directory: Path) -> list[Path]:
    """Writes a page for every model that violates a property, expected or not; returns the files."""
    directory.mkdir(parents=True, exist_ok=True)
    files = []
    for result in results:
        if result.outcome.steps:
            file = directory / f"{result.model.name}.html"
            file.write_text(page(gallery.exhibit(result), gallery.rules), encoding="utf-8")
            files.append(file)
    return files


def write_why(gallery: Gallery, results: Sequence[Result], directory: Path) -> None:
    """Writes the pages about why each rule exists. Raises RequestError when a result is missing or wrong."""
    _refuse_wrong(results)
    why.write(why.site(gallery, results), directory)


def check_why(gallery: Gallery, results: Sequence[Result], directory: Path) -> list[str]:
    """What is wrong with the pages about why each rule exists, a line for each that is stale.

    Raises RequestError when a result is missing or wrong.
    """
    _refuse_wrong(results)
    pages = why.site(gallery, results)
    return [f"{file} is stale; `make docs` writes it anew" for file in why.stale(pages, directory)]


def _refuse_wrong(results: Sequence[Result]) -> None:
    wrong = [result.model.name for result in results if not result.ok]
    if wrong:
        raise RequestError(f"the pages of the rules wait until these models are as expected: {', '.join(wrong)}")
