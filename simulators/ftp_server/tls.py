"""
What an FTPS server shows of itself: a certificate with its key, and the contexts made of them.

The dates are fixed, so that they tell no run from another: from 2020 until the end of 2099, or
until the end of 2020 for one that has expired.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from OpenSSL import SSL

NAME = "localhost"
ADDRESS = "127.0.0.1"
VALID_FROM = datetime(2020, 1, 1, tzinfo=UTC)
VALID_UNTIL = datetime(2099, 12, 31, tzinfo=UTC)
EXPIRED_SINCE = datetime(2020, 12, 31, tzinfo=UTC)

WRITING_CERTIFICATE = b"SSLv3/TLS write certificate"
CERTIFICATE_SHOWN = "certificate shown"

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True, slots=True)
class Certificate:
    """
    A certificate and its private key, both as PEM.

    Attributes:
        certificate_pem: what clients see.
        key_pem: of RSA or an elliptic curve, not encrypted.
    """

    certificate_pem: str
    key_pem: str = field(repr=False)


def make_certificate(key_pem: str | None = None, *, expired: bool = False) -> Certificate:
    """
    Make a certificate, signed by itself, for ``localhost`` and 127.0.0.1.

    Parameters:
        key_pem: the private key; None to make one.
        expired: whether its time is over.
    """
    key = ec.generate_private_key(ec.SECP256R1()) if key_pem is None else _key(key_pem)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    names = [x509.DNSName(NAME), x509.IPAddress(ipaddress.ip_address(ADDRESS))]
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    authority = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(VALID_FROM)
        .not_valid_after(EXPIRED_SINCE if expired else VALID_UNTIL)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        # Its own authority, so that a client can trust it as it is.
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(identifier, critical=False)
        .add_extension(authority, critical=False)
    )
    certificate = builder.sign(key, hashes.SHA256())
    pem = certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")
    return Certificate(pem, _pem_of(key) if key_pem is None else key_pem)


def make_context(certificate: Certificate) -> SSL.Context:
    """
    Make the context of a server that shows ``certificate`` and lets sessions be resumed.

    Raises:
        ValueError: If the certificate or its key cannot be read.
    """
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    context.use_certificate(x509.load_pem_x509_certificate(certificate.certificate_pem.encode()))
    context.use_privatekey(_key(certificate.key_pem))
    # Without a name of its own a context resumes nothing.
    context.set_session_id(b"isebench")
    context.set_session_cache_mode(SSL.SESS_CACHE_SERVER)
    context.set_info_callback(_note_certificate)
    return context


def is_resumed(connection: SSL.Connection) -> bool:
    """Say whether a handshake that is over resumed an earlier session."""
    return connection.get_app_data() is not CERTIFICATE_SHOWN


def _note_certificate(connection: SSL.Connection, where: int, value: int) -> None:
    # pyOpenSSL does not tell of resumption; but who resumes is not shown the certificate.
    if where & SSL.SSL_CB_LOOP and connection.get_state_string() == WRITING_CERTIFICATE:
        connection.set_app_data(CERTIFICATE_SHOWN)


def _key(pem: str) -> PrivateKey:
    key = serialization.load_pem_private_key(pem.encode("ascii"), password=None)
    if not isinstance(key, PrivateKey):
        raise ValueError("the private key is neither of RSA nor of an elliptic curve")
    return key


def _pem_of(key: PrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode("ascii")


def _usage() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
