"""SQL text against classification: a refusal or statements, and nothing passes for more harmless than it is.

What a text holds is read a second time here, from libpg_query's protobuf form, which classification does not use.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import postgast
from hypothesis import strategies as st

from daybreak.errors import RequestError
from daybreak.query import classify
from daybreak.query.cache import BoundedCache
from daybreak.query.refusals import HIDDEN_SCHEMA
from daybreak.query.statements import Kind, Statement
from tools.fuzz.sqlwords import FORBIDDEN_FUNCTIONS, STATEMENTS, WORDS
from tools.fuzz.target import Check, Target

_CHANGING = {"InsertStmt", "UpdateStmt", "DeleteStmt"}
_NEVER = {"MergeStmt", "IntoClause", "RangeTableSample", "CurrentOfExpr", "XmlExpr"}
_QUERIES = {Kind.SELECT, Kind.DML, Kind.EXPLAIN, Kind.COPY_OUT}
_TOPS = {
    Kind.SELECT: {"SelectStmt"},
    Kind.DML: _CHANGING | {"SelectStmt"},
    Kind.EXPLAIN: {"ExplainStmt"},
    Kind.COPY_IN: {"CopyStmt"},
    Kind.COPY_OUT: {"CopyStmt"},
    Kind.DDL: {"CreateStmt", "DropStmt", "IndexStmt"},
    Kind.BEGIN: {"TransactionStmt"},
    Kind.COMMIT: {"TransactionStmt"},
    Kind.ROLLBACK: {"TransactionStmt"},
    Kind.SET: {"VariableSetStmt"},
    Kind.RESET: {"VariableSetStmt"},
    Kind.SET_TRANSACTION: {"VariableSetStmt"},
    Kind.SET_CONSTRAINTS: {"ConstraintsSetStmt"},
    Kind.SHOW: {"VariableShowStmt"},
    Kind.DEALLOCATE: {"DeallocateStmt"},
}


class Case(msgspec.Struct, frozen=True):
    """A text, and one of its shape that was classified before it."""

    text: str
    before: str


def outcome(text: str) -> tuple[Statement, ...] | str:
    """The statements of a text, or the words of its refusal."""
    try:
        return classify.classify(text)
    except RequestError as error:
        assert len(error.sqlstate) == 5 and error.message
        return f"{error.sqlstate} {error.message}"


def _fresh(text: str) -> tuple[Statement, ...] | str:
    """The same, without what is remembered of other texts."""
    try:
        return classify._classify_new(text)
    except RequestError as error:
        return f"{error.sqlstate} {error.message}"


def _told(found: tuple[Statement, ...] | str) -> object:
    """What the session goes by."""
    if isinstance(found, str):
        return found
    return [
        (s.sql, s.location, s.kind, s.shape.command, s.reads, s.writes, s.locks, s.shape.setting, s.shape.ddl)
        for s in found
    ]


def check(case: Case) -> None:
    """Classify the text after the other one, and look at what passed."""
    outcome(case.before)
    found = outcome(case.text)
    assert _told(found) == _told(_fresh(case.text)), "what is remembered of a text's shape is not true of it"
    if isinstance(found, str):
        return
    if found[0].kind is Kind.INVALID:
        assert len(found) == 1
        return
    for statement in found:
        _passed(statement)


def _passed(statement: Statement) -> None:
    """A statement that was let through is what it is said to be."""
    parsed = [raw.stmt for raw in postgast.parse(statement.sql).stmts]
    if statement.kind is Kind.EMPTY:
        assert not parsed, "it is not empty"
        return
    assert len(parsed) == 1, f"{len(parsed)} statements pass for one"
    top = getattr(parsed[0], parsed[0].WhichOneof("node"))
    assert top.DESCRIPTOR.name in _TOPS[statement.kind], f"{top.DESCRIPTOR.name} passes for {statement.kind}"
    if top.DESCRIPTOR.name == "CopyStmt":
        assert not top.filename and not top.is_program, "a file or program"
    if statement.kind in _QUERIES:
        _query(statement, list(_messages(top)))


def _query(statement: Statement, parts: list[Any]) -> None:
    kinds = {part.DESCRIPTOR.name for part in parts}
    assert not kinds & _NEVER, f"{kinds & _NEVER} within"
    written = {part.relation.relname for part in parts if part.DESCRIPTOR.name in _CHANGING}
    assert statement.kind is not Kind.SELECT or not written, f"a SELECT that writes {written}"
    assert written <= {name.name for name in statement.writes}, f"writes {written}"
    named = {(part.schemaname or None, part.relname) for part in parts if part.DESCRIPTOR.name == "RangeVar"}
    unknown = {name for _, name in named} - {name.name for name in (*statement.reads, *statement.writes)}
    assert unknown <= _lock_names(parts), f"tables that nobody knows of: {unknown}"
    assert HIDDEN_SCHEMA not in {schema for schema, _ in named}
    for part in parts:
        if part.DESCRIPTOR.name == "FuncCall":
            path = [word.string.sval for word in part.funcname]
            assert path[-1] not in FORBIDDEN_FUNCTIONS and HIDDEN_SCHEMA not in path, f"function {path}"
        if part.DESCRIPTOR.name == "LockingClause":
            assert postgast.pg_query_pb2.LockClauseStrength.Name(part.strength) in ("LCS_FORUPDATE", "LCS_FORKEYSHARE")


def _lock_names(parts: list[Any]) -> set[str]:
    """What FOR UPDATE OF names: aliases of tables that stand elsewhere."""
    clauses = (part for part in parts if part.DESCRIPTOR.name == "LockingClause")
    return {relation.range_var.relname for clause in clauses for relation in clause.locked_rels}


def _messages(top: Any) -> Iterator[Any]:
    """A protobuf message and all within it."""
    stack = [top]
    while stack:
        message = stack.pop()
        yield message
        for field, value in message.ListFields():
            if field.message_type is not None:
                stack.extend(value if field.is_repeated else [value])


@contextmanager
def opened(directory: Path) -> Iterator[Check]:
    """Begins and ends with nothing remembered of earlier texts."""
    _forget()
    yield check
    _forget()


def _forget() -> None:
    classify._texts = BoundedCache(classify._CACHED_CHARACTERS)
    classify._shapes = BoundedCache(classify._CACHED_CHARACTERS)


_LITERALS = st.sampled_from(["1", "0", "-1", "2.5", "1e3", "'a'", "''", "'it''s'", "NULL", "$1", "true", "B'1'"])


@st.composite
def _cases(draw: st.DrawFn) -> Case:
    """Statements with words of others in them; before it the same with other literals."""
    words: list[str] = []
    for number in range(draw(st.sampled_from([1, 1, 1, 2, 3]))):
        words += ([";"] if number else []) + draw(st.sampled_from(STATEMENTS)).split(" ")
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(words)))
        new = draw(st.sampled_from(WORDS) | _LITERALS | st.text(max_size=6))
        how = draw(st.integers(0, 3))
        if how == 0:
            words.insert(at, new)
        elif how == 1:
            words[at : at + 1] = [new]
        elif how == 2:
            del words[at : at + draw(st.integers(1, 3))]
        else:
            words[at:at] = draw(st.sampled_from(STATEMENTS)).split(" ")
    before = [draw(_LITERALS) if word[:1] in "0123456789'" and word else word for word in words]
    return Case(" ".join(words), " ".join(before))


TARGET = Target(
    name="sql",
    guards="a text is refused or classified, and no statement passes for a more harmless one",
    form=Case,
    cases=_cases(),
    open=opened,
)
