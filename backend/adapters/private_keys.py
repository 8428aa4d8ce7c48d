"""
Private keys as they lie about: what openssl, ssh-keygen and editors make of them.

Two libraries open them, asyncssh first and cryptography after it; what each can is in the tables
below, measured. What goes wrong is named by what stands in the file and not by what a library
says of it: under a wrong passphrase a key becomes noise, and noise can fail in any way.
"""

from __future__ import annotations

import binascii
import codecs
import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

import asyncssh
from asyncssh.asn1 import ObjectIdentifier, der_decode
from asyncssh.encryption import get_encryption_algs
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

from backend.errors import SettingsError

SIZE_LIMIT_BYTES = 65_536
"""More than twenty times what the longest key needs."""
KINDS = (
    "ssh-ed25519",
    "ssh-rsa",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "ssh-ed448",
)
"""What a key must be so that servers of the field take it."""

_NEW_KEY = "make another one, for example with: ssh-keygen -t rsa -b 4096 -f key"
_ANOTHER_BOX = (
    "write it anew, for example with: openssl pkcs8 -topk8 -v2 aes256 -in OLD -out key.pem"
)

_BEGIN = re.compile(rb"-----BEGIN ((?:[A-Z0-9]+ )*PRIVATE KEY)-----")
_OPENSSH_MAGIC = b"openssh-key-v1\0"
_PKCS12_VERSION = 3
_NAME_LIMIT = 40
"""How much is shown of a name that the file gives."""
_UNREADABLE = (ValueError, RecursionError)
"""What the libraries raise at noise; their own errors are kinds of the first."""

_NOT_A_KEY = (
    (
        rb"PuTTY-User-Key-File-",
        "is a PuTTY key (.ppk)",
        "convert it with: puttygen key.ppk -O private-openssh -o key.pem (on Windows: PuTTYgen, "
        "Conversions, Export OpenSSH key)",
    ),
    (
        rb"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----",
        "is a private key of ssh.com (Tectia)",
        "take its passphrase off there, and convert it with: ssh-keygen -i -f OLD > key.pem",
    ),
    (
        rb"SSH PRIVATE KEY FILE FORMAT 1\.",
        "is a key of SSH version 1, which no server takes any more",
        _NEW_KEY,
    ),
    (
        rb"-----BEGIN [A-Z0-9 ]*CERTIFICATE",
        "holds a certificate and no private key",
        "name the file of the private key that belongs to it",
    ),
    (
        rb"-----BEGIN [A-Z0-9 ]*PUBLIC KEY-----|---- BEGIN SSH2 PUBLIC KEY ----"
        rb"|(?:^|\n)(?:ssh|ecdsa|sk-ssh|sk-ecdsa)-[\w@.-]+ AAAA",
        "holds a public key and no private one",
        "name the file of the private key that belongs to it, often the same name without .pub",
    ),
)
"""What people take for a key file: by what it is known, what it is, what to do."""

_SHARED = {
    "1.2.840.113549.1.5.3": "PBE-MD5-DES",
    "1.2.840.113549.1.12.1.1": "PBE-SHA1-RC4-128",
    "1.2.840.113549.1.12.1.3": "PBE-SHA1-3DES",
    "1.2.840.113549.1.5.13": "PBES2",
    "1.2.840.113549.1.5.12": "PBKDF2",
    "1.2.840.113549.2.7": "hmacWithSHA1",
    "1.2.840.113549.2.8": "hmacWithSHA224",
    "1.2.840.113549.2.9": "hmacWithSHA256",
    "1.2.840.113549.2.10": "hmacWithSHA384",
    "1.2.840.113549.2.11": "hmacWithSHA512",
    "1.2.840.113549.3.7": "DES-EDE3-CBC",
    "2.16.840.1.101.3.4.1.2": "AES-128-CBC",
    "2.16.840.1.101.3.4.1.22": "AES-192-CBC",
    "2.16.840.1.101.3.4.1.42": "AES-256-CBC",
}
_ASYNCSSH = _SHARED | {
    "1.2.840.113549.1.5.10": "PBE-SHA1-DES",
    "1.2.840.113549.1.12.1.2": "PBE-SHA1-RC4-40",
    "1.2.840.113549.1.12.1.4": "PBE-SHA1-2DES",
    "1.3.14.3.2.7": "DES-CBC",
    "1.3.6.1.4.1.3029.1.2": "Blowfish-CBC",
    "1.2.840.113533.7.66.10": "CAST5-CBC",
}
_CRYPTOGRAPHY = _SHARED | {
    "1.2.840.113549.1.12.1.6": "PBE-SHA1-RC2-40",
    "1.2.840.113549.3.2": "RC2-CBC",
    "1.3.6.1.4.1.11591.4.11": "scrypt",
}
_CLOSED = {
    "1.2.840.113549.1.5.1": "PBE-MD2-DES",
    "1.2.840.113549.1.5.4": "PBE-MD2-RC2-64",
    "1.2.840.113549.1.5.6": "PBE-MD5-RC2-64",
    "1.2.840.113549.1.5.11": "PBE-SHA1-RC2-64",
    "1.2.840.113549.1.12.1.5": "PBE-SHA1-RC2-128",
    "1.2.840.113549.2.6": "hmacWithMD5",
}
_NAMES = _ASYNCSSH | _CRYPTOGRAPHY | _CLOSED
"""What PKCS#8 protects keys with, by object identifier: who of the two opens it, or nobody."""
_TRADITIONAL = ("DES-EDE3-CBC", "DES-CBC", "AES-128-CBC", "AES-192-CBC", "AES-256-CBC")
"""What the traditional form of openssl protects keys with (DEK-Info), as far as it is opened."""


