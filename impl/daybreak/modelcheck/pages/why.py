"""Why each rule exists: a page per rule, with what happens to a spec that drops it.

The pages say nothing of when or where they were made, so the same specs give the same pages to the byte.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from pathlib import Path

from daybreak.errors import RequestError
from daybreak.modelcheck.manifest import Model
from daybreak.modelcheck.pages.exhibit import Exhibit, Gallery
from daybreak.modelcheck.pages.page import article, plain, rule, states
from daybreak.modelcheck.pages.texts import Definition, Module
from daybreak.modelcheck.runner import Result
from tracecheck.report.markup import code, document, items, prose

INDEX = "README.md"

_MARK = re.compile(r"^\*\w+\.\* ")

_INDEX_HEAD = """# Why each rule exists

Each page drops a rule of the [protocol](../rules.md) from its spec and shows how a property is then lost: what was
changed, which property breaks, a diagram of the steps, and what is wrong in the end. The pages are HTML and stand
alone. They are written by `make docs` from the specs and from what the model checker finds; `make modelcheck` fails
when one of them is stale. Of the models that drop a rule the clearest is named here, the others are on the rule's page.

"""
_WIDTH = 116


def demand(gallery: Gallery, models: Iterable[Model]) -> None:
    """Raises RequestError when the rules are not to be found, or a model is not among `models` that the pages need."""
    if not gallery.rules:
        raise RequestError(f"{gallery.rules_file}: no rules there; the pages are made in a copy of the repository")
    chosen = {model.name for model in models}
    needed = (each for each in gallery.suite.models if each.kind == "must-fail" and each.tier == "ci")
    missing = [model.name for model in needed if model.name not in chosen]
    if missing:
        raise RequestError(f"the pages of --why need every must-fail model, {', '.join(missing)} too")


def site(gallery: Gallery, results: Sequence[Result]) -> dict[str, str]:
    """The pages by their file names. Raises RequestError as `demand` does."""
    demand(gallery, (result.model for result in results if result.outcome.steps))
    exhibits = {result.model.name: gallery.exhibit(result) for result in results if result.outcome.steps}
    chosen = {number: _chosen(number, gallery, exhibits.values()) for number in gallery.rules}
    pages = {f"{number}.html": _page(number, gallery, chosen[number]) for number in gallery.rules}
    return {INDEX: _index(gallery.rules, chosen), **pages}


def write(pages: Mapping[str, str], directory: Path) -> None:
    """Writes the pages into `directory`, and removes those that are no longer among them."""
    directory.mkdir(parents=True, exist_ok=True)
    for path in _present(directory):
        if path.name not in pages:
            path.unlink()
    for name, text in pages.items():
        (directory / name).write_text(text, encoding="utf-8")


def stale(pages: Mapping[str, str], directory: Path) -> list[Path]:
    """The files of `directory` that are not what `pages` says, that are missing, or that should not be there."""
    wrong = [directory / name for name, text in pages.items() if not _holds(directory / name, text)]
    return [*wrong, *(path for path in _present(directory) if path.name not in pages)]


def _present(directory: Path) -> list[Path]:
    return sorted([*directory.glob("P*.html"), *directory.glob(INDEX)])


def _holds(path: Path, text: str) -> bool:
    return path.is_file() and path.read_bytes() == text.encode("utf-8")


def _chosen(number: str, gallery: Gallery, exhibits: Iterable[Exhibit]) -> list[Exhibit]:
    """The models that drop a rule, the clearest first.

    That is the one that the settings name, or else the one which drops this rule before any other, breaks more than
    the types, and is lost in the fewest states.
    """
    clearest = gallery.settings.clearest.get(number)

    def unclear(exhibit: Exhibit) -> tuple[bool, bool, bool, int]:
        model = exhibit.model
        return model.name != clearest, exhibit.property == "TypeOK", model.rules[0] != number, exhibit.length

    dropping = [each for each in exhibits if each.model.kind == "must-fail" and number in each.model.rules]
    return sorted(dropping, key=unclear)


def _page(number: str, gallery: Gallery, exhibits: Sequence[Exhibit]) -> str:
    """The page of one rule."""
    parts = [
        f'<header>\n<p class="kicker">The rules of the protocol</p>\n<h1>Why rule {number} exists</h1>\n</header>',
        rule(number, gallery.rules[number]),
    ]
    if exhibits:
        first, *others = exhibits
        parts += _shown(first)
        if others:
            parts.append("<h2>Other ways to lose it</h2>")
            parts += [_folded(exhibit) for exhibit in others]
    else:
        parts.append("<p>No model drops this rule.</p>")
    parts += _places(number, gallery)
    parts.append(_FOOTER)
    return document(f"Why rule {number} exists", "\n".join(parts), _nav(number, gallery.rules))


_FOOTER = (
    "<footer>Written from the specs and from what the model checker finds in them, by <code>make docs</code>.</footer>"
)


def _shown(exhibit: Exhibit) -> Iterator[str]:
    yield f"<h2>{prose(plain(exhibit.model.says))}</h2>"
    yield f'<p class="lede">{_lost(exhibit)}</p>'
    yield article(exhibit, "h3")


def _folded(exhibit: Exhibit) -> str:
    told = f"{escape(exhibit.property)}, {states(exhibit.length)}"
    return (
        f'<details id="{escape(exhibit.model.name)}">\n<summary>{prose(plain(exhibit.model.says))}'
        f' <span class="soft">{told}</span></summary>\n{article(exhibit, "h3")}\n</details>'
    )


def _lost(exhibit: Exhibit) -> str:
    model = f"model {code(exhibit.model.name)}"
    return f"Without the rule {code(exhibit.property)} is lost within {states(exhibit.length)} ({model})."


def _places(number: str, gallery: Gallery) -> Iterator[str]:
    """Where the specs speak of a rule."""
    modules = gallery.modules()
    properties = [each for each in _definitions(modules) if each.tag and number in each.rules]
    actions = [each for each in _definitions(modules) if each.card and number in each.rules]
    possible = [m for m in gallery.suite.models if m.kind == "reachable" and number in m.rules]
    if properties or actions or possible:
        yield "<h2>Where the specs speak of it</h2>"
    if properties:
        yield "<h3>Properties</h3>"
        yield items(f"{_named(each)} {prose(each.sentence)}" for each in properties)
    if actions:
        yield "<h3>Actions</h3>"
        yield items(f"{_named(each)} {prose(each.card['why'])}" for each in actions if "why" in each.card)
    if possible:
        yield "<h3>Shown to be possible</h3>"
        yield items(f"{prose(plain(model.says))} {code(model.name)}" for model in possible)


def _named(definition: Definition) -> str:
    return f'<strong>{escape(definition.name)}</strong> <span class="soft">({escape(definition.module)})</span>'


def _definitions(modules: Iterable[Module]) -> Iterator[Definition]:
    return (definition for module in modules for definition in module.definitions.values())


def _nav(number: str, rules: Iterable[str]) -> str:
    links = (f'<a href="{each}.html"{" aria-current=page" if each == number else ""}>{each}</a>' for each in rules)
    return f'<nav aria-label="Rules">\n{" ".join(links)}\n</nav>'


def _index(rules: Mapping[str, str], chosen: Mapping[str, Sequence[Exhibit]]) -> str:
    """The index: an item per rule, with the clearest model that drops it."""
    return _INDEX_HEAD + "".join(_item(number, words, chosen[number]) for number, words in rules.items())


def _item(number: str, words: str, exhibits: Sequence[Exhibit]) -> str:
    short = _MARK.sub("", words).partition(". ")[0].rstrip(".")
    text = f"[{number}]({number}.html) {short}."
    if exhibits:
        model = exhibits[0].model
        lost = f"`{exhibits[0].property}` is lost in {states(exhibits[0].length)} (`{model.name}`)"
        text += f" Broken: {plain(model.says)}; {lost}."
    else:
        text += " No model drops it."
    lines = textwrap.wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False)
    return "- " + "\n  ".join(lines) + "\n"
