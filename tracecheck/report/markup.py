"""Small pieces of HTML. Whatever comes from a spec or a value is escaped here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from pathlib import Path

_ALONE = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
_STYLE = Path(__file__).with_name("style.css")

_TOKEN = re.compile(
    r'(?P<text>"[^"\n]*")|(?P<remark>\\\*[^\n]*|\(\*.*?\*\))'
    r"|(?P<word>\\(?:[A-Za-z]+)|/\\|\\/|\b(?:IF|THEN|ELSE|LET|IN|UNCHANGED|EXCEPT|DOMAIN|UNION|SUBSET|ENABLED|CHOOSE"
    r"|CASE|OTHER|LAMBDA|TRUE|FALSE|WF_\w+|SF_\w+|INSTANCE|WITH)\b)",
    re.DOTALL,
)
_CODE = re.compile(r"`([^`]+)`")
_STRONG = re.compile(r"\*\*([^*]+)\*\*")
_EMPHASIS = re.compile(r"(?<![*\w])\*([^*\s][^*]*)\*")
_LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")


def code(text: str) -> str:
    """A name or a short expression."""
    return f"<code>{tla(text)}</code>"


def block(text: str) -> str:
    """TLA+ text of several lines."""
    return f"<pre><code>{tla(text)}</code></pre>"


def tla(text: str) -> str:
    """TLA+ text with its words marked."""
    parts, at = [], 0
    for found in _TOKEN.finditer(text):
        parts.append(escape(text[at : found.start()]))
        kind = found.lastgroup
        parts.append(escape(found[0]) if kind == "text" else f'<span class="{kind}">{escape(found[0])}</span>')
        at = found.end()
    return "".join(parts) + escape(text[at:])


def prose(text: str) -> str:
    """A sentence in Markdown. Of a link only its words remain: the page must stand alone."""
    plain = escape(_LINK.sub(r"\1", text), quote=False)
    return _EMPHASIS.sub(r"<em>\1</em>", _STRONG.sub(r"<strong>\1</strong>", _CODE.sub(r"<code>\1</code>", plain)))


def items(lines: Iterable[str]) -> str:
    """A list; the lines are HTML."""
    return '<ul class="plain">\n' + "\n".join(f"<li>{line}</li>" for line in lines) + "\n</ul>"


def document(title: str, body: str, nav: str = "", *, style: str = "", script: str = "") -> str:
    """A page that stands alone, in ASCII. `style` and `script` are added to it as they are; nothing can be fetched."""
    added = f"<script>\n{script}</script>\n" if script else ""
    policy = f'<meta http-equiv="Content-Security-Policy" content="{_ALONE}">\n' if script else ""
    page = (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"{policy}<title>{escape(title)}</title>\n<style>\n{_STYLE.read_text(encoding='utf-8')}{style}</style>\n</head>\n"
        f"<body>\n{nav}\n<main>\n{body}\n</main>\n{added}</body>\n</html>\n"
    )
    return page.encode("ascii", "xmlcharrefreplace").decode("ascii")
