"""
Secrets that must be used again, and so cannot be hashed: sealed where they lie (DLV-07).

AES-256-GCM, with the place that a secret belongs to as associated data: a sealed password that is
copied to another destination does not open there. The key lies elsewhere: in a credential of
systemd, in the environment, or in a file that its owner alone may read. Several keys may stand
there; the first seals, each opens what it has sealed, so keys are changed one after the other.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from backend.errors import SettingsError

KEY_BYTES = 32
NONCE_BYTES = 12
CREDENTIAL = "isebench-key"
"""The name of the key among systemd's credentials (``LoadCredentialEncrypted=``)."""
VARIABLE = "ISEBENCH_KEY"
"""The variable with the keys."""
FILE = "isebench.key"
"""The file with the keys, beside the settings."""
_FORM = re.compile(r"v1:([0-9a-f]{8}):([A-Za-z0-9+/]+={0,2})")


@dataclass(frozen=True, slots=True)
class Keys:
    """
    The keys that seal and open.

    Attributes:
        keys: each of 32 bytes, the one that seals first.
        origin: where they were found.
    """

    keys: tuple[bytes, ...] = field(repr=False)
    origin: str

    @classmethod
    def found(cls, environment: Mapping[str, str], folder: Path) -> Keys:
        """
        Find them: systemd's credential, else the variable, else the file beside the settings.

        Raises:
            SettingsError: If there are none, they cannot be read, or others may read the file.
        """
        credential = Path(environment.get("CREDENTIALS_DIRECTORY", "")) / CREDENTIAL
        if environment.get("CREDENTIALS_DIRECTORY") and credential.exists():
            return cls.read(credential.read_text(encoding="ascii"), f"credential {CREDENTIAL}")
        if VARIABLE in environment:
            return cls.read(environment[VARIABLE], f"environment, {VARIABLE}")
        file = folder / FILE
        try:
            text, mode = file.read_text(encoding="ascii"), file.stat().st_mode
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(
                "the key that opens sealed secrets cannot be read",
                str(file),
                f"make one with 'isebench seal', bring the old one back, or set {VARIABLE}",
            ) from error
        if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
            raise SettingsError("others may read it", str(file), f"chmod 600 {file}")
        return cls.read(text, str(file))

    @classmethod
    def read(cls, text: str, origin: str) -> Keys:
        """
        Read keys, one a line, as base64; the first seals.

        Raises:
            SettingsError: If one is none.
        """
        keys = []
        for number, line in enumerate(text.split(), 1):
            try:
                key = base64.b64decode(line, validate=True)
            except (binascii.Error, ValueError):
                key = b""
            if len(key) != KEY_BYTES:
                remedy = "write one with 'openssl rand -base64 32'"
                raise SettingsError(f"key {number} is no base64 of 32 bytes", origin, remedy)
            keys.append(key)
        if not keys:
            raise SettingsError("holds no key", origin, "write one with 'openssl rand -base64 32'")
        return cls(tuple(keys), origin)

    def seal(self, secret: str, place: str) -> str:
        """
        Seal a secret for a place, by the first key.

        Returns:
            ``v1:``, the key's name, and what is sealed as base64.
        """
        key, nonce = self.keys[0], os.urandom(NONCE_BYTES)
        sealed = AESGCM(key).encrypt(nonce, secret.encode(), place.encode())
        return f"v1:{name_of(key)}:{base64.b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str, place: str, where: str) -> str:
        """
        Open what was sealed for a place.

        Parameters:
            where: of the settings, for errors.

        Raises:
            SettingsError: If it is no such text, none of the keys has sealed it, or it was
                changed, or sealed for another place.
        """
        parts = _FORM.fullmatch(sealed.strip())
        if parts is None:
            raise SettingsError("is nothing sealed", where, "write it anew with 'isebench seal'")
        named = [key for key in self.keys if name_of(key) == parts[1]]
        if not named:
            there = ", ".join(map(name_of, self.keys))
            raise SettingsError(
                f"was sealed by key {parts[1]}, and {self.origin} has {there}",
                where,
                "bring that key back as a line of its own, or seal the secret anew",
            )
        try:
            content = base64.b64decode(parts[2], validate=True)
            nonce, rest = content[:NONCE_BYTES], content[NONCE_BYTES:]
            return AESGCM(named[0]).decrypt(nonce, rest, place.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise SettingsError(
                f"does not open: it was changed, or sealed for another place than {place}",
                where,
                "seal the secret anew, for this place",
            ) from error


def name_of(key: bytes) -> str:
    """Give a key a name that tells nothing of it."""
    return hashlib.sha256(b"isebench key name" + key).hexdigest()[:8]


def new_key() -> str:
    """Draw a key, as its line in the file."""
    return base64.b64encode(os.urandom(KEY_BYTES)).decode()


def place_of(account: str, name: str, key: str) -> str:
    """Name the place of a destination's secret."""
    return f"destination/{account}/{name}/{key}"
