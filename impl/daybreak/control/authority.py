"""The authority of a cluster: whom its processes believe. It makes their certificates, and is needed for nothing else.

DIR/ca.pem      its certificate, which every process has
DIR/ca.key      its key: who has it can get in; stays where the cluster was made, for the owner alone
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from daybreak.errors import OperatorError
from daybreak.runtime.remote.tls import AUTHORITY, uri

KEY = "ca.key"
AUTHORITY_DAYS = 3650
DAYS = 365
"""For so long the certificate of a process is good, unless something else was asked for."""
EARLIER = timedelta(hours=1)
"""Certificates begin so long before they are made: the clocks of other machines may be late."""


class Authority:
    """Whoever signs; `make` a new one or `read` it."""

    def __init__(self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        self._certificate = certificate
        self._key = key

    @classmethod
    def make(cls, cluster: str) -> Authority:
        """That of a new cluster."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name(f"Daybreak cluster {cluster}")
        usage = _usage(signs_certificates=True)
        builder = _certificate(name, name, key.public_key(), timedelta(days=AUTHORITY_DAYS))
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        return cls(builder.add_extension(usage, critical=True).sign(key, hashes.SHA256()), key)

    @classmethod
    def read(cls, directory: Path) -> Authority:
        """That in a directory; OperatorError if there is none."""
        file = directory / KEY
        try:
            key = serialization.load_pem_private_key(file.read_bytes(), password=None)
            file = directory / AUTHORITY
            certificate = x509.load_pem_x509_certificate(file.read_bytes())
        except OSError as error:
            raise OperatorError(f"{file}: cannot be read: {error.strerror}") from None
        except (ValueError, TypeError):
            raise OperatorError(f"{file}: is no PEM file of daybreak cluster init") from None
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
            raise OperatorError(f"{directory}: {KEY} and {AUTHORITY} do not belong together")
        return cls(certificate, key)

    @property
    def pem(self) -> bytes:
        """Its certificate."""
        return self._certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key(self) -> bytes:
        """Its key, as a PEM file has it."""
        return _pem(self._key)

    def issue(self, cluster: str, process: str, valid: timedelta) -> bytes:
        """A new key and a certificate for a process, as one PEM file has them: so they are replaced together.

        It ends `valid` from now, and not after the authority itself; in tests that may be in the past.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _certificate(_name(process), self._certificate.subject, key.public_key(), valid)
        own = self._certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        for extension, critical in (
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (_usage(signs_certificates=False), True),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), False),
            (x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri(cluster, process))]), False),
            (x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own), False),
        ):
            builder = builder.add_extension(extension, critical=critical)
        signed = builder.sign(self._key, hashes.SHA256())
        return _pem(key) + signed.public_bytes(serialization.Encoding.PEM)


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, valid: timedelta
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(min(now, now + valid) - EARLIER)
        .not_valid_after(now + valid)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    """An authority signs certificates and nothing else; a process signs handshakes and nothing else."""
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
