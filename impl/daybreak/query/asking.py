"""Runs of a statement with what it asks of the cluster: rows of views, outcomes of transactions.

Which transactions a statement asks about is known when it runs, since their names may be any expression. So it is run
with what is known; the names that it asked for beyond are looked up, the run is undone, and it is run again.
"""

from __future__ import annotations

from collections.abc import Sequence

from daybreak.base.ids import TxnId
from daybreak.errors import RequestError
from daybreak.query import pgmessages as pg
from daybreak.query import sysviews
from daybreak.query.backend import HEADER_BYTES, NOTICE
from daybreak.query.catalog import Table
from daybreak.query.engine import Outcome
from daybreak.query.insight import moment
from daybreak.query.rowlocks import note_undone
from daybreak.query.statements import Statement
from daybreak.query.workspace import Workspace

MAX_ASKED = 100
"""Transactions that one statement may ask about."""


async def tell(work: Workspace, statement: Statement) -> None:
    """Have what `statement` reads of the cluster set before its run."""
    shape = statement.shape
    sysviews.refuse_writes(shape)
    for parameter, value in (await sysviews.statement_values(shape, work.insight)).items():
        work.engine.queue_value(parameter, value)
    if sysviews.CURRENT in shape.calls:
        work.engine.queue_value(sysviews.TRANSACTION, (await work.snapshot()).txn)


async def run_asking(
    work: Workspace, statement: Statement, messages: Sequence[bytes], *, captures: Sequence[Table], savepoint: bool
) -> Outcome:
    """Run a statement (`Workspace.run`), again and again until it asks for no outcome that it was not told."""
    if sysviews.OUTCOME not in statement.shape.calls:
        return await work.run(messages, captures=captures, savepoint=savepoint)
    told: dict[str, tuple[str, str | None]] = {}
    while True:
        work.engine.queue_value(sysviews.OUTCOMES, sysviews.encode(told))
        outcome = await work.run(messages, captures=captures)
        asked = _asked(outcome.messages) - told.keys()
        if not asked:
            return outcome
        await work.engine.undo()
        note_undone(work, statement, captures)
        if len(told) + len(asked) > MAX_ASKED:
            raise RequestError(f"a statement can ask for {MAX_ASKED} outcomes of transactions", sqlstate="54000")
        for name in sorted(asked):
            fate, committed_at = await work.insight.outcome(TxnId(name))
            told[name] = (fate.value, moment(committed_at))


def _asked(messages: Sequence[bytes]) -> set[str]:
    notices = (pg.error_fields(m[HEADER_BYTES:]) for m in messages if m[0] == NOTICE)
    return {fields["M"] for fields in notices if fields.get("C") == sysviews.UNKNOWN_OUTCOME_SQLSTATE}
