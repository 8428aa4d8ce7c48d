"""
The files on the gateway: certificates, automation.json, tariffs.json (document 004 §4.1.10).

They are kept in memory. The limits are ASSUMED; what a file must look like is so much as tells a
mistake at once: a ``.json`` is JSON, a ``.pem`` holds a certificate or a key.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping

from simulators.errors import NotAccepted, NotPossible

FILES_LIMIT = 32
FILE_LIMIT_BYTES = 64 * 1024
ALL_LIMIT_BYTES = 256 * 1024
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}")

Taker = Callable[[str | None], None]
"""Who takes a file's text, or None when it is deleted; it may refuse it with NotAccepted."""


class Files:
    """
    The files, by name; iterating gives the names, in their order.

    Parameters:
        takers: who takes files of certain names, before they are kept.
    """

    def __init__(self, takers: Mapping[str, Taker] | None = None) -> None:
        self.takers = dict(takers or {})
        self._files: dict[str, bytes] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._files))

    def read(self, name: str) -> bytes | None:
        """Give a file's content; None where there is no such file."""
        return self._files.get(name)

    @property
    def certificates(self) -> list[bytes]:
        """Give every ``.pem`` file."""
        return [self._files[name] for name in self if name.endswith(".pem")]

    def add(self, name: str, content: bytes) -> None:
        """
        Add a file, or have another content in it.

        Raises:
            NotAccepted: If it cannot be such a file.
            NotPossible: If there is no room.
        """
        if NAME.fullmatch(name) is None:
            raise NotAccepted("file name", name, "1 to 63 letters, digits, '.', '_' and '-'")
        if len(content) > FILE_LIMIT_BYTES:
            raise NotAccepted(name, len(content), f"a file has at most {FILE_LIMIT_BYTES} bytes")
        _look_into(name, content)
        others = sum(len(one) for other, one in self._files.items() if other != name)
        full = name not in self._files and len(self._files) >= FILES_LIMIT
        if full or others + len(content) > ALL_LIMIT_BYTES:
            raise NotPossible(f"keep {name}", "the file system", "it is full; delete a file first")
        if (taker := self.takers.get(name)) is not None:
            taker(content.decode("utf-8"))
        self._files[name] = content

    def delete(self, name: str) -> None:
        """
        Delete a file.

        Raises:
            NotPossible: If there is none of that name.
        """
        if name not in self._files:
            raise NotPossible(f"delete {name[:80]!r}", "the file system", "there is no such file")
        if (taker := self.takers.get(name)) is not None:
            taker(None)
        del self._files[name]

    def clear(self) -> None:
        """Delete all."""
        for name in list(self):
            self.delete(name)


def _look_into(name: str, content: bytes) -> None:
    if name.endswith(".pem") and b"-----BEGIN " not in content:
        raise NotAccepted(name, content[:40], "a .pem file begins with -----BEGIN CERTIFICATE-----")
    if name.endswith(".json"):
        try:
            json.loads(content.decode("utf-8"))
        except (ValueError, RecursionError) as error:
            raise NotAccepted(name, content[:40], f"it is no JSON: {error}") from None
