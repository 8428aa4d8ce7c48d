"""Servers that files are delivered to: ``[[destination]]``."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backend.ports import Destination
from backend.settings.network import read_address, read_authority
from backend.settings.secrets import Surroundings, read_secret, ways_given
from backend.settings.section import Section

if TYPE_CHECKING:
    from asyncssh import SSHKey

HOST_KEY_KINDS = (
    "ssh-ed25519",
    "ssh-rsa",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
)
#: Where servers listen, as long as nothing else is said (AEX-02).
_PORTS = {"sftp": 22, "ftps": 21, "ftp": 21}
#: How many files are on their way at once; those of FTP want a line each.
_AT_ONCE = {"sftp": 16, "ftps": 4, "ftp": 4}
_IMPLICIT_PORT = 990


@dataclass(frozen=True, slots=True)
class DestinationSettings:
    """A named server of an account (ISE-08)."""

    account: str
    destination: Destination

    @property
    def name(self) -> str:
        """What people call it."""
        return self.destination.name


def read_destination(section: Section, surroundings: Surroundings) -> DestinationSettings:
    """Read a server with its secret, which is opened now."""
    account = section.text("account")
    kind = section.choice("kind", tuple(_PORTS), "sftp")
    host, port = read_address(section, _PORTS[kind])
    secret = (
        _password(section, surroundings) if kind == "sftp" else read_secret(section, surroundings)
    )
    destination = Destination(
        name=section.text("name"),
        kind=kind,
        host=host,
        port=port,
        user=_plain(section, section.text("user"), "user"),
        secret=_plain(section, secret, "secret"),
        folder=_plain(section, section.text("folder", "."), "folder"),
        time_limit_s=float(section.number("time_limit_s", 1, 3_600, 60)),
        is_direct=section.choice("upload", ("rename", "direct"), "rename") == "direct",
        temporary=_temporary(section),
        host_key=_host_key(section) if kind == "sftp" else "",
        key=_login_key(section, surroundings) if kind == "sftp" else None,
        at_once=section.number("at_once", 1, 64, _AT_ONCE[kind]),
        **(_security(section, surroundings, port) if kind == "ftps" else {}),
    )
    return DestinationSettings(account, destination)


def _plain(section: Section, text: str, key: str) -> str:
    """Refuse what would end a command of FTP, and no server could take (FMT-11)."""
    if any(ord(sign) < 0x20 or ord(sign) == 0x7F for sign in text):
        raise section.error(key, "holds a control character", "leave it out")
    return text


def _temporary(section: Section) -> str:
    pattern = section.text("temporary", ".{name}.part")
    if pattern.count("{name}") != 1 or pattern == "{name}" or "/" in pattern:
        example = '"{name}.part"'
        raise section.error(
            "temporary", f"is {pattern!r}", f"write {{name}} with something around it: {example}"
        )
    return _plain(section, pattern, "temporary")


def _security(section: Section, surroundings: Surroundings, port: int) -> dict[str, Any]:
    """Read how an FTPS server is known."""
    pinned = section.text("certificate_sha256", "").replace(":", "").lower()
    if pinned and not re.fullmatch(r"[0-9a-f]{64}", pinned):
        raise section.error(
            "certificate_sha256",
            f"is {pinned[:70]!r}",
            "write the 64 hexadecimal digits of its SHA-256, as "
            "'openssl x509 -noout -fingerprint -sha256 -in FILE' shows them",
        )
    return {
        "is_implicit": section.flag("implicit", port == _IMPLICIT_PORT),
        "authority": read_authority(section, surroundings),
        "certificate_sha256": pinned,
        "tls_min": section.choice("tls_min", ("1.0", "1.2", "1.3"), "1.2"),
    }


def _password(section: Section, surroundings: Surroundings) -> str:
    """Take the password, which who logs in with a key may leave out."""
    if section.mapping.get("key_file") is None or ways_given(section, "secret"):
        return read_secret(section, surroundings)
    return ""


def _login_key(section: Section, surroundings: Surroundings) -> SSHKey | None:
    """Read the key file now, so that what is wrong with it is told now and not at midnight."""
    named = section.take("key_file")
    protected = ways_given(section, "key_passphrase")
    if named is None and not protected:
        return None
    path = section.text("key_file", example="the path of a private key")
    passphrase = read_secret(section, surroundings, "key_passphrase") if protected else ""
    # It takes a tenth of a second to import, which who has no key file does not wait for.
    from backend.adapters.private_keys import SIZE_LIMIT_BYTES, load_private_key

    try:
        with (surroundings.folder / path).open("rb") as file:
            content = file.read(SIZE_LIMIT_BYTES + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise section.error(
            "key_file", f"names {path!r}, which cannot be read ({why})", "name a readable file"
        ) from error
    return load_private_key(content, passphrase, f"{section.where}, key 'key_file', file {path!r}")


def _host_key(section: Section) -> str:
    example = "the server's key as one OpenSSH line: ssh-ed25519 AAAA…"
    line = section.text("host_key", "")
    if not line:  # a connection test shows it; until it is pinned nothing is delivered
        return ""
    parts = line.split()
    if "\n" in line.strip() or len(parts) < 2 or parts[0] not in HOST_KEY_KINDS:
        kinds = ", ".join(HOST_KEY_KINDS)
        raise section.error("host_key", f"is {line[:40]!r}", f"write {example} (kinds: {kinds})")
    try:
        blob = base64.b64decode(parts[1], validate=True)
    except (binascii.Error, ValueError) as error:
        raise section.error("host_key", f"is no base64 ({error})", f"write {example}") from error
    kind = parts[0].encode()
    if len(blob) < 32 or not blob.startswith(len(kind).to_bytes(4, "big") + kind):
        raise section.error("host_key", f"holds no {parts[0]} key", "copy the whole line")
    return f"{parts[0]} {parts[1]}"
