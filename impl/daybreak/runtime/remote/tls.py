"""TLS between processes that meet over TCP: each shows a certificate of the cluster's authority, with its own name.

TLS 1.3, both ways. The name is a URI, daybreak://CLUSTER/PROCESS; hosts and ports do not matter, so a process may move.
Bytes go through memory (`Channel`), because the event loop's own streams tell nobody who was refused, and why.

DIR/ca.pem      certificate of the authority
DIR/A1.pem      key and certificate of process A1, for the owner alone
"""

from __future__ import annotations

import logging
import ssl
import time
from pathlib import Path
from typing import NamedTuple, cast

from daybreak.errors import OperatorError

log = logging.getLogger(__name__)

AUTHORITY = "ca.pem"
RENEW = "have another one made with daybreak cluster renew"
SOON_SECONDS = 30 * 86400
"""Of a certificate that ends within this time the operator is told."""
_CHUNK_BYTES = 1 << 18

_WRONG = {
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": "it has no certificate",
    "UNSUPPORTED_PROTOCOL": "it does not speak TLS 1.3",
    "WRONG_VERSION_NUMBER": "it does not speak TLS",
    "HTTP_REQUEST": "it does not speak TLS",
}
"""What is wrong with the other side, by OpenSSL's reason."""
_REFUSED = {
    "TLSV1_ALERT_UNKNOWN_CA": "it is of another authority",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "it has expired, by the clock there",
    "SSLV3_ALERT_BAD_CERTIFICATE": "it is not valid, or not yet, by the clock there",
}
"""Why the other side does not take our certificate, by the alert that it sent."""
_DATES = {9: "its certificate is not valid yet", 10: "its certificate has expired"}
"""What may be wrong with a certificate's dates, by OpenSSL's code."""


class TlsError(Exception):
    """The other side is not to be talked to, or does not talk to us; the text says why, and names both sides."""

    def __init__(self, who: str, what: str, why: str) -> None:
        super().__init__(f"{who} {what}: {why}")
        self.why = why


def uri(cluster: str, process: str) -> str:
    """The name of a process, as its certificate has it."""
    return f"daybreak://{cluster}/{process}"


class _Loaded(NamedTuple):
    """What was read of the files."""

    stamp: tuple[int, ...]
    dialling: ssl.SSLContext
    accepting: ssl.SSLContext


class Tls:
    """What a process shows others, and whom it believes; the same for all of its connections."""

    def __init__(self, directory: Path, cluster: str, process: str) -> None:
        """OperatorError if the files in `directory` are not such that another process would believe this one."""
        self.cluster = cluster
        self.process = process
        self.valid_until = ""
        """When the certificate of this process ends."""
        self._authority, self._own = directory / AUTHORITY, directory / f"{process}.pem"
        self._loaded = self._load()

    def channel(self, who: str, *, dials: str | None) -> Channel:
        """One side of a connection to `who`, for people; `dials` is the process that was dialled, None at the acceptor.

        Files that were replaced are read again. If they are of no use, that is said once, and the old ones count.
        """
        if self._stamp() != self._loaded.stamp:
            try:
                self._loaded = self._load()
            except OperatorError as error:
                log.warning("%s; what it replaces is used on", error.message)
                self._loaded = self._loaded._replace(stamp=self._stamp())
        return self._make(self._loaded, who, dials)

    def _make(self, loaded: _Loaded, who: str, dials: str | None) -> Channel:
        return Channel(self, loaded.accepting if dials is None else loaded.dialling, who, dials)

    def _stamp(self) -> tuple[int, ...]:
        try:
            return tuple(number for file in (self._authority, self._own) for number in _stamp(file))
        except OSError:
            return ()

    def _load(self) -> _Loaded:
        loaded = _Loaded(self._stamp(), self._context(server=False), self._context(server=True))
        here, there = self._make(loaded, "it", self.process), self._make(loaded, "it", None)
        try:  # talk to ourselves: who would be refused by others shall know it now
            said = b""
            while not (here.peer and there.peer):
                here.receive(said)
                there.receive(here.outgoing())
                said = there.outgoing()
        except TlsError as error:
            why = error.why.removeprefix("its certificate ")
            raise OperatorError(f"{self._own}: the certificate of {self.process} {why}", hint=RENEW) from None
        self.valid_until = here.valid_until
        if ssl.cert_time_to_seconds(here.valid_until) < time.time() + SOON_SECONDS:
            log.warning("%s: ends on %s; %s", self._own, here.valid_until, RENEW)
        return loaded

    def _context(self, *, server: bool) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.check_hostname = False  # `Channel` compares the name, which is none of a host
        context.verify_mode = ssl.CERT_REQUIRED
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        if server:
            context.num_tickets = 0  # nobody gets in without showing the certificate again
        file = self._authority
        try:
            context.load_verify_locations(file)
            file = self._own
            if file.stat().st_mode & 0o077:
                raise OperatorError(f"{file}: others may read the key of {self.process}; run: chmod 600 {file}")
            context.load_cert_chain(file, password="")  # else it would be asked for
        except ssl.SSLError as error:
            why = (error.reason or "no PEM").lower().replace("_", " ")
            raise OperatorError(f"{file}: holds no usable certificate or key: {why}") from None
        except OSError as error:
            raise OperatorError(f"{file}: cannot be read: {error.strerror}") from None
        return context


