"""Errors, sorted by what the caller must do.

    DaybreakError
    ├── RetryError            run the whole transaction again, with a new snapshot
    │   ├── ConflictError         another transaction was first (OC000)
    │   └── SchemaConflictError   the catalog changed under the transaction (OC001)
    ├── UnknownOutcomeError   the commit may or may not have happened: find out, then decide
    ├── UnavailableError      no majority can be reached from here: go to another endpoint, or wait
    ├── NotAcceptingError     the same, said to who asks for a session
    ├── RequestError          change the request: SQL, a limit, an option
    │   └── LimitError            one of the limits of P22
    ├── OperatorError         change the machine: a port, a directory, rights
    │   ├── CorruptionError       a file is not what was written; names file and offset
    │   └── DiskFullError         nothing was written; goes on by itself when there is space again
    └── InternalError         report it: a bug of ours

Every error carries the SQLSTATE that a client sees.
"""

from __future__ import annotations


class DaybreakError(Exception):
    """Root of all errors raised on purpose."""

    sqlstate = "XX000"

    def __init__(self, message: str, *, detail: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.detail = detail
        self.hint = hint


class RetryError(DaybreakError):
    """The transaction did not commit and left nothing behind; run it again."""

    sqlstate = "40001"


class ConflictError(RetryError):
    """P10: a conflicting access was committed after this transaction's start."""

    def __init__(self) -> None:
        super().__init__("change conflicts with another transaction (OC000)")


class SchemaConflictError(RetryError):
    """P21: the catalog version that this transaction used is no longer current."""

    def __init__(self) -> None:
        super().__init__("schema has been updated by another transaction (OC001)")


class UnknownOutcomeError(DaybreakError):
    """P16: the answer to COMMIT was lost; the transaction may have committed."""

    sqlstate = "08007"

    def __init__(self, txn: str) -> None:
        ask = f"SELECT * FROM sys.daybreak_transaction_outcome('{txn}')"
        super().__init__(
            "transaction resolution unknown",
            detail=f"Transaction {txn} may or may not have been committed.",
            hint=f"Find out with {ask} before you run it again.",
        )


class UnavailableError(DaybreakError):
    """P20: what this endpoint can reach is not enough to read. The session ends, so that its client looks for another
    endpoint; nothing of its transaction remains."""

    sqlstate = "08006"

    def __init__(self) -> None:
        super().__init__(
            "no storage replica is complete up to the snapshot, and none becomes so",
            hint="This endpoint may be cut off from a majority of the zones; connect to another one, or wait.",
        )


class NotAcceptingError(DaybreakError):
    """P20: an endpoint that cannot reach enough to read takes no new sessions."""

    sqlstate = "57P03"

    def __init__(self, why: str) -> None:
        super().__init__(
            f"this endpoint is not accepting connections: {why}",
            hint="Connect to another endpoint of the cluster, or try again later.",
        )


class RequestError(DaybreakError):
    """The request cannot be carried out as it stands."""

    sqlstate = "0A000"

    def __init__(
        self, message: str, *, sqlstate: str | None = None, detail: str | None = None, hint: str | None = None
    ) -> None:
        super().__init__(message, detail=detail, hint=hint)
        if sqlstate is not None:
            self.sqlstate = sqlstate


class LimitError(RequestError):
    """A limit that protects the commit pipeline (P22) was passed."""

    sqlstate = "54000"


class OperatorError(DaybreakError):
    """The surroundings do not allow what was asked: a port, a directory, rights."""

    sqlstate = "58000"


class CorruptionError(OperatorError):
    """A file does not hold what was written to it."""

    sqlstate = "XX001"

    def __init__(self, path: str, offset: int, what: str, *, entry: int = 0) -> None:
        """`entry` is the index of the journal's entry there, if it is known."""
        super().__init__(
            f"{path}: corrupt at offset {offset}: {what}",
            hint="restore the file; deleting it could lose acknowledged transactions",
        )
        self.path = path
        self.offset = offset
        self.entry = entry


class DiskFullError(OperatorError):
    """No space is left; nothing of what was to be written counts."""

    sqlstate = "53100"


class InternalError(DaybreakError):
    """Something that cannot happen has happened."""
