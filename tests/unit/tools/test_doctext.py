"""What is read out of a Markdown file."""

from __future__ import annotations

from pathlib import Path

from tools.doctext import mentions

TEXT = """\
# Title

Words in `code` and ``more `code` ``, rule P7, a [link](other.md#part),
and `a span over
two lines`.

```sh
make run
$ daybreak status   # comment
daybreak check \\
    --json trace
```

```python
not `code` P99
```

| a | `cell` |
"""


def test_mentions_are_found_with_their_lines(tmp_path: Path) -> None:
    file = tmp_path / "page.md"
    file.write_text(TEXT)
    found = [(mention.line, mention.kind, mention.text) for mention in mentions(file)]
    assert found == [
        (3, "code", "code"),
        (3, "code", "more `code`"),
        (3, "rule", "P7"),
        (3, "link", "other.md#part"),
        (4, "code", "a span over two lines"),
        (8, "command", "make run"),
        (9, "command", "daybreak status   # comment"),
        (11, "command", "daybreak check --json trace"),
        (18, "code", "cell"),
    ]
