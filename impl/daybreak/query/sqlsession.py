"""One session's SQL: which transaction a statement runs in, and what becomes of it.

    idle ──BEGIN──► block ──error──► failed ──COMMIT or ROLLBACK──► idle
     │  ▲             │
     │  └──COMMIT─────┘
     └─ any other statement: a transaction of its own, committed before its CommandComplete is sent

Several statements in one Query message, or up to one Sync, are one transaction, as in PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from daybreak.errors import InternalError, RequestError
from daybreak.query import pgmessages as pg
from daybreak.query.cancellation import Cancellation
from daybreak.query.catalogview import CatalogView
from daybreak.query.classify import classify
from daybreak.query.client import Client, CommitGuard
from daybreak.query.copyin import copy_in
from daybreak.query.ddl import run_ddl
from daybreak.query.engine import Engine
from daybreak.query.execution import execute
from daybreak.query.insight import Insight
from daybreak.query.jobs import run_build
from daybreak.query.outcomes import aborted, checked
from daybreak.query.statements import Kind, Parameter, Statement
from daybreak.query.store import Store
from daybreak.query.workspace import Workspace

REMOTE = frozenset((Kind.SELECT, Kind.DML, Kind.COPY_OUT, Kind.SHOW, Kind.EXPLAIN, Kind.SET_CONSTRAINTS))
"""Kinds whose messages go to the private server as the client sent them; the others are answered by us."""

_PARAMETER_STATUS = ord("S")
_WHILE_FAILED = frozenset((Kind.COMMIT, Kind.ROLLBACK, Kind.EMPTY))


class SqlSession:
    """The SQL side of one client session; not for concurrent calls."""

    def __init__(self, store: Store, engine: Engine, guard: CommitGuard, insight: Insight) -> None:
        self.engine = engine
        self.cancellation = Cancellation(engine)
        self._store = store
        self._guard = guard
        self._insight = insight
        self._view = CatalogView(engine)
        self._work: Workspace | None = None
        self._block = False
        self._failed = False
        self._series = False
        self._reported: dict[str, str] = {}
        self._notices: list[bytes] = []
        self._local: dict[Kind, Callable[[Statement, Client], Awaitable[list[bytes]]]] = {
            Kind.BEGIN: self._begin,
            Kind.COMMIT: self._commit,
            Kind.ROLLBACK: self._rollback,
            Kind.SET: self._set,
            Kind.RESET: self._set,
            Kind.SET_TRANSACTION: self._set_transaction,
            Kind.DEALLOCATE: self._deallocate,
            Kind.DDL: self._ddl,
            Kind.COPY_IN: self._copy_in,
            Kind.EMPTY: self._empty,
            Kind.INVALID: self._invalid,
        }
        self.on_deallocate: Callable[[], None] = lambda: None
        """Called by DEALLOCATE ALL: the prepared statements of the extended protocol go."""

    def reports(self) -> list[bytes]:
        """ParameterStatus messages for what has changed since they were last asked for; at first, for everything."""
        current = self.engine.backend.parameters
        if current == self._reported:
            return []
        changed = [pg.parameter_status(n, v) for n, v in current.items() if self._reported.get(n) != v]
        self._reported = dict(current)
        return changed

    def closing_words(self) -> list[bytes]:
        """What precedes ReadyForQuery: notices of jobs that have run, and changed parameters."""
        self.cancellation.forget()
        notices, self._notices = self._notices, []
        return [*notices, *self.reports()]

    @property
    def status(self) -> bytes:
        """The transaction status that ReadyForQuery tells: ``I``, ``T`` or ``E``."""
        if self._failed:
            return b"E"
        return b"T" if self._block else b"I"

    @property
    def work(self) -> Workspace:
        """The open transaction; an implicit one begins here when none is open."""
        if self._work is None:
            self._work = self._new_workspace()
        return self._work

    def _new_workspace(self) -> Workspace:
        return Workspace(self._store, self.engine, self._view, self.cancellation, self._insight)

    @property
    def in_transaction(self) -> bool:
        """Whether the next statement joins others: a block, or a series that is one transaction."""
        return self._block or self._series or self._work is not None

    def admit(self, statement: Statement) -> None:
        """Refuse what a failed transaction block does not take."""
        if self._failed and statement.kind not in _WHILE_FAILED:
            raise aborted()

    def classify(self, sql: bytes) -> Sequence[Statement]:
        """The statements of a client's text; a failed transaction block has only one answer to what is refused."""
        try:
            return classify(decode_sql(sql))
        except RequestError:
            if self._failed:
                raise aborted() from None
            raise

    async def query(self, sql: bytes, out: list[bytes], client: Client) -> None:
        """Run the statements of one Query message; results, less ReadyForQuery, are appended to `out`.

        What raises leaves the results of the statements before it in `out`.
        """
        statements = self.classify(sql)
        mark = len(out)
        self._series = len(statements) > 1
        try:
            for statement in statements:
                mark = len(out)
                self.admit(statement)
                if statement.kind in REMOTE:
                    messages = [pg.query(statement.sql.encode())]
                    out += await execute(self.work, statement, (), messages)
                else:
                    if statement.kind is Kind.COPY_IN and out:
                        client.send(b"".join(out))
                        out.clear()
                        mark = 0
                    out += await self.local(statement, client)
            await self.finish_implicit()
        except BaseException:
            del out[mark:]  # the last statement has not happened
            raise
        finally:
            self._series = False

    async def remote(
        self, statement: Statement, parameters: Sequence[Parameter], messages: Sequence[bytes]
    ) -> list[bytes]:
        """Run a statement of a `REMOTE` kind, given as frontend messages; its replies."""
        return await execute(self.work, statement, parameters, messages)

    async def local(self, statement: Statement, client: Client) -> list[bytes]:
        """Run a statement of any other kind; its replies."""
        return await self._local[statement.kind](statement, client)

    async def finish_implicit(self) -> None:
        """Commit the transaction unless it is an explicit block."""
        if not self._block:
            await self._finish()

    async def fail(self) -> None:
        """A statement has failed: nothing of the transaction remains; a block stays until the client ends it."""
        self._failed = self._block
        await self._take_back()

    async def close(self) -> None:
        """The session is over: roll back and give the private database back."""
        try:
            if self._work is not None:
                await self._work.rollback()
        finally:
            self._store.close()
            await self.cancellation.settled()  # or it would hit the engine's next holder
            await self.engine.close()

    async def _finish(self) -> None:
        work, self._work = self._work, None
        if work is not None:
            self._guard.shielded = True
            try:
                await work.commit()
                for build in work.jobs:
                    self._notices += await run_build(build, self._new_workspace)
            finally:
                self._guard.shielded = False

    async def _take_back(self) -> None:
        work, self._work = self._work, None
        if work is not None:
            await work.rollback()
            if work.has_settings:  # the private server is at it: wait for the old values, to tell the client
                await self.engine.direct([pg.query(b"")])

    # -- statements answered here

    async def _begin(self, statement: Statement, client: Client) -> list[bytes]:
        said = []
        if self._block:
            said.append(pg.notice("25001", "there is already a transaction in progress"))
        self._block = True
        if statement.shape.read_only:
            self.work.read_only = True
        return [*said, pg.command_complete("BEGIN")]

    async def _commit(self, statement: Statement, client: Client) -> list[bytes]:
        if self._failed:
            return await self._rollback(statement, client)
        said = [] if self._block else [_no_transaction()]
        self._block = False
        await self._finish()
        return [*said, pg.command_complete("COMMIT")]

    async def _rollback(self, statement: Statement, client: Client) -> list[bytes]:
        said = [] if self._block else [_no_transaction()]
        self._block = self._failed = False
        await self._take_back()
        return [*said, pg.command_complete("ROLLBACK")]

    async def _set(self, statement: Statement, client: Client) -> list[bytes]:
        setting = statement.shape.setting
        tag = "SET" if statement.kind is Kind.SET else "RESET"
        if setting is None or setting.virtual or setting.name == "role":
            return [pg.command_complete(tag)]
        sql = pg.query(statement.sql.encode())
        if self.in_transaction:
            replies = await self.work.set(sql, local=setting.local)
        else:
            replies = list(checked(await self.engine.direct([sql])))
        return [m for m in replies if m[0] != _PARAMETER_STATUS]  # `reports` tells of it

    async def _set_transaction(self, statement: Statement, client: Client) -> list[bytes]:
        said = [] if self._block else [pg.notice("25P01", "SET TRANSACTION can only be used in transaction blocks")]
        return [*said, pg.command_complete("SET")]

    async def _deallocate(self, statement: Statement, client: Client) -> list[bytes]:
        self.on_deallocate()
        return [pg.command_complete("DEALLOCATE ALL")]

    async def _ddl(self, statement: Statement, client: Client) -> list[bytes]:
        return await run_ddl(self.work, statement)

    async def _copy_in(self, statement: Statement, client: Client) -> list[bytes]:
        return await copy_in(self.work, statement, client)

    async def _empty(self, statement: Statement, client: Client) -> list[bytes]:
        return [pg.EMPTY_QUERY]

    async def _invalid(self, statement: Statement, client: Client) -> list[bytes]:
        """The private server says what is wrong with the text: it is parsed there, never run."""
        checked(await self.engine.direct([pg.parse(b"", statement.sql.encode())]))
        raise InternalError("PostgreSQL and its grammar disagree on this statement")


def decode_sql(sql: bytes) -> str:
    """The text of a statement; refuses what is not UTF-8 in PostgreSQL's words."""
    try:
        return sql.decode()
    except UnicodeDecodeError as error:
        wrong = " ".join(f"0x{byte:02x}" for byte in sql[error.start : max(error.end, error.start + 1)])
        raise RequestError(f'invalid byte sequence for encoding "UTF8": {wrong}', sqlstate="22021") from None


def _no_transaction() -> bytes:
    return pg.notice("25P01", "there is no transaction in progress")