@dataclass(frozen=True, slots=True)
class _Box:
    """
    What a private key lies in.

    Attributes:
        content: the box alone, without what stands around it.
        name: what it is called.
        is_protected: whether it wants a passphrase.
        opens: whether one of the two libraries is known to open such boxes.
    """

    content: bytes
    name: str
    is_protected: bool = False
    opens: bool = True


def load_private_key(content: bytes, passphrase: str, where: str) -> asyncssh.SSHKey:
    """
    Read a private key.

    Parameters:
        content: of the file, in whatever an editor has made of it.
        passphrase: empty for none; one that the key does not need does no harm.
        where: how errors name the file.

    Raises:
        SettingsError: If there is no private key in it, or one that cannot be used; neither the
            content nor the passphrase is in its text.
    """
    if len(content) > SIZE_LIMIT_BYTES:
        raise SettingsError(
            f"has more than {SIZE_LIMIT_BYTES} bytes, so it is no key",
            where,
            "name the file of a private key",
        )
    box = _box_in(_plain(content), where)
    if box.is_protected and not passphrase:
        raise SettingsError(
            f"is protected by a passphrase ({box.name}), and none is given",
            where,
            "give it as key_passphrase, key_passphrase_env or key_passphrase_file",
        )
    key = _opened(box, passphrase, where)
    kind = key.algorithm.decode("ascii")
    if kind not in KINDS:
        raise _unusable(kind, where)
    return key


