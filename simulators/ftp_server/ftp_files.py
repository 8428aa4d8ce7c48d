"""
Files as FTP shows them: paths, lists, hashes, and the replies to what goes wrong with them.

Lists are those of ``ls -l`` (LIST) and RFC 3659 (MLSD, MLST). They show no owners and one fixed
time, so that they are the same in every run.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import zlib
from collections.abc import Callable, Iterable

FIXED_DAY = "Jan 01  2025"
FIXED_TIME = "20250101000000"
"""The time of every file, as LIST and as MLSD and MDTM show it (ASSUMED; any time)."""

FACTS = ("type", "size", "modify", "perm")
"""What MLSD and MLST say of a file, RFC 3659 §7.5."""

REPLIES = {
    errno.ENOSPC: (452, "Insufficient storage space"),
    errno.EDQUOT: (552, "Exceeded storage allocation"),
    errno.EINVAL: (553, "File name not allowed"),
    errno.ENAMETOOLONG: (553, "File name too long"),
}
"""RFC 959 §4.2.1; all the rest is 550 with the system's words, as ProFTPD answers."""

HASHES: dict[str, Callable[[bytes], str]] = {
    "CRC32": lambda content: f"{zlib.crc32(content):08x}",
    "MD5": lambda content: hashlib.md5(content, usedforsecurity=False).hexdigest(),
    "SHA-1": lambda content: hashlib.sha1(content, usedforsecurity=False).hexdigest(),
    "SHA-256": lambda content: hashlib.sha256(content).hexdigest(),
    "SHA-512": lambda content: hashlib.sha512(content).hexdigest(),
}
"""What HASH can be asked for, in the order of FEAT; SHA-1 unless another was chosen."""


def reply_to(error: OSError, path: str) -> str:
    """Give the reply that says what went wrong with a path."""
    code, words = REPLIES.get(error.errno or 0, (550, error.strerror or "Failure"))
    # A name that is not printable would be a line of its own among the replies.
    return (
        f"{code} {path}: {words}" if path.isprintable() and len(path) < 300 else f"{code} {words}"
    )


def is_file(status: os.stat_result) -> bool:
    """Say whether it is a regular file."""
    return stat.S_ISREG(status.st_mode)


def long_lines(entries: Iterable[tuple[str, os.stat_result]]) -> bytes:
    """Give a list as LIST does."""
    return _lines(
        f"{stat.filemode(status.st_mode)}   1 ftp ftp {_size(status):>12} {FIXED_DAY} {name}"
        for name, status in entries
    )


def bare_lines(entries: Iterable[tuple[str, os.stat_result]]) -> bytes:
    """Give a list as NLST does: names alone."""
    return _lines(name for name, _ in entries)


def fact_lines(entries: Iterable[tuple[str, os.stat_result]], facts: Iterable[str]) -> bytes:
    """Give a list as MLSD does, with the facts that were asked for."""
    return _lines(f"{fact_text(status, facts)} {name}" for name, status in entries)


def fact_text(status: os.stat_result, facts: Iterable[str]) -> str:
    """Give what MLST says of one file, each fact with its semicolon."""
    folder = not is_file(status)
    known = {
        "type": "dir" if folder else "file",
        "size": str(_size(status)),
        "modify": FIXED_TIME,
        "perm": "elcmp" if folder else "rwadf",
    }
    return "".join(f"{fact}={known[fact]};" for fact in facts)


def _size(status: os.stat_result) -> int:
    return status.st_size if is_file(status) else 0


def _lines(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\r\n" for line in lines).encode("utf-8", "replace")
