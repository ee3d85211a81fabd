"""Statements as the analysis hands them out: what a statement is, what it touches, which rows it needs.

Plain values only. `classify` makes statements, `needs` makes needs, the session carries both out.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple

import msgspec

from daybreak.base.keys import Key
from daybreak.base.writes import Access
from daybreak.query.catalog import Table


class Kind(StrEnum):
    """What the session must do with a statement."""

    SELECT = "SELECT"
    DML = "DML"
    """INSERT, UPDATE, DELETE, or a SELECT with one of these in its WITH."""
    COPY_IN = "COPY_IN"
    """COPY table FROM STDIN; the table is in `Shape.writes`."""
    COPY_OUT = "COPY_OUT"
    """COPY table or query TO STDOUT."""
    DDL = "DDL"
    """One change of the catalog; `Shape.ddl` tells which."""
    BEGIN = "BEGIN"
    COMMIT = "COMMIT"
    ROLLBACK = "ROLLBACK"
    SET = "SET"
    """`Shape.setting` names it; SET x TO DEFAULT is a RESET."""
    SET_TRANSACTION = "SET_TRANSACTION"
    """SET TRANSACTION ISOLATION LEVEL REPEATABLE READ: nothing to do."""
    SET_CONSTRAINTS = "SET_CONSTRAINTS"
    RESET = "RESET"
    """`Shape.setting` names it; the name of RESET ALL is ``all``. RESET ROLE must not reach the engine."""
    SHOW = "SHOW"
    EXPLAIN = "EXPLAIN"
    """Carries its inner statement's tables; only with `Shape.analyze` are rows read or changed."""
    DEALLOCATE = "DEALLOCATE"
    """DEALLOCATE ALL."""
    EMPTY = "EMPTY"
    """Nothing but white space, comments and semicolons."""
    INVALID = "INVALID"
    """Not PostgreSQL's grammar. The whole text is one statement, to be *parsed* (never run) by the private server,
    whose error the client gets."""


class TableName(NamedTuple):
    """A relation as the statement names it; `schema` is None for a bare name. Identifiers are folded already."""

    schema: str | None
    name: str


class RowLock(NamedTuple):
    """FOR UPDATE or FOR KEY SHARE: rows of `table` that the statement returns get `access` at COMMIT (P10)."""

    table: TableName
    access: Access


class Setting(NamedTuple):
    """A session parameter of SET, RESET or SHOW: lower-case name, and whether the change is SET LOCAL."""

    name: str
    local: bool = False
    virtual: bool = False
    """Known to clients but not to PostgreSQL: accept it, never pass it to the private server."""


class DdlKind(StrEnum):
    """The changes of the catalog that are supported."""

    CREATE_TABLE = "CREATE TABLE"
    DROP_TABLE = "DROP TABLE"
    CREATE_INDEX = "CREATE INDEX"
    DROP_INDEX = "DROP INDEX"


class Ddl(NamedTuple):
    """One change of the catalog.

    `names` are the tables created or dropped, the table of a new index, or the indexes dropped. `lenient` is
    IF NOT EXISTS or IF EXISTS. `unique` belongs to CREATE INDEX ASYNC; `declaration` is then the same statement
    without UNIQUE: while the index is built, private databases hold it as a plain one, because rows that are
    loaded may still contain duplicates.
    """

    kind: DdlKind
    names: tuple[TableName, ...]
    lenient: bool = False
    unique: bool = False
    declaration: str | None = None


class Shape(msgspec.Struct, frozen=True, eq=False, dict=True):
    """What all statements have in common that differ in the values of their literals only; shared and cached.

    `reads` and `writes` name every relation that may be read or written, names of WITH queries and of the system
    catalogs included; a name that the catalog lacks is none of ours. `command` is the word of PostgreSQL's "cannot
    execute INSERT in a read-only transaction". `read_only` is that of BEGIN READ ONLY. `tree` and `slots` are for
    `needs`: the raw parse tree of one such statement, and which literal stands at which byte of it; `slots` is None
    where literals are not replaceable and the tree's own count. `calls` are those functions of `sysviews` that it may
    call.
    """

    kind: Kind
    command: str
    tree: dict[str, Any]
    reads: tuple[TableName, ...] = ()
    writes: tuple[TableName, ...] = ()
    locks: tuple[RowLock, ...] = ()
    read_only: bool = False
    setting: Setting | None = None
    ddl: Ddl | None = None
    analyze: bool = False
    slots: dict[int, int] | None = None
    calls: frozenset[str] = frozenset()


class Statement(msgspec.Struct, frozen=True, eq=False):
    """One statement of a client's text.

    `sql` is what PostgreSQL is to run: the text of this statement, in which words that PostgreSQL's grammar lacks
    (ASYNC) are blanked out, so that positions in its errors are right. `location` is its first character's offset in
    the text given to `classify`. `literals` are the texts of the literals, for `needs` only.
    """

    shape: Shape
    sql: str
    location: int = 0
    literals: tuple[str, ...] = ()

    @property
    def kind(self) -> Kind:
        return self.shape.kind

    @property
    def reads(self) -> tuple[TableName, ...]:
        return self.shape.reads

    @property
    def writes(self) -> tuple[TableName, ...]:
        return self.shape.writes

    @property
    def locks(self) -> tuple[RowLock, ...]:
        return self.shape.locks


class Parameter(NamedTuple):
    """A bound parameter: format 0 text or 1 binary, type OID or 0 where unknown, value or None for NULL."""

    format: int
    type_oid: int
    value: bytes | None


class AllRows(msgspec.Struct, frozen=True):
    """Every row of the table."""


class Keys(msgspec.Struct, frozen=True):
    """The rows with these row keys; those that do not exist are proven absent."""

    keys: tuple[Key, ...]


class KeyRange(msgspec.Struct, frozen=True):
    """The rows whose keys lie in ``[low, high)``."""

    low: Key
    high: Key


class Need(msgspec.Struct, frozen=True):
    """Rows that must be in the private database before a statement runs. One table may have several needs."""

    table: Table
    how: AllRows | Keys | KeyRange