def _plain(content: bytes) -> bytes:
    """Take off what editors and shells on Windows put around a text."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", "replace").encode("utf-8").lstrip()
    # Of a key in DER the last byte may look like white space.
    return content.removeprefix(codecs.BOM_UTF8).lstrip()


# ---------------------------------------------------------------- what the file is


def _box_in(content: bytes, where: str) -> _Box:
    begins = list(_BEGIN.finditer(content))
    if len(begins) > 1:
        raise SettingsError(
            f"holds {len(begins)} private keys", where, "leave the one in it that is meant"
        )
    if begins:
        return _pem_box(content[begins[0].start() :], begins[0][1], where)
    for sign, what, remedy in _NOT_A_KEY:
        if re.search(sign, content):
            raise SettingsError(what, where, remedy)
    return _der_box(content, where)


def _pem_box(content: bytes, label: bytes, where: str) -> _Box:
    end = b"-----END " + label + b"-----"
    block, found, _ = content.partition(end)
    if not found:
        raise SettingsError(
            f"breaks off before {end.decode('ascii')!r}", where, "copy the file once more, whole"
        )
    block = b"\n".join(line.strip() for line in block.splitlines())
    body = block.partition(b"\n")[2]
    content = block + b"\n" + end + b"\n"
    if label == b"OPENSSH PRIVATE KEY":
        return _openssh_box(content, body)
    if label == b"ENCRYPTED PRIVATE KEY":
        return _pkcs8_box(content, _from_base64(body))
    if b"Proc-Type: 4,ENCRYPTED" not in body:
        return _Box(content, label.decode("ascii").lower())
    cipher = re.search(rb"^DEK-Info: ([\w-]{1,%d})" % _NAME_LIMIT, body, re.MULTILINE)
    name = "no cipher" if cipher is None else cipher[1].decode("ascii")
    return _Box(content, f"traditional form, {name}", True, name in _TRADITIONAL)


def _openssh_box(content: bytes, body: bytes) -> _Box:
    # The first field behind the magic: four bytes of length, and the cipher's name.
    inside = _from_base64(body).removeprefix(_OPENSSH_MAGIC)
    cipher = inside[4 : 4 + int.from_bytes(inside[:4])]
    name = cipher[:_NAME_LIMIT].decode("ascii", "replace")
    box = f"OpenSSH's own form, {name if name.isprintable() else 'unknown'}"
    return _Box(content, box, cipher != b"none", cipher in get_encryption_algs())


def _der_box(content: bytes, where: str) -> _Box:
    value = _decoded(content)
    if not value:
        what = "holds no private key" if content else "is empty"
        raise SettingsError(what, where, "name the file of a private key, PEM or OpenSSH")
    if value[0] == _PKCS12_VERSION:
        raise SettingsError(
            "is a PKCS#12 file (.p12, .pfx)",
            where,
            "take the key out of it with: openssl pkcs12 -in OLD -nocerts -out key.pem",
        )
    if isinstance(value[0], int):
        return _Box(content, "DER")
    if not _NAMES.keys() & set(_identifiers(value[0])):
        raise SettingsError(
            "holds a public key or a certificate and no private key",
            where,
            "name the file of the private key that belongs to it",
        )
    return _pkcs8_box(content, content)


def _pkcs8_box(content: bytes, der: bytes) -> _Box:
    schemes = list(_identifiers(_decoded(der)[:1]))
    opens = any(known.keys() >= set(schemes) for known in (_ASYNCSSH, _CRYPTOGRAPHY))
    return _Box(
        content, ", ".join(["PKCS#8", *(_NAMES.get(one, one) for one in schemes)]), True, opens
    )


def _decoded(der: bytes) -> tuple[object, ...]:
    """Give what a sequence in DER holds; nothing where it is none."""
    try:
        value = der_decode(der)
    except _UNREADABLE:
        return ()
    return value if isinstance(value, tuple) else ()


def _identifiers(value: object) -> Iterator[str]:
    if isinstance(value, ObjectIdentifier):
        yield value.value
    if isinstance(value, tuple):
        for one in value:
            yield from _identifiers(one)


def _from_base64(body: bytes) -> bytes:
    try:
        return binascii.a2b_base64(body)
    except binascii.Error:
        return b""  # told when it is opened


# ---------------------------------------------------------------- opening it


def _opened(box: _Box, passphrase: str, where: str) -> asyncssh.SSHKey:
    secret = _typed(passphrase) if box.is_protected else None
    with contextlib.suppress(*_UNREADABLE):  # then the other one may know more
        return asyncssh.import_private_key(box.content, secret)
    try:
        return _by_cryptography(box, secret, where)
    except SettingsError:
        raise
    except (*_UNREADABLE, TypeError, UnsupportedAlgorithm):
        raise _why_closed(box, passphrase, where) from None


def _typed(passphrase: str) -> str | bytes:
    """Give a passphrase as it was typed, also where the environment is not in UTF-8."""
    try:
        passphrase.encode()
    except UnicodeEncodeError:
        return os.fsencode(passphrase)
    # As text, because PKCS#12's ways to use it write it in UTF-16.
    return passphrase


def _by_cryptography(box: _Box, secret: str | bytes | None, where: str) -> asyncssh.SSHKey:
    password = secret.encode() if isinstance(secret, str) else secret
    read = (
        serialization.load_pem_private_key
        if box.content.startswith(b"-")
        else serialization.load_der_private_key
    )
    key = read(box.content, password)
    plain = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    try:
        return asyncssh.import_private_key(plain)
    except asyncssh.KeyImportError:
        raise _unusable(type(key).__name__.removesuffix("PrivateKey"), where) from None


def _why_closed(box: _Box, passphrase: str, where: str) -> SettingsError:
    if not box.is_protected:
        return SettingsError(
            f"holds a private key that cannot be read ({box.name}): it is damaged, or of a kind "
            "that SSH does not know",
            where,
            f"copy the file once more, or {_NEW_KEY}",
        )
    if not box.opens:
        return SettingsError(
            f"is protected in a way that is not supported ({box.name})", where, _ANOTHER_BOX
        )
    hint = (
        "" if passphrase.isascii() else " (letters beyond ASCII may be in another encoding there)"
    )
    return SettingsError(
        f"is not opened by the passphrase that is given ({box.name})",
        where,
        f"correct the passphrase{hint}; where it is right, the file is damaged",
    )


def _unusable(kind: str, where: str) -> SettingsError:
    if kind.startswith("sk-"):
        what = "is only half of a key; the other half is in a hardware token"
    elif kind == "ssh-dss":
        what = "is a DSA key, which servers have ceased to take"
    else:
        what = f"is a key of a kind that is not supported ({kind})"
    return SettingsError(what, where, _NEW_KEY)
