"""The HTML page: complete in itself, small for 100,000 events, and its script does what it should."""

from __future__ import annotations

import base64
import gzip
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from py_mini_racer import MiniRacer

from tests.support.html_reader import Reader
from tests.support.reports import CONFORMING, MINIMISED, REJECTION, UNDECIDED, made_up, rejection_of, violating
from tracecheck.read import Entry
from tracecheck.report.page import Events, collect, page

MOST_BYTES = 4_000_000
STUBS = (Path(__file__).parents[2] / "support" / "page_stubs.js").read_text()


def packed(html: str) -> dict[str, Any]:
    """The events in a page, as its script unpacks them."""
    (text,) = re.findall(r'<script id="events"[^>]*>([^<]*)</script>', html)
    columns: dict[str, Any] = json.loads(gzip.decompress(base64.b64decode(text)))
    return columns


def script(html: str) -> str:
    (found,) = re.findall(r"<script>\n(.*?)</script>", html, re.DOTALL)
    return str(found)


def page_of(entries: list[Entry], rejected: int) -> str:
    rejection = replace(rejection_of(entries[rejected]), minimised=MINIMISED)
    return page([violating(rejection)], collect(entries, [rejection]))


@pytest.fixture(scope="module")
def many() -> list[Entry]:
    return list(made_up(100_000))


@pytest.fixture(scope="module")
def long_page(many: list[Entry]) -> str:
    return page_of(many, 70_000)


# --- the file -----------------------------------------------------------------------------------------------------


def test_the_page_is_whole_and_fetches_nothing(long_page: str) -> None:
    reader = Reader(re.sub(r"<input[^>]*>", "", long_page))
    assert reader.open == []
    assert not [value for name, value in reader.attributes if name in ("src", "href", "action")]
    assert not re.search(r"https?://|url\(|@import|\bfetch\b|XMLHttpRequest|WebSocket|\bimport\b", script(long_page))
    assert "default-src 'none'" in long_page


def test_the_page_says_what_is_wrong(long_page: str) -> None:
    text = Reader(re.sub(r"<input[^>]*>", "", long_page)).text
    for words in ("VIOLATES", "Not allowed", '"seen = newest" is false', "Last good state", "none of them can be left",
                  "IN IF newest # Zero THEN seen = newest", "Abort(txn)"):  # fmt: skip
        assert words in " ".join(text.split()), words


def test_a_hundred_thousand_events_are_a_small_file(long_page: str) -> None:
    assert len(long_page) < MOST_BYTES
    columns = packed(long_page)
    assert {len(columns[name]) for name in ("node", "act", "file", "n", "line", "at", "error", "cause", "args")} == {
        100_000
    }
    assert columns["rejected"] == [70_000]


def test_the_columns_are_the_events() -> None:
    entries = list(made_up(500))
    columns = packed(page_of(entries, 400))
    time = columns["start"]
    for i, entry in enumerate(entries):
        event = entry.event
        time += columns["at"][i]
        causes = [part for node, n in event.cause for part in (columns["nodes"].index(node), n)]
        found = (columns["nodes"][columns["node"][i]], columns["acts"][columns["act"][i]], columns["n"][i], time)
        assert found == (event.node, event.act, event.n, event.at[0])
        assert (columns["cause"][i], json.loads(columns["args"][i])) == (causes, event.args)
        assert f"{columns['files'][columns['file'][i]]}:{columns['line'][i]}" == entry.place


@pytest.mark.parametrize(
    ("rejected", "first", "last"), [(None, 200, 300), (50, 0, 100), (97, 7, 107), (250, 160, 260), (299, 200, 300)]
)
def test_of_a_longer_trace_what_is_around_the_rejected_event_is_kept(
    rejected: int | None, first: int, last: int
) -> None:
    entries = list(made_up(300))
    rejections = [] if rejected is None else [rejection_of(entries[rejected])]
    events = collect(iter(entries), rejections, most=100)
    assert [entry.raw for entry in events.entries] == [entry.raw for entry in entries[first:last]]
    assert (events.before, events.after) == (first, 300 - last)
    assert events.rejected == ([] if rejected is None else [rejected - first])


