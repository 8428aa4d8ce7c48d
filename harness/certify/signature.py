"""
The signature of a statement: detached, over its bytes, by a key of the user's.

Keys are Ed25519, EC or RSA, in PEM or as OpenSSH writes them; one with a passphrase has it in the
environment. The file beside the statement bears the signature, the public key and how it was made,
so that a statement can be checked offline; who stands behind a key is for the reader to know.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from harness.errors import UsageError

FORMAT, VERSION = "isebench-signature", 1
NAME = "statement.sig"
PASSPHRASE = "ISEBENCH_CERTIFY_PASSPHRASE"
ED25519, ECDSA, RSA = "ed25519", "ecdsa-sha256", "rsa-pss-sha256"
RSA_BITS_MIN = 2048
KINDS = "Ed25519, EC, or RSA of 2048 bits or more"

Private = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
Public = ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey | rsa.RSAPublicKey


@dataclass(frozen=True, slots=True)
class Signed:
    """
    A signature that is right.

    Attributes:
        algorithm: how it was made.
        fingerprint: of the key, as OpenSSH shows it: ``SHA256:…``.
        key: the public key.
    """

    algorithm: str
    fingerprint: str
    key: Public


def load_private(path: Path, environment: Mapping[str, str]) -> Private:
    """
    Read the key that signs.

    Raises:
        UsageError: If it cannot be read, has another passphrase, or is of another kind.
    """
    content = _read(path)
    told = environment.get(PASSPHRASE)
    passphrase = told.encode() if told else None
    load: Callable[..., Any] = serialization.load_pem_private_key
    if b"OPENSSH PRIVATE KEY" in content:
        load = serialization.load_ssh_private_key
    try:
        key = load(content, passphrase)
    except TypeError:
        if passphrase is not None:
            return load_private(path, {})  # it has none, and needs none
        raise UsageError(
            f"{path}: has a passphrase; write it into the environment as {PASSPHRASE}"
        ) from None
    except (ValueError, UnsupportedAlgorithm) as error:
        if passphrase is not None:
            raise UsageError(
                f"{path}: is not opened by the passphrase in {PASSPHRASE}, or is no key"
            ) from error
        if "encrypted" in str(error).lower() or "password" in str(error).lower():
            raise UsageError(
                f"{path}: has a passphrase; write it into the environment as {PASSPHRASE}"
            ) from None
        raise UsageError(f"{path}: is no private key in PEM; name one of {KINDS}") from error
    if not isinstance(key, Private) or _is_short(key):
        raise UsageError(f"{path}: is a key of another kind; name one of {KINDS}")
    return key


def load_public(path: Path) -> Public:
    """
    Read a public key, of PEM, of OpenSSH or of a certificate, that a statement shall be signed by.

    Raises:
        UsageError: If it is none.
    """
    content = _read(path)
    for load in _PUBLIC:
        try:
            key = load(content)
        except (ValueError, UnsupportedAlgorithm):
            continue
        if isinstance(key, Public):
            return key
    raise UsageError(f"{path}: is no public key of {KINDS}, in PEM or as OpenSSH writes it")


def _of_certificate(content: bytes) -> Any:
    from cryptography import x509

    return x509.load_pem_x509_certificate(content).public_key()


_PUBLIC: tuple[Callable[[bytes], Any], ...] = (
    serialization.load_pem_public_key,
    serialization.load_ssh_public_key,
    _of_certificate,
)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}); name a key") from error


def _is_short(key: object) -> bool:
    return isinstance(key, rsa.RSAPrivateKey) and key.key_size < RSA_BITS_MIN


def fingerprint_of(key: Public) -> str:
    """Give the fingerprint of a key as OpenSSH shows it."""
    shape = key.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    digest = hashlib.sha256(base64.b64decode(shape.split()[1])).digest()
    return f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"


def sign(content: bytes, key: Private) -> bytes:
    """Give the file with the signature over some bytes."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        algorithm, signature = ED25519, key.sign(content)
    elif isinstance(key, ec.EllipticCurvePrivateKey):
        algorithm, signature = ECDSA, key.sign(content, ec.ECDSA(hashes.SHA256()))
    else:
        algorithm, signature = RSA, key.sign(content, _PSS, hashes.SHA256())
    public = key.public_key()
    pem = public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    told = {
        "format": FORMAT,
        "version": VERSION,
        "algorithm": algorithm,
        "fingerprint": fingerprint_of(public),
        "key": pem.decode("ascii"),
        "signature": base64.b64encode(signature).decode("ascii"),
    }
    return json.dumps(told, indent=1).encode("ascii") + b"\n"


_PSS = padding.PSS(padding.MGF1(hashes.SHA256()), hashes.SHA256.digest_size)


def check(content: bytes, signature: bytes) -> Signed | str:
    """Check a signature over some bytes; give it, or what is wrong."""
    try:
        told = json.loads(signature)
        if told["format"] != FORMAT or told["version"] != VERSION:
            return "the signature is not of a form that this version reads"
        key = serialization.load_pem_public_key(told["key"].encode())
        made, algorithm = base64.b64decode(told["signature"], validate=True), told["algorithm"]
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error, UnsupportedAlgorithm):
        return "the signature cannot be read"
    try:
        if algorithm == ED25519 and isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(made, content)
        elif algorithm == ECDSA and isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(made, content, ec.ECDSA(hashes.SHA256()))
        elif algorithm == RSA and isinstance(key, rsa.RSAPublicKey):
            key.verify(made, content, _PSS, hashes.SHA256())
        else:
            return "the signature is of another kind than its key"
    except InvalidSignature:
        return "the statement is not what was signed: it or its signature was altered"
    return Signed(algorithm, fingerprint_of(key), key)
