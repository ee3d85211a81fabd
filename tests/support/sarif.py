"""What SARIF 2.1.0 demands of the parts that a report uses, as a JSON Schema; nothing else may be in them."""

from __future__ import annotations

from typing import Any


def _object(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(required),
        "properties": required | (optional or {}),
        "additionalProperties": False,
    }


def _list(of: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": of}


_TEXT = {"type": "string", "minLength": 1}
_MESSAGE = _object({"text": _TEXT})
_LOCATION = _object(
    {
        "physicalLocation": _object(
            {"artifactLocation": _object({"uri": {"type": "string", "pattern": r"^[^\\ #?]+$"}})},
            {"region": _object({"startLine": {"type": "integer", "minimum": 1}})},
        )
    },
    {"id": {"type": "integer", "minimum": 0}, "message": _MESSAGE},
)
_FLOW = _object({"threadFlows": _list(_object({"locations": _list(_object({"location": _LOCATION}))}))})
_RESULT = _object(
    {
        "ruleId": _TEXT,
        "ruleIndex": {"type": "integer", "minimum": 0},
        "level": {"enum": ["none", "note", "warning", "error"]},
        "message": _MESSAGE,
        "locations": _list(_LOCATION),
    },
    {
        "relatedLocations": _list(_LOCATION),
        "partialFingerprints": {"type": "object", "additionalProperties": _TEXT},
        "codeFlows": _list(_FLOW),
    },
)
_RULE = _object({"id": _TEXT, "shortDescription": _MESSAGE})
_RUN = _object(
    {
        "tool": _object({"driver": _object({"name": _TEXT, "rules": {**_list(_RULE), "uniqueItems": True}})}),
        "results": _list(_RESULT),
    },
    {
        "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
        "invocations": _list(_object({"executionSuccessful": {"type": "boolean"}})),
    },
)
SARIF = _object({"version": {"const": "2.1.0"}, "runs": _list(_RUN)}, {"$schema": {"type": "string"}})
