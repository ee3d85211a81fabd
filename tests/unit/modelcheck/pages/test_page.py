"""The page of a counterexample says all that it must, stands alone, and is always the same."""

from __future__ import annotations

import re

import msgspec
import pytest

from daybreak.modelcheck.manifest import Suite
from daybreak.modelcheck.pages.diagram import draw
from daybreak.modelcheck.pages.exhibit import Gallery
from daybreak.modelcheck.pages.page import page, plain
from daybreak.modelcheck.runner import Result
from tests.support.html_reader import Reader
from tracecheck.report.markup import tla

Results = dict[str, Result]


@pytest.fixture
def gallery(suite: Suite) -> Gallery:
    return Gallery(suite)


def html(gallery: Gallery, result: Result) -> str:
    return page(gallery.exhibit(result), gallery.rules)


@pytest.mark.parametrize(
    ("model", "told"),
    [
        ("ShopGreedy", [
            "Anything goes", "P1.", "Nobody pays more than two coins",
            "anything < all goes", "replaced by AllowedAlways", "- /\\ paid[buyer] + coins <= 2",
            "Modest must be true of every state", "which is < three & not <b>.", "Fine(buyer) == paid[buyer] <= 2",
            "Modest is violated", "Pay buyer = b1, coins = 3", "paid[b1]: 0 \N{RIGHTWARDS ARROW} 3", "Initial state",
            "In the last state this part of Modest is false", "The last state",
        ]),
        ("ShopAtOnce", ["must be true of every step", "In the last step", "total' < total + 3"]),
        ("ShopNeverFiled", [
            "FairSpec", "+ FairSpec == InitNoted", "must become true in the end",
            "From here on nothing happens any more", "never comes true",
        ]),
        ("ShopTwo", ["is true, and must not be", "paid[b] = 2"]),
    ],
)  # fmt: skip
def test_a_page_says_what_it_must(gallery: Gallery, results: Results, model: str, told: list[str]) -> None:
    text = Reader(html(gallery, results[model])).text
    assert [words for words in told if words not in text] == []


def test_every_page_is_well_formed_and_stands_alone(gallery: Gallery, results: Results) -> None:
    for result in results.values():
        text = html(gallery, result)
        reader = Reader(text)
        assert reader.open == []
        assert not {"script", "link", "img", "iframe", "object"} & set(reader.tags)
        assert [name for name, _ in reader.attributes if name in ("src", "href") or name.startswith("on")] == []
        assert not re.search(r"https?:|url\(|@import", text)
        assert text.isascii()


def test_what_comes_from_a_spec_is_no_markup(gallery: Gallery, results: Results) -> None:
    text = html(gallery, results["ShopGreedy"])
    assert "<b>" not in text
    assert "&lt;b&gt;&amp;" in text


def test_tla_text_is_escaped_between_its_words_and_in_them() -> None:
    marked = tla('a <b> \\in "<i>" \\* <u>')
    assert "<b>" not in marked and "<i>" not in marked and "<u>" not in marked
    assert '&lt;b&gt; <span class="word">\\in</span> &quot;&lt;i&gt;&quot;' in marked


def test_a_picture_has_words_for_those_who_do_not_see_it(gallery: Gallery, results: Results) -> None:
    reader = Reader(html(gallery, results["ShopGreedy"]))
    assert ("role", "img") in reader.attributes
    assert any(name == "aria-label" and value and "Modest" in value for name, value in reader.attributes)


def test_what_stands_below_a_narrow_diagram_fits(gallery: Gallery, results: Results) -> None:
    exhibit = gallery.exhibit(results["ShopNeverFiled"])
    verdict = "A property with a name that is very much longer than all lanes together are wide is violated"
    drawn = draw(exhibit.scene, verdict, "")
    (width,) = re.findall(r'<rect class="verdict"[^>]* width="(\d+)"', drawn)
    assert int(width) > 7 * len(verdict)


def test_the_same_result_gives_the_same_page(gallery: Gallery, suite: Suite, results: Results) -> None:
    for result in results.values():
        assert html(gallery, result) == html(Gallery(suite), result)


def test_a_page_knows_nothing_of_when_and_where(gallery: Gallery, suite: Suite, results: Results) -> None:
    for result in results.values():
        slower = msgspec.structs.replace(result.outcome, seconds=99.0, generated=10**6, distinct=10**5)
        text = html(gallery, result)
        assert text == html(gallery, msgspec.structs.replace(result, outcome=slower))
        assert str(suite.root) not in text


def test_a_title_has_no_numbers() -> None:
    assert plain("A commit time that was promised away (P2, P6).") == "A commit time that was promised away"
    assert plain("Nobody answers (liveness)") == "Nobody answers (liveness)"
