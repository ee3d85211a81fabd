"""The JSON Schema of a mapping, made from the shapes that the reader itself uses.

`python -m tracecheck.mapping.schema` writes it anew; a test holds the file against what is made here.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from tracecheck.mapping.document import Document

FILE = Path(__file__).with_name("mapping.schema.json")
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """The schema as JSON's own types. It knows shapes, not expressions: the reader refuses more."""
    return {"$schema": _DIALECT, "title": "A mapping of tracecheck", **msgspec.json.schema(Document)}


def schema_text() -> str:
    """The schema as it is published."""
    return json.dumps(json_schema(), indent=2) + "\n"


if __name__ == "__main__":
    FILE.write_text(schema_text(), encoding="utf-8")
