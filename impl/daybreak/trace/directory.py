"""A directory of traces: one file per node, of one cluster, over all its restarts."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from daybreak.base.ids import NodeId
from daybreak.errors import OperatorError
from daybreak.trace.recorder import FileSink, Now, Recorder

IDENTITY = "cluster.json"
CHUNK_BYTES = 1 << 16


class Identity(msgspec.Struct):
    """Content of cluster.json: whose trace it is."""

    cluster: str | None = None
    adjudicators: int | None = None
    """How many the cluster has; unknown in the traces of older versions."""


class _Numbered(msgspec.Struct):
    n: int


class TraceDirectory:
    """Opens recorders in a directory that belongs to cluster `cluster`."""

    def __init__(
        self,
        path: Path,
        cluster: str,
        failed: Callable[[OperatorError], None] = lambda error: None,
        *,
        adjudicators: int = 1,
    ) -> None:
        """`failed` is told when an event of any node could not be written; `adjudicators` is how many there are."""
        self._failed = failed
        self.path = path
        try:
            path.mkdir(parents=True, exist_ok=True)
            if not (path / IDENTITY).exists():
                write_identity(path, cluster, adjudicators)
            owner = msgspec.json.decode((path / IDENTITY).read_bytes(), type=Identity).cluster
        except OSError as error:
            raise OperatorError(f"{path}: cannot be used as trace directory: {error.strerror}") from None
        except msgspec.MsgspecError as error:
            raise OperatorError(f"{path / IDENTITY}: cannot be read: {error}") from None
        if owner != cluster:
            raise OperatorError(f"{path}: holds the trace of another cluster; name an empty directory with --trace")

    def recorder(self, node: NodeId, clock: Now, *, slice_name: str | None = None) -> Recorder:
        """The recorder of a node; it goes on counting where the node's file ends."""
        file = self.path / f"{node.replace('/', '_')}.ndjson"
        return Recorder(node, clock, FileSink(file, self._failed), slice_name=slice_name, first=last_number(file) + 1)


def write_identity(path: Path, cluster: str, adjudicators: int) -> None:
    """Say in the trace directory `path` whose trace it is."""
    (path / IDENTITY).write_bytes(msgspec.json.encode(Identity(cluster, adjudicators)))


def adjudicators_of(path: Path) -> int:
    """How many adjudicators the cluster has whose trace directory `path` is, as far as the directory tells.

    Raises `OperatorError` if what it says cannot be read.
    """
    file = path / IDENTITY
    if file.exists():
        try:
            found = msgspec.json.decode(file.read_bytes(), type=Identity).adjudicators
        except (OSError, msgspec.MsgspecError) as error:
            raise OperatorError(f"{file}: cannot be read: {error}") from None
        if found is not None:
            return found
    return max(1, len(sorted(path.glob("*_adj-*.ndjson"))))


def last_number(file: Path) -> int:
    """The number of the last event in a node's file; 0 if there is none."""
    line = _last_line(file)
    if not line:
        return 0
    try:
        if not line.endswith(b"\n"):
            raise msgspec.DecodeError("the line is cut short")
        return msgspec.json.decode(line, type=_Numbered).n
    except msgspec.MsgspecError as error:
        raise OperatorError(f"{file}: its last line is no event ({error}); move the file away") from None


def _last_line(file: Path) -> bytes:
    try:
        with file.open("rb") as handle:
            position = handle.seek(0, os.SEEK_END)
            tail = b""
            while position > 0 and tail.count(b"\n", 0, -1) == 0:
                step = min(CHUNK_BYTES, position)
                position = handle.seek(position - step)
                tail = handle.read(step) + tail
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise OperatorError(f"{file}: cannot be used as trace file: {error.strerror}") from None
    return tail[tail.rfind(b"\n", 0, -1) + 1 :]
