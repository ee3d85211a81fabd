"""The pages about why each rule exists: one per rule, an index, and a check that they are fresh."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from daybreak.errors import RequestError
from daybreak.modelcheck.manifest import Suite
from daybreak.modelcheck.pages import publish, why
from daybreak.modelcheck.pages.exhibit import Gallery
from daybreak.modelcheck.runner import Result
from tests.support.html_reader import Reader

Results = dict[str, Result]


@pytest.fixture
def pages(suite: Suite, results: Results) -> dict[str, str]:
    return why.site(Gallery(suite), list(results.values()))


def test_there_is_a_page_for_every_rule_and_an_index(pages: dict[str, str]) -> None:
    assert list(pages) == ["README.md", "P1.html", "P2.html"]


def test_a_page_shows_the_rule_the_models_that_drop_it_and_where_it_stands(pages: dict[str, str]) -> None:
    reader = Reader(pages["P1.html"])
    assert reader.open == []
    told = [
        "Why rule P1 exists", "Nobody pays more than two coins, a < b",
        "Anything goes", "Without the rule Modest is lost",
        "Other ways to lose it", "Three at once Slow, 3 states", "Where the specs speak of it",
        "Slow (ShopProps) Nobody pays three coins at once, but for the first.", "Pay (Shop) P1: to have paid",
        "Shown to be possible Two coins are paid",
    ]  # fmt: skip
    assert [words for words in told if words not in reader.text] == []


def test_links_lead_to_other_pages_of_rules_only(pages: dict[str, str]) -> None:
    links = [value for name, value in Reader(pages["P1.html"]).attributes if name in ("href", "src")]
    assert links == ["P1.html", "P2.html"]


def test_the_index_has_an_item_per_rule(pages: dict[str, str]) -> None:
    text = " ".join(pages["README.md"].split())
    assert (
        "- [P1](P1.html) Nobody pays more than two coins, `a < b`."
        " Broken: Anything goes; `Modest` is lost in 2 states (`ShopGreedy`). - [P2](P2.html)"
    ) in text
    assert "(`ShopAtOnce`)" in text
    assert max(map(len, pages["README.md"].splitlines())) <= 120


def test_a_model_that_drops_another_rule_first_comes_later(pages: dict[str, str]) -> None:
    """Of P1 that is ShopAtOnce, which drops P2 first."""
    assert pages["P1.html"].index("Anything goes</h2>") < pages["P1.html"].index('<details id="ShopAtOnce">')


def test_the_settings_name_the_clearest_model(suite: Suite, results: Results) -> None:
    gallery = Gallery(suite)
    gallery.settings = msgspec.structs.replace(gallery.settings, clearest={"P2": "ShopNeverFiled"})
    index = why.site(gallery, list(results.values()))["README.md"]
    assert "The clerk sleeps; `Filed` is lost in" in " ".join(index.split())


def test_a_rule_that_no_model_drops_says_so(suite: Suite, results: Results) -> None:
    gallery = Gallery(suite)
    gallery.rules = {**gallery.rules, "P3": "Nothing."}
    pages = why.site(gallery, list(results.values()))
    assert "No model drops this rule." in pages["P3.html"]
    assert "- [P3](P3.html) Nothing. No model drops it." in pages["README.md"].splitlines()


def test_every_result_is_needed_and_must_be_right(suite: Suite, results: Results, tmp_path: Path) -> None:
    some = [result for name, result in results.items() if name != "ShopGreedy"]
    with pytest.raises(RequestError, match="every must-fail model, ShopGreedy too"):
        publish.write_why(Gallery(suite), some, tmp_path)
    wrong = msgspec.structs.replace(results["ShopGreedy"], wrong="holds")
    with pytest.raises(RequestError, match="until these models are as expected: ShopGreedy"):
        publish.check_why(Gallery(suite), [*some, wrong], tmp_path)


def test_without_rules_there_are_no_pages(suite: Suite, results: Results) -> None:
    gallery = Gallery(suite)
    gallery.rules = {}
    with pytest.raises(RequestError, match=r"rules\.md: no rules there"):
        why.site(gallery, list(results.values()))


def test_whatever_is_not_as_it_should_be_is_stale(suite: Suite, results: Results, tmp_path: Path) -> None:
    gallery, directory = Gallery(suite), tmp_path / "why"
    everything = list(results.values())
    assert len(publish.check_why(gallery, everything, directory)) == 3
    publish.write_why(gallery, everything, directory)
    assert publish.check_why(gallery, everything, directory) == []
    (directory / "P1.html").write_text("old")
    (directory / "P2.html").unlink()
    (directory / "P9.html").write_text("not a rule any more")
    (directory / "notes.txt").write_text("somebody's")
    stale = publish.check_why(gallery, everything, directory)
    assert [line.partition(" is stale")[0] for line in stale] == [
        str(directory / name) for name in ("P1.html", "P2.html", "P9.html")
    ]
    publish.write_why(gallery, everything, directory)
    assert publish.check_why(gallery, everything, directory) == []
    assert (directory / "notes.txt").exists()


def test_a_page_for_every_violated_model(suite: Suite, results: Results, tmp_path: Path) -> None:
    files = publish.write_violations(Gallery(suite), list(results.values()), tmp_path / "new" / "pages")
    assert [file.name for file in files] == [f"{name}.html" for name in results]
    assert all(file.read_text().startswith("<!DOCTYPE html>") for file in files)
