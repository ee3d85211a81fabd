"""One session's private PostgreSQL database: the engine that runs the client's SQL.

    Engine of a session           private PostgreSQL (rows only inside an open transaction)
      queue_load(rows)  ──┐
      run(messages)     ──┴─►  BEGIN · COPY rows · SAVEPOINT · client's messages      one round trip
                        ◄──    client's result messages + changed rows (triggers)
      undo()            ──►    ROLLBACK TO SAVEPOINT          (the loaded rows stay)
      rollback()        ──►    ROLLBACK                       (sent, not waited for)

The connection is the client's own: it logs in as role `admin`, which is no superuser. Nothing of a private
transaction is ever committed; what outlives it is the schema (`apply`), settings and prepared statements (`direct`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from daybreak.errors import InternalError, SchemaConflictError
from daybreak.query import capture, commands
from daybreak.query.backend import Backend, EngineLostError, Reply
from daybreak.query.backendstate import BackendState
from daybreak.query.capture import RowChange
from daybreak.query.catalog import Table
from daybreak.query.cleaning import Cleaning
from daybreak.query.commands import ServerError, first_error, succeeded
from daybreak.query.loadqueue import LoadQueue

__all__ = ["Engine", "EngineLostError", "Outcome", "RowChange", "ServerError"]

CHECK_VIOLATION = "23514"

_IDLE = b"I"


class Outcome(msgspec.Struct):
    """What one `Engine.run` gave.

    `messages`: the raw backend messages of the client's part in order, without ReadyForQuery, an ErrorResponse
    included. `changes`: the changed rows in the order of the statement's triggers; a statement that changes more
    than `limits.MAX_ROWS` rows of a table reports `MAX_ROWS + 1` of them, which is enough to refuse it. `error`:
    the first error of the client's part; then `changes` is empty, the private transaction has failed and only
    `undo` (with a savepoint) or `rollback` may follow.
    """

    messages: list[bytes]
    changes: list[RowChange]
    error: ServerError | None


class Engine:
    """One session's private database and the connection to it. Not for concurrent calls.

    From `EnginePool.acquire()`; `close()` gives it back. Every method that talks to the private server raises
    `EngineLostError` when the backend went away while it mattered: during the call or with a private transaction
    open. The transaction is gone then, and the next call gets a new backend.
    """

    def __init__(
        self,
        database: str,
        backend: Backend,
        connect: Callable[[], Awaitable[Backend]],
        give_back: Callable[[Engine], Awaitable[None]],
    ) -> None:
        self.database = database
        self.backend = backend
        self._connect = connect
        self._give_back = give_back
        self._state = BackendState()
        self._cleaning = Cleaning()
        self._applied: list[str] = []  # DDL that the database has seen since it was made
        self._known = 0  # how much of it the present holder has asked for
        self._loads = LoadQueue()
        self._open = False
        self._failed = False
        self._savepoint = False  # the savepoint is set
        self._undoable = False  # ... and the last run began at it
        self._spoiled = ""
        self._clients: int | None = None  # so many replies come before those to the client's own messages, if any run

    @property
    def cancellable(self) -> bool:
        """Whether what the private server does now is the client's: a cancel would hit nothing of ours."""
        backend = self.backend
        return self._clients is not None and backend.outstanding == 1 and backend.answered >= self._clients

    @property
    def in_transaction(self) -> bool:
        """Whether a private transaction is open."""
        return self._open

    async def apply(self, ddl: Sequence[str]) -> None:
        """Commit schema changes of the catalog, in catalog order, outside any private transaction.

        Each text is one statement in the private server's own dialect (``CREATE INDEX``, without ASYNC). Who has
        just acquired the engine applies the catalog from its beginning: the engine skips what a former holder has
        applied already. Capture comes with every new table by itself.
        Raises `SchemaConflictError` when the database has seen later versions than these (P21), `InternalError`
        when the private server refuses a statement that the catalog holds.
        """
        await self._ready()
        if self._open:
            raise InternalError("the schema cannot change under a private transaction")
        start = self._known
        seen, new = ddl[: len(self._applied) - start], ddl[len(self._applied) - start :]
        if list(seen) != self._applied[start : start + len(seen)]:
            raise InternalError("the private database has seen another catalog")
        if start + len(seen) < len(self._applied):
            raise SchemaConflictError()
        if new:
            self._loads.forget_prepared()
            self._spoiled = "its schema is unknown"  # until all replies are there
            statements = b"".join(commands.once(text) + commands.SYNC for text in new)
            for text, reply in zip(new, await self._talk(statements, ready=len(new)), strict=True):
                succeeded(reply.messages, text)
            self._spoiled = ""
        self._applied += new
        self._known = len(self._applied)

    def queue_load(self, table: Table, rows: Sequence[bytes]) -> None:
        """Have `rows` (COPY BINARY tuples, all columns) loaded into the private transaction before the next run.

        No trigger fires, no check refuses a row and nothing is captured. A row must not be loaded twice into one
        transaction.
        """
        self._loads.add(table, rows)

    def queue_value(self, parameter: str, value: str) -> None:
        """Have a parameter of ours set before the next run, until the private transaction ends."""
        self._loads.set(parameter, value)

    async def run(
        self,
        messages: Sequence[bytes],
        *,
        captures: Sequence[Table],
        savepoint: bool = True,
        settle: bool = False,
    ) -> Outcome:
        """Run the client's raw frontend messages inside the private transaction, in one round trip.

        Opens the transaction when none is open, sends the queued loads, sets a savepoint for `undo` (unless
        `savepoint` is false), then `messages` as given: Query messages or extended messages (a missing Sync at the
        end is added); a COPY FROM STDIN is followed by its CopyData and CopyDone or CopyFail. `captures` names every
        table that the statement may change. With `settle`, deferred constraints are checked at the end (SET
        CONSTRAINTS ALL IMMEDIATE), their error being the outcome's.
        Raises `InternalError` when a queued row cannot be loaded or the statement changes another table.
        """
        await self._ready()
        if self._failed:
            raise InternalError("the private transaction has failed: undo or rollback comes first")
        data, ready, copies = commands.batch(messages)
        if settle:
            data, ready = data + commands.execute(commands.SETTLE) + commands.SYNC, ready + 1
        replies = await self._after_loads(data, ready, copies, savepoint)
        self._undoable = savepoint
        settled = replies.pop().messages if settle else []
        said = [m for reply in replies for m in reply.messages]
        if first_error(said) is None:  # of the settling itself the client gets an error at most
            said += [m for m in settled if capture.is_report(m) or first_error([m])]
        outcome = self._outcome(said, captures)
        if outcome.error is None:
            self._state.note_statements(messages)
        return outcome

    async def undo(self) -> None:
        """Go back to the savepoint of the last run: its changes are gone, loaded rows stay."""
        await self._ready()
        if not self._undoable:
            raise InternalError("the last run set no savepoint")
        [reply] = await self._talk(commands.execute(commands.UNDO) + commands.SYNC, ready=1)
        succeeded(reply.messages, "ROLLBACK TO SAVEPOINT")
        self._failed = False

    async def direct(self, messages: Sequence[bytes]) -> list[bytes]:
        """Pass messages through without savepoint or capture and return the replies without ReadyForQuery.

        For Parse, Describe of statements, Close, SET, SHOW; outside a private transaction each Query or Sync is a
        transaction of its own, inside one an error fails it. A SET inside a private transaction is undone by
        `rollback`.
        """
        await self._ready()
        data, ready, copies = commands.batch(messages)
        replies = await self._talk(data, ready=ready, copies=copies, clients=0)
        if any((reply.status == _IDLE) is self._open for reply in replies):
            self._spoil("a statement began or ended a private transaction")
        said = [m for reply in replies for m in reply.messages]
        if any(capture.is_report(m) for m in said):
            self._spoil("a statement changed rows outside of run")
        if first_error(said) is not None:
            self._failed = self._open
            return said
        self._state.note_statements(messages)
        if not self._open:
            self._state.note_settings(data, ready, said)
        return said

    async def rollback(self) -> None:
        """End the private transaction and drop queued loads; returns at once, the server works on meanwhile."""
        was_open = self._open
        self._forget_transaction()
        if was_open and not self.backend.lost:
            ends = [commands.execute(commands.ROLLBACK), *self._cleaning.due()]
            data = b"".join(end + commands.SYNC for end in ends)
            self.backend.exchange(data, ready=len(ends)).add_done_callback(self._on_rolled_back)

    async def close(self) -> None:
        """Give the private database back to the pool, whatever state it is in."""
        await self._give_back(self)

    async def reset(self) -> bool:
        """For the pool: make the engine as good as new, schema apart; whether that was possible."""
        await self.backend.interrupt()  # whoever waited for it has given up
        await self.rollback()
        if self._spoiled or self.backend.lost:
            return False
        data = commands.once("DISCARD ALL") + commands.SYNC + commands.PREPARE_ALL + commands.SYNC
        replies = await self._talk(data, ready=2)
        self._state.clear()
        self._loads.forget_prepared()
        self._known = 0
        return not self._spoiled and all(first_error(reply.messages) is None for reply in replies)

    # -- the parts of a run

    async def _after_loads(self, data: bytes, ready: int, copies: int, savepoint: bool) -> list[Reply]:
        """The replies to `data`, sent behind the commands that make the private transaction ready for it."""
        while True:
            opened = not self._open
            prelude = self._prelude(savepoint)
            before = 1 if prelude else 0
            copied = self._loads.copies + copies
            replies = await self._talk(prelude + data, ready=before + ready, copies=copied, clients=before)
            if any(reply.status == _IDLE for reply in replies):
                self._spoil("a statement ran outside of the private transaction or ended it")
            error = first_error(replies[0].messages) if prelude else None
            if error is None:
                break
            await self._recover(error, opened)
        for table, rows in self._loads.take():
            self._cleaning.count(table, rows)
        return replies[before:]

    def _prelude(self, savepoint: bool) -> bytes:
        parts = [] if self._open else [commands.execute(commands.BEGIN)]
        if self._loads:
            if self._open:
                parts += self._set_savepoint()  # to come back to should a row be refused
            parts += self._loads.commands(self.backend.parameters.get("client_encoding", "UTF8"))
        self._open = True
        if savepoint:
            parts += self._set_savepoint()
        return b"".join((*parts, commands.SYNC)) if parts else b""

    def _set_savepoint(self) -> list[bytes]:
        # One at a time: PostgreSQL grows slower with each savepoint that is open.
        release = [commands.execute(commands.RELEASE)] if self._savepoint else []
        self._savepoint = True
        return [*release, commands.execute(commands.SET_SAVEPOINT)]

    async def _recover(self, error: ServerError, opened: bool) -> None:
        """After a prelude failed: if a check has refused a row from storage, be ready to try without checks."""
        self._loads.forget_prepared()  # nobody knows how far it came
        if error.sqlstate != CHECK_VIOLATION or not self._loads.suspend_checks():
            await self.rollback()
            raise InternalError(f"rows cannot be loaded: {error.message} ({error.sqlstate})")
        back = commands.ROLLBACK if opened else commands.UNDO
        [reply] = await self._talk(commands.execute(back) + commands.SYNC, ready=1)
        succeeded(reply.messages, "going back")
        if opened:
            self._open = self._savepoint = False

    def _outcome(self, said: list[bytes], captures: Sequence[Table]) -> Outcome:
        messages, reports = capture.take_reports(said)
        error = first_error(messages)
        if error is not None:
            self._failed = True
            self._cleaning.count_failed(captures)
            return Outcome(messages, [], error)
        changes = capture.changes(reports, {table.qualified_name: table.id for table in captures})
        if changes:
            for table in captures:
                self._cleaning.count(table, sum(change.table_id == table.id for change in changes))
        return Outcome(messages, changes, None)

    # -- the connection

    async def _ready(self) -> None:
        """Have a backend to talk to, a new one if the old one went away."""
        if self._spoiled:
            raise InternalError(f"the private database cannot be used any more: {self._spoiled}")
        if self.backend.lost:
            if self._open:
                self._forget_transaction()
                raise EngineLostError("the private server has lost this session's transaction")
            self.backend = await self._connect()
            self._loads.forget_prepared()
            data, ready = self._state.replay()
            for reply in await self._talk(data, ready=ready):
                succeeded(reply.messages, "restoring the session")

    async def _talk(self, data: bytes, *, ready: int, copies: int = 0, clients: int | None = None) -> list[Reply]:
        """Send `data` and wait for its replies; the client's messages are those after the first `clients` replies."""
        self._clients = clients
        try:
            return await self.backend.exchange(data, ready=ready, copies=copies)
        except EngineLostError:
            self._forget_transaction()
            raise
        finally:
            self._clients = None

    def _forget_transaction(self) -> None:
        self._open = self._failed = self._savepoint = self._undoable = False
        self._loads.clear()

    def _on_rolled_back(self, future: asyncio.Future[list[Reply]]) -> None:
        if not future.cancelled() and future.exception() is None:  # a lost backend shows at the next call
            for reply in future.result():
                if reply.status != _IDLE or first_error(reply.messages) is not None:
                    self._spoiled = "a rollback failed"

    def _spoil(self, reason: str) -> None:
        """Rows may be committed in the private database: nobody may see them."""
        self._spoiled = reason
        raise InternalError(reason)
