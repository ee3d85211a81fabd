"""Statements about the session and its transaction: BEGIN and its kin, SET, SHOW, RESET."""

from __future__ import annotations

from typing import Any

from daybreak.errors import RequestError
from daybreak.query.grammar import Tree, option_value
from daybreak.query.refusals import HIDDEN_SCHEMA, not_supported
from daybreak.query.statements import Kind, Setting

_SETTINGS = """
    application_name client_encoding datestyle extra_float_digits intervalstyle timezone search_path
    enable_bitmapscan enable_hashjoin enable_indexonlyscan enable_indexscan enable_material enable_mergejoin
    enable_nestloop enable_seqscan
    """
SETTINGS = frozenset(_SETTINGS.split())
"""What SET may change."""

VIRTUAL_SETTINGS = frozenset({"dsql.enable_batched_nestloop", "disable_sync_create_index"})
"""What SET may change without any effect here."""

_ENCODINGS = frozenset({"utf8", "utf-8", "unicode"})
_SUPPORTED_ISOLATION = "repeatable read"
_SIMPLE = {
    "TRANS_STMT_BEGIN": Kind.BEGIN,
    "TRANS_STMT_START": Kind.BEGIN,
    "TRANS_STMT_COMMIT": Kind.COMMIT,
    "TRANS_STMT_ROLLBACK": Kind.ROLLBACK,
}
_REFUSED_TRANSACTIONS = {
    "TRANS_STMT_SAVEPOINT": "SAVEPOINT",
    "TRANS_STMT_RELEASE": "RELEASE",
    "TRANS_STMT_ROLLBACK_TO": "ROLLBACK TO",
    "TRANS_STMT_PREPARE": "PREPARE TRANSACTION",
    "TRANS_STMT_COMMIT_PREPARED": "COMMIT PREPARED",
    "TRANS_STMT_ROLLBACK_PREPARED": "ROLLBACK PREPARED",
}


def transaction(fields: Tree) -> dict[str, Any]:
    """The shape's `kind` and `read_only` of a transaction statement."""
    kind = fields["kind"]
    if kind in _REFUSED_TRANSACTIONS:
        raise not_supported(f"unsupported transaction statement: {_REFUSED_TRANSACTIONS[kind]}")
    if fields.get("chain"):
        raise not_supported("unsupported transaction statement: AND CHAIN")
    options = _options(fields.get("options", []))
    _check_isolation(options)
    return {"kind": _SIMPLE[kind], "read_only": options.get("transaction_read_only") == "1"}


def _options(nodes: list[Tree]) -> dict[str, str]:
    return {node["DefElem"]["defname"]: option_value(node["DefElem"].get("arg")) for node in nodes}


def _check_isolation(options: dict[str, str]) -> None:
    level = options.get("transaction_isolation", _SUPPORTED_ISOLATION)
    if level != _SUPPORTED_ISOLATION:
        raise not_supported(f"Unsupported isolation level: {level.upper()}")


def variable_set(fields: Tree) -> dict[str, Any]:
    """The shape's `kind` and `setting` of SET and RESET."""
    kind, name = fields["kind"], fields.get("name", "")
    if kind == "VAR_SET_MULTI":
        return _set_transaction(name, fields)
    if kind == "VAR_RESET_ALL":
        return {"kind": Kind.RESET, "setting": Setting("all")}
    name = name.lower()
    setting = Setting(name, bool(fields.get("is_local")), name in VIRTUAL_SETTINGS)
    if kind == "VAR_RESET" and name == "role":
        return {"kind": Kind.RESET, "setting": setting}
    if (name not in SETTINGS and not setting.virtual) or kind == "VAR_SET_CURRENT":
        raise _setting_refused(name)
    if kind in ("VAR_RESET", "VAR_SET_DEFAULT"):
        return {"kind": Kind.RESET, "setting": setting}
    _check_value(name, [option_value(node) for node in fields.get("args", ())])
    return {"kind": Kind.SET, "setting": setting}


def _set_transaction(name: str, fields: Tree) -> dict[str, Any]:
    options = _options([node for node in fields["args"] if "DefElem" in node])
    if name != "TRANSACTION" or set(options) != {"transaction_isolation"}:
        raise _setting_refused(name)
    _check_isolation(options)
    return {"kind": Kind.SET_TRANSACTION}


def _setting_refused(name: str) -> RequestError:
    return not_supported(f'setting configuration parameter "{name}" not supported')


def _check_value(name: str, values: list[str]) -> None:
    if name == "client_encoding" and any(value.lower() not in _ENCODINGS for value in values):
        raise not_supported("client_encoding other than UTF8 not supported")
    for value in values if name == "search_path" else ():
        if value == HIDDEN_SCHEMA or value.startswith("pg_temp"):
            raise RequestError(f'schema "{value}" does not exist', sqlstate="3F000")


def variable_show(fields: Tree) -> dict[str, Any]:
    """The shape's `kind` and `setting` of SHOW; every parameter may be shown."""
    name = fields["name"].lower()
    return {"kind": Kind.SHOW, "setting": Setting(name, virtual=name in VIRTUAL_SETTINGS)}
