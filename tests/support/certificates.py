"""An authority and certificates, for tests."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

from daybreak.control.authority import Authority
from daybreak.runtime.remote.tls import AUTHORITY, Tls

CLUSTER = "c"
VALID = timedelta(days=60)
EXPIRED = timedelta(seconds=-1)


class Certificates:
    """A directory with the certificates of processes of cluster c."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir()
        self.directory = directory
        self.authority = Authority.make(CLUSTER)
        (directory / AUTHORITY).write_bytes(self.authority.pem)

    def issue(self, process: str, valid: timedelta = VALID, *, name: str | None = None, cluster: str = CLUSTER) -> Path:
        """Put the certificate of `process` there; one that says `name` instead, if given."""
        return self.put(process, self.authority.issue(cluster, name or process, valid))

    def put(self, process: str, pem: bytes) -> Path:
        """Have a process show what is in `pem`."""
        draft = self.directory / "draft"
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as handle:
            handle.write(pem)
        return draft.rename(self.directory / f"{process}.pem")

    def tls(self, process: str) -> Tls:
        """What a process shows, and whom it believes."""
        if not (self.directory / f"{process}.pem").exists():
            self.issue(process)
        return Tls(self.directory, CLUSTER, process)