def test_nothing_that_was_logged_becomes_markup() -> None:
    odd = replace(REJECTION, node="<b>&", raw="</script><script>alert(1)</script>", state={"x": '"</details>"'})
    html = page([violating(odd)], Events())
    assert "<b>&" not in html and "<script>alert" not in html and '"</details>"' not in html


def test_other_verdicts_have_a_page_too() -> None:
    text = Reader(page([CONFORMING, UNDECIDED], Events())).text
    assert "CONFORMS" in text and "event 3 of a missing" in text


# --- its script ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser(long_page: str) -> MiniRacer:
    """The script of the long page with its events, in a browser that draws nothing but counts what is drawn."""
    context = MiniRacer()
    context.eval(STUBS)
    context.eval(script(long_page))
    context.eval(f"const shown = new Page(new Trace({json.dumps(packed(long_page))}))")
    return context


def call(browser: MiniRacer, expression: str) -> Any:
    return json.loads(str(browser.eval(f"JSON.stringify({expression})")))


def test_every_element_that_the_script_asks_for_is_there(long_page: str) -> None:
    asked = set(re.findall(r'getElementById\("(\w+)"\)', script(long_page)))
    reader = Reader(re.sub(r"<input([^>]*)>", r"<meta\1>", long_page))
    there = {value for name, value in reader.attributes if name == "id"}
    assert asked == there


def test_only_what_is_in_view_is_drawn_and_listed(browser: MiniRacer) -> None:
    browser.eval("shown.row = 20; drawn = 0; shown.choose(70000)")
    assert 20 < call(browser, "drawn") < 5_000
    assert 10 < call(browser, "byId('rows').children.length") < 60


def test_the_rejected_event_is_chosen_and_told(browser: MiniRacer) -> None:
    browser.eval("shown.choose(3); byId('wrong').listeners.click()")
    assert call(browser, "shown.chosen") == 70_000
    assert "SnapshotIsolation!" in call(browser, "byId('detail').children[0].textContent")
    rejected = "byId('rows').children.filter((row) => row.className.includes('rejected')).length"
    assert call(browser, rejected) == 1


def test_search_finds_the_events_in_which_all_words_occur(browser: MiniRacer, many: list[Entry]) -> None:
    expected = [i for i, e in enumerate(many) if e.event.act.endswith("!Commit") and e.event.node == "A/qp-1"]
    assert call(browser, "shown.trace.search('COMMIT a/qp-1')") == expected
    browser.eval("byId('search').listeners.input({ target: { value: 'commit a/qp-1' } })")
    assert call(browser, "byId('count').textContent") == f"{len(expected)} of 100000 events"
    browser.eval("byId('search').listeners.input({ target: { value: '' } })")
    assert call(browser, "byId('count').textContent") == "100000 of 100000 events"


def test_causes_lead_to_their_events(browser: MiniRacer, many: list[Entry]) -> None:
    positions = {(e.event.node, e.event.n): i for i, e in enumerate(many)}
    with_causes = [i for i in range(0, 100_000, 501) if many[i].event.cause]
    assert with_causes
    for i in with_causes:
        assert call(browser, f"shown.trace.causes({i})") == [positions[cause] for cause in many[i].event.cause]


def test_zoomed_out_all_events_are_in_view(browser: MiniRacer) -> None:
    browser.eval("byId('zoom').listeners.input({ target: { value: '0' } })")
    assert call(browser, "inView(0, 400, shown.row, 100000)") == [0, 99_999]
    browser.eval("byId('zoom').listeners.input({ target: { value: '1' } })")
    assert call(browser, "shown.row") == 28