def _stamp(file: Path) -> tuple[int, int, int]:
    """Changes when the file is replaced."""
    found = file.stat()
    return found.st_ino, found.st_mtime_ns, found.st_size


class Channel:
    """One side of one connection, without I/O: `receive` what came in, send what is `outgoing`."""

    def __init__(self, tls: Tls, context: ssl.SSLContext, who: str, dials: str | None) -> None:
        self.peer = ""
        """The process whose certificate the other side has shown; empty before."""
        self.valid_until = ""
        """When that certificate ends."""
        self._me = tls.process
        self._prefix = uri(tls.cluster, "")
        self._who = who
        self._dials = dials
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out, server_side=dials is None)

    def receive(self, data: bytes) -> bytes:
        """What came, in the clear; none of it before `peer` is known. `TlsError` if the two do not go together.

        The dialler begins with nothing at all.
        """
        self._in.write(data)
        clear = []
        try:
            if not self.peer:
                self._tls.do_handshake()
                self.peer = self._name()
            while chunk := self._tls.read(_CHUNK_BYTES):
                clear.append(chunk)
        except (ssl.SSLWantReadError, ssl.SSLZeroReturnError):
            pass  # that was all
        except ssl.SSLError as error:
            raise self._trouble(error) from None
        return b"".join(clear)

    def write(self, data: bytes) -> None:
        """Send something; only when `peer` is known."""
        rest = memoryview(data)
        while rest:
            rest = rest[self._tls.write(rest) :]

    def outgoing(self) -> bytes:
        """What is to be sent now."""
        return self._out.read()

    def _name(self) -> str:
        shown = self._tls.getpeercert() or {}
        self.valid_until = str(shown.get("notAfter", ""))
        called = cast("tuple[tuple[str, str], ...]", shown.get("subjectAltName", ()))
        names = [value for kind, value in called if kind == "URI"]
        if len(names) != 1 or not names[0].startswith(self._prefix):
            raise self._refuse("its certificate is for no process of this cluster")
        name = names[0].removeprefix(self._prefix)
        if self._dials not in (None, name):
            raise self._refuse(f"its certificate is that of {name}")
        return name

    def _refuse(self, why: str) -> TlsError:
        return TlsError(f"{self._me} refuses", self._who, why)

    def _trouble(self, error: ssl.SSLError) -> TlsError:
        reason = error.reason or str(error)
        if isinstance(error, ssl.SSLCertVerificationError):
            foreign = f"its certificate is not of the cluster's authority ({error.verify_message})"
            return self._refuse(_DATES.get(error.verify_code, foreign))
        if "ALERT" in reason:
            why = _REFUSED.get(reason, reason.lower().replace("_", " "))
            return TlsError(self._who, f"refuses the certificate of {self._me}", why)
        return self._refuse(_WRONG.get(reason, reason.lower().replace("_", " ")))
